"""Conditions of a package: what is refused when it is read, what they see, and that nothing they do breaks a page."""

import logging
import subprocess
import sys
import threading

import pytest

from shidian.questionnaires import expressions
from shidian.questionnaires.definition import Questionnaire
from shidian.questionnaires.expressions import NotAnExpression, Scope, compiled, expression, faults, never


def form(*rules: dict, **conditions: str) -> Questionnaire:
    """A form with a field of every kind that expressions meet; `conditions` by field key."""
    fields = {
        "first": [
            {"key": "name", "label": "名称", "type": "text"},
            {"key": "met", "label": "是否符合", "type": "yes_no"},
            {"key": "record-media", "label": "是否曝光", "type": "yes_no"},
            {"key": "period", "label": "时间", "type": "month_range"},
            {
                "key": "kind",
                "label": "种类",
                "type": "choice",
                "choices": [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}],
            },
            {"key": "note", "label": "说明", "type": "text"},
        ],
        "second": [
            {
                "key": "plan",
                "label": "计划",
                "type": "rows",
                "columns": [{"key": "time", "label": "时间"}, {"key": "amount", "label": "金额"}],
            },
            {"key": "total", "label": "合计", "type": "text"},
        ],
    }
    sections = []
    for key, asked in fields.items():
        for field in asked:
            if field["key"] in conditions:
                field["visible_when"] = conditions[field["key"]]
        sections.append({"key": key, "mark": "一", "title": key, "fields": asked})
        if key in conditions:
            sections[-1]["visible_when"] = conditions[key]
    return Questionnaire.model_validate(
        {"key": "form", "version": 1, "title": "表", "sections": sections, "rules": rules}
    )


def rule(must: str, *, at: str = "first.note", **more) -> dict:
    return {"key": "one", "at": at, "must": must, "message": "请改正。", **more}


def wrong(must: str, **more) -> str:
    return "；".join(fault.message for fault in faults(form(rule(must, **more))))


@pytest.mark.parametrize(
    ("must", "message"),
    [
        ("first.name ==", "第 1 行第 14 个字符附近写法不对"),
        ("first.name = 'x'", "写法不对"),
        ("first.name == “x”", "半角"),
        ("blank（first.name）", "全角符号"),
        ("nobody.name == 'x'", "没有“nobody”这个名字"),
        ("first.nope == 'x'", "部分“first”里没有字段“nope”"),
        ("first == 'x'", "“first”是一个部分"),
        ("first.name.form == 'x'", "字段“first.name”没有“form”"),
        ("first.period.form == 'x'", "没有“form”，只有 from、to"),
        ("first.name.all(r, true)", "不能用“.all(…)”"),
        ("first.name.shout()", "没有“.shout(…)”这种写法"),
        ("shout(first.name)", "没有函数“shout”"),
        ("timestamp('2020-01-01T00:00:00Z') < timestamp('2021-01-01T00:00:00Z')", "没有函数“timestamp”"),
        ("first.met == 'maybe'", "没有“maybe”这个答案，只有 yes、no"),
        ("first.kind == 'c'", "没有“c”这个答案，只有 a、b"),
        ("first.met == true", "“是”写成 'yes'"),
        ("first.name > 5", "比较数字请用 number"),
        ("second.plan.all(r, r.nope == 'x')", "“r.nope”不是“plan”的列，只有 time、amount"),
        ("second.plan.all(r, r.time.deep == 'x')", "是一个格子"),
        ("row.time != ''", "row（一行）只能用在"),
        ("first.name", "应当得出是或否，现在得出的是文字"),
        ("size(first.name)", "应当得出是或否，现在得出的是数字"),
        ("number(first.name) > '1'", "不能混在一起"),
        ("first.name.matches('[')", "正则表达式"),
        ("months(first.name) > 1", "参数个数"),
        ("second.plan.all(a, second.plan.all(b, second.plan.all(c, a.time == c.time)))", "最多套 2 层"),
        ("(" * 40 + "true" + ")" * 40, "括号最多套 30 层"),
    ],
)
def test_a_fault_is_named_in_plain_words(must: str, message: str) -> None:
    assert message in wrong(must)


@pytest.mark.parametrize(
    "must",
    [
        "first.name.endsWith('试点')",
        "first.name == 'row.nope' // row.nope 是文字",
        "first.record_media == 'yes' || !(first.met in ['no'])",
        "inside(span(first.name), first.period)",
        "first.period.from == '' || months(first.period.from, first.period.to) <= 24",
        "sum(second.plan.map(r, r.amount)) == number(second.total)",
        "second.plan.exists(r, r.time.contains('年')) && size(second.plan) < 9",
        "has(first.period.from) ? true : first.name.matches(r'^[0-9]+$')",
    ],
)
def test_right_expressions_have_no_fault(must: str) -> None:
    assert wrong(must) == ""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"at": "first.nope"}, "不是问卷里的字段"),
        ({"at": "second.plan[].nope"}, "的列“nope”不在“plan”里"),
        ({"at": "second.plan[].time", "must": "row.nope == ''"}, "“row.nope”不是“plan”的列"),
        ({"message": "还差 {rest} 元"}, "{rest} 没有在 show 里写明算法"),
        ({"message": "第 {row} 行"}, "{row} 没有在 show 里写明算法"),
        ({"show": {"rest": "first.name"}}, "没有用在 message 里"),
        ({"message": "{rest}", "show": {"rest": "first.met == 'yes'"}}, "应当得出文字、数字或者一列文字"),
        ({"message": "{rest}", "show": {"rest": "first.nope"}}, "没有字段“nope”"),
        ({"when": "first.nope == ''"}, "没有字段“nope”"),
    ],
)
def test_a_rule_must_fit_its_form(more: dict, message: str) -> None:
    must = more.pop("must", "true")
    assert message in wrong(must, **more)


def test_a_row_rule_sees_the_cells_of_its_row() -> None:
    assert (
        wrong("row.time == '' || row.amount != ''", at="second.plan[].time", message="第 {row} 行不对") == ""
    )


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"met": "first.note == ''"}, "只能看前面的字段，“first.note”不在前面"),
        ({"met": "first.met == 'yes'"}, "visible_when 不能看自己"),
        ({"first": "second.total == ''"}, "只能看前面各部分的字段"),
        ({"second": "second.total == ''"}, "“second.total”不在前面"),
        ({"second": "first.nope == ''"}, "没有字段“nope”"),
    ],
)
def test_a_condition_looks_back_only(conditions: dict[str, str], message: str) -> None:
    assert message in "；".join(fault.message for fault in faults(form(**conditions)))


def test_conditions_that_look_back_have_no_fault() -> None:
    assert (
        list(
            faults(form(note="first.met == 'no'", second="first.kind == 'b'", total="size(second.plan) > 0"))
        )
        == []
    )


def test_faults_name_their_place() -> None:
    found = list(faults(form(rule("true", when="first.nope"), note="row.x", second="first.nope == ''")))

    assert [fault.path for fault in found] == [
        ("sections", 0, "fields", 5, "visible_when"),
        ("sections", 1, "visible_when"),
        ("rules", 0, "when"),
    ]


def value(source: str, answers: dict):
    asked = form()
    return Scope(asked, answers).run(expression(asked, source))


def test_answers_of_any_shape_are_seen_in_one() -> None:
    assert value("first.name", {"first": {"name": 5}}) == ""
    assert value("first.period.to", {"first": {"period": ["x"]}}) == ""
    assert value("first.record_media", {"first": {"record-media": "yes"}}) == "yes"
    assert value(
        "second.plan.map(r, r.amount)", {"second": {"plan": [{"time": "a"}, 3, {}, {"amount": "7"}]}}
    ) == ["", "7"]
    assert value("second.plan", {"second": ["no mapping"]}) == []


def test_only_so_many_rows_are_seen() -> None:
    rows = [{"time": "2024年"}] * 2000
    assert value("size(second.plan)", {"second": {"plan": rows}}) == expressions.MOST_ROWS


def test_an_expression_is_compiled_once() -> None:
    assert compiled("first.name == 'x'") is compiled("first.name == 'x'")


@pytest.mark.parametrize(
    "source", ["1" + "+1" * 999 + "==1", "!" * 1990 + "true", "[" * 900 + "]" * 900, "-" * 1500 + "1 == 1"]
)
def test_the_longest_expressions_neither_crash_nor_hang(source: str) -> None:
    # In a thread of its own: its stack is smaller.
    done: list[object] = []

    def run() -> None:
        try:
            done.append(compiled(source[:2000]).execute({}))
        except (NotAnExpression, TypeError, ValueError, RuntimeError) as refused:
            done.append(refused)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)

    assert done


def test_the_library_comes_without_its_terminal_program() -> None:
    program = (
        "from shidian.questionnaires.expressions import library; import sys; library(); "
        "print([name for name in ('rich', 'typer', 'prompt_toolkit') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_failure_is_logged_once(caplog) -> None:
    asked = form()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            expressions.failed(asked, "rule one", ValueError("no"))

    assert len(caplog.records) == 1
    assert "rule one was skipped" in caplog.text


def test_what_can_never_hold_is_found_by_samples() -> None:
    asked = form()

    assert never(asked, "first.met == 'yes' && first.met == 'no'")
    assert not never(asked, "first.met == 'yes' && first.name == '甲'")
    assert not never(asked, "inside(first.name, first.period)")
