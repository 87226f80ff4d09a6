"""The marks on real prints: in both corners of every page, readable, clear of every text, the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import page as validation
import pypdfium2
import pytest
import zxingcpp

from shidian.documents.marks import keys
from shidian.documents.marks.drawing import marking
from shidian.documents.marks.payload import Mark, read, typed
from shidian.documents.render.compiler import Setting, compile_paper, default_template
from tests.documents import test_application_form as tianjin
from tests.documents.golden import assert_golden, text_of
from tests.documents.test_render import CANDIDATE_LIST

PINNED = tianjin.PINNED
CULTURE = Path(__file__).parents[2] / "packages/prefecture-2025-culture/papers/application.typ"
DPI = 150
MM = 72 / 25.4

CULTURE_PAPER: dict[str, Any] = {
    "reference": "WH25-0007",
    "version": "v1",
    "code": "7F3A-91C2",
    "title": "乡镇文化站示范点申报表",
    "instructions": [tianjin.STORY] * 12,
    "answers": {"station": {"story": tianjin.STORY * 8}},
    "parties": [
        {**party, "position": position} for position, party in enumerate(tianjin.parties(4), start=1)
    ],
}


def form(partners: int = 1, **changes: Any) -> dict[str, Any]:
    data = tianjin.paper(partners, **changes)
    return data | {
        "parties": [{**party, "position": at} for at, party in enumerate(data["parties"], start=1)]
    }


@pytest.fixture(autouse=True)
def fixed_key(settings: Any, tmp_path: Path) -> None:
    settings.MARK_KEYS = tmp_path / "mark-keys"
    settings.MARK_KEYS.write_text("00" * 32 + "\n")
    settings.ADDRESS = "http://127.0.0.1:8000"


def printed(
    template: bytes, data: dict[str, Any], reference: str = "TJ10-0016", version: int = 3, **more: Any
) -> bytes:
    return compile_paper(
        template,
        data,
        pinned=PINNED,
        attach={"application.json": b"{}"},
        marking=marking(reference, version, **more),
    )


def whole_form(**more: Any) -> bytes:
    return printed(tianjin.TEMPLATE, form(6), **more)


def culture(**more: Any) -> bytes:
    return printed(CULTURE.read_bytes(), CULTURE_PAPER, "WH25-0007", 1, **more)


def candidate_list(**more: Any) -> bytes:
    long = CANDIDATE_LIST | {"rows": CANDIDATE_LIST["rows"] * 5}
    return printed(default_template("candidate_list"), long, "TJ10-HEPING-1", 1, **more)


PAPERS = {"form": whole_form, "another call's form": culture, "candidate list": candidate_list}


def codes_of(sheet: pypdfium2.PdfPage) -> dict[str, Mark]:
    """The mark of each corner, by the corner where it stands on the page."""
    picture = sheet.render(scale=DPI / 72, grayscale=True).to_pil()
    found = {}
    for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode):
        at = code.position.top_left
        upper, left = at.y < picture.height / 2, at.x < picture.width / 2
        said = read(code.text, keys=keys.keys())
        assert (said.corner, upper, left) in (("T", True, False), ("B", False, True))
        # People follow the one above with a telephone; the one below has larger modules.
        assert code.text.startswith("HTTPS://") == (said.corner == "T" and keys.address() != "")
        found[said.corner] = said.mark
    return found


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "https://shidian.scjg.example.gov.cn"])
def test_both_corners_of_every_page_say_which_page_it_is(paper: str, address: str, settings: Any) -> None:
    settings.ADDRESS = address
    with pypdfium2.PdfDocument(PAPERS[paper](copy=2)) as pdf:
        total = len(pdf)
        assert total > 1
        for number, sheet in enumerate(pdf, start=1):
            found = codes_of(sheet)
            assert set(found) == {"T", "B"}
            assert found["T"] == found["B"]
            mark = found["T"]
            assert (mark.page, mark.pages, mark.copy) == (number, total, 2)
            line = next(
                line
                for line in sheet.get_textpage().get_text_bounded().splitlines()
                if mark.reference in line
            )
            said = next(part for part in line.split(" · ") if part.startswith(mark.reference))
            assert typed(said, keys=keys.keys()) == mark


@pytest.mark.parametrize("paper", PAPERS)
def test_no_text_comes_near_a_code(paper: str) -> None:
    size, edge, quiet = (14, 5, 2) if paper == "candidate list" else (18, 8, 2.5)
    with pypdfium2.PdfDocument(PAPERS[paper]()) as pdf:
        for sheet in pdf:
            width, height = sheet.get_size()
            near, far = (edge - quiet) * MM, (edge + size + quiet) * MM
            upper_right = (width - far, height - far, width - near, height - near)
            lower_left = (near, near, far, far)
            text = sheet.get_textpage()
            for left, bottom, right, top in (upper_right, lower_left):
                assert text.get_text_bounded(left, bottom, right, top).strip() == ""


@pytest.mark.parametrize("paper", PAPERS)
def test_a_marked_paper_is_archival_and_accessible_and_the_same_every_time(paper: str) -> None:
    pdf = PAPERS[paper]()
    for profile in ("3b", "ua1"):
        assert validation.validate_pdf_bytes(pdf, profile=profile).failures == []
    assert PAPERS[paper]() == pdf
    assert PAPERS[paper](copy=1) != pdf


def test_pages_set_once_and_marked_many_times_are_the_same_as_each_printed_alone() -> None:
    setting = Setting(tianjin.TEMPLATE, form(6), pinned=PINNED, attach={"application.json": b"{}"})
    assert setting.layout.pages == len(pypdfium2.PdfDocument(whole_form()))
    for copy in (2, 0, 1):
        assert setting.printed(marking("TJ10-0016", 3, copy=copy)) == whole_form(copy=copy)


def test_a_page_with_the_box_of_one_party_names_it_and_others_name_none() -> None:
    # One lead, six partners, three more: the five boxes of the form, then five further partners on a page of their own.
    for partners, expected in ((6, {0}), (2, {0, 3})):
        with pypdfium2.PdfDocument(printed(tianjin.TEMPLATE, form(partners))) as pdf:
            named = [codes_of(sheet)["T"].party for sheet in pdf]
        assert set(named) == expected
        assert named[-1] == max(expected)


def test_the_blank_form_has_no_mark() -> None:
    with pypdfium2.PdfDocument(tianjin.printed(tianjin.BLANK)) as pdf:
        for sheet in pdf:
            assert zxingcpp.read_barcodes(sheet.render(scale=DPI / 72).to_pil()) == []


def test_a_draft_says_so_in_its_code_and_in_its_foot() -> None:
    pdf = printed(tianjin.TEMPLATE, form(1, draft=True), version=0)
    with pypdfium2.PdfDocument(pdf) as document:
        for sheet in document:
            assert codes_of(sheet)["T"].version == 0
            foot = sheet.get_textpage().get_text_bounded().strip().splitlines()[-2:]
            assert any("草稿" in line for line in foot)
            assert any("TJ10-0016 V0-" in line for line in foot)


def test_a_marked_form_has_its_golden_text() -> None:
    pdf = printed(tianjin.TEMPLATE, form(2), copy=4, note="第 4 份：试点承担单位留存")
    assert_golden("application_marked_copy", pdf)
    assert "TJ10-0016 V3-1/" in text_of(pdf)
