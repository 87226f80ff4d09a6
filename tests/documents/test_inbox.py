"""Scans that were thrown in: kept whole, read once, page by page, whatever happens to the worker."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from shidian.core import clock
from shidian.core.errors import NotNow
from shidian.documents import inbox as scans
from shidian.documents.inbox import Inbox
from shidian.documents.intake import Rejected
from shidian.documents.marks.drawing import marking
from shidian.documents.models import PageFiling, Scan, ScanPage, ScanReading, SealBox
from shidian.documents.scans import reading
from tests import scanning, steps

FOUND = ScanPage.Found


@pytest.fixture
def application(cast, call):
    return steps.frozen(cast, call)


@pytest.fixture
def box(cast):
    return Inbox(unit=cast.lead)


@pytest.mark.above_database
def test_a_whole_form_in_one_pdf_is_filed_page_by_page(cast, application, box):
    prints = scanning.one(application)

    rows = scanning.throw(box, cast.lead_writer, ("全文.pdf", scanning.pdf(scanning.scanned(prints.whole()))))

    assert [row.found for row in rows] == [FOUND.MATCHED] * prints.pages
    assert [(row.filing.version_id, row.filing.page, row.filing.by) for row in rows] == [
        (application.version_id, number, None) for number in range(1, prints.pages + 1)
    ]
    scan = Scan.objects.get()
    assert (scan.reading.state, scan.reading.done, scan.reading.total) == ("done", prints.pages, prints.pages)
    names = [event.name for event in steps.events(scan.chain)]
    assert names == ["scan.thrown_in", "scan.begun", "scan.read"]


@pytest.mark.above_database
def test_every_kind_of_wrong_page_is_told_from_every_other(cast, call, application, box, settings, tmp_path):
    prints = scanning.one(application)
    first, second = prints.page(1), prints.page(2)
    moved = second.copy()  # the marks of page 2 on the words of page 1
    size = scanning.spoiling.px(42)
    body = scanning.spoiling.px(30)
    moved[body:-body, :] = first[body:-body, :]
    moved[:size, -size:], moved[-size:, :size] = second[:size, -size:], second[-size:, :size]
    draft = steps.start_filled(cast, call)
    from shidian.applications.papers import draft_form

    known = settings.MARK_KEYS
    settings.MARK_KEYS = tmp_path / "other-keys"
    forged = scanning.one(application).page(1)
    settings.MARK_KEYS = known
    sheets = [
        first,
        scanning.spoiling.blank_back(first),
        moved,
        scanning.without_marks(prints.page(3)),
        scanning.spoiling.sheet(draft_form(draft), 1),
        forged,
    ]

    rows = scanning.throw(box, cast.lead_writer, ("一堆.pdf", scanning.pdf(scanning.scanned(sheets))))

    assert [row.found for row in rows] == [
        FOUND.MATCHED,
        FOUND.BLANK,
        FOUND.DIFFERENT,
        FOUND.UNREADABLE,
        FOUND.DRAFT,
        FOUND.FORGED,
    ]
    assert [row.filing is not None for row in rows] == [True, False, False, False, False, False]


@pytest.mark.above_database
def test_a_mark_of_a_version_that_is_not_there_is_unknown(cast, application, box):
    from shidian.applications.papers import form_setting

    strange = form_setting(application.version).printed(marking("TJ10-9999", 3))

    (row,) = scanning.throw(
        box, cast.lead_writer, ("别处.jpg", scanning.spoiling.jpeg(scanning.spoiling.sheet(strange, 1)))
    )

    assert (row.found, row.reference, row.version, row.filing) == (FOUND.UNKNOWN, "TJ10-9999", None, None)


@pytest.mark.above_database
def test_boxes_are_cut_out_of_a_filed_page(cast, application, box):
    prints = scanning.one(application)

    (row,) = scanning.throw(
        box, cast.lead_writer, ("意见.pdf", scanning.pdf(scanning.scanned([prints.sealed(1)])))
    )

    boxes = {each.party: each for each in row.boxes.all()}
    assert set(boxes) == {party.position for party in application.version.round.parties.all()}
    assert boxes[1].seal == SealBox.Seen.PRESENT
    assert {each.seal for party, each in boxes.items() if party != 1} == {SealBox.Seen.ABSENT}
    assert boxes[1].picture.open().read()[:2] == b"\xff\xd8"


@pytest.mark.above_database
def test_no_seal_is_denied_on_a_grey_scan(cast, application, box):
    prints = scanning.one(application)

    (row,) = scanning.throw(
        box, cast.lead_writer, ("灰度.pdf", scanning.pdf(scanning.scanned([prints.sealed(1)], grey=True)))
    )

    assert row.boxes.get(party=1).seal == SealBox.Seen.UNCLEAR


def test_reading_again_adds_nothing(cast, application, box):
    prints = scanning.one(application)
    scanning.throw(box, cast.lead_writer, ("全文.pdf", scanning.pdf([prints.page(1), prints.page(2)])))
    before = steps.traces()

    scans.read(ScanReading.objects.get().pk)

    assert steps.traces() == before


def test_what_a_killed_worker_had_is_kept_and_the_next_one_goes_on(cast, application, box, monkeypatch):
    prints = scanning.one(application)
    read = reading.read

    class Killed(BaseException):
        """Nothing that the worker could catch."""

    def dies(*given, **named):
        for sheet in read(*given, **named):
            if sheet.number == 2:
                raise Killed
            yield sheet

    monkeypatch.setattr(scans, "async_task", lambda *given: None)
    scanning.throw(box, cast.lead_writer, ("全文.pdf", scanning.pdf([prints.page(1), prints.page(2)])))
    found = ScanReading.objects.get()
    monkeypatch.setattr(reading, "read", dies)
    with pytest.raises(Killed):
        scans.read(found.pk)
    monkeypatch.setattr(reading, "read", read)
    first = ScanPage.objects.get()
    found.refresh_from_db()
    assert (found.state, first.number, found.done) == ("reading", 1, 1)

    scans.tend()  # too early: the worker may still be at it
    found.refresh_from_db()
    assert found.state == "reading"
    later = clock.now() + timedelta(minutes=6)
    clock.set_source(lambda: later)
    scans.tend()

    found.refresh_from_db()
    assert (found.state, found.tries) == ("done", 2)
    assert list(ScanPage.objects.values_list("number", flat=True)) == [1, 2]
    assert ScanPage.objects.first() == first
    assert PageFiling.objects.count() == 2
    filed = [event for event in steps.events(application.chain) if event.name == "application.pages_filed"]
    assert [event.detail["place"] for event in filed] == ["第 1–2 页"]


def test_what_breaks_three_workers_is_given_up_and_can_be_asked_for_again(
    cast, application, box, monkeypatch
):
    monkeypatch.setattr(scans, "async_task", lambda *given: None)
    scanning.throw(box, cast.lead_writer, ("一页.pdf", scanning.pdf([scanning.one(application).page(1)])))
    found = ScanReading.objects.get()
    with pytest.raises(NotNow):
        scans.read_again(found)
    ScanReading.objects.filter(pk=found.pk).update(tries=3)
    scans.move(found, "begin", by=scans.SYSTEM)
    later = clock.now() + timedelta(minutes=6)
    clock.set_source(lambda: later)

    scans.tend()

    found.refresh_from_db()
    assert found.state == "failed"
    assert "拆成几个" in found.fault
    scans.read_again(found)
    scans.read(found.pk)
    found.refresh_from_db()
    assert found.state == "done"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("说明.txt", b"not a picture", None),
        ("程序.pdf", b"MZ" + bytes(200), "program"),
        ("空.pdf", b"", "empty"),
        ("断.pdf", None, None),
        ("断.jpg", "jpeg", None),
    ],
)
@pytest.mark.above_database
def test_what_is_no_scan_is_refused_and_leaves_nothing(cast, application, box, name, content, code):
    if content is None:
        content = scanning.pdf([scanning.one(application).page(1)])[:20_000]
    if content == "jpeg":
        content = steps.jpeg_bytes()[:400]
    before = steps.traces()

    with pytest.raises(Rejected) as rejected:
        scans.throw_in(box, BytesIO(content), name=name, pile="pile", by=cast.lead_writer)

    assert code in (None, rejected.value.code)
    assert str(rejected.value.said)
    assert steps.traces() == before


@pytest.mark.above_database
def test_an_absurdly_large_picture_is_refused(cast, box):
    picture = scanning.spoiling.png_that_says(30_000, 30_000)
    with pytest.raises(Rejected) as rejected:
        scans.throw_in(box, BytesIO(picture), name="大.png", pile="pile", by=cast.lead_writer)
    assert rejected.value.code == "dimensions"


def test_an_inbox_is_one_of_a_unit_or_of_an_office(cast):
    stored = steps.scan(cast.lead_writer)

    for owners in ({}, {"unit": cast.lead, "office": cast.heping}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Scan.objects.create(file=stored, pile="x", at=timezone.now(), by=cast.lead_writer, **owners)


def test_the_machine_files_a_page_once(cast, application, box):
    row = steps.laid_in(box, application.version, cast.lead_writer)

    with pytest.raises(IntegrityError), transaction.atomic():
        PageFiling.objects.create(
            scanned=row, kind="filed", version=application.version, page=1, at=timezone.now()
        )
