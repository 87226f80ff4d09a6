from hypothesis import given, settings

from shidian.questionnaires import printing
from tests.questionnaires.form import EVERYTHING, FORM, GOOD
from tests.questionnaires.test_checks import JSON


def test_answers_are_printed_in_words():
    printed = printing.printable(FORM, {"all": GOOD})["all"]
    assert printed["start"] == "2024年1月"
    assert printed["period"] == {"from_year": "2024", "from_month": "1", "to_year": "2025", "to_month": "12"}
    assert printed["day"] == "2023年7月10日"
    assert printed["place"] == {
        "province": "天津市",
        "county": "和平区",
        "detail": "",
        "text": "天津市和平区",
    }
    assert printed["industry"] == "社区居民自治组织"
    assert printed["economic"] == "不适用（机关、事业单位、社会团体等）"
    assert printed["accident"] == "否"
    assert (printed["kind"], printed["area"]) == ("甲", "乙")
    assert printed["plan"] == [{"time": "2024年", "content": "宣传", "unit": ""}]
    assert printed["code"] == GOOD["code"]


def test_every_field_is_there_when_nothing_is_answered():
    printed = printing.printable(FORM, {})["all"]
    assert list(printed) == [field.key for field in EVERYTHING.fields]
    assert printed["name"] == ""
    assert printed["plan"] == []
    assert printed["period"] == {"from_year": "", "from_month": "", "to_year": "", "to_month": ""}


def test_what_cannot_be_read_is_printed_as_typed():
    printed = printing.printable(
        FORM, {"all": {"start": "明年", "period": {"from": "2023-13"}, "built": "尚未建立"}}
    )["all"]
    assert (printed["start"], printed["built"]) == ("明年", "尚未建立")
    assert printed["period"]["from_year"] == "2023-13"


def test_an_industry_that_does_not_exist_is_printed_as_it_was_typed():
    assert printing.value(EVERYTHING.field("industry"), "6511") == "基础软件开发"
    assert printing.value(EVERYTHING.field("industry"), "养老院") == "养老院"


def test_one_line_for_lists():
    def line(key):
        return printing.one_line(EVERYTHING.field(key), GOOD[key])

    assert line("period") == "2024年1月至2025年12月"
    assert line("place") == "天津市和平区"
    assert line("plan") == "2024年"
    assert printing.one_line(EVERYTHING.field("story"), "一\n二") == "一 二"
    assert printing.one_line(EVERYTHING.field("period"), None) == ""


@settings(deadline=None)
@given(JSON)
def test_any_stored_json_can_be_printed(stored):
    for field in EVERYTHING.fields:
        str(printing.value(field, stored)).encode("utf-8")
        printing.one_line(field, stored).encode("utf-8")
