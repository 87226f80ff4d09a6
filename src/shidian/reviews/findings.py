"""What the machine finds beside an item of the checklist: codes on the day, dates that fit, what scans show at the boxes.

A finding never decides: it stands beside the item with its tone, and the verdict is a person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Lodgement
from shidian.applications.scanned import Question
from shidian.core.language import date_words
from shidian.organisations.codes import economic_types, industries, regions, unit_code
from shidian.questionnaires.definition import Column, Field, Section
from shidian.signoffs.models import Signature

DONE, STOP, WAIT = "done", "stop", "wait"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the machine saw: what about, its tone (done, stop, wait or empty), and in words."""

    about: str
    tone: str
    words: str


def of_section(lodgement: Lodgement, section: Section, values: Mapping[str, Any]) -> list[Finding]:
    """The codes and the dates in the answers of a section, judged on the day of the arrival."""
    day = lodgement.at.astimezone(lodgement.application.call.zone).date()
    codes: list[tuple[str, str]] = []
    days: list[tuple[str, str]] = []
    for name, kind, value in _cells(section, values):
        codes += _code(name, kind, value)
        days += _date(name, kind, value, day)
    found = []
    for about, good, rows in (
        (_("代码"), _("各代码在到达当日（{day}）有效，校验位正确").format(day=date_words(day)), codes),
        (_("日期"), _("各日期先后一致"), days),
    ):
        asked = any(_is_about(kind, codes=rows is codes) for _name, kind, _value in _cells(section, values))
        if rows:
            tone = STOP if any(tone == STOP for tone, _words in rows) else WAIT
            found.append(Finding(about, tone, _("；").join(words for _tone, words in rows[:5])))
        elif asked:
            found.append(Finding(about, DONE, good))
    return found


_CODES = ("unit_code", "region", "industry", "economic_type")
_DATES = ("date", "month_range")


def _is_about(kind: str, *, codes: bool) -> bool:
    return kind in (_CODES if codes else _DATES)


def _cells(section: Section, values: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every answer with its name and type, cells of tables too; what is blank is left out."""
    for field in section.fields:
        value = values.get(field.key)
        if field.type == "rows":
            yield from _rows(field, field.columns, value if isinstance(value, list) else [])
        elif value:
            yield field.name, field.type, value


def _rows(field: Field, columns: Sequence[Column], rows: Sequence[Any]) -> Iterator[tuple[str, str, Any]]:
    for number, row in enumerate(rows, start=1):
        for column in columns:
            value = row.get(column.key) if isinstance(row, Mapping) else None
            if value:
                name = _("{field}第 {number} 行{column}").format(
                    field=field.name, number=number, column=column.name
                )
                yield name, column.type, value


def _code(name: str, kind: str, value: Any) -> Iterator[tuple[str, str]]:
    if kind == "unit_code":
        if wrong := unit_code.check(value):
            yield STOP, _("{name}：{wrong}").format(name=name, wrong=wrong)
        elif doubt := unit_code.doubt(value):
            yield WAIT, _("{name}：{wrong}").format(name=name, wrong=doubt)
    elif kind == "region" and isinstance(value, Mapping):
        county = str(value.get("county") or "")
        region = regions.get(county) if county else None
        if county and region is None:
            yield STOP, _("{name}：行政区划代码 {code} 不在表里").format(name=name, code=county)
        elif region is not None and region.legacy:
            yield (
                WAIT,
                _("{name}：行政区划代码 {code}（{region}）已停用，最后见于 {until}").format(
                    name=name, code=county, region=region.name, until=region.until
                ),
            )
    elif (kind == "industry" and not industries.name(str(value))) or (
        kind == "economic_type" and not economic_types.name(str(value))
    ):
        yield STOP, _("{name}：“{code}”不在现行的代码表里").format(name=name, code=value)


def _date(name: str, kind: str, value: Any, day: date) -> Iterator[tuple[str, str]]:
    if kind == "date":
        try:
            written = date.fromisoformat(str(value))
        except ValueError:
            yield STOP, _("{name}：“{value}”不是日期").format(name=name, value=value)
        else:
            if written > day:
                yield (
                    WAIT,
                    _("{name}：{written} 晚于到达的日子").format(name=name, written=date_words(written)),
                )
    elif kind == "month_range" and isinstance(value, Mapping):
        first, last = str(value.get("from") or ""), str(value.get("to") or "")
        if first and last and first > last:
            yield STOP, _("{name}：起在止之后").format(name=name)
        elif last and last < f"{day:%Y-%m}":
            yield WAIT, _("{name}：到达时已经结束").format(name=name)


def of_signature(lodgement: Lodgement, signature: Signature, seen: Sequence[Question]) -> list[Finding]:
    """The date of an opinion against the version and the arrival, and what stands in the box on its scanned page."""
    zone = lodgement.application.call.zone
    frozen = signature.party.round.version.created_at.astimezone(zone).date()
    arrived = lodgement.at.astimezone(zone).date()
    if signature.signed_on < frozen:
        words = _("{signed} 早于所见版本冻结的日子（{frozen}）").format(
            signed=date_words(signature.signed_on), frozen=date_words(frozen)
        )
        found = [Finding(_("日期"), STOP, words)]
    elif signature.signed_on > arrived and lodgement.is_hand_in:
        words = _("{signed} 晚于到达的日子（{arrived}）").format(
            signed=date_words(signature.signed_on), arrived=date_words(arrived)
        )
        found = [Finding(_("日期"), STOP, words)]
    else:
        words = _("在冻结（{frozen}）和到达（{arrived}）之间").format(
            frozen=date_words(frozen), arrived=date_words(arrived)
        )
        found = [Finding(_("日期"), DONE, words)]
    if seen:
        words = _("；").join(_("{part}{word}").format(part=one.part.label, word=one.word) for one in seen)
        found.append(Finding(_("印章和签名"), _worst(seen), words))
    elif signature.means == Signature.Means.PAPER:
        found.append(Finding(_("印章和签名"), "", _("这一页不是系统归页的扫描件，机器没有看")))
    return found


def _worst(seen: Sequence[Question]) -> str:
    counts = {one.counts for one in seen}
    if "absent" in counts:
        return STOP
    return DONE if counts == {"present"} else WAIT
