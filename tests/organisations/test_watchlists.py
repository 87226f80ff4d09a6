"""Reading lists of units: encodings, headers, columns, rows that cannot be used."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from shidian.organisations.watchlists import (
    Fault,
    Format,
    Reading,
    Row,
    Unreadable,
    day_of,
    read,
    recognise,
    rows,
)

CODE = "12120101PDY00001X0"
BODY = "PDY00001X"
HEAD = "企业名称,统一社会信用代码,列入原因,列入日期,移出日期,曾用名"
LINE = f"天津市示范（集团）有限公司,{CODE},未按时公示年度报告,2023-07-01,,天津市老示范公司"


def csv_of(*lines: str, encoding: str = "utf-8") -> BytesIO:
    return BytesIO("\r\n".join(lines).encode(encoding))


def xlsx_of(*lines: list[Any], sheets: dict[str, list[list[Any]]] | None = None) -> BytesIO:
    out = BytesIO()
    book = xlsxwriter.Workbook(out)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, cells in (sheets or {"Sheet1": list(lines)}).items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(cells):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, day)
                elif cell != "":
                    sheet.write(at, column, cell)
    book.close()
    out.seek(0)
    return out


def kept(file: BytesIO, kind: Format = "csv", **given: Any) -> tuple[Reading, list[Row | Fault]]:
    reading = read(file, kind, **given)
    return reading, list(rows(file, reading))


@pytest.mark.parametrize(
    ("encoding", "label"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
def test_every_encoding_gives_the_same_rows(encoding: str, label: str) -> None:
    reading, found = kept(csv_of(HEAD, LINE, encoding=encoding))
    assert reading.encoding == label
    (row,) = found
    assert isinstance(row, Row)
    assert (row.row, row.name, row.code, row.body) == (2, "天津市示范（集团）有限公司", CODE, BODY)
    assert (row.reason, row.entered_on, row.removed_on) == ("未按时公示年度报告", "2023-07-01", "")
    assert row.former_name == "天津市老示范公司"
    assert row.cells == LINE.split(",")
    assert row.name_key == "天津市示范(集团)有限公司"


def test_a_rare_character_of_gb18030_survives() -> None:
    _, (row,) = kept(csv_of(HEAD, f"天津市䶮𠮷示范中心,{CODE}", encoding="gb18030"))
    assert isinstance(row, Row)
    assert row.name == "天津市䶮𠮷示范中心"


@pytest.mark.parametrize("sign", ["\t", ";"])
def test_other_delimiters_are_seen(sign: str) -> None:
    _, (row,) = kept(csv_of(HEAD.replace(",", sign), LINE.replace(",", sign)))
    assert isinstance(row, Row)
    assert row.code == CODE


def test_titles_above_the_header_are_passed_over_and_row_numbers_are_those_of_the_sheet() -> None:
    reading, (row,) = kept(csv_of("经营异常名录,,,,,", "导出时间：2023年7月3日,,,,,", "", HEAD, LINE))
    assert reading.head == 4
    assert row.row == 5


def test_a_sheet_of_excel_with_days_as_days() -> None:
    file = xlsx_of(
        ["经营异常名录"],
        [],
        [
            "序号",
            "当事人名称",
            "统一社会信用代码/注册号",
            "列入经营异常名录原因",
            "作出列入决定机关",
            "列入时间",
        ],
        [1, "天津市示范中心", CODE, "通过登记的住所无法联系", "某局", datetime(2023, 7, 1)],
    )
    reading, (row,) = kept(file, "xlsx")
    assert reading.head == 3
    assert {target: reading.heads[at] for target, at in reading.columns.items()} == {
        "name": "当事人名称",
        "code": "统一社会信用代码/注册号",
        "reason": "列入经营异常名录原因",
        "entered_on": "列入时间",
    }
    assert isinstance(row, Row)
    assert (row.row, row.entered_on, row.code) == (4, "2023-07-01", CODE)


def test_the_sheet_with_the_header_is_taken_and_another_can_be_chosen() -> None:
    sheets = {
        "说明": [["本表由某局导出"]],
        "名录": [["单位名称"], ["天津市示范中心"]],
        "另一": [["单位名称"], ["另一单位"]],
    }
    file = xlsx_of(sheets=sheets)
    reading, (row,) = kept(file, "xlsx")
    assert (reading.sheet, reading.sheets) == ("名录", ["说明", "名录", "另一"])
    _, (other,) = kept(file, "xlsx", sheet="另一")
    assert isinstance(row, Row)
    assert isinstance(other, Row)
    assert (row.name, other.name) == ("天津市示范中心", "另一单位")


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        (["名称", "代码"], {"name": 0, "code": 1}),
        (["注册号", "统一社会信用代码", "企业名称"], {"code": 1, "name": 2}),
        (["列入决定机关名称", "市场主体名称"], {"name": 1}),
        (["移出原因", "移出决定日期", "列入决定日期", "列入的具体情形"], {"removed_on": 1, "entered_on": 2, "reason": 3}),
        (["法定代表人名称", "* 单 位 名 称 ："], {"name": 1}),
        (["Name", "Code", "原因"], {"name": 0, "code": 1, "reason": 2}),
        (["甲", "乙"], {}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_words(heads: list[str], expected: dict[str, int]) -> None:
    assert recognise(heads) == expected


def test_a_file_without_known_header_is_no_error_and_a_person_says_which_is_which() -> None:
    file = csv_of(f"天津市示范中心,{CODE}", "另一中心,")
    first = read(file, "csv")
    assert not first.finds_units
    # What is in the file is shown all the same, so that a person can say which column is which.
    assert first.sample == [["1", "天津市示范中心", CODE], ["2", "另一中心", ""]]
    reading, found = kept(file, head=0, columns={"name": 0, "code": 1})
    assert reading.finds_units
    assert [(row.row, row.name) for row in found if isinstance(row, Row)] == [
        (1, "天津市示范中心"),
        (2, "另一中心"),
    ]


def test_every_row_is_an_entry_or_a_fault_and_blank_ones_are_counted() -> None:
    lines = [
        HEAD,
        LINE,
        ",,只有原因,,,",
        ",,,,,",
        f",{CODE},,,,",
        ",123,,,,",
        f"{'长' * 201},,,,,",
        "只有名称的单位,,,,,",
    ]
    reading, found = kept(csv_of(*lines))
    assert [row.row for row in found if isinstance(row, Row)] == [2, 5, 8]
    faults = {fault.row: fault.reason for fault in found if isinstance(fault, Fault)}
    assert faults[3] == "没有名称，也没有代码"
    assert "“123”不能用来比对" in faults[6]
    assert "超过 200 个字" in faults[7]
    assert (reading.rows, reading.good, reading.wrong_count, reading.blank) == (6, 3, 3, 1)
    assert [fault.row for fault in reading.wrong] == [3, 6, 7]


@pytest.mark.parametrize(
    ("cell", "body", "words"),
    [
        (CODE, BODY, ""),
        (f" {CODE.lower()} ", BODY, ""),
        (f'"=""{CODE}"""', BODY, ""),
        (f"'{CODE}", BODY, ""),
        (BODY, BODY, ""),
        ("120101000012345", "", ""),  # a registration number
        ("12120101PDY00001X1", "", "校验不通过"),
        ("1212**********01X0", "", "只能按名称比对"),
        ("9.11201E+17", "", "后几位已经丢失"),
    ],
)
def test_codes_as_lists_write_them(cell: str, body: str, words: str) -> None:
    reading, (row,) = kept(csv_of(HEAD, f"天津市示范中心,{cell}"))
    assert isinstance(row, Row)
    assert row.body == body
    assert words in "".join(fault.reason for fault in reading.doubts)
    assert bool(words) == bool(reading.doubt_count)


def test_a_code_that_excel_kept_as_a_number_is_not_compared() -> None:
    reading, (row,) = kept(xlsx_of(["名称", "代码"], ["天津市示范中心", 911201010000000012]), "xlsx")
    assert isinstance(row, Row)
    assert row.body == ""
    assert "后几位已经丢失" in reading.doubts[0].reason


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-07-01", "2023-07-01"),
        ("2023/7/1", "2023-07-01"),
        ("2023.7.1", "2023-07-01"),
        ("2023年7月1日", "2023-07-01"),
        ("２０２３年７月１日", "2023-07-01"),
        ("20230701", "2023-07-01"),
        ("2023-07-01 08:30:00", "2023-07-01"),
        ("2023-07-01T08:30:00.000", "2023-07-01"),
        (45108.0, "2023-07-01"),
        (datetime(2023, 7, 1, 8), "2023-07-01"),
        ("", ""),
        ("--", ""),
        ("2023-02-30", None),
        ("去年", None),
        ("2023", None),
    ],
)
def test_days_however_written(text: object, day: str | None) -> None:
    assert day_of(text) == day


def test_a_day_that_is_none_is_kept_in_its_words() -> None:
    reading, (row,) = kept(csv_of(HEAD, f"天津市示范中心,{CODE},原因,去年夏天"))
    assert isinstance(row, Row)
    assert row.entered_on == "去年夏天"
    assert "列入日期“去年夏天”不是日期" in reading.doubts[0].reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "没有内容"),
        (b"%PDF-1.7\0\0\0" + b"\0" * 100, "二进制"),
        (b"\x81\xff\xff\xff\xfe", "认不出文件的文字编码"),
        (('企业名称,代码\n"' + "x" * 200_000).encode(), "引号没有配对"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(BytesIO(content), "csv")


def test_a_broken_sheet_is_refused() -> None:
    whole = xlsx_of(["名称"], ["甲"]).getvalue()
    with pytest.raises(Unreadable, match="读不出来"):
        read(BytesIO(whole[: len(whole) // 2]), "xlsx")
    with pytest.raises(Unreadable, match="没有内容"):
        read(xlsx_of(), "xlsx")


def test_a_reading_is_stored_and_comes_back() -> None:
    reading, _ = kept(csv_of(HEAD, LINE, ",,x"))
    assert Reading.from_json(reading.to_json()) == reading


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    try:
        reading = read(BytesIO(content), "csv")
    except Unreadable:
        return
    assert len(list(rows(BytesIO(content), reading))) == reading.rows


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=6), max_size=8))
def test_nothing_is_dropped(lines: list[list[str]]) -> None:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text).writerows([["企业名称", "代码"], *lines])
    file = BytesIO(text.getvalue().encode("utf-8", "surrogatepass") if text else b"")
    try:
        reading = read(file, "csv")
    except Unreadable:
        return
    assert reading.rows == reading.good + reading.wrong_count
    assert len(list(rows(file, reading))) == reading.rows
