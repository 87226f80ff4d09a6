"""Forms broken at random: cells deleted, merged, swapped, inserted, rows gone or doubled. Nothing may read as another field."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from shidian.applications import word_form
from tests.documents.word import breaking as b
from tests.documents.word import corpus, foreign
from tests.documents.word.people import UNITS

BROKEN = 120
"""How many files a run breaks; two thousand took four minutes and found nothing more."""


def delete(cell: Any) -> None:
    if len(cell.getparent().findall(b.tag("tc"))) > 1:
        cell.getparent().remove(cell)


def merge(cell: Any) -> None:
    other = b.after(cell)
    if other is not None:
        b.set_span(cell, b.span_of(cell) + b.span_of(other))
        for each in other.findall(b.tag("p")):
            cell.append(each)
        cell.getparent().remove(other)


def blank(cell: Any) -> None:
    for each in cell.findall(b.tag("p")):
        cell.remove(each)
    cell.append(b.paragraph(""))


def delete_row(cell: Any) -> None:
    row = cell.getparent()
    row.getparent().remove(row)


def double_row(cell: Any) -> None:
    cell.getparent().addnext(copy.deepcopy(cell.getparent()))


def insert(cell: Any) -> None:
    other = b.etree.Element(b.tag("tc"))
    other.append(b.paragraph("见附件"))
    cell.addnext(other)


def swap(cell: Any) -> None:
    if b.after(cell) is not None:
        b.after(cell).addnext(cell)


WAYS = (delete, merge, blank, delete_row, double_row, insert, swap)
BASES = [
    (unit, layout)
    for unit in ("rescue", "rare")
    for layout in ("own", "one-table", "several-tables", "same-cell")
]


@cache
def base(unit: str, layout: str) -> bytes:
    if layout == "own":
        return corpus.own(unit)
    return foreign.docx_bytes(foreign.LAYOUTS[layout](UNITS[unit], foreign.STYLES["plain"]))


def broken(chance: random.Random) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for _ in range(chance.choice((1, 1, 2))):
            chance.choice(WAYS)(chance.choice(b.cells(root)))

    return change


@pytest.mark.parametrize("seed", range(0, BROKEN, 20))
def test_no_answer_is_put_silently_into_a_wrong_field(seed: int) -> None:
    for number in range(seed, seed + 20):
        chance = random.Random(number)
        unit, layout = chance.choice(BASES)
        case = corpus.Case(f"broken-{number}", "foreign", UNITS[unit], lambda: b"")

        outcome = corpus.measure_docx(case, b.changed(base(unit, layout), broken(chance)))

        assert outcome.wrong == [], (number, unit, layout, outcome.unlike)


def test_the_measure_would_see_a_wrong_field() -> None:
    def exchange(root: Any) -> None:
        boxes = [b.after(b.cell_of(root, label)) for label in ("单位地址", "标准化负责人姓名")]
        texts = [next(box.iter(b.tag("t"))) for box in boxes]
        texts[0].text, texts[1].text = texts[1].text, texts[0].text

    case = corpus.Case("exchanged", "own", UNITS["rescue"], lambda: b"")

    outcome = corpus.measure(case, b.changed(corpus.own("rescue"), exchange))

    assert "lead.standards_head" in outcome.wrong
    assert word_form.form_of(corpus.package()).slot("lead.address") is not None
