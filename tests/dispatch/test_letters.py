"""Cover letters: words of the call, numbers by the rule and once an office, frozen with the list, printed by GB/T 9704."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import docx
import pypdfium2
import pytest

from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers
from shidian.dispatch.lettering import write_letter
from shidian.dispatch.letters import drafted, is_outdated, letter_of
from shidian.dispatch.models import Letter
from tests import steps
from tests.steps import refused

pytestmark = pytest.mark.above_database


def values(cast: steps.Cast, call: Call, **given: str) -> dict[str, str]:
    year = steps.today(call).year
    return {**drafted(call, cast.heping, None), "number": f"津和市监函〔{year}〕5号"} | given


def test_the_letter_says_what_the_call_words(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    found = drafted(call, cast.heping, None)

    assert found["addressee"] == cast.commission.name
    assert "推荐1个项目" in found["body"]
    assert "{" not in found["title"] + found["body"]
    assert found["title"].startswith(f"{cast.heping.name}关于推荐第十批")


def test_a_number_is_brought_into_its_spelling_and_given_once(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    year = steps.today(call).year
    by = cast.heping_handler
    letter = write_letter(call, cast.heping, values(cast, call, number=f"津和市监函[{year}] 05号"), by=by)

    assert letter.number == f"津和市监函〔{year}〕5号"
    assert steps.last_event(letter.list.chain).name == "list.letter_written"
    for number in (f"津和市监函〔{year - 1}〕5号", "津和市监函5号", f"和〔{year}〕5号"):
        refused(
            Invalid,
            lambda number=number: write_letter(call, cast.heping, values(cast, call, number=number), by=by),
        )
    dispatch.propose(call, cast.heping, by=by)
    listed = dispatch.confirm(letter.list, by=cast.heping_approver)
    dispatch.seal(listed, steps.scan(by), by=by)
    dispatch.dispatch(listed, by=cast.heping_approver)
    steps.recommended(cast, call)
    refused(
        Invalid, lambda: write_letter(call, cast.heping, values(cast, call), by=by), match="TJ10-HEPING-1"
    )


def test_it_is_written_until_the_list_is_approved_and_frozen_with_it(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    by = cast.heping_handler
    refused(
        NotPermitted, lambda: write_letter(call, cast.heping, values(cast, call), by=cast.heping_approver)
    )
    dispatch.propose(call, cast.heping, by=by)
    letter = write_letter(call, cast.heping, values(cast, call, body="一\n二"), by=by)
    listed = dispatch.confirm(letter.list, by=cast.heping_approver)

    assert listed.version is not None
    assert listed.version.data["letter"]["number"] == letter.number
    assert listed.version.data["letter"]["body"] == "一\n二"
    refused(NotNow, lambda: write_letter(call, cast.heping, values(cast, call), by=by))
    kept = papers.letter_pdf(listed, listed.version)
    assert kept is not None
    assert kept.pk == papers.letter_pdf(listed, listed.version).pk  # type: ignore[union-attr]


def test_more_on_the_list_than_the_letter_says_is_told(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    letter = write_letter(call, cast.heping, values(cast, call), by=cast.heping_handler)
    assert is_outdated(call, cast.heping, letter.list) is None
    steps.recommended(cast, call)
    assert is_outdated(call, cast.heping, letter.list) == 1


@pytest.mark.parametrize("missing", ["title", "addressee", "body"])
def test_what_is_missing_is_named(cast: steps.Cast, call: Call, missing: str) -> None:
    steps.recommended(cast, call)
    with pytest.raises(Invalid) as refusal:
        write_letter(call, cast.heping, values(cast, call, **{missing: " "}), by=cast.heping_handler)
    assert [name for name, _ in refusal.value.problems] == [missing]
    assert not Letter.objects.exists()


def test_the_page_follows_the_measures_of_the_standard(cast: steps.Cast, call: Call) -> None:
    """版心 156 × 225 mm at 37 and 28 mm; 28 characters a line, 22 lines a page."""
    steps.recommended(cast, call)
    letter = letter_of(call, cast.heping, None) | {"number": "津和市监函〔2023〕5号", "body": "试" * 1200}
    dated = dt.datetime(2023, 7, 20, tzinfo=call.zone)
    document = pypdfium2.PdfDocument(papers._letter(call, letter, dated, draft=False))

    text = document[1].get_textpage()
    boxes = [text.get_charbox(at) for at in range(text.count_chars()) if text.get_text_range(at, 1) == "试"]
    lines = sorted({round(box[1]) for box in boxes}, reverse=True)
    mm = 72 / 25.4
    first = [box for box in boxes if round(box[1]) == lines[0]]
    assert len(lines) == 22
    assert len(first) == 28
    assert min(box[0] for box in boxes) == pytest.approx(28 * mm, abs=2)
    assert max(box[2] for box in boxes) == pytest.approx((210 - 26) * mm, abs=2)
    assert document[0].get_size() == pytest.approx((210 * mm, 297 * mm), abs=1)
    last = document[len(document) - 1].get_textpage().get_text_range()
    assert "2023年7月20日" in last
    assert "印发" in last
    document.close()


def test_the_word_documents_hold_the_same_words(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    letter = letter_of(call, cast.heping, None) | {"number": "津和市监函〔2023〕5号"}
    dated = dt.datetime(2023, 7, 20, tzinfo=call.zone)
    made = docx.Document(BytesIO(papers.letter_docx(call, letter, dated, draft=False)))

    text = "\n".join(paragraph.text for paragraph in made.paragraphs)
    for part in (
        cast.heping.name,
        letter["number"],
        letter["title"],
        "附件：试点备选项目清单",
        "2023年7月20日印发",
    ):
        assert part in text
    section = made.sections[0]
    assert (round(section.top_margin.mm), round(section.left_margin.mm)) == (37, 28)
    table = docx.Document(BytesIO(papers.draft_docx(call, cast.heping))).tables[0]
    assert [cell.text for cell in table.rows[0].cells] == [
        column.label for column in call.definition.list_columns
    ]
    assert found.reference in [cell.text for cell in table.rows[1].cells]
