"""Rules across fields: where a problem stands, what it says, when it is not asked."""

from typing import Any

import pytest

from shidian.questionnaires import checks, rulebook
from shidian.questionnaires.definition import Questionnaire
from shidian.questionnaires.visibility import EVERYTHING

FIELDS = [
    {"key": "period", "label": "试点时间", "type": "month_range"},
    {"key": "lead", "label": "承担单位", "type": "text"},
    {
        "key": "plan",
        "label": "工作计划",
        "type": "rows",
        "columns": [
            {"key": "time", "label": "时间"},
            {"key": "content", "label": "内容"},
            {"key": "amount", "label": "金额"},
        ],
    },
    {"key": "total", "label": "合计", "type": "text"},
]
INSIDE = {
    "key": "plan-inside",
    "at": "s.plan[].time",
    "when": "readable(row.time)",
    "must": "inside(row.time, s.period)",
    "message": "第 {row} 行的时间（{time}）超出试点时间，请改正。",
    "show": {"time": "row.time"},
}
GAPS = {
    "key": "plan-gaps",
    "at": "s.plan",
    "must": "size(gaps(s.plan.map(r, r.time), s.period)) == 0",
    "message": "{gaps}没有安排，请补充。",
    "show": {"gaps": "gaps(s.plan.map(r, r.time), s.period)"},
}
ADDS_UP = {
    "key": "adds-up",
    "at": "s.total",
    "when": "is_number(s.total) && is_number(s.plan.map(r, r.amount))",
    "must": "sum(s.plan.map(r, r.amount)) == number(s.total)",
    "message": "各行之和为 {sum}，合计写的是 {total}。",
    "show": {"sum": "sum(s.plan.map(r, r.amount))", "total": "s.total"},
    "severity": "error",
}


def form(*rules: dict[str, Any]) -> Questionnaire:
    section = {"key": "s", "mark": "一", "title": "部分", "fields": FIELDS}
    return Questionnaire.model_validate(
        {"key": "form", "version": 1, "title": "表", "sections": [section], "rules": rules}
    )


def row(time: str, content: str = "宣传", amount: str = "1") -> dict[str, str]:
    return {"time": time, "content": content, "amount": amount}


PERIOD = {"from": "2024-01", "to": "2024-12"}


def broken(asked: Questionnaire, **values: Any) -> list[checks.Problem]:
    return rulebook.broken(asked, {"s": values}, EVERYTHING)


def test_a_row_that_breaks_a_rule_is_named_at_its_cell() -> None:
    rows = [
        row("2024年1月"),
        {"time": "", "content": ""},
        row("2025年1月"),
        row("以后"),
        row("2023年底", "自查"),
    ]

    found = broken(form(INSIDE), period=PERIOD, plan=rows)

    assert [(p.anchor, p.code, p.severity) for p in found] == [
        ("f-plan-3-time", "plan-inside[3]", "warning"),
        ("f-plan-5-time", "plan-inside[5]", "warning"),
    ]
    assert found[0].message == "第 3 行的时间（2025年1月）超出试点时间，请改正。"


def test_words_are_put_in_once_whatever_they_hold() -> None:
    asked = form({**INSIDE, "when": "true", "must": "false"})

    assert (
        broken(asked, plan=[row("{row}{time}")])[0].message
        == "第 1 行的时间（{row}{time}）超出试点时间，请改正。"
    )
    assert len(broken(asked, plan=[row("长" * 5000)])[0].message) < 300


def test_a_rule_over_a_table_stands_at_the_table() -> None:
    (found,) = broken(form(GAPS), period=PERIOD, plan=[row("2024年1月至3月"), row("2024年6月至11月")])

    assert (found.field, found.anchor, found.code) == ("plan", "f-plan", "plan-gaps")
    assert found.message == "2024年4月至2024年5月、2024年12月没有安排，请补充。"


@pytest.mark.parametrize(
    ("total", "said"), [("0.3", []), ("0.30", []), ("0.4", ["各行之和为 0.3，合计写的是 0.4。"])]
)
def test_amounts_add_up_as_decimals(total: str, said: list[str]) -> None:
    found = broken(form(ADDS_UP), plan=[row("", amount="0.1"), row("", amount="0.2")], total=total)

    assert [p.message for p in found] == said
    assert all(p.severity == "error" for p in found)


def test_a_rule_that_does_not_apply_is_not_asked() -> None:
    assert broken(form(ADDS_UP), plan=[row("", amount="约三百")], total="5") == []


def test_a_rule_is_asked_only_of_what_is_written() -> None:
    never = {"key": "never", "at": "s.lead", "must": "false", "message": "请改正。"}

    assert broken(form(never)) == []
    assert broken(form(never), lead="　") == []
    assert [p.code for p in broken(form(never), lead="某某")] == ["never"]
    assert [p.code for p in broken(form({**never, "also_blank": True}))] == ["never"]
    in_rows = {**never, "at": "s.plan[].content"}
    assert broken(form(in_rows), plan=[row("2024年", "")]) == []
    assert [p.code for p in broken(form({**in_rows, "also_blank": True}), plan=[row("2024年", "")])] == [
        "never[1]"
    ]


def test_a_problem_of_a_range_stands_at_its_first_control() -> None:
    at_period = {"key": "p", "at": "s.period", "must": "s.period.from != '2024-01'", "message": "请改正。"}

    assert [p.anchor for p in broken(form(at_period), period=PERIOD)] == ["f-period-from"]


def test_rules_come_in_the_order_of_the_fields_with_the_other_problems() -> None:
    lead = {"key": "lead-rule", "at": "s.lead", "must": "false", "message": "请改正。"}
    asked = form(ADDS_UP, GAPS, lead)
    values = {
        "period": {"from": "2024-01", "to": "x"},
        "lead": "甲",
        "plan": [row("2024年"), row("2024年")],
        "total": "9",
    }

    found = checks.check(asked, {"s": values})

    assert [p.code for p in found] == ["s.period.to:format", "lead-rule", "s.plan[2]:repeated", "adds-up"]


def test_a_rule_that_fails_is_skipped_and_the_others_are_asked(caplog) -> None:
    failing = {"key": "failing", "at": "s.lead", "must": "number('1') > 'x'", "message": "请改正。"}
    unreadable = {"key": "unreadable", "at": "s.lead", "must": "((", "message": "请改正。"}
    asked = form(failing, unreadable, {"key": "fine", "at": "s.lead", "must": "false", "message": "请改正。"})

    for _ in range(3):
        assert [p.code for p in broken(asked, lead="甲")] == ["fine"]
    assert sorted(record.args[2] for record in caplog.records) == ["rule failing", "rule unreadable"]


def test_every_problem_has_a_code_of_its_own() -> None:
    from tests.questionnaires.form import FORM, GOOD

    wrong = {
        "name": "长" * 99, "story": "\ue000", "start": "x", "period": {"from": "2024-01", "to": "2023-01"},
        "running": "2020-01", "place": {"province": "1"}, "code": "1", "postcode": "999999", "phone": "x",
        "accident": "yes", "kind": "z", "plan": [{"time": ""}, {"time": "a", "content": "b" * 30, "unit": "1"}, 5],
        "title": "x",
    }  # fmt: skip
    for values in (
        {},
        wrong,
        {**GOOD, "plan": [{"time": "a"}] * 5, "period": {"from": "2024-01", "to": "2024-02"}},
    ):
        codes = [p.code for p in checks.check(FORM, {"all": values})]
        assert codes
        assert all(codes)
        assert len(codes) == len(set(codes))
