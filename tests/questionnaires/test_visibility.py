import time

from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.questionnaires import checks, completeness, printing
from shidian.questionnaires.definition import Questionnaire
from shidian.questionnaires.visibility import EVERYTHING, counted, sections, shown, steers, visible
from tests.questionnaires import form as plain

YES_NO = {"mark": "一", "title": "部分"}
FORM = Questionnaire.model_validate(
    {
        "key": "form",
        "version": 1,
        "title": "表",
        "sections": [
            {
                "key": "a",
                "mark": "一",
                "title": "甲",
                "fields": [
                    {"key": "accident", "label": "是否发生事故", "type": "yes_no", "required": True},
                    {
                        "key": "accident_note",
                        "label": "事故情况",
                        "type": "text",
                        "required": True,
                        "visible_when": "a.accident == 'yes'",
                    },
                    {
                        "key": "papers",
                        "label": "文号",
                        "type": "text",
                        "required": True,
                        "visible_when": "a.accident_note != ''",
                    },
                ],
            },
            {
                "key": "b",
                "mark": "二",
                "title": "乙",
                "visible_when": "a.accident == 'no'",
                "fields": [
                    {"key": "story", "label": "情况", "type": "text", "required": True},
                    {"key": "more", "label": "补充", "type": "text", "visible_when": "b.story != ''"},
                ],
            },
        ],
        "rules": [
            {"key": "short", "at": "a.accident_note", "must": "length(a.accident_note) > 3", "message": "写详细些。"},
            {"key": "same", "at": "b.story", "must": "a.accident_note == ''", "message": "前面写了事故情况。"},
        ],
    }
)  # fmt: skip
YES = {"a": {"accident": "yes", "accident_note": "起火一次", "papers": "1号"}, "b": {"story": "旧文字"}}
NO = {"a": {"accident": "no", "accident_note": "起火", "papers": "1号"}, "b": {"story": "正常"}}


def test_what_an_answer_calls_for_is_visible() -> None:
    known = visible(FORM, YES)

    assert known.hidden == {"b"}
    assert known.field("a", "papers")
    assert not known.section("b")
    assert not known.field("b", "story")


def test_what_is_hidden_is_blank_for_the_next_condition() -> None:
    known = visible(FORM, NO)

    # The note still holds text, but it is hidden, so what depends on it is hidden too.
    assert known.hidden == {"a.accident_note", "a.papers"}


def test_a_page_is_told_of_all_conditions() -> None:
    assert shown(FORM, NO) == {"a.accident_note": False, "a.papers": False, "b": True, "b.more": True}
    assert shown(FORM, {})["b"] is False
    assert shown(plain.FORM, {"all": plain.GOOD}) == {}


def test_only_some_fields_steer_what_is_shown() -> None:
    steering = [
        path
        for path in ("a.accident", "a.accident_note", "a.papers", "b.story", "b.more", "x.y")
        if steers(FORM, path)
    ]

    assert steering == ["a.accident", "a.accident_note", "b.story"]
    assert not steers(plain.FORM, "all.name")


def test_hidden_answers_are_neither_checked_nor_required() -> None:
    assert checks.check(FORM, YES) == []
    assert checks.check(FORM, NO) == []
    assert [problem.code for problem in checks.check(FORM, {"a": {"accident": "yes"}})] == [
        "a.accident_note:required"
    ]


def test_rules_at_hidden_fields_are_not_asked_and_hidden_answers_are_blank_to_others() -> None:
    again = {"a": {"accident": "yes", "accident_note": "火", "papers": "1号"}}
    assert [problem.code for problem in checks.check(FORM, again)] == ["short"]
    # The text “起火” of NO is shorter still, and the rule “same” would see it.
    assert checks.check(FORM, NO) == []


def test_hidden_fields_do_not_count() -> None:
    first, second = completeness.progress(FORM, NO)

    assert (first.filled, first.total, first.state) == (1, 1, "done")
    assert (second.total, second.hidden) == (1, False)
    assert completeness.progress(FORM, YES)[1] == completeness.SectionProgress("b", 0, 0, "done", hidden=True)


def test_hidden_answers_are_not_printed_and_not_frozen_but_come_back() -> None:
    assert printing.printable(FORM, NO)["a"] == {"accident": "否", "accident_note": "", "papers": ""}
    assert printing.printable(FORM, YES)["b"] == {"story": "", "more": ""}
    assert counted(FORM, NO) == {"a": {"accident": "no"}, "b": {"story": "正常"}}
    assert counted(FORM, YES) == {"a": YES["a"]}
    assert (
        printing.printable(FORM, {**NO, "a": {**NO["a"], "accident": "yes"}})["a"]["accident_note"] == "起火"
    )


def test_sections_that_count() -> None:
    assert [section.key for section in sections(FORM, visible(FORM, YES))] == ["a"]


def test_one_section_is_checked_like_the_whole() -> None:
    answers = {"a": {"accident": "yes", "accident_note": "火"}, "b": {}}
    whole = checks.check(FORM, answers)

    for section in FORM.sections:
        assert checks.check_part(FORM, section.key, answers) == [p for p in whole if p.section == section.key]


def test_a_condition_that_cannot_be_asked_hides_nothing(caplog) -> None:
    data = FORM.model_dump()
    data["sections"][0]["fields"][1]["visible_when"] = "number('1') > 'x'"
    data["sections"][1]["visible_when"] = "((("
    broken = Questionnaire.model_validate(data)

    known = visible(broken, YES)

    assert known.section("b")
    assert known.field("a", "accident_note")
    assert visible(broken, YES) == known
    assert len(caplog.records) == 2


def test_a_form_without_conditions_costs_nothing() -> None:
    answers = {"all": plain.GOOD}
    assert visible(plain.FORM, answers) is EVERYTHING
    start = time.perf_counter()
    for _ in range(1000):
        visible(plain.FORM, answers)
    assert (time.perf_counter() - start) / 1000 < 0.0003


STORED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["yes", "no", "x\ud800", "起火"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["accident", "accident_note", "story"]), inner)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["a", "b"]), STORED))
@settings(max_examples=150, deadline=None)
def test_whatever_is_stored_a_check_answers(answers) -> None:
    checks.check(FORM, answers)
    completeness.progress(FORM, answers)
    counted(FORM, answers)
    printing.printable(FORM, answers)
