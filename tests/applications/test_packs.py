"""The print pack: the right sheets in the right number, each with its own mark and its holder."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
import zxingcpp

from shidian.applications import actions, packs, papers, rules
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.queries import planned_copies
from shidian.core.errors import Invalid
from shidian.documents.marks import keys
from shidian.documents.marks.payload import Mark, read
from shidian.documents.render.compiler import query_paper
from tests import steps
from tests.documents.golden import assert_golden

pytestmark = pytest.mark.above_database


def printed(application: Application, **changes: Any) -> bytes:
    round_ = round_of(application)
    assert round_ is not None and application.version is not None
    usual = packs.everything(application, round_)
    choice = packs.Choice(
        frozenset(changes.get("copies", usual.copies)),
        frozenset(changes.get("parties", usual.parties)),
        frozenset(changes.get("parts", usual.parts)),
        changes.get("duplex", False),
    )
    return packs.pack(application, application.version, round_, choice)


def marks_of(pdf: bytes) -> list[Mark | None]:
    """The mark of each page; None for a page that is left blank. Both corners say the same."""
    found: list[Mark | None] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for sheet in document:
            picture = sheet.render(scale=130 / 72, grayscale=True).to_pil()
            codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
            said = [read(code.text, keys=keys.keys()) for code in codes]
            assert sorted(each.corner for each in said) in ([], ["B", "T"])
            assert len({each.mark for each in said}) <= 1
            found.append(said[0].mark if said else None)
    return found


def words_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return ["".join(sheet.get_textpage().get_text_bounded().split()) for sheet in document]


@pytest.fixture
def frozen(cast: steps.Cast, call: Any) -> Application:
    return steps.frozen(cast, call)


def test_every_copy_of_both_plans_is_there_whole_with_its_number_and_its_holder(frozen: Application) -> None:
    pdf = printed(frozen, parts={"copies"})
    pages = papers.form_setting(frozen.version).layout.pages
    planned = planned_copies(frozen.call)

    marks, words = marks_of(pdf), words_of(pdf)

    assert [(mark.copy, mark.page, mark.pages) for mark in marks if mark] == [
        (copy.number, page, pages) for copy in planned for page in range(1, pages + 1)
    ]
    assert [copy.number for copy in planned if copy.plan.registered] == [1, 2, 3]
    assert len(planned) == 7
    for mark, text in zip(marks, words, strict=True):
        assert mark is not None
        assert (mark.reference, mark.version, mark.aside) == (frozen.reference, 1, False)
        assert f"第{mark.copy}份（共7份）：{planned[mark.copy - 1].holder.label}" in text


def test_a_party_has_a_sheet_with_its_own_box_alone_and_an_envelope_that_cannot_pass_for_it(
    frozen: Application,
) -> None:
    pdf = printed(frozen, copies=(), parts={"opinions", "envelopes"})
    round_ = round_of(frozen)
    assert round_ is not None
    people = {party.position: party for party in round_.parties.all()}

    sheets = list(zip(marks_of(pdf), words_of(pdf), strict=True))

    own = [(mark, text) for mark, text in sheets if mark and not mark.aside]
    back = [(mark, text) for mark, text in sheets if mark and mark.aside]
    assert [mark.party for mark, _text in own] == list(people)
    assert {mark.party for mark, _text in back} == {
        number for number, party in people.items() if party.name != frozen.lead.name
    }
    for mark, text in own:
        assert text.count("（盖章）：") == 1
        party = people[mark.party]
        assert f"{party.label}（盖章）：{party.name}" in text.replace("\u2060", "")
        assert all(
            other.name not in text
            for other in people.values()
            if other.name not in (party.name, frozen.lead.name)
        )
    assert all(frozen.lead.name in text for _mark, text in back)
    assert not {mark for mark, _text in own} & {mark for mark, _text in back}


def test_the_box_of_an_opinion_sheet_is_where_it_says(frozen: Application) -> None:
    round_ = round_of(frozen)
    assert round_ is not None
    choice = packs.everything(frozen, round_)
    printing = packs._Pack(frozen, frozen.version, round_, choice)
    party = printing.parties[1]
    data = printing._which_version() | printing.opinion(party)
    boxes = query_paper(packs.default_template("opinion_sheet"), data, "<box>", pinned=printing.frozen)
    assert [(box["position"], box["role"], box["page"]) for box in boxes] == [(2, party.role, 1)]
    pdf = printed(frozen, copies=(), parties={2}, parts={"opinions"})
    box = boxes[0]
    with pypdfium2.PdfDocument(pdf) as document:
        sheet = document[0]
        height = sheet.get_height()
        inside = sheet.get_textpage().get_text_bounded(
            box["x"], height - box["y"] - box["height"], box["x"] + box["width"], height - box["y"]
        )
    assert "".join(inside.split()) == f"{party.label}（盖章）：{party.name}负责人（签名）年月日"


def test_the_checklist_and_the_envelopes_have_their_golden_text(
    frozen: Application, settings: Any, tmp_path: Any
) -> None:
    settings.MARK_KEYS = tmp_path / "mark-keys"
    settings.MARK_KEYS.write_text("00" * 32 + "\n")
    assert_golden("print_pack", printed(frozen, parts={"checklist", "opinions", "envelopes"}))


def test_who_has_agreed_needs_no_sheet_and_the_checklist_says_how(cast: steps.Cast, call: Any) -> None:
    signed = steps.signed(cast, call)
    round_ = round_of(signed)
    assert round_ is not None
    waiting = {party.position for party in round_.parties.all() if not party.has_agreed}
    assert waiting
    assert packs.everything(signed, round_).parties == waiting
    text = words_of(printed(signed, copies=(), parts={"checklist"}))[0]
    assert text.count("已同意（纸质盖章）") == round_.parties.count() - len(waiting)
    assert text.count("还没有同意") == len(waiting)


def test_printed_on_both_sides_every_paper_begins_on_a_new_sheet(frozen: Application) -> None:
    marks = marks_of(printed(frozen, copies={1, 2}, duplex=True))
    starts = [number for number, mark in enumerate(marks) if mark and mark.page == 1]
    assert all(number % 2 == 0 for number in starts)
    assert [mark for mark in marks if mark] == marks_of(printed(frozen, copies={1, 2}))


def test_the_same_choice_gives_the_same_bytes_and_nothing_chosen_is_refused(frozen: Application) -> None:
    assert printed(frozen, copies={1, 4}) == printed(frozen, copies={1, 4})
    with pytest.raises(Invalid):
        printed(frozen, copies=(), parties=())


def test_a_version_that_no_longer_counts_is_not_printed_for_sealing(
    cast: steps.Cast, frozen: Application
) -> None:
    old = frozen.version
    assert rules.can_print_pack(frozen, old)
    actions.reopen(frozen, by=cast.lead_writer, reason="改")
    assert not rules.can_print_pack(steps.fresh(frozen), old)
    actions.freeze(steps.fresh(frozen), by=cast.lead_writer)
    again = steps.fresh(frozen)
    assert not rules.can_print_pack(again, old)
    assert rules.can_print_pack(again, again.version)
    actions.withdraw(again, by=cast.lead_writer, reason="不办了")
    assert not rules.can_print_pack(steps.fresh(again), again.version)


def test_a_form_that_was_printed_stays_as_it_was_when_a_new_key_is_made(
    frozen: Application, settings: Any, tmp_path: Any
) -> None:
    settings.MARK_KEYS = tmp_path / "mark-keys"
    with papers.form(frozen.version).open() as file:
        before = file.read()
    assert papers.form_bytes(frozen.version) == before
    keys.add_key()
    with papers.form(frozen.version).open() as file:
        assert file.read() == before
    assert papers.form_bytes(frozen.version) != before
    assert {mark and mark.page for mark in marks_of(before)} == set(
        range(1, papers.form_setting(frozen.version).layout.pages + 1)
    )


def test_a_call_whose_paper_draws_no_marks_still_prints(frozen: Application, monkeypatch: Any) -> None:
    package = papers.package_of(frozen.version)
    name = package.call.papers.application
    plain = "#let data = json(bytes(sys.inputs.data))\n#set document(title: data.title)\n= #data.title\n"
    monkeypatch.setitem(package.files, name, plain.encode())

    assert marks_of(papers.form_bytes(frozen.version)) == [None]
    text = words_of(printed(frozen, copies={1}, parties=(), parts={"checklist", "copies"}))[0]
    assert "申请书共" not in text
