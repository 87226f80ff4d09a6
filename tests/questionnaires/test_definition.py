import pytest
from pydantic import ValidationError

from shidian.questionnaires.definition import Choice, Column, Field, Questionnaire, Section


def field(**given):
    return Field(**({"key": "name", "label": "名称", "type": "text"} | given))


def section(*fields, **given):
    return Section(
        **({"key": "lead", "mark": "一", "title": "单位", "fields": list(fields) or [field()]} | given)
    )


def test_a_field_is_found_by_its_key_and_path():
    form = Questionnaire(key="form", version=1, title="表", sections=[section(field())])
    assert form.section("lead").field("name") is form.find("lead.name")
    assert form.find("lead.other") is None
    assert form.find("nothing") is None
    with pytest.raises(KeyError):
        form.section("lead").field("other")


def test_the_screen_label_replaces_the_official_one():
    assert field().name == "名称"
    assert field(screen_label="全称").name == "全称"


def test_values_cannot_be_changed():
    with pytest.raises(ValidationError):
        field().key = "other"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "rows"}, "columns"),
        ({"columns": [Column(key="a", label="甲")]}, "columns"),
        ({"type": "choice"}, "choices"),
        ({"choices": [Choice(value="a", label="甲")]}, "choices"),
        ({"min_rows": 1}, "min_rows"),
        ({"pattern": "("}, "正则表达式"),
        ({"pattern": "a"}, "pattern_message"),
        ({"qualifies": "yes", "explain": "x"}, "yes_no"),
        ({"type": "yes_no", "qualifies": "yes"}, "explain"),
        ({"not_before": "x"}, "not_before"),
        ({"region_from": "x"}, "region_from"),
        ({"expected_months": 3}, "month_range"),
        ({"unknown": 1}, "Extra inputs"),
        ({"key": "Name"}, "pattern"),
        ({"type": "rows", "columns": [Column(key="a", label="甲"), Column(key="a", label="乙")]}, "两次"),
    ],
)
def test_fields_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        field(**given)


def test_a_field_may_not_take_the_control_name_of_another():
    with pytest.raises(ValidationError, match="重名"):
        section(field(key="place", type="region"), field(key="place-county"))


@pytest.mark.parametrize(
    "attribute", [{"not_before": "nothing", "type": "month"}, {"region_from": "x", "type": "postcode"}]
)
def test_a_reference_inside_a_section_must_lead_somewhere(attribute):
    with pytest.raises(ValidationError, match="没有指向"):
        section(field(**attribute))


def test_repeated_keys_are_refused():
    with pytest.raises(ValidationError, match="出现了两次"):
        section(field(), field())
    with pytest.raises(ValidationError, match="出现了两次"):
        Questionnaire(key="form", version=1, title="表", sections=[section(), section()])


def test_what_was_worked_out_once_is_no_part_of_the_value():
    one, other = section(), section()
    one.prepared["checks"] = 1
    assert one == other
    assert "prepared" not in one.model_dump()
