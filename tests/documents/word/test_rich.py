"""Long answers with tables, numbered items and pictures: as Word holds them, and back as they were."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import docx
import pytest
from PIL import Image

from shidian.applications import word_form
from shidian.documents.word.form import Jpeg, Marks
from shidian.documents.word.reader import read
from shidian.documents.word.writer import write
from tests.documents.word import corpus

_MARKS = Marks("call", "TJ10-0001", "v1")
_RICH = """一、工作目标
（一）建立标准体系，形成闭环。
1．完成标准 12 项；
　　普通的一段。

| 项目名称 | 数量 | 说明 |
| --- | --- | --- |
| 单位名称 | 3 | 第一行\\n第二行 |
| a \\| b | 12 | C:\\\\new |

| 二 | 表 |
| 四、经费预算 | 联系电话 |
[图：流程图.png｜图 1 服务流程]
[图：照片 2.jpg]
中间一段
[图：流程图.png]
| 末 | 尾 |
| 1 | 2 |"""


def _jpeg(width: int, height: int) -> Jpeg:
    out = BytesIO()
    Image.new("RGB", (width, height), (40, 90, 160)).save(out, "JPEG")
    return Jpeg(out.getvalue(), width, height)


_PICTURES = {"流程图.png": _jpeg(1860, 700), "照片 2.jpg": _jpeg(300, 900)}


def _written(answers: dict[str, dict[str, Any]], pictures: dict[str, Jpeg] | None = None) -> bytes:
    held = word_form.values(corpus.package(), answers)
    form = word_form.form_of(corpus.package())
    return write(form, held, marks=_MARKS, foot="草稿", pinned=corpus.PINNED, pictures=pictures)


def _back(content: bytes, *, gone: str = "") -> dict[str, Any]:
    reading = read(BytesIO(content), word_form.form_of(corpus.package()))
    compared = word_form.compare(corpus.package(), reading, {})
    assert [each.text for each in compared.loose] == []
    assert [each for each in compared.dropped if each != gone] == []
    return {entry.path: entry.value for entry in compared.proposed if not entry.empty}


def _paths() -> list[str]:
    sections = corpus.package().questionnaire.sections
    return [f"{each.key}.{field.key}" for each in sections for field in each.fields if field.rich]


def _answers(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in _paths():
        section, _, key = path.partition(".")
        found.setdefault(section, {})[key] = text
    return found


def test_word_shows_tables_items_and_pictures() -> None:
    document = docx.Document(BytesIO(_written({"goals": {"goals": _RICH}}, _PICTURES)))
    box = next(
        cell for table in document.tables for row in table.rows for cell in row.cells if len(cell.tables) == 3
    )

    first = box.tables[0]
    assert [[cell.text for cell in row.cells] for row in first.rows] == [
        ["项目名称", "数量", "说明"],
        ["单位名称", "3", "第一行\n第二行"],
        ["a | b", "12", "C:\\new"],
    ]
    assert first.rows[0]._tr.xpath("w:trPr/w:tblHeader")
    assert not box.tables[1].rows[0]._tr.xpath("w:trPr/w:tblHeader")
    item = next(each for each in box.paragraphs if each.text.startswith("1．"))
    assert (item.paragraph_format.left_indent, item.paragraph_format.first_line_indent) == (838200, -228600)
    assert [each.get("name") for each in box._tc.xpath(".//wp:docPr")] == [
        "流程图.png",
        "照片 2.jpg",
        "流程图.png",
    ]
    assert len([name for name in document.part.package.iter_parts() if "media" in name.partname]) == 2
    assert "[图" not in box.text and "|" not in "".join(each.text for each in box.paragraphs)


@pytest.mark.parametrize("path", _paths())
def test_each_long_answer_comes_back_as_it_was(path: str) -> None:
    section, _, key = path.partition(".")

    assert _back(_written({section: {key: _RICH}}, _PICTURES)) == {path: _RICH}


def test_all_together_come_back_each_in_its_own_field() -> None:
    assert _back(_written(_answers(_RICH), _PICTURES)) == dict.fromkeys(_paths(), _RICH)


@pytest.mark.parametrize(
    "text",
    [
        "| 项目名称 | 单位名称 |\n| 经费来源 | 业务范围 |",
        "| 现状 |\n| 标准化工作自我评价 |",
        "| 只有一行 | 不是表格 |",
        "| 行长 | 不同 |\n| 一 |",
        "[图：没有这张.png｜说明]",
        "[图：流程图.png｜图 1]\n[图：照片 2.jpg｜图 2]",
        "前\n\n| a | b |\n| 1 |  |\n后",
    ],
)
def test_a_text_that_is_hard_to_tell_comes_back(text: str) -> None:
    assert _back(_written(_answers(text), _PICTURES)) == dict.fromkeys(_paths(), text)


def test_a_picture_that_is_not_there_stays_a_line() -> None:
    content = _written({"goals": {"goals": _RICH}})

    assert not [name for name in zipfile.ZipFile(BytesIO(content)).namelist() if "media" in name]
    assert _back(content) == {"goals.goals": _RICH}


@pytest.mark.parametrize("resave", [corpus.resaved, lambda content: corpus.office(content, "docx", "docx")])
def test_other_programs_keep_it(resave: Callable[[bytes], bytes], office: str) -> None:
    assert _back(resave(_written(_answers(_RICH), _PICTURES))) == dict.fromkeys(_paths(), _RICH)


def test_a_table_added_by_hand_becomes_a_table_of_the_answer() -> None:
    document = docx.Document(BytesIO(_written({"goals": {"goals": "第一段"}})))
    box = next(
        cell for table in document.tables for row in table.rows for cell in row.cells if cell.text == "第一段"
    )
    table = box.add_table(3, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "合并|的"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "项目名称"
    table.cell(1, 1).text = "一\n二"
    out = BytesIO()
    document.save(out)

    assert _back(out.getvalue()) == {
        "goals.goals": "第一段\n| 合并\\|的 |  |  |\n| 项目名称 | 一\\n二 |  |\n|  |  |  |"
    }


def test_a_picture_of_ours_moved_to_another_box_is_named_as_dropped() -> None:
    document = docx.Document(
        BytesIO(
            _written({"goals": {"goals": "[图：流程图.png]"}, "lead": {"unit_name": "某单位"}}, _PICTURES)
        )
    )
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    other = next(cell for cell in cells if cell.text == "某单位")
    other.paragraphs[0]._p.append(document.element.xpath("//w:r[w:drawing]")[0])
    out = BytesIO()
    document.save(out)
    reading = read(BytesIO(out.getvalue()), word_form.form_of(corpus.package()))

    assert any(each.startswith("图片：") and "单位名称" in each for each in reading.dropped)
    assert reading.found["lead.unit_name"].value == "某单位"
