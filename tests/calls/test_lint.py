import shutil
from datetime import date
from pathlib import Path

import pytest

from shidian.calls.lint import lint
from shidian.calls.packages import read

ROOT = Path(__file__).parents[2]
PREFECTURE = ROOT / "tests" / "packages" / "prefecture-2025-culture"
TIANJIN = ROOT / "calls" / "tianjin-2023-smps10"


@pytest.fixture
def changed(tmp_path):
    """The warnings of the second package after changing one place; answers with them and the line of the change."""

    def lint_after(file, old, new):
        folder = tmp_path / "package"
        shutil.copytree(PREFECTURE, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return lint(read(folder)), text[: text.index(old)].count("\n") + 1

    return lint_after


def test_a_package_without_contradiction_has_no_warning():
    assert lint(read(PREFECTURE)) == []


def test_the_contradictions_of_the_shipped_notice_are_reported_with_the_decision():
    found = {warning.code: warning for warning in lint(read(TIANJIN))}
    assert set(found) == {
        "copies-differ",
        "party-before-sight",
        "heading-skipped",
        "label-skipped",
        "deadline-not-in-notice",
        "stage-without-dates",
        "code-label",
        "condition-wider",
        "required-may-hide",
    }
    assert all(warning.decision for warning in found.values())
    assert "共 3 份" in found["copies-differ"].message
    assert "共 4 份" in found["copies-differ"].message
    assert "天津市市场监督管理委员会" in found["party-before-sight"].message
    assert "缺序号“五、”；“经费保障情况”没有序号" in found["heading-skipped"].message
    assert "之后没有“2．”" in found["label-skipped"].message


def test_every_warning_points_at_its_line():
    package = read(TIANJIN)
    for warning in lint(package):
        text = package.files[warning.file].decode().splitlines()[warning.line - 1]
        words = {
            "copies-differ": "holders",
            "party-before-sight": "notice_before",
            "heading-skipped": "opinions_title",
            "label-skipped": "经费来源",
            "deadline-not-in-notice": "hand_in_until",
            "stage-without-dates": "key: city",
            "code-label": "组织机构代码",
            "condition-wider": "text:",
            "required-may-hide": "not_yet",
        }
        assert words[warning.code] in text, warning


def test_copies_plans_with_other_totals(changed):
    other = "    registered: true\n  - {key: b, label: 乙, source: form, text: x, holders: [{key: a, label: 甲, count: 2}]}"
    found, _ = changed("call.yaml", "    registered: true", other)
    assert [warning.code for warning in found] == ["copies-differ"]


def test_a_fixed_party_that_is_itself_an_office(changed):
    found, line = changed("call.yaml", "before: ministry, name", "before: county, name")
    assert [(warning.code, warning.line, warning.decision) for warning in found] == [
        ("party-before-sight", line, "")
    ]


def test_a_gate_that_is_not_the_notices(changed):
    found, _ = changed(
        "call.yaml", "before: prefecture, name", "before: prefecture, notice_before: county, name"
    )
    assert [warning.code for warning in found] == ["party-gate-moved"]


def test_headings_that_skip(changed):
    found, line = changed("questionnaire.yaml", "paper_title: 三、预算", "paper_title: 预算")
    assert [warning.code for warning in found] == ["heading-skipped"]
    assert "缺序号“三、”；“预算”没有序号" in found[0].message
    assert found[0].line > line


def test_headings_that_repeat(changed):
    found, line = changed("questionnaire.yaml", "paper_title: 三、预算", "paper_title: 二、预算")
    assert [(w.code, w.line) for w in found if w.line == line] == [("heading-skipped", line)]


def test_numbered_labels_that_stop(changed):
    found, _ = changed("questionnaire.yaml", "label: 项目名称", "label: 1．项目名称")
    assert [warning.code for warning in found] == ["label-skipped"]
    assert "“1．项目名称”之后没有“2．”" in found[0].message


def test_a_deadline_of_which_the_notice_says_nothing(changed):
    found, line = changed(
        "call.yaml", "hand_in_until: 2025-04-10T18:00:00", "hand_in_until: 2025-04-09T18:00:00"
    )
    assert ("deadline-not-in-notice", line) in [(warning.code, warning.line) for warning in found]


def test_a_stage_without_dates(changed):
    found, _ = changed("call.yaml", "    dispatch_until: 2025-05-31T23:59:59\n", "")
    assert [warning.code for warning in found] == ["stage-without-dates"]


def test_an_office_that_closes_after_the_stage(changed):
    found, line = changed("offices.yaml", "2025-04-08T18:00:00", "2025-04-11T18:00:00")
    assert [(warning.code, warning.file, warning.line) for warning in found] == [
        ("office-closes-late", "offices.yaml", line)
    ]


def test_an_office_in_a_former_county(changed):
    found, _ = changed("offices.yaml", "kind: archive", 'kind: archive, region: "120221"')
    assert [warning.code for warning in found] == ["region-not-current"]


def test_a_code_field_under_the_old_name(changed):
    found, _ = changed("questionnaire.yaml", "label: 统一社会信用代码", "label: 组织机构代码")
    assert [warning.code for warning in found] == ["code-label"]


def test_conditions_that_the_form_does_not_ask(changed):
    found, _ = changed("call.yaml", ", asked_by: station.misused", "")
    assert [warning.code for warning in found] == ["condition-not-asked"]


def test_a_decision_without_its_warning(changed):
    decided = (
        "papers: {application: papers/application.typ}\naccepted_warnings: [{code: copies-differ, text: x}]"
    )
    found, _ = changed("call.yaml", "papers: {application: papers/application.typ}", decided)
    assert [warning.code for warning in found] == ["decision-without-warning"]


def test_a_shifted_call_is_not_compared_with_the_dates_of_its_notice():
    codes = {warning.code for warning in lint(read(TIANJIN).shifted(date(2026, 1, 1)))}
    assert "deadline-not-in-notice" not in codes


def test_a_condition_that_hides_a_required_box_of_the_paper(changed):
    old = "{key: story, label: 基本情况, "
    found, line = changed("questionnaire.yaml", old, old + "visible_when: station.level == 'first', ")
    assert [(warning.code, warning.line) for warning in found] == [("required-may-hide", line)]
    assert "必填栏“基本情况”印成空白" in found[0].message


def test_a_condition_that_never_holds(changed):
    old = "visible_when: station.level == 'first'"
    found, line = changed("questionnaire.yaml", old, old + " && station.level == 'none'")
    assert [(warning.code, warning.line) for warning in found] == [("visible-never", line)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("when: is_number(budget.county_share)", "when: length(budget.county_share) < 0", "rule-never-asked"),
        (
            "must: month_in(project.span, row.month)",
            "must: row.month == '1' && row.month == '2'",
            "rule-never-holds",
        ),
    ],
)
def test_a_rule_that_is_never_asked_or_never_holds(changed, old, new, code):
    found, line = changed("questionnaire.yaml", old, new)
    assert [(warning.code, warning.line) for warning in found] == [(code, line)]


def test_a_paper_whose_pages_carry_no_mark(changed):
    found, _ = changed("papers/application.typ", "    corner-marks()\n", "")
    assert [(warning.code, warning.file) for warning in found] == [("paper-without-marks", "call.yaml")]
    assert "扫描件不能自动归位" in found[0].message
