"""The prints that are scanned: two versions of one application and another unit's, all by the verbs of the system.

Made once; where no test database stands (in `bench`), `alone` sets one up in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from django.conf import settings
from django.test.utils import get_runner, setup_test_environment, teardown_test_environment

from shidian.applications import actions, papers
from shidian.applications.models import Application
from shidian.core import clock
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import Mark
from shidian.documents.scans.findings import Box
from tests import steps

TEXT = (
    "一、基础较好。\n1．已制定并实施内部标准 {number} 项，覆盖全部岗位，每年检查两次。\n2．设有标准化工作办公室，"
    "配备专职人员 {people} 名，兼职人员 12 名。\n二、仍有不足。\n（一）人员偏少；\n（二）经费偏紧，{year} 年投入 {money} 万元。"
)


@dataclass(frozen=True)
class Printed:
    """One print: what it is called, its pages, and its opinion boxes by page."""

    name: str
    reference: str
    version: int
    pdf: bytes
    pages: int
    boxes: dict[int, list[Box]]

    def mark(self, page: int) -> Mark:
        """What the marks of a page say."""
        return Mark(self.reference, self.version, page, self.pages)


@dataclass(frozen=True)
class Prints:
    """`older` and `newer` are versions of one application that differ in a few digits; `other` is another unit's."""

    older: Printed
    newer: Printed
    other: Printed
    keys: tuple[bytes, ...]

    def __iter__(self) -> Iterator[Printed]:
        return iter((self.older, self.newer, self.other))


def make() -> Prints:
    """Ask the system for the three prints, in a database that is empty."""
    moment = datetime(2023, 7, 3, 2, 0, tzinfo=UTC)
    clock.set_source(lambda: moment)
    try:
        call = steps.tianjin()
        cast = steps.make_cast(call)
        application = _filled(steps.start_filled(cast, call), cast, number=36, people=3, year=2022, money=18)
        older = _frozen(application, cast, "older")
        actions.reopen(steps.fresh(application), by=cast.lead_head, reason="改数字")
        _fill(steps.fresh(application), cast, number=38, people=3, year=2022, money=13)
        newer = _frozen(application, cast, "newer")
        another = _filled(steps.start_filled(cast, call), cast, number=41, people=7, year=2021, money=260)
        steps.write(another, cast.lead_writer, cover__name="滨海新区公共文化服务综合标准化试点")
        return Prints(older, newer, _frozen(another, cast, "other"), tuple(keys()))
    finally:
        clock.set_source(None)


def _filled(application: Application, cast: steps.Cast, **values: int) -> Application:
    _fill(application, cast, **values)
    return steps.fresh(application)


def _fill(application: Application, cast: steps.Cast, **values: int) -> None:
    text = TEXT.format(**values)
    steps.write(
        application,
        cast.lead_writer,
        lead__self_assessment=text,
        basis__current_state="\n".join([text] * 2),
    )


def _frozen(application: Application, cast: steps.Cast, name: str) -> Printed:
    actions.freeze(steps.fresh(application), by=cast.lead_writer)
    version = steps.fresh(application).version
    assert version is not None
    setting = papers.form_setting(version)
    reference = version.document.reference
    boxes: dict[int, list[Box]] = {}
    for box in setting.layout.boxes:
        place = Box(*(float(box[side]) / 72 * 25.4 for side in ("x", "y", "width", "height")))
        boxes.setdefault(int(box["page"]), []).append(place)
    return Printed(name, reference, version.number, papers.form_bytes(version), setting.layout.pages, boxes)


@contextmanager
def _database() -> Iterator[None]:
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    old = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(old)
        teardown_test_environment()


@cache
def alone() -> Prints:
    """The prints, where no tests run: with Django set up for tests, and a database of their own."""
    with _database():
        return make()
