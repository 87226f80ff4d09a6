"""Reading the form back, out of whatever people have made of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from shidian.applications import word_form
from shidian.documents.word import taking
from shidian.documents.word.form import Reading
from shidian.documents.word.reader import read
from tests.documents.word import breaking as b
from tests.documents.word import corpus, foreign
from tests.documents.word.people import RESCUE, UNITS, Unit

PLAIN = [case for case in corpus.cases() if not case.formats]


def reading(content: bytes) -> Reading:
    return read(BytesIO(content), word_form.form_of(corpus.package()))


def found(content: bytes) -> dict[str, Any]:
    return {path: answer.value for path, answer in reading(content).found.items() if answer.value}


def filled(unit: Unit, layout: str = "one-table", style: str = "plain") -> Any:
    return foreign.LAYOUTS[layout](unit, foreign.STYLES[style])


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_every_answer_of_the_corpus_is_found_and_none_stands_in_a_wrong_field(case: corpus.Case) -> None:
    outcome = corpus.measure(case, case.make())

    assert outcome.wrong == []
    assert outcome.missing == []
    assert outcome.unlike == {}


def test_the_corpus_has_at_least_sixty_files_of_both_origins() -> None:
    cases = list(corpus.cases())

    assert len(cases) >= 60
    assert len({case.name for case in cases}) == len(cases)
    assert sum(case.origin == "foreign" for case in cases) >= 30
    assert sum(bool(case.formats) for case in cases) >= 15


def test_the_blank_form_holds_no_answer_and_nothing_loose() -> None:
    blank = word_form.write(word_form.form_of(corpus.package()), {}, pinned=corpus.PINNED)

    got = reading(blank)

    assert [answer for answer in got.found.values() if answer.value] == []
    assert got.loose == ()
    assert len(got.found) == 28


def test_cells_that_were_moved_are_doubted_and_never_read_as_something_else() -> None:
    def shift(root: Any) -> None:
        row = b.cell_of(root, "邮编").getparent()
        # Somebody deletes the box of 所属行业: every answer of the row moves one cell to the left.
        row.remove(b.after(b.cell_of(root, "所属行业")))

    got = reading(b.changed(corpus.own("rescue"), shift))

    assert not got.found["lead.industry"].value
    assert got.found["lead.postcode"].value == "300041"


def test_an_answer_that_cannot_be_what_the_label_asks_is_doubted() -> None:
    def swap(root: Any) -> None:
        phone, mail = b.after(b.cell_of(root, "联系电话")), b.after(b.cell_of(root, "电子邮箱"))
        for ours, theirs in ((phone, mail),):
            mine, other = ours.find(b.tag("p")), theirs.find(b.tag("p"))
            ours.remove(mine)
            theirs.remove(other)
            ours.append(other)
            theirs.append(mine)

    got = reading(b.changed(corpus.own("rescue"), swap))

    assert "lead.phone" not in got.found
    assert "lead.email" not in got.found
    assert {loose.candidates[0] for loose in got.loose} == {"lead.phone", "lead.email"}


def test_an_answer_that_is_its_own_label_is_an_answer() -> None:
    answers = {"lead": {"legal_head": "单位负责人", "address": "单位地址"}}
    content = word_form.write(
        word_form.form_of(corpus.package()), word_form.values(corpus.package(), answers), pinned=corpus.PINNED
    )

    assert found(content) == {"lead.legal_head": "单位负责人", "lead.address": "单位地址"}


def test_merged_answers_are_doubted() -> None:
    def merge(root: Any) -> None:
        box = b.after(b.cell_of(root, "单位名称"))
        label = b.after(box)
        other = b.after(label)
        for cell in (label, other):
            for each in cell.findall(b.tag("p")):
                box.append(each)
            b.set_span(box, b.span_of(box) + b.span_of(cell))
            cell.getparent().remove(cell)

    got = reading(b.changed(corpus.own("rescue"), merge))

    assert got.found["lead.unit_name"].value == "和平区示范应急服务中心"  # from the cover
    assert "lead.unit_code" not in got.found
    assert any("12120101PDY00001X0" in loose.text for loose in got.loose)


def test_two_spellings_of_one_answer_are_shown_both() -> None:
    def rename(root: Any) -> None:
        box = b.after(b.cell_of(root, "单位名称"))
        next(box.iter(b.tag("t"))).text = "另一个单位"

    got = reading(b.changed(corpus.own("rescue"), rename))

    assert "lead.unit_name" not in got.found
    assert {loose.text for loose in got.loose} == {"和平区示范应急服务中心", "另一个单位"}
    assert all(loose.candidates == ("lead.unit_name",) for loose in got.loose)


def test_a_row_the_form_does_not_have_comes_back_with_its_place() -> None:
    got = reading(b.changed(corpus.own("rescue"), b.extra_fact_row))

    assert [loose.text for loose in got.loose] == ["传真", "022-27119999"]
    assert "第 1 个表第 5 行" in got.loose[0].place


def test_a_label_almost_right_is_a_guess_and_no_answer() -> None:
    got = reading(b.changed(corpus.own("rescue"), b.relabel(("经济类型", "单位经济类型情况"))))

    assert "lead.economic_type" not in got.found
    loose = next(each for each in got.loose if each.text.startswith("不适用"))
    assert loose.candidates[0] == "lead.economic_type"


def test_what_the_form_has_no_place_for_is_named() -> None:
    changes = (b.bold_and_red, b.picture, b.track_insertions, b.text_box)

    got = reading(b.changed(corpus.own("rescue"), *changes))
    words = "\n".join(got.dropped)

    for what in (
        "加粗：",
        "字体颜色：",
        "图片：业务范围",
        "修订中加入的内容（已采用）",
        "修订中删去的内容（没有采用）",
        "文本框",
    ):
        assert what in words
    assert [loose.text for loose in got.loose] == ["本表于七月十日填好"]


def test_automatic_numbers_are_written_out() -> None:
    document = filled(RESCUE, "several-tables")
    numbered = BytesIO()
    goals = next(table for table in document.tables if "到2025年底" in table.rows[0].cells[0].text)
    for each in goals.rows[0].cells[0].paragraphs:
        each.style = "List Number"
    document.save(numbered)

    got = found(numbered.getvalue())

    assert got["goals.goals"].split("\n")[0].startswith("1. 到2025年底")
    assert got["goals.goals"].split("\n")[2].startswith("3. 群众满意度")


def test_a_table_inside_an_answer_becomes_a_table_of_it() -> None:
    document = filled(RESCUE, "several-tables")
    cell = (
        next(table for table in document.tables if "到2025年底" in table.rows[0].cells[0].text)
        .rows[0]
        .cells[0]
    )
    inner = cell.add_table(rows=2, cols=2)
    for row, texts in zip(inner.rows, (("指标", "数值"), ("满意度", "90%")), strict=True):
        for each, text in zip(row.cells, texts, strict=True):
            each.text = text
    cell.add_paragraph("以上为指标。")

    got = reading(foreign.docx_bytes(document))

    assert got.found["goals.goals"].value.split("\n")[3:] == [
        "| 指标 | 数值 |",
        "| 满意度 | 90% |",
        "",
        "以上为指标。",
    ]
    assert not any("格子里的表格" in each for each in got.dropped)


def test_merged_times_of_the_plan_stand_in_every_row() -> None:
    document = filled(RESCUE, "several-tables")
    plan = next(table for table in document.tables if table.rows[0].cells[0].text == "时间")
    plan.rows[2].cells[0].text = ""
    plan.rows[1].cells[0].merge(plan.rows[2].cells[0])

    rows = found(foreign.docx_bytes(document))["plan.plan"]

    assert [row["time"] for row in rows[:2]] == ["2024年1月至3月", "2024年1月至3月"]
    assert rows[1]["content"] == "标准体系建立。"


def test_a_plan_row_merged_across_its_columns_is_doubted() -> None:
    document = filled(RESCUE, "several-tables")
    plan = next(table for table in document.tables if table.rows[0].cells[0].text == "时间")
    plan.rows[2].cells[0].merge(plan.rows[2].cells[2])

    got = reading(foreign.docx_bytes(document))

    assert len(got.found["plan.plan"].value) == 3
    assert any("标准体系建立" in loose.text and loose.candidates == ("plan.plan",) for loose in got.loose)


def test_two_columns_for_one_answer_are_joined() -> None:
    style = foreign.replace(foreign.Style(), heads=("时间", "工作内容", "负责单位"))
    document = foreign.several_tables(RESCUE, style)
    plan = next(table for table in document.tables if table.rows[0].cells[0].text == "时间")
    plan.add_column(914400)
    plan.rows[0].cells[3].text = "参与单位"
    plan.rows[1].cells[3].text = "各街道"

    rows = found(foreign.docx_bytes(document))["plan.plan"]

    assert rows[0]["units"] == "和平区示范应急服务中心；各街道"


def test_a_line_in_an_answer_that_is_a_label_elsewhere_stays_in_the_answer() -> None:
    unit = UNITS["rare"]

    got = found(foreign.docx_bytes(filled(unit, "no-tables")))

    assert got["basis.standardization"] == unit.answers["basis"]["standardization"]
    assert got["lead.phone"] == "022-28350000"


def test_different_bodies_on_cover_and_in_the_boxes_are_doubted() -> None:
    document = filled(RESCUE)
    for each in document.paragraphs:
        if each.text.startswith("试点保证单位"):
            each.clear().add_run("试点保证单位：另一个保证单位")

    got = reading(foreign.docx_bytes(document))

    assert "parties.guarantors" not in got.found
    assert {loose.text for loose in got.loose} == {"另一个保证单位", "和平区示范人民政府"}


@pytest.mark.long(9)
def test_answers_survive_other_programs(office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("own-rare-doc", "foreign-one-table-doc", "own-rescue-odt", "foreign-several-tables-rtf")
    known = {case.name: case for case in corpus.cases()}
    cases = [known[name] for name in names]
    made: dict[str, bytes] = {}
    for format_ in ("doc", "odt", "rtf"):
        group = [case for case in cases if case.formats == (format_,)]
        contents = corpus.office_all([(case.base(), "docx") for case in group], format_)
        made |= dict(zip([case.name for case in group], contents, strict=True))
    # Turned back in one start, in the same words as by `conversion.to_docx` (tested in test_taking.py).
    back = corpus.office_all([(made[case.name], case.suffix) for case in cases], "docx:MS Word 2007 XML")
    turned = {made[case.name]: docx for case, docx in zip(cases, back, strict=True)}
    monkeypatch.setattr(taking, "to_docx", lambda content, _kind: turned[content])

    outcomes = [corpus.measure(case, made[case.name]) for case in cases]

    assert [(each.case.name, each.wrong, each.missing, each.unlike) for each in outcomes] == [
        (name, [], [], {}) for name in names
    ]
