"""Sheets: text stays text, files are reproducible, and the print set-up is there."""

import time
from datetime import UTC, date, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from shidian.core.errors import Invalid
from shidian.documents.sheets import LONGEST_TEXT, write_rows

CREATED = datetime(2023, 7, 28, 9, 30, tzinfo=UTC)
COLUMNS = ["序号", "试点名称", "承担单位"]


def read(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()


def part(data: bytes, name: str) -> str:
    return ZipFile(BytesIO(data)).read(name).decode()


def test_rows_come_back_as_they_were_given():
    rows = [[1, "幸福里社区综合减灾", "张𬭎"], [2, "", None], [3.5, "两\n行", date(2023, 7, 28)]]

    sheet = read(write_rows("清单", COLUMNS, rows, created=CREATED))

    assert sheet == [
        COLUMNS,
        [1.0, "幸福里社区综合减灾", "张𬭎"],
        [2.0, "", ""],
        [3.5, "两\n行", date(2023, 7, 28)],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "{=SUM(A1)}", "+1", "-1", "@SUM(1)", "https://example.org", "007", "1e5", "mailto:a@b.c"]
)
def test_text_never_becomes_formula_number_or_link(text):
    data = write_rows("清单", ["甲"], [[text]], created=CREATED)

    assert read(data) == [["甲"], [text]]
    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 't="inlineStr"' in sheet


@pytest.mark.parametrize("text", ["<b>&\"'", "_x000D_", "a\tb", "   前后空格   ", "\u200b", "第\x0b一"])
def test_odd_characters_survive(text):
    assert read(write_rows("清单", ["甲"], [[text]], created=CREATED))[1] == [text]


def test_same_rows_give_same_bytes():
    rows = [[1, "甲", "乙"]]

    first = write_rows("清单", COLUMNS, rows, created=CREATED)
    time.sleep(2.1)

    assert write_rows("清单", COLUMNS, iter(rows), created=CREATED) == first


def test_header_is_frozen_filtered_and_repeats_on_landscape_a4():
    data = write_rows("试点备选项目清单", COLUMNS, [[1, "甲", "乙"]], created=CREATED)

    sheet, book = part(data, "xl/worksheets/sheet1.xml"), part(data, "xl/workbook.xml")
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:C2"/>' in sheet
    assert 'paperSize="9"' in sheet
    assert 'orientation="landscape"' in sheet
    assert "试点备选项目清单" in sheet
    assert "$1:$1</definedName>" in book


def test_columns_are_as_wide_as_their_text_within_bounds():
    data = write_rows("清单", ["序号", "名称"], [[1, "社区" * 200], [2, "甲"]], created=CREATED)

    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert '<col min="1" max="1" width="6.7109375"' in sheet
    assert '<col min="2" max="2" width="48.7109375"' in sheet


def test_sheet_name_is_made_acceptable():
    data = write_rows("2023/第十批[清单]：" + "长" * 40, ["甲"], [], created=CREATED)

    (name,) = CalamineWorkbook.from_filelike(BytesIO(data)).sheet_names
    assert len(name) <= 31
    assert "/" not in name


def test_truth_is_written_in_chinese():
    assert read(write_rows("清单", ["甲", "乙"], [[True, False]], created=CREATED))[1] == ["是", "否"]


def test_text_too_long_for_a_cell_is_refused_by_place():
    with pytest.raises(Invalid) as refused:
        write_rows("清单", ["甲", "乙"], [["短", "长" * (LONGEST_TEXT + 1)]], created=CREATED)

    assert refused.value.reason == "第 1 行“乙”超过 32767 个字，一个单元格放不下。"


def test_row_with_too_few_cells_is_refused():
    with pytest.raises(Invalid) as refused:
        write_rows("清单", COLUMNS, [[1, "甲"]], created=CREATED)

    assert refused.value.reason == "第 1 行有 2 格，应有 3 格。"
