"""Whether a straightened page shows what was printed: laid on the print everywhere, then judged place by place.

Ink is 0 (paper) to 255 (the blackest print). A page is brought to lie on its print in three steps: tiles of 40 mm are
searched for within 4 mm, tiles of 20 mm within one, and each window of 1.5 mm may move by one dot more. Then the ink
that differs in a window is set against the ink that is there: about 0.1 where both show the same, over 0.5 where a
digit was changed, 1 where something was added or is missing. The rules of tables are left out, for a fax loses
them; what is written across one is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pypdfium2

from shidian.documents.scans.findings import HEIGHT, WIDTH, Box, Likeness
from shidian.documents.scans.pictures import DOTS, DPI, SIZE, Picture, Plane
from shidian.documents.scans.pictures.blank import is_grey
from shidian.documents.scans.pictures.ink import ink_of
from shidian.documents.scans.pictures.marks import PLACES

_CELL = 4
"""Dots of a cell; a window is three by three of them, 1.5 mm."""
_WINDOW = (3 * _CELL / DOTS) ** 2
"""Square millimetres of a window."""
_FAINT = 0.1
"""Square millimetres of ink that are added to what is in a window, so that dust in an empty one is little."""
_INKED = 0.05
"""Mean ink of a window that counts as printed."""

_ENOUGH = 200
"""Windows by which the usual unlikeness of a page is judged at least."""
_UNLIKE = 0.42
"""The least part of the ink that differs where something is changed."""
_SPREAD = 2.0
"""... and by how much it must be more than what differs in the worst tenth of the unchanged windows."""
_POOR = 0.72
"""When that asks for more than this, the picture is too poor to find a change."""
_LEAST = 0.4
"""Square millimetres of ink in a window that are a change: less is dust."""
_ASIDE = 5
"""Dots; by half of it a rule may lie beside its place: what is seen within that is the rule, not written across it."""
_ANOTHER = 0.7
"""A page on which less than this share of the print is found is another one."""

_EDGE = 5.0
"""Millimetres along the edges where nothing is looked at: lids, shadows, cut paper."""
_MARGIN = 18.0
"""Millimetres along the edges where what was added is no difference: staples, holes, numbers of files."""
_AROUND_MARK = 4.0
_SEAL = 12.0
"""Millimetres by which a seal may reach out of its place."""


def compare(picture: Picture, printed: bytes, page: int, places: Sequence[Box]) -> Likeness:
    """The likeness of a straightened page of 200 dots to the inch and page `page` of a PDF; see `comparing`."""
    if (print_ := _printed(printed, page)) is None:
        return Likeness(False, 0.0, ())
    seen = ink_of(picture)
    looked_at = _looked_at()
    print_ *= looked_at
    seen *= looked_at
    field = _field(seen, print_)
    if field is None:
        empty = not print_.any() or not seen.any()
        return Likeness(None if empty else False, 0.0, ())
    if is_grey(picture):
        # A seal is as dark as print then, and reaches out of its box.
        places = [
            Box(each.x - _SEAL, each.y - _SEAL, each.width + 2 * _SEAL, each.height + 2 * _SEAL)
            for each in places
        ]
    return _judged(_moved(seen, field) * looked_at, print_, places)


# --- ink ---------------------------------------------------------------------------------------------------------


def _printed(pdf: bytes, page: int) -> Picture | None:
    with pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= page <= len(document):
            return None
        drawn = document[page - 1].render(scale=DPI / 72, grayscale=True).to_numpy()
    grey = drawn.reshape(drawn.shape[:2])
    if grey.shape[::-1] != SIZE:
        grey = cv2.resize(grey, SIZE, interpolation=cv2.INTER_AREA)
    return cv2.bitwise_not(grey)


def _looked_at() -> Picture:
    """1 where the page is compared: not along its edges, and not in its marks, which were read."""
    where = np.zeros(SIZE[::-1], np.uint8)
    _fill(where, Box(_EDGE, _EDGE, WIDTH - 2 * _EDGE, HEIGHT - 2 * _EDGE), 1, 1)
    for mark in PLACES.values():
        side = mark.width + 2 * _AROUND_MARK
        _fill(where, Box(mark.x - _AROUND_MARK, mark.y - _AROUND_MARK, side, side), 0, 1)
    return where


def _fill(plane: Picture, box: Box, value: int, dot: float) -> None:
    """Set a place; `dot` is the size of its dots in dots."""
    across = [round(max(each, 0) * DOTS / dot) for each in (box.x, box.x + box.width)]
    down = [round(max(each, 0) * DOTS / dot) for each in (box.y, box.y + box.height)]
    plane[down[0] : down[1], across[0] : across[1]] = value


# --- laid on the print -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """Tiles of `size` millimetres, `apart` from one another, searched for within `reach`, at `dots` to the inch."""

    dots: int
    size: float
    apart: float
    reach: float
    scatter: float


_STEPS = (_Step(50, 40, 25, 4, 0.3), _Step(100, 20, 24, 0.8, 0.15))
_DROP = 0.05
"""By how much a tile must fit less well two dots beside its place."""
_Coefficients = np.ndarray[Any, Any]


def _field(seen: Picture, print_: Picture) -> Plane | None:
    """Which dot of the page lies on the print, for a grid over the print; None when they are nowhere alike."""
    known: _Coefficients = np.zeros((1, 2))
    halves = [
        cv2.resize(each, None, fx=1 / 2, fy=1 / 2, interpolation=cv2.INTER_AREA) for each in (seen, print_)
    ]
    quarters = [cv2.resize(each, None, fx=1 / 2, fy=1 / 2, interpolation=cv2.INTER_AREA) for each in halves]
    for step, planes in zip(_STEPS, (quarters, halves), strict=True):
        # Floating numbers are what `matchTemplate` works with, and half of its time is for making them.
        plane, model = (each.astype(np.float32) for each in planes)
        tiles = np.array(list(_tiles(plane, model, step, known)))
        fitted = _fitted(tiles, step.scatter) if len(tiles) else None
        if fitted is None:
            return None
        known = fitted
    # In the middles of equal cells: between them `resize` makes the grid fine again, exactly.
    x, y = np.meshgrid((np.arange(30) + 0.5) * WIDTH / 30, (np.arange(42) + 0.5) * HEIGHT / 42)
    moved = _terms(x, y, len(known)) @ known
    return ((moved + np.stack([x, y], -1)) * DOTS - 0.5).astype(np.float32)


def _tiles(
    plane: Plane, model: Plane, step: _Step, known: _Coefficients
) -> Iterator[tuple[float, float, float, float, float]]:
    """Middle of a tile, by how much it lies beside its place, and how like (0 to 1) it is there."""
    dots = step.dots / 25.4
    size, apart, reach = round(step.size * dots), round(step.apart * dots), int(np.ceil(step.reach * dots))
    room = reach + round(8 * dots)
    plane = cv2.copyMakeBorder(plane, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    sums = cv2.integral(model)
    for y in range(0, model.shape[0] - size + 1, apart):
        for x in range(0, model.shape[1] - size + 1, apart):
            ink = sums[y + size, x + size] - sums[y, x + size] - sums[y + size, x] + sums[y, x]
            if ink < 1.5 * size * size:
                continue
            middle = (x + size / 2) / dots, (y + size / 2) / dots
            at = _terms(*middle, len(known)) @ known
            right, down = (int(each) for each in np.clip(np.round(at * dots), reach - room, room - reach))
            left, top = x + right + room - reach, y + down + room - reach
            there = plane[top : top + size + 2 * reach, left : left + size + 2 * reach]
            scores = cv2.matchTemplate(there, model[y : y + size, x : x + size], cv2.TM_CCOEFF_NORMED)
            _, best, _, (across, along) = cv2.minMaxLoc(scores)
            if not 0 < across < 2 * reach or not 0 < along < 2 * reach or not _sharp(scores, across, along):
                continue
            finer = (
                _vertex(scores[along, across - 1 : across + 2]),
                _vertex(scores[along - 1 : along + 2, across]),
            )
            beside = (right + across - reach + finer[0]) / dots, (down + along - reach + finer[1]) / dots
            yield (*middle, *beside, best)


def _sharp(scores: Plane, across: int, along: int) -> bool:
    """Whether a tile fits in one place only: a rule fits anywhere along itself."""
    last = scores.shape[0] - 1
    aside = scores[along, [max(across - 2, 0), min(across + 2, last)]].max()
    above = scores[[max(along - 2, 0), min(along + 2, last)], across].max()
    return bool(scores[along, across] - max(aside, above) > _DROP)


def _vertex(three: Plane) -> float:
    """Where between three values the parabola through them is highest."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if abs(bend) < 1e-9 else float(np.clip(0.5 * float(three[0] - three[2]) / bend, -0.5, 0.5))


def _terms(x: Any, y: Any, count: int) -> Any:
    """The terms of a smooth bend of the page: of the second degree (6), or of the third (10)."""
    x, y = np.asarray(x) / (WIDTH / 2) - 1, np.asarray(y) / (HEIGHT / 2) - 1
    terms = [np.ones_like(x), x, y, x * y, x * x, y * y, x**3, y**3, x * x * y, x * y * y]
    return np.stack(terms[:count], -1)


def _fitted(tiles: Any, scatter: float) -> _Coefficients | None:
    """The smooth bend that most tiles agree on; None when too few tiles were found."""
    tiles = tiles[tiles[:, 4] > 0.4]
    if len(tiles) < 4:
        return None
    count = 10 if len(tiles) >= 30 else 6 if len(tiles) >= 12 else 3 if len(tiles) >= 6 else 1
    terms, moved, weight = _terms(tiles[:, 0], tiles[:, 1], count), tiles[:, 2:4], tiles[:, 4] ** 2
    off = np.linalg.norm(moved - np.median(moved, axis=0), axis=1)
    trust = weight / (1 + (off / 2) ** 2)
    for _ in range(6):
        known = np.linalg.lstsq(terms * trust[:, None], moved * trust[:, None], rcond=None)[0]
        off = np.linalg.norm(terms @ known - moved, axis=1)
        trust = weight / (1 + (off / scatter) ** 2)
    return known


def _moved(seen: Picture, field: Plane) -> Picture:
    across, down = (cv2.resize(each, SIZE, interpolation=cv2.INTER_LINEAR) for each in cv2.split(field))
    return cv2.remap(seen, across, down, cv2.INTER_LINEAR)


# --- place by place ----------------------------------------------------------------------------------------------


def _judged(seen: Picture, print_: Picture, places: Sequence[Box]) -> Likeness:
    rules = _rules(print_)
    text = cv2.bitwise_not(rules)
    seen = cv2.GaussianBlur(seen, (0, 0), 1.0)
    across = cv2.bitwise_and(_beyond(seen, print_), rules)
    seen = cv2.bitwise_and(seen, text)
    print_ = cv2.bitwise_and(_as_sharp(cv2.bitwise_and(print_, text), seen), text)
    seen = cv2.bitwise_or(seen, across)
    printed = _window(_cells(print_)) / 255
    inked = printed > _INKED
    if not inked.any():
        return Likeness(None, 0.0, ())
    there = _window(_cells(cv2.max(seen, print_))) / 255 + _FAINT / _WINDOW
    differing = _differing(seen, print_, there, _may_grow(places))
    unlike = differing / there
    # Beside a rule that was left out, some of its blur remains.
    clear = inked & (_window(_cells(rules)) == 0)
    usual = float(np.percentile(unlike[clear if clear.sum() > _ENOUGH else inked], 90))
    limit = max(_UNLIKE, _SPREAD * usual + 0.08)
    share = float(printed[inked & (unlike < max(_UNLIKE, 0.5))].sum() / printed[inked].sum())
    found = tuple(_places(unlike, differing, min(limit, _POOR)))
    if share < _ANOTHER:
        return Likeness(False, round(share, 3), found)
    if limit > _POOR:
        return Likeness(None, round(share, 3), found)
    return Likeness(not found, round(share, 3), found)


def _rules(print_: Picture) -> Picture:
    """255 on and beside the straight lines of the print that are longer than 12 mm."""
    half = cv2.resize(print_, None, fx=1 / 2, fy=1 / 2, interpolation=cv2.INTER_AREA)
    dark = cv2.compare(half, 50, cv2.CMP_GT)
    length = round(12 * DOTS / 2)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    wide = cv2.dilate(cv2.bitwise_or(across, down), np.ones((7, 7), np.uint8))
    return cv2.resize(wide, print_.shape[::-1], interpolation=cv2.INTER_NEAREST)


def _beyond(seen: Picture, print_: Picture) -> Picture:
    """The ink that is seen beside what is printed, though that may lie a little beside its place."""
    return cv2.subtract(seen, cv2.dilate(print_, np.ones((_ASIDE, _ASIDE), np.uint8)))


def _may_grow(places: Sequence[Box]) -> Any:
    """True in cells where what was added is no difference."""
    grown = np.zeros((SIZE[1] // _CELL, SIZE[0] // _CELL), np.uint8)
    grown[:] = 1
    _fill(grown, Box(_MARGIN, _MARGIN, WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN), 0, _CELL)
    for place in places:
        _fill(grown, place, 1, _CELL)
    return grown.astype(bool)


def _as_sharp(print_: Picture, seen: Picture) -> Picture:
    """The print as blurred and as pale as the page is; judged by some strips of it."""
    high, wide = print_.shape
    sample = [np.s_[y : y + 64, wide // 8 : -wide // 8] for y in range(high // 8, high * 7 // 8, 250)]
    there = np.concatenate([seen[each] for each in sample]).astype(np.float32)
    model = np.concatenate([print_[each] for each in sample])
    fits = []
    for blur in (0.8, 1.2, 1.7, 2.4, 3.3):
        blurred = cv2.GaussianBlur(model, (0, 0), blur).astype(np.float32)
        gain = float(np.vdot(there, blurred)) / max(float(np.vdot(blurred, blurred)), 1.0)
        fits.append((float(cv2.norm(there, blurred * gain, cv2.NORM_L1)), blur, gain))
    _, blur, gain = min(fits)
    return cv2.convertScaleAbs(cv2.GaussianBlur(print_, (0, 0), blur), alpha=gain)


_SUSPECT = 0.2
_BESIDE = [(down, right) for down in range(3) for right in range(3) if (down, right) != (1, 1)]
"""The moves by a dot in a border of one dot, without the one that moves nothing."""


def _differing(seen: Picture, print_: Picture, there: Plane, may_grow: Any) -> Plane:
    """The mean ink (0 to 1) that differs in each window, when the window moves by a dot to where it differs least.

    Only windows that differ where they lie are moved: on most pages few do.
    """
    least = _off(seen, print_, may_grow)
    suspects = cv2.dilate((least > _SUSPECT * there).astype(np.uint8), np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(suspects)
    crops = [tuple(int(each) for each in stats[one, :4]) for one in range(1, count)]
    if sum(wide * high for _, _, wide, high in crops) > suspects.size / 2:
        crops = [(0, 0, suspects.shape[1], suspects.shape[0])]
    for left, top, wide, high in crops:
        cells = np.s_[top : top + high, left : left + wide]
        dots = np.s_[top * _CELL : (top + high) * _CELL, left * _CELL : (left + wide) * _CELL]
        here, model = seen[dots], cv2.copyMakeBorder(print_[dots], 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        best = least[cells]
        for down, right in _BESIDE:
            moved = model[down : down + here.shape[0], right : right + here.shape[1]]
            # Half of a window at the edge of a crop is not in it: the cells around the suspects are not.
            inner = np.s_[1:-1, 1:-1]
            best[inner] = np.minimum(best[inner], _off(here, moved, may_grow[cells])[inner])
    return least


def _off(seen: Picture, print_: Picture, may_grow: Any) -> Plane:
    differs = _cells(cv2.absdiff(seen, print_))
    if may_grow.any():
        differs = np.where(may_grow, _cells(cv2.subtract(print_, seen)), differs)
    return _window(differs) / 255


def _cells(plane: Picture) -> Plane:
    high, wide = plane.shape[0] // _CELL, plane.shape[1] // _CELL
    cut = plane[: high * _CELL, : wide * _CELL]
    # Halving twice is seven times as fast as once to a quarter.
    half = cv2.resize(cut, (2 * wide, 2 * high), interpolation=cv2.INTER_AREA)
    return cv2.resize(half, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)


def _window(cells: Plane) -> Plane:
    return cv2.blur(cells, (3, 3), borderType=cv2.BORDER_CONSTANT)


def _places(unlike: Plane, differing: Plane, limit: float) -> list[Box]:
    """Where windows are more unlike than the limit, each place once, largest first."""
    marked = ((unlike > limit) & (differing * _WINDOW > _LEAST)).astype(np.uint8)
    joined = cv2.dilate(marked, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    size = _CELL / DOTS
    order = sorted(range(1, count), key=lambda each: -int(stats[each, cv2.CC_STAT_AREA]))
    return [Box(*(round(float(value) * size, 1) for value in stats[each, :4])) for each in order[:50]]
