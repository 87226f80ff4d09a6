from shidian.questionnaires.completeness import SectionProgress, progress
from shidian.questionnaires.definition import Field, Questionnaire, Section
from tests.questionnaires.form import FORM, GOOD

REQUIRED = 18


def only(values):
    (found,) = progress(FORM, {"all": values})
    return found


def test_nothing_filled_is_empty():
    assert progress(FORM, {}) == [SectionProgress("all", 0, REQUIRED, "empty")]


def test_something_filled_is_started():
    assert only({"name": "甲", "plan": []}) == SectionProgress("all", 1, REQUIRED, "started")


def test_filled_without_error_is_done_even_with_warnings():
    assert only(GOOD | {"title": "x"}) == SectionProgress("all", REQUIRED, REQUIRED, "done")


def test_filled_with_an_error_is_not_done():
    assert only(GOOD | {"phone": "x"}).state == "started"


def test_a_section_that_asks_for_nothing_is_done():
    section = Section(
        key="free", mark="一", title="随意", fields=[Field(key="note", label="说明", type="text")]
    )
    form = Questionnaire(key="form", version=1, title="表", sections=[section])
    assert progress(form, {}) == [SectionProgress("free", 0, 0, "done")]


def test_wrong_shapes_count_as_blank():
    assert only(["x"]).state == "empty"
