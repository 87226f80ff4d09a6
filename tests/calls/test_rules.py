"""The rules and conditions of the two packages, on answers that keep and break them."""

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from shidian.questionnaires.checks import Problem, check, errors
from shidian.questionnaires.printing import printable
from shidian.questionnaires.visibility import shown, visible
from shidian.rehearsal import cast
from tests import steps

TIANJIN = steps.package(steps.TIANJIN)
PREFECTURE = steps.package(steps.PREFECTURE)


def good(package=TIANJIN) -> dict[str, dict[str, Any]]:
    rng = Random(7)
    region = package.offices[0].region
    unit = cast.make_unit(package, 3, rng, region=region, place="示范区")
    return cast.answers_for(package, cast.with_parties(unit, package.call, rng, partners=2), rng)


def changed(package=TIANJIN, /, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answers = deepcopy(good(package))
    for section, values in sections.items():
        answers[section].update(values)
    return answers


def found(answers: dict[str, Any], package=TIANJIN) -> dict[str, Problem]:
    return {problem.code: problem for problem in check(package.questionnaire, answers)}


def row(
    time: str,
    content: str = "宣传培训，建立标准体系，组织实施标准，自查，申请评估。",
    units: str = "承担单位",
) -> dict[str, str]:
    return {"time": time, "content": content, "units": units}


WHOLE = row("2024年1月至2025年12月")
PERIOD = {"from": "2024-01", "to": "2025-12"}


@pytest.mark.parametrize("package", [TIANJIN, PREFECTURE], ids=["tianjin", "prefecture"])
def test_answers_that_keep_all_rules_have_no_problem(package) -> None:
    assert check(package.questionnaire, good(package)) == []


def test_the_answers_of_the_tests_keep_all_rules(call) -> None:
    assert [
        problem.code for problem in check(call.questionnaire, steps.filled(call)) if "plan" in problem.code
    ] == []
    assert errors(check(call.questionnaire, steps.filled(call))) == []


@pytest.mark.parametrize(
    ("plan", "code", "words"),
    [
        ([WHOLE, row("2026年1月至2月", "延期")], "plan-in-period[2]", "第 2 行的时间不在试点时间（2024年1月至2025年12月）之内"),
        ([WHOLE, row("启动后三个月", "动员")], "plan-time-readable[2]", "请写成“2024年1月至3月”"),
        ([row("2024年"), row("2025年3月至12月")], "plan-without-gaps", "这些月份：2025年1月至2025年2月"),
        ([row("2024年1月至2025年12月", "宣传培训，建立体系，实施标准")], "plan-covers-stages", "没有看到：自查、申请评估"),
        ([WHOLE | {"units": "承担单位、某某大学"}], "plan-units-are-parties[1]", "第 1 行的“某某大学”不是"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_fit(plan: list[dict[str, str]], code: str, words: str) -> None:
    problems = found(changed(cover={"period": PERIOD}, plan={"plan": plan}))

    assert set(problems) == {code}
    assert words in problems[code].message
    # The notice is silent on all of this: the office decides.
    assert problems[code].severity == "warning"


def test_a_plan_of_parties_by_name_fits() -> None:
    answers = changed(cover={"period": PERIOD})
    names = [
        answers["lead"]["unit_name"],
        *(
            party["name"]
            for key in ("partners", "guarantors", "guidance")
            for party in answers["parties"][key]
        ),
        "天津市市场监督管理委员会",
    ]
    answers["plan"]["plan"] = [{**WHOLE, "units": "负责：" + "、".join(names)}]

    assert found(answers) == {}


def test_a_lead_that_is_its_own_partner() -> None:
    answers = good()
    answers["parties"]["partners"] = [
        {"name": answers["lead"]["unit_name"], "code": "", "contact": "", "phone": ""}
    ]

    assert "lead-is-no-partner[1]" in found(answers)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("和平区综合减灾（社会管理和公共服务）综合标准化试点", True),
        ("和平区综合减灾(社会管理和公共服务)综合标准化试点", True),
        ("和平区综合减灾标准化试点", False),
        ("（社会管理和公共服务）综合标准化试点", False),
        ("综合减灾（社会管理和公共服务）综合标准化试点项目", False),
    ],
)
def test_the_name_has_the_pattern_of_the_notice(name: str, fits: bool) -> None:
    assert ("cover.name:pattern" in found(changed(cover={"name": name}))) is not fits


@pytest.mark.parametrize(
    ("established", "running", "code"),
    [
        ("2022-06", "2022-09", ""),
        ("2022-06", "2022-03", "lead.system_running:order"),
        ("2022-06", "", "lead.system_running:required"),
        ("尚未建立", "", ""),
        ("尚未建立", "2022-03", ""),
    ],
)
def test_a_system_is_built_before_it_runs(established: str, running: str, code: str) -> None:
    problems = found(changed(lead={"system_established": established, "system_running": running}))

    assert set(problems) == ({code} if code else set())


def test_a_system_that_is_not_built_leaves_its_box_blank_and_its_text_stored() -> None:
    answers = changed(lead={"system_established": "尚未建立", "system_running": "2022-03"})

    assert printable(TIANJIN.questionnaire, answers)["lead"]["system_running"] == ""
    answers["lead"]["system_established"] = "2022-01"
    assert printable(TIANJIN.questionnaire, answers)["lead"]["system_running"] == "2022年3月"


def test_an_accident_is_explained_once_where_the_conditions_are_answered() -> None:
    answers = changed(lead={"accidents": "yes"}, conditions={"record-accidents": "yes"})

    problems = found(answers)

    assert [code for code, problem in problems.items() if problem.severity == "error"] == [
        "conditions.record-accidents-note:required"
    ]
    answers["conditions"]["record-accidents-note"] = "2022 年 5 月一次，已经处理完毕。"
    assert errors(list(found(answers).values())) == []


def test_only_the_notes_that_are_called_for_are_shown() -> None:
    told = shown(TIANJIN.questionnaire, changed(conditions={"record-media": "yes"}))

    assert told["conditions.record-media-note"]
    assert not told["conditions.record-notified-note"]


def test_a_budget_that_does_not_add_up_stops_freezing() -> None:
    answers = good(PREFECTURE)
    answers["budget"]["items"] = [
        {"item": "书架", "amount": "0.10", "month": "", "source": "county"},
        {"item": "图书", "amount": "0.20", "month": "", "source": "other"},
    ]
    answers["budget"] |= {"total": "0.3", "county_share": "0.1"}
    assert found(answers, PREFECTURE) == {}

    answers["budget"] |= {"total": "0.4", "county_share": "0.3"}
    problems = found(answers, PREFECTURE)

    assert set(problems) == {"budget-adds-up", "county-share-adds-up"}
    assert problems["budget-adds-up"].message.startswith("预算各项之和为 0.3 元，合计写的是 0.4 元。")
    assert all(problem.severity == "error" for problem in problems.values())


def test_a_whole_section_appears_when_it_is_called_for() -> None:
    answers = changed(PREFECTURE, station={"level": "none"})
    assert not visible(PREFECTURE.questionnaire, answers).section("rating")

    answers["station"]["level"] = "first"
    answers["rating"] = {}

    assert set(found(answers, PREFECTURE)) == {"rating.hours:required"}


def test_spending_outside_of_the_span() -> None:
    answers = good(PREFECTURE)
    answers["budget"]["items"][1]["month"] = "1999-01"

    assert set(found(answers, PREFECTURE)) == {"spent-inside-span[2]"}
