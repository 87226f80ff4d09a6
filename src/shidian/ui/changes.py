"""Which words changed between two versions of an answer, marked as <del> and <ins>."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shidian.questionnaires import prose
from shidian.questionnaires.prose import Block, Item, Picture, Table
from shidian.ui.answer import Address, answer_blocks, block_markup, item, joined, paragraph, picture, table

LONGEST = 3_000
"""Above so many tokens the texts are compared sentence by sentence: comparing signs takes time by the square."""

SHORTEST = 2
"""So many signs kept between two changes are shown as changed too: a text in crumbs cannot be read."""

_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r"[^。；！？\n]*[。；！？\n]?", re.DOTALL)


def marked(before: str, after: str) -> SafeString | str:
    """`after` with what was taken out of `before` as <del> and what came in as <ins>; plain when nothing changed."""
    if before == after:
        return after
    return _join(_pieces(_cut(before, after, before), _cut(before, after, after)))


def _cut(before: str, after: str, text: str) -> list[str]:
    longest = max(len(before), len(after))
    pattern = _TOKEN if longest <= LONGEST else _SENTENCE
    return [found for found in pattern.findall(text) if found]


def _pieces(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str, str]]:
    """(kept, removed, added), one of them or the last two filled; signs kept alone between changes join them."""
    pieces: list[tuple[str, str, str]] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    codes = matcher.get_opcodes()
    for position, (kind, left, until_left, right, until_right) in enumerate(codes):
        removed, added = "".join(before[left:until_left]), "".join(after[right:until_right])
        if kind == "equal":
            lonely = len(removed) <= SHORTEST and 0 < position < len(codes) - 1
            if not lonely:
                pieces.append((removed, "", ""))
                continue
        if pieces and not pieces[-1][0]:
            _, was_removed, was_added = pieces.pop()
            removed, added = was_removed + removed, was_added + added
        pieces.append(("", removed, added))
    return pieces


def _join(pieces: list[tuple[str, str, str]]) -> SafeString:
    shown = []
    for kept, removed, added in pieces:
        if removed:
            shown.append(format_html("<del>{}</del>", removed))
        if added:
            shown.append(format_html("<ins>{}</ins>", added))
        if kept:
            shown.append(format_html("{}", kept))
    return format_html_join("", "{}", ((piece,) for piece in shown))


def marked_rows(
    before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]
) -> list[list[SafeString | str]]:
    """The rows of a table, with rows that went, came or changed marked cell by cell."""
    old, new = [tuple(row) for row in before], [tuple(row) for row in after]
    shown: list[list[SafeString | str]] = []
    for kind, left, until_left, right, until_right in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            shown.extend(list(row) for row in new[right:until_right])
            continue
        gone, come = old[left:until_left], new[right:until_right]
        for was, now in zip(gone, come, strict=False):
            shown.append([marked(a, b) for a, b in zip(was, now, strict=True)])
        shown.extend([marked(cell, "") for cell in row] for row in gone[len(come) :])
        shown.extend([marked("", cell) for cell in row] for row in come[len(gone) :])
    return shown


def marked_blocks(before: str, after: str, address: Address) -> SafeString:
    """A long answer to be read, with what changed in it marked: words of paragraphs, cells of tables, whole blocks."""
    old, new = prose.parse(before), prose.parse(after)
    if before == after:
        return answer_blocks(after, address)
    shown: list[SafeString] = []
    for kind, left, until_left, right, until_right in SequenceMatcher(
        None, old.blocks, new.blocks, autojunk=False
    ).get_opcodes():
        gone, come = old.blocks[left:until_left], new.blocks[right:until_right]
        if kind == "equal":
            shown.extend(block_markup(block, new.levels, address) for block in come)
            continue
        pairs = list(zip_longest(gone, come))
        if any(was is not None and now is not None and type(was) is not type(now) for was, now in pairs):
            pairs = [*((was, None) for was in gone), *((None, now) for now in come)]
        shown.extend(_marked_block(was, now, new.levels, address) for was, now in pairs)
    return joined(shown)


def _marked_block(
    was: Block | None, now: Block | None, levels: dict[int, int], address: Address
) -> SafeString:
    """One block beside its earlier state, of the same kind where both are there."""
    block = now or was
    match block:
        case Table():
            old = was.rows if isinstance(was, Table) else ()
            new = now.rows if isinstance(now, Table) else ()
            width = max(len(row) for row in (*old, *new))
            rows = marked_rows(_even(old, width), _even(new, width))
            return table(rows, header=block.header)
        case Picture() if now is None:
            return paragraph(marked(prose.words(_whole(was)), ""))
        case Picture():
            before = was.caption if isinstance(was, Picture) else ""
            after = now.caption if isinstance(now, Picture) else ""
            named = _name(was), _name(now)
            caption = format_html(
                "{} {}", marked(*named) if len(set(named)) > 1 else "", marked(before, after)
            )
            return picture(block.name, caption, address(block.name))
        case Item() if isinstance(was, Item) and isinstance(now, Item) and was.marker == now.marker:
            return item(now.marker, marked(was.text, now.text), levels[now.rank])
        case _:
            return paragraph(marked(_whole(was), _whole(now)))


def _even(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    return [[*row, *[""] * (width - len(row))] for row in rows]


def _name(block: Block | None) -> str:
    return block.name if isinstance(block, Picture) else ""


def _whole(block: Block | None) -> str:
    return "\n".join(prose.lines_of(block)) if block is not None else ""
