"""Long answers on the paper: items, tables and pictures in their boxes, in an archival and tagged PDF."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import page
import pikepdf
import pypdfium2 as pdfium
from PIL import Image

from shidian.calls import packages
from shidian.calls.packages import Package
from shidian.documents.render.compiler import compile_paper
from shidian.questionnaires.printing import printable

PINNED = datetime(2023, 7, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
TIANJIN = Path(__file__).parents[2] / "calls" / "tianjin-2023-smps10"
WORDS = "本单位围绕应急救援全过程开展标准化工作，制定标准36项，覆盖全部岗位。"
LONG = "| 序号 | 标准名称 |\n| --- | --- |\n" + "\n".join(
    f"| {n} | 第{n}项标准{WORDS} |" for n in range(1, 80)
)
MONTHS = " | ".join(f"{n}月" for n in range(1, 13))
WIDE = f"| {MONTHS} |\n| {' | '.join(['ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'] * 12)} |"


@cache
def package() -> Package:
    return packages.read(TIANJIN)


def jpeg(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "#3366cc").save(out, "JPEG")
    return out.getvalue()


def printed(goals: str, pictures: dict[str, bytes] | None = None) -> bytes:
    answers = printable(package().questionnaire, {"goals": {"goals": goals}}, blocks=True)
    paths = {name: f"pictures/{name}.svg" for name in pictures or {}}
    for block in answers["goals"]["goals"]:
        if block["kind"] == "picture":
            block["file"] = paths.get(block["name"], "")
    data: dict[str, Any] = {
        "title": package().questionnaire.title,
        "instructions": [],
        "answers": answers,
        "parties": [],
        "reference": "TJ10-0001",
        "printed_on": "2023-07-10",
    }
    return compile_paper(
        package().files["papers/application.typ"],
        data,
        pinned=PINNED,
        attach={"application.json": b"{}"},
        pictures={paths[name]: content for name, content in (pictures or {}).items()},
    )


def texts(pdf: bytes) -> list[str]:
    document = pdfium.PdfDocument(pdf)
    found = [each.get_textpage().get_text_range() for each in document]
    document.close()
    return found


def images(pdf: bytes) -> list[tuple[int, float, float, float, float]]:
    """Page and box (in points) of every picture."""
    document = pdfium.PdfDocument(pdf)
    found = [
        (number, *each.get_bounds())
        for number, sheet in enumerate(document, start=1)
        for each in sheet.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)
    ]
    document.close()
    return found


def test_a_paper_with_everything_is_archival_tagged_and_the_same_each_time() -> None:
    goals = f"一、目标\n（一）{WORDS * 4}\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |\n[图：a.jpg｜图 1　体系结构]\n[图：没有.png]"
    pictures = {"a.jpg": jpeg(1860, 1200)}

    pdf = printed(goals, pictures)

    assert printed(goals, pictures) == pdf
    for profile in ("3b", "ua1"):
        assert page.validate_pdf_bytes(pdf, profile=profile).failures == []
    whole = "".join(texts(pdf)).replace("\r\n", "")
    assert "图 1　体系结构" in whole or "图1　体系结构" in whole
    assert "［插图“没有.png”没有上传］" in whole


def test_the_picture_comes_into_the_file_as_it_is_with_its_words() -> None:
    picture = jpeg(800, 400)

    with pikepdf.open(BytesIO(printed("[图：a.jpg｜体系结构]", {"a.jpg": picture}))) as pdf:
        held = [
            bytes(each.read_raw_bytes())
            for each in pdf.objects
            if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"
        ]
        alts = [
            str(each["/Alt"])
            for each in pdf.objects
            if isinstance(each, pikepdf.Dictionary) and "/Alt" in each
        ]

    assert held == [picture]
    assert alts == ["体系结构"]


def test_pictures_stay_inside_their_box_and_small_ones_small() -> None:
    sizes = {"wide": (4000, 500), "high": (500, 4000), "small": (100, 50)}
    pdf = printed(
        "\n".join(f"[图：{name}]" for name in sizes), {name: jpeg(*size) for name, size in sizes.items()}
    )

    boxes = images(pdf)

    assert len(boxes) == 3
    for _page, left, bottom, right, top in boxes:
        assert 28 / 25.4 * 72 <= left < right <= (210 - 26) / 25.4 * 72
        assert 35 / 25.4 * 72 <= bottom < top <= (297 - 37) / 25.4 * 72
    _page, left, _bottom, right, _top = boxes[2]
    assert right - left < 60


def test_a_table_longer_than_a_page_goes_on_under_its_header() -> None:
    found = [text for text in texts(printed(LONG)) if "项标准" in text]

    assert len(found) >= 3
    assert all("标准名称" in text for text in found)
    whole = "".join(found)
    assert all(f"第{n}项标准" in whole.replace(" ", "") for n in range(1, 80))


def test_twelve_columns_of_long_words_stay_inside_the_box() -> None:
    document = pdfium.PdfDocument(printed(WIDE))
    edges = []
    for sheet in document:
        text = sheet.get_textpage()
        edges += [text.get_charbox(at)[2] for at in range(text.count_chars())]
    document.close()

    assert max(edges) <= (210 - 26) / 25.4 * 72


def test_a_text_of_bars_and_a_cell_longer_than_a_page_are_printed() -> None:
    pdf = printed("|" * 500 + "\n\n| 长 | " + "字" * 3000 + " |\n| x | y |")

    assert sum(text.count("字") for text in texts(pdf)) == 3000
