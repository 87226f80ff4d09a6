import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.questionnaires import checks, forms
from shidian.questionnaires.definition import Field, Questionnaire, Section
from tests.questionnaires.form import EVERYTHING, FORM, GOOD


def problems(**changed):
    return checks.check_section(EVERYTHING, GOOD | changed)


def only(**changed):
    found = problems(**changed)
    assert len(found) == 1, found
    return found[0]


def test_good_answers_have_no_problem():
    assert checks.check(FORM, {"all": GOOD}) == []


def test_every_required_field_is_named_with_its_place():
    found = checks.check(FORM, {})
    assert [problem.field for problem in found] == [
        field.key for field in EVERYTHING.fields if field.required
    ]
    assert all(problem.severity == "error" and problem.section == "all" for problem in found)
    by_field = {problem.field: problem for problem in found}
    assert by_field["name"] == checks.Problem(
        "all", "name", "f-name", "请填写“单位名称”", code="all.name:required"
    )
    assert by_field["period"].anchor == "f-period-from"
    assert by_field["place"].anchor == "f-place-province"
    assert by_field["plan"].anchor == "f-plan"
    assert by_field["kind"].message == "请选择“种类”"


def test_too_long_text_says_how_much_to_cut():
    found = only(name="长" * 100_000)
    assert found.message == "“单位名称”不能超过 20 字，现有 100000 字，请删减 99980 字"
    assert found.anchor == "f-name"


@pytest.mark.parametrize(
    ("changed", "anchor", "words"),
    [
        ({"start": "2023-13"}, "f-start", "没有 13 月"),
        ({"start": "0000-00"}, "f-start", "没有 00 月"),
        ({"day": "2023-02-30"}, "f-day", "没有 2023 年 2 月 30 日"),
        ({"period": {"from": "2024-01", "to": "2023-13"}}, "f-period-to", "没有 13 月"),
        ({"period": {"from": "", "to": "2025-12"}}, "f-period-from", "请填写年月"),
        ({"period": {"from": "2025-01", "to": "2024-01"}}, "f-period-to", "早于开始时间"),
        ({"place": {"province": "120000", "county": ""}}, "f-place-county", "没有选择"),
        ({"place": {"province": "120000", "county": "110101"}}, "f-place-county", "不在天津市"),
        ({"place": {"province": "99", "county": ""}}, "f-place-province", "不在可选范围"),
        ({"code": "12120101PDY00001X1"}, "f-code", "校验不通过"),
        ({"industry": "9228"}, "f-industry", "9221 综合事务管理机构"),
        ({"economic": "111"}, "f-economic", "重新选择"),
        ({"postcode": "30"}, "f-postcode", "6 位数字"),
        ({"phone": "abc"}, "f-phone", "写法不对"),
        ({"email": "a@b"}, "f-email", "写法不对"),
        ({"accident": "也许"}, "f-accident", "请选择“是”或者“否”"),
        ({"kind": "c"}, "f-kind", "重新选择"),
        ({"paper": "国标委发〔23〕27号"}, "f-paper", "年份要写四位"),
        ({"standard": "GB/T 24421"}, "f-standard", "缺少年份"),
        ({"area": "b/c"}, "f-area", "重新选择"),
        ({"name": "   "}, "f-name", "请填写"),
        ({"plan": [{"time": "", "content": "x"}]}, "f-plan-1-time", "第 1 行：请填写“时间”"),
        (
            {"plan": [{"time": "a", "content": "x"}, {"time": "b", "content": "长" * 21}]},
            "f-plan-2-content",
            "第 2 行",
        ),
        ({"plan": [{"time": "a", "content": "x", "unit": "1"}]}, "f-plan-1-unit", "现有 1 位"),
        ({"plan": [{"time": str(n), "content": "x"} for n in range(4)]}, "f-plan", "最多 3 行，现有 4 行"),
    ],
)
def test_errors_name_the_control_and_what_to_do(changed, anchor, words):
    found = only(**changed)
    assert (found.anchor, found.severity) == (anchor, "error")
    assert words in found.message


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"accident": "yes"}, "发生过事故的不符合条件。"),
        ({"period": {"from": "2024-01", "to": "2024-12"}}, "共 12 个月，一般为 24 个月"),
        ({"running": "2022-05"}, "早于“体系建立时间”（2022年6月）"),
        ({"built": "尚未建立"}, "“体系运行时间”却有年月"),
        ({"code": "11120116PDY000028T"}, "天津市滨海新区"),
        ({"code": "53120104PDY000036Y"}, "天津市南开区"),
        ({"postcode": "100000"}, "不像天津市的邮编"),
        ({"title": "示例项目"}, "名称应以“试点”结尾。"),
        ({"plan": [{"time": "a", "content": "x"}, {"time": "a", "content": "x"}]}, "第 2 行与第 1 行相同"),
    ],
)
def test_oddities_and_conditions_are_warnings(changed, words):
    found = only(**changed)
    assert found.severity == "warning"
    assert words in found.message


@pytest.mark.parametrize("code", ["12120221PDY00001X0", "12100000400000624D"])
def test_codes_of_former_counties_and_of_the_centre_fit_any_region_above(code):
    former = "1212022" + "1PDY00001X"
    values = {"code": code if code[2:8] == "100000" else former + _last(former)}
    assert problems(**values) == []


def _last(body):
    return next(c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if checks.unit_code.check(body + c) is None)


def test_running_as_text_is_no_contradiction():
    assert problems(built="尚未建立", running="尚未运行") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("王\ue000", "第 2 个字符“\ue000”是自造字（U+E000）"),
        ("王\U000f0001", "U+F0001"),
        ("王\x00", "控制字符（U+0000）"),
        ("王\ufffd", "在传送中损坏"),
        ("王\ud800", "在传送中损坏"),
    ],
)
def test_characters_that_no_paper_can_show_are_named(text, words):
    found = only(name=text)
    assert found.severity == "error"
    assert words in found.message
    in_table = only(plan=[{"time": text, "content": "x"}])
    assert words in in_table.message
    assert in_table.anchor == "f-plan-1-time"


def test_rare_characters_are_right():
    assert problems(name="𬭎𠅤㛃〇·", story="第一段\n第二段　全角空格") == []


@pytest.mark.parametrize("code", ["I", "65", "651", "6511", "9299"])
def test_an_industry_may_stop_at_any_level(code):
    assert problems(industry=code) == []


def test_an_industry_that_does_not_exist_is_refused_at_every_level():
    assert [problems(industry=code) != [] for code in ("U", "98", "999", "9298")] == [True] * 4


@pytest.mark.parametrize(
    "wrong", [["x"], {"a": 1}, 3, 1.5, True, [["x"]], [None, 3], {"from": ["x"], "province": 3}]
)
def test_a_wrong_shape_is_an_error_and_never_raises(wrong):
    for field in EVERYTHING.fields:
        found = problems(**{field.key: wrong})
        assert any(problem.field == field.key and problem.severity == "error" for problem in found), field.key


@pytest.mark.parametrize(
    "answers", [None, [], "x", 3, {"all": None}, {"all": "x"}, {"all": [1]}, {"other": {}}]
)
def test_wrong_answers_count_as_blank(answers):
    if isinstance(answers, dict):
        assert checks.check(FORM, answers) == checks.check(FORM, {})
    else:
        assert checks.check_section(EVERYTHING, answers) == checks.check_section(EVERYTHING, {})


def test_two_answers_to_the_same_question_are_compared():
    same = Section(
        key="again",
        mark="核",
        title="条件",
        fields=[Field(key="accident", label="事故", type="yes_no", required=True, same_as="all.accident")],
    )
    form = Questionnaire(key="form", version=1, title="表", sections=[EVERYTHING, same])
    assert checks.check(form, {"all": GOOD, "again": {"accident": "no"}}) == []
    found = checks.check(form, {"all": GOOD, "again": {"accident": "yes"}})
    assert [(p.section, p.anchor, p.severity) for p in found] == [("again", "f-accident", "warning")]
    assert "“是否发生事故”" in found[0].message


def test_errors_leaves_the_warnings_out():
    assert checks.errors(problems(title="x")) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["from", "to", "province", "county", "detail", "time", "content", "unit", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([field.key for field in EVERYTHING.fields]), JSON))
def test_any_stored_json_is_answered(values):
    for problem in checks.check(FORM, {"all": values}):
        assert problem.message
        assert problem.anchor.startswith(f"f-{problem.field}")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [c for field in EVERYTHING.fields for c in field.controls] + ["plan-1-time", "plan-7-unit"]
        ),
        st.lists(st.text(st.characters(codec=None), max_size=60), min_size=1, max_size=2),
    )
)
def test_anything_posted_can_be_read_and_checked(data):
    values = forms.read(EVERYTHING, data)
    for problem in checks.check_section(EVERYTHING, values):
        problem.message.encode("utf-8")


def test_a_county_that_is_no_more_is_odd_and_a_city_is_no_county():
    former = problems(place={"province": "120000", "county": "120225", "detail": ""})
    assert [
        (problem.severity, problem.anchor) for problem in former if problem.anchor == "f-place-county"
    ] == [("warning", "f-place-county")]
    assert "天津市蓟县（120225）已经撤销或者更名" in former[0].message
    city = problems(place={"province": "130000", "county": "130100", "detail": ""})
    assert any("不在可选范围内" in problem.message for problem in city)


def test_a_type_of_enterprise_for_a_body_that_is_none_is_odd():
    assert problems(economic="110", code="12120101PDY00001X0") == []
    (odd,) = problems(economic="160", code="12120101PDY00001X0")
    assert (odd.severity, odd.anchor) == ("warning", "f-economic")
    assert "请选“不适用”" in odd.message
