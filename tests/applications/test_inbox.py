"""Whose a scanned page is, what is missing of a copy, filing by hand, and opinions from what was scanned."""

from __future__ import annotations

import pytest

from shidian.applications import actions, inbox, scanned
from shidian.applications.packs import Choice, pack
from shidian.applications.queries import round_of
from shidian.applications.roles import Role
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.documents.inbox import Inbox
from shidian.documents.models import PageFiling, ScanPage, SealBox
from shidian.documents.scans import text
from shidian.signoffs.models import Signature
from shidian.ui.history import words
from tests import scanning, steps
from tests.kept import kept


@pytest.fixture
def application(cast, call):
    return steps.frozen(cast, call)


@pytest.fixture
def box(cast):
    return Inbox(unit=cast.lead)


def sort(box, pile=""):
    return scanned.sort(box, list(scanned.pages_in(box, pile)))


def said(application):
    return [words(event) for event in steps.events(application.chain)]


# Whose a page is


@pytest.mark.above_database
def test_pages_of_two_copies_lie_apart_and_what_is_missing_is_named(cast, application, box):
    first, second = scanning.one(application, copy=1), scanning.one(application, copy=2)
    sheets = [*first.whole(), second.page(4), second.page(1), second.page(1)]

    scanning.throw(box, cast.lead_writer, ("两份.pdf", scanning.pdf(scanning.scanned(sheets))))

    one, two = sort(box).groups
    assert (one.copy, one.is_whole, one.doubles, one.is_current) == (1, True, [], True)
    assert (two.copy, two.missing_words, len(two.doubles)) == (2, "2–3、5", 2)
    assert [text for text in said(application) if "归入" in text] == [
        "扫描件“两份.pdf”归入 v1 第 1 份第 1–5 页（机器）",
        "扫描件“两份.pdf”归入 v1 第 2 份第 1、4 页（机器）",
    ]


@pytest.mark.above_database
def test_what_came_in_an_earlier_pile_is_not_missing(cast, application, box):
    for page, pile in ((1, "first"), (2, "first"), (3, "first"), (4, "second"), (5, "second")):
        steps.laid_in(box, application.version, cast.lead_writer, page=page, pile=pile)

    (group,) = sort(box, "second").groups

    assert [placed.filing.page for placed in group.pages] == [4, 5]
    assert group.is_whole


@pytest.mark.above_database
def test_pages_of_an_old_version_are_old(cast, application, box):
    prints = scanning.one(application)
    actions.reopen(application, by=cast.lead_writer, reason="改")
    steps.write(steps.fresh(application), cast.lead_writer, cover__name="另一个名称的综合标准化试点")
    actions.freeze(steps.fresh(application), by=cast.lead_writer)

    scanning.throw(box, cast.lead_writer, ("旧版.pdf", scanning.pdf([prints.page(1)])))

    (group,) = sort(box).groups
    assert (group.version.number, group.is_current) == (1, False)
    assert sort(box).old == [group]


@pytest.mark.above_database
def test_somebody_elses_page_is_foreign_and_its_owner_learns_nothing(cast, application):
    other = Inbox(unit=cast.other_unit)
    before = said(application)

    (row,) = scanning.throw(
        other, cast.outsider, ("拾到.pdf", scanning.pdf([scanning.one(application).page(5)]))
    )

    found = sort(other)
    assert (found.groups, found.foreign) == ([], [row])
    assert said(application) == before
    assert scanned.candidates(other, row) == []
    with pytest.raises(Invalid):
        inbox.file_by_hand(row, application.version, 5, by=cast.outsider)
    assert scanned.opinion_pages(Inbox(unit=cast.lead), application.version) == {}


def test_an_office_takes_pages_of_what_arrived_there_and_a_registry_of_what_was_sent_on(cast, call):
    application, _list = steps.dispatched(cast, call)
    content = scanning.pdf([scanning.one(application).page(1)])
    people = {
        cast.heping: cast.heping_handler,
        cast.institute: cast.institute_clerk,
        cast.commission: cast.commission_officer,
        cast.other_district: cast.other_handler,
    }
    for office, person in people.items():
        scanning.throw(Inbox(office=office), person, ("来件.pdf", content))

    belongs = {office: bool(sort(Inbox(office=office)).groups) for office in people}

    assert list(belongs.values()) == [True, True, True, False]


@pytest.mark.above_database
def test_sheets_of_a_pack_are_told_from_pages_of_the_form(cast, application, box):
    round_ = round_of(application)
    printed = pack(application, application.version, round_, Choice(frozenset(), frozenset({1, 2})))
    sheets = [scanning.spoiling.sheet(printed, number) for number in range(1, 5)]

    rows = scanning.throw(box, cast.lead_writer, ("打印包.pdf", scanning.pdf(scanning.scanned(sheets))))

    found = sort(box)
    assert len(rows) == len(found.aside) + found.filed
    (group,) = found.groups
    assert group.sheets
    assert [placed.filing.party for placed in group.pages] == [1, 2]
    assert group.missing == []
    assert set(scanned.opinion_pages(box, application.version)) <= {each.pk for each in round_.parties.all()}
    assert said(application)[-1].startswith("扫描件“打印包.pdf”归入 v1 意见页（承担单位 ")


# By hand


@kept
def thrown_in_without_marks(application, box, by):
    """Page 3 of 5, without its marks, between pages 2 and 4."""
    whole = scanning.one(application).whole()
    sheets = [whole[1], scanning.without_marks(whole[2]), whole[3]]
    return scanning.throw(box, by, ("认.pdf", scanning.pdf(scanning.scanned(sheets))))[1]


@pytest.fixture
def unreadable(cast, application, box):
    return thrown_in_without_marks(application, box, cast.lead_writer)


@pytest.mark.above_database
def test_neighbours_say_what_a_page_may_be(box, unreadable):
    assert sort(box).to_match == [unreadable]
    assert [each.page for each in scanned.candidates(box, unreadable) if not each.sheet][:3] == [3, 1, 5]


@pytest.mark.above_database
@pytest.mark.skipif(not text.available(), reason="words are read by an optional part")
def test_words_say_what_a_page_may_be(box, unreadable):
    ranked = scanned.candidates(box, unreadable, by_words=True)

    assert (ranked[0].page, ranked[0].sheet) == (3, False)
    assert ranked[0].score > ranked[1].score


def test_a_person_files_takes_out_and_sets_aside_and_nothing_is_lost(cast, application, box, unreadable):
    filing = inbox.file_by_hand(unreadable, application.version, 3, by=cast.lead_writer)
    unreadable = ScanPage.objects.get(pk=unreadable.pk)
    assert (unreadable.filing, filing.by, unreadable.found) == (filing, cast.lead_writer, "unreadable")
    assert filing.likeness["share"] > 0.5  # laid on the printed page; its marks are gone
    assert sort(box).groups[0].missing == [1, 5]

    inbox.take_back(unreadable, by=cast.lead_writer)
    unreadable = ScanPage.objects.get(pk=unreadable.pk)
    assert sort(box).to_match == [unreadable]
    with pytest.raises(NotNow):
        inbox.take_back(unreadable, by=cast.lead_writer)

    inbox.set_aside(unreadable, by=cast.lead_writer)
    assert sort(box).foreign == [unreadable]
    inbox.file_by_hand(ScanPage.objects.get(pk=unreadable.pk), application.version, 3, by=cast.lead_writer)

    assert sort(box).groups[0].missing == [1, 5]
    assert list(unreadable.filings.values_list("kind", flat=True)) == [
        "filed",
        "taken_back",
        "foreign",
        "filed",
    ]
    assert said(application)[-3:] == [
        "扫描件“认.pdf”归入 v1 第 3 页（人工）",
        "扫描件“认.pdf”的第 2 张从 v1 取出",
        "扫描件“认.pdf”归入 v1 第 3 页（人工）",
    ]


def test_what_the_machine_filed_is_confirmed_or_taken_out_by_a_person(cast, application, box):
    row = steps.laid_in(box, application.version, cast.lead_writer)
    machine = row.filing

    inbox.confirm(row, by=cast.lead_head)
    row = ScanPage.objects.get(pk=row.pk)
    assert (row.filing.by, row.filing.page) == (cast.lead_head, machine.page)

    inbox.take_back(row, by=cast.lead_head)
    row = ScanPage.objects.get(pk=row.pk)
    assert row.filing.kind == PageFiling.Kind.TAKEN_BACK
    assert machine in row.filings.all()


@pytest.mark.above_database
def test_a_page_that_was_filed_wrong_by_hand_is_not_called_the_same(cast, application, box, unreadable):
    filing = inbox.file_by_hand(unreadable, application.version, 1, by=cast.lead_writer)

    assert filing.likeness["same"] is not True
    assert scanned.statement(box, application.version, 0)[0].kind != "same"


@pytest.mark.parametrize("page", [0, 6, 9999])
@pytest.mark.above_database
def test_a_page_that_the_form_has_not_is_refused(cast, application, unreadable, page):
    steps.refused(
        Invalid, lambda: inbox.file_by_hand(unreadable, application.version, page, by=cast.lead_writer)
    )


@pytest.mark.above_database
def test_a_party_that_is_not_there_has_no_sheet(cast, application, unreadable):
    steps.refused(
        Invalid,
        lambda: inbox.file_by_hand(
            unreadable, application.version, 1, party=77, sheet=True, by=cast.lead_writer
        ),
    )


@pytest.mark.above_database
def test_strangers_and_readers_may_not(cast, application, box):
    from shidian.applications import sharing

    row = steps.laid_in(box, application.version, cast.lead_writer)
    seal = row.boxes.get()
    sharing.share(application, Role.VIEWER, person=cast.lead_writer, by=cast.lead_head)
    deeds = (
        lambda who: inbox.confirm(row, by=who),
        lambda who: inbox.take_back(row, by=who),
        lambda who: inbox.set_aside(row, by=who),
        lambda who: inbox.judge(seal, SealBox.Part.SEAL, SealBox.Seen.PRESENT, by=who),
    )

    for who in (cast.outsider, cast.heping_handler, cast.lead_writer):
        for deed in deeds:
            steps.refused(NotPermitted, lambda deed=deed, who=who: deed(who))
    assert inbox.can_throw_in(cast.lead_writer, box)
    assert not inbox.can_throw_in(cast.outsider, box)
    assert not inbox.can_throw_in(cast.heping_approver, Inbox(office=cast.heping))


# Boxes and opinions


def test_machine_and_person_are_kept_apart_and_the_newest_person_counts(cast, application, box):
    row = steps.laid_in(box, application.version, cast.lead_writer)
    seal = row.boxes.get()

    inbox.judge(seal, SealBox.Part.SIGNATURE, SealBox.Seen.ABSENT, by=cast.lead_writer)
    inbox.judge(seal, SealBox.Part.SIGNATURE, SealBox.Seen.PRESENT, by=cast.lead_head)

    seal = SealBox.objects.get()
    told = {each.part.value: each for each in scanned.questions(seal)}
    assert (seal.signature, seal.judged("signature").seen) == ("unclear", "present")
    assert told["signature"].word == "有（人工）"
    assert told["seal"].word == "有（机器）"
    assert told["day"].tone == "stop"


def test_several_opinions_are_recorded_from_one_scan(cast, application, box):
    prints = scanning.one(application)
    scanning.throw(box, cast.lead_writer, ("意见.pdf", scanning.pdf(scanning.scanned([prints.sealed(1, 2)]))))
    round_ = round_of(application)
    pages = scanned.opinion_pages(box, application.version)
    parties = list(round_.parties.all())
    assert set(pages) == {parties[0].pk, parties[1].pk}

    for party in parties[:2]:
        inbox.record_opinion_of(
            pages[party.pk].scanned,
            application,
            party,
            by=cast.lead_writer,
            decision=Signature.Decision.AGREE,
            signatory=f"{party.name}负责人",
            signed_on=steps.today(application.call),
        )

    signatures = Signature.objects.all()
    assert {each.scan for each in signatures} == {pages[parties[0].pk].scanned.picture}
    assert {each.means for each in signatures} == {"paper"}
    assert said(application)[-1] == f"{parties[1].label}“{parties[1].name}”的意见取自扫描件“意见.pdf”第 1 张"


@pytest.mark.above_database
def test_an_opinion_needs_a_page_of_its_own_version(cast, application, box):
    row = steps.laid_in(box, application.version, cast.lead_writer)
    inbox.take_back(row, by=cast.lead_writer)
    party = round_of(application).parties.first()

    steps.refused(
        NotNow,
        lambda: inbox.record_opinion_of(
            ScanPage.objects.get(pk=row.pk),
            application,
            party,
            by=cast.lead_writer,
            decision=Signature.Decision.AGREE,
            signatory="甲",
            signed_on=steps.today(application.call),
        ),
    )


# Same or not


@pytest.mark.above_database
def test_a_copy_is_stated_page_by_page_and_a_correction_by_hand_shows_where(cast, application, box):
    prints = scanning.one(application)
    whole = prints.whole()
    whole[2] = scanning.spoiling.written(whole[2], 90, 120, "13900001111", height=6)
    rows = scanning.throw(
        box, cast.lead_writer, ("一份.pdf", scanning.pdf(scanning.scanned([*whole[:3], whole[4]])))
    )
    assert rows[2].found == "different"
    inbox.confirm(rows[2], by=cast.lead_writer)

    told = scanned.statement(box, application.version, 0)

    assert [row.kind for row in told] == ["same", "same", "different", "missing", "same"]
    places = told[2].differences
    assert places
    assert any(
        place.x - 3 <= 100 <= place.x + place.width + 3 and place.y - 6 <= 120 <= place.y + place.height + 6
        for place in places
    )


def test_numbers_are_written_as_people_write_them():
    assert scanned.in_runs([7, 1, 2, 3, 9, 8, 3]) == "1–3、7–9"
    assert scanned.in_runs([]) == ""
