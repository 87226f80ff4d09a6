"""Reading what was typed on a sheet, and what is still wrong with it. Nothing is refused while it is being written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from shidian.calls.scoring import OVERALL, ScoreItem, Scoring, written

LONGEST_COMMENT = 4000
_NUMBER = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands at one item: the value as typed, and the words."""

    value: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at an item; `anchor` is the control on the page."""

    message: str
    anchor: str


def plain(text: str) -> str:
    """A number as it was typed, in ASCII: full-width digits and spaces are as good."""
    return unicodedata.normalize("NFKC", text).strip()[:40]


def number_of(text: str) -> Decimal | None:
    """A short decimal number, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def points_of(item: ScoreItem, text: str) -> Decimal | str:
    """The points, or in words why the text is none."""
    if not text:
        return _("还没有打分")
    points = number_of(text)
    if points is None:
        return _("请写 0 至 {points} 的数字").format(points=written(item.points))
    if points > item.points:
        return _("最多 {points} 分").format(points=written(item.points))
    if points % item.step:
        return _("以 {step} 分为一档").format(step=written(item.step))
    return points


def problems(scoring: Scoring, entries: Mapping[str, Written]) -> list[Problem]:
    """Everything that keeps a sheet from being submitted, in the order of the sheet."""
    found: list[Problem] = []
    for item in scoring.items:
        entry = entries.get(item.key, Written())
        points = points_of(item, entry.value)
        if isinstance(points, str):
            found.append(_problem(item.label, points, f"f-{item.key}-points"))
        elif item.needs_comment(points) and not entry.comment.strip():
            asked = (
                _("低于 {points} 分，请写明理由").format(points=written(item.comment_below))
                if item.comment_below is not None
                else _("请写评语")
            )
            found.append(_problem(item.label, asked, f"f-{item.key}-comment"))
        found += _too_long(item.label, item.key, entry)
    overall = entries.get(OVERALL, Written())
    if scoring.recommendations and overall.value not in scoring.option_labels:
        first = scoring.recommendations[0].key
        found.append(_problem(_("总体意见"), _("请选择建议"), f"f-{OVERALL}-choice-{first}"))
    if scoring.overall_comment and not overall.comment.strip():
        found.append(_problem(_("总体意见"), _("请写评语"), f"f-{OVERALL}-comment"))
    return found + _too_long(_("总体意见"), OVERALL, overall)


def _problem(label: str, message: str, anchor: str) -> Problem:
    return Problem(_("{label}：{message}").format(label=label, message=message), anchor)


def _too_long(label: str, key: str, entry: Written) -> list[Problem]:
    if len(entry.comment) <= LONGEST_COMMENT:
        return []
    message = _("评语最多 {most} 字，现在 {count} 字").format(most=LONGEST_COMMENT, count=len(entry.comment))
    return [_problem(label, message, f"f-{key}-comment")]


def all_points(scoring: Scoring, entries: Mapping[str, Written]) -> dict[str, Decimal]:
    """The points of a sheet without problems."""
    found = {item.key: points_of(item, entries.get(item.key, Written()).value) for item in scoring.items}
    return {key: points for key, points in found.items() if isinstance(points, Decimal)}
