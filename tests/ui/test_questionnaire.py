"""A section as its page shows it."""

from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string

from shidian.organisations.codes import industries
from shidian.questionnaires import checks, forms
from shidian.questionnaires.definition import Section
from shidian.ui import code_lists
from shidian.ui.controls import Evidence, ScreenField
from shidian.ui.questionnaire import bind, rearranged, shown_text

FIELDS: list[dict[str, Any]] = [
    {"key": "name", "label": "试点名称", "type": "text", "required": True, "max_chars": 100},
    {"key": "short", "label": "简称", "type": "text", "max_chars": 20},
    {"key": "state", "label": "现状", "type": "long_text", "max_chars": 3000},
    {"key": "begun", "label": "建立时间", "type": "month"},
    {"key": "built", "label": "标准体系建立时间", "type": "month_or_text"},
    {"key": "period", "label": "试点时间", "type": "month_range", "required": True},
    {"key": "day", "label": "日期", "type": "date"},
    {"key": "seat", "label": "法人注册地址", "type": "region"},
    {"key": "code", "label": "组织机构代码", "screen_label": "统一社会信用代码", "type": "unit_code"},
    {"key": "trade", "label": "所属行业", "type": "industry"},
    {"key": "kind", "label": "经济类型", "type": "economic_type"},
    {"key": "post", "label": "邮编", "type": "postcode"},
    {"key": "phone", "label": "联系电话", "type": "phone"},
    {"key": "mail", "label": "电子邮箱", "type": "email"},
    {
        "key": "accident",
        "label": "近三年是否发生事故",
        "type": "yes_no",
        "qualifies": "no",
        "explain": "发生过的不符合。",
        "group": "（四）记录",
    },
    {"key": "again", "label": "是否通报", "type": "yes_no", "group": "（四）记录"},
    {
        "key": "level",
        "label": "级别",
        "type": "choice",
        "choices": [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}],
    },
    {
        "key": "area",
        "label": "重点领域",
        "type": "area",
        "choices": [
            {"value": "e/c", "label": "应急管理／综合减灾社区"},
            {"value": "e/r", "label": "应急管理／应急救援队伍建设"},
            {"value": "g/c", "label": "机构治理／合规管理"},
        ],
    },
    {
        "key": "plan",
        "label": "步骤",
        "type": "rows",
        "min_rows": 1,
        "max_rows": 4,
        "columns": [
            {"key": "time", "label": "时间", "width": 1},
            {"key": "content", "label": "内容", "type": "long_text", "width": 3, "required": True},
        ],
    },
]
SECTION = Section.model_validate({"key": "all", "mark": "一", "title": "全部类型", "fields": FIELDS})
VALUES: dict[str, Any] = {
    "name": "甲<b>试点",
    "state": "第一段\n第二段",
    "period": {"from": "2024-01", "to": "2025-12"},
    "seat": {"province": "120000", "county": "120103", "detail": ""},
    "trade": "9221",
    "kind": "110",
    "accident": "yes",
    "level": "b",
    "area": "e/r",
    "plan": [{"time": "2024 年", "content": "宣传"}, {"time": "2025 年", "content": "自查"}],
}


def shown(values: dict[str, Any], problems: Any = (), **more: Any) -> dict[str, ScreenField]:
    return {field.key: field for field in bind(SECTION, values, problems, **more)}


def html(fields: dict[str, ScreenField]) -> str:
    return render_to_string("ui/components/fields.html", {"fields": list(fields.values())})


def posted(page: str) -> dict[str, list[str]]:
    """What a browser would post: every named control that is not a button and not in a template."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.data: dict[str, list[str]] = {}
            self.inert = 0
            self.select = self.area = None

        def handle_starttag(self, tag, attrs):
            have = dict(attrs)
            if tag == "template":
                self.inert += 1
            if self.inert:
                return
            name = have.get("name")
            if tag == "input" and (have.get("type") != "radio" or "checked" in have):
                self.data.setdefault(name, []).append(have.get("value", ""))
            elif tag == "select":
                self.select = name
                self.data[name] = [""]
            elif tag == "option" and "selected" in have:
                self.data[self.select] = [have["value"]]
            elif tag == "textarea":
                self.area = name
                self.data[name] = [""]

        def handle_data(self, data):
            if self.area:
                self.data[self.area][0] += data

        def handle_endtag(self, tag):
            if tag == "template":
                self.inert -= 1
            if tag == "textarea" and self.area:
                # A browser drops the first line break of a textarea.
                self.data[self.area][0] = self.data[self.area][0].removeprefix("\n")
                self.area = None

    reader = Reader()
    reader.feed(page)
    return reader.data


def test_every_type_comes_back_as_it_was_shown():
    page = html(shown(VALUES))

    read = forms.read(SECTION, posted(page))

    assert {key: read[key] for key in VALUES} == VALUES


def test_a_blank_page_posts_nothing_but_blanks():
    read = forms.read(SECTION, posted(html(shown({}))))

    assert read["plan"] == []
    assert read["period"] == {"from": "", "to": ""}
    assert "accident" not in read


def test_what_was_typed_is_escaped():
    page = html(shown(VALUES))

    assert "甲<b>" not in page
    assert 'value="甲&lt;b&gt;试点"' in page


@pytest.mark.parametrize(
    "garbage", [{}, {"period": "2024", "seat": [1], "plan": "x", "area": {"a": 1}, "name": 5, "trade": None}]
)
def test_drafts_of_any_shape_are_shown(garbage):
    assert html(shown(garbage))


def test_every_problem_leads_to_a_control_on_the_page():
    values = VALUES | {
        "period": {"from": "2025-02", "to": "2024-01"},
        "name": "",
        "mail": "x",
        "plan": [{"time": "t", "content": ""}],
    }
    problems = checks.check_section(SECTION, values)

    page = html(shown(values, problems))

    assert {"name", "period", "mail", "plan"} <= {problem.field for problem in problems}
    for problem in problems:
        assert f'id="{problem.anchor}"' in page, problem
        # What is explained at the answer is not said a second time.
        assert problem.message in page or SECTION.field(problem.field).explain in page


def test_a_problem_of_a_cell_stands_at_the_cell():
    problem = checks.Problem("all", "plan", "f-plan-2-content", "第 2 行：请填写内容")

    field = shown(VALUES, [problem])["plan"]

    assert field.wrong == ()
    assert [row.wrong for row in field.rows] == [False, True, False]
    assert field.rows[1].cells[1].wrong == ("第 2 行：请填写内容",)


def test_a_problem_of_one_end_marks_that_end_only():
    field = shown(VALUES, [checks.Problem("all", "period", "f-period-to", "止早于起")])["period"]

    assert [bool(control.wrong) for control in field.controls] == [False, True]
    assert field.wrong == ("止早于起",)


def test_a_warning_is_no_error():
    field = shown(VALUES, [checks.Problem("all", "name", "f-name", "名称较长", "warning")])["name"]

    assert field.wrong == ()
    assert field.warnings == ("名称较长",)
    assert "aria-invalid" not in html({"name": field})


def test_rows_offer_one_blank_row_up_to_the_limit():
    rows = [{"time": str(number), "content": "x"} for number in range(4)]

    assert [row.blank for row in shown({"plan": rows[:2]})["plan"].rows] == [False, False, True]
    assert len(shown({"plan": rows})["plan"].rows) == 4
    assert [row.no for row in shown({})["plan"].rows] == [1]


def test_columns_share_the_width_in_twelfths():
    assert [head.share for head in shown({})["plan"].heads] == [3, 9]


def test_only_long_fields_are_counted():
    fields = shown(VALUES)

    assert fields["state"].controls[0].counted
    assert fields["state"].controls[0].count == 7
    assert not fields["short"].controls[0].counted
    assert "已写 7 字，上限 3000 字" in html(fields)


def test_the_first_radio_carries_the_id_of_the_field():
    assert [option.id for option in shown({})["level"].groups[0].options] == ["f-level", "f-level-2"]


def test_areas_stand_under_their_branch():
    groups = shown(VALUES)["area"].groups

    assert [(group.label, [option.label for option in group.options]) for group in groups] == [
        ("应急管理", ["综合减灾社区", "应急救援队伍建设"]),
        ("机构治理", ["合规管理"]),
    ]


def test_the_heading_of_a_group_is_shown_once():
    fields = shown({})

    assert [fields[key].heading for key in ("mail", "accident", "again", "level")] == [
        "",
        "（四）记录",
        "",
        "",
    ]


def test_an_answer_that_does_not_qualify_is_explained():
    assert shown({"accident": "yes"})["accident"].disqualifies
    assert not shown({"accident": "no"})["accident"].disqualifies
    assert not shown({})["accident"].disqualifies


def test_the_explanation_is_said_once_and_belongs_to_the_question():
    (problem,) = [
        found for found in checks.check_section(SECTION, {"accident": "yes"}) if found.field == "accident"
    ]

    field = shown({"accident": "yes"}, [problem])["accident"]
    page = html({"accident": field})

    assert field.warnings == ()
    assert page.count("发生过的不符合。") == 1
    assert 'id="f-accident-explain"' in page
    assert "f-accident-explain" in field.described
    assert "是否符合，由受理机构判断" in page
    assert "f-accident-explain" not in shown({"accident": "no"})["accident"].described


def test_a_question_leads_to_its_files():
    field = shown({"accident": "no"})["accident"]

    page = html({"accident": replace(field, evidence=Evidence("信用<查询>", "/files/#slot-a", 2))})

    assert '<a href="/files/#slot-a">信用&lt;查询&gt;</a>' in page
    assert "已有 2 个文件" in page
    assert "证明材料" not in html({"accident": field})


def test_counties_are_those_of_the_province_chosen():
    province, county, _ = shown(VALUES)["seat"].controls

    names = [option.label for group in county.groups for option in group.options]
    assert "河西区" in names
    assert "东城区" not in names
    assert [option.value for group in province.groups for option in group.options if option.checked] == [
        "120000"
    ]


def test_a_code_that_no_list_has_is_kept():
    kind = shown({"kind": "ZZ"})["kind"].controls[0]

    assert [option.value for group in kind.groups for option in group.options if option.checked] == ["ZZ"]
    assert shown({"trade": "ZZ"})["trade"].controls[0].value == "ZZ"


def test_an_industry_shows_its_name_and_where_it_stands():
    trade = shown({"trade": "9221"})["trade"]

    assert trade.controls[0].value == "9221 综合事务管理机构"
    assert trade.above == "S 公共管理、社会保障和社会组织 › 92 国家机构 › 922 国家行政机构"
    assert trade.offers == ()


def test_words_that_are_no_industry_are_answered_with_buttons():
    fields = shown({"trade": "养老"})
    page = html({"trade": fields["trade"]})

    assert "9411" in [offer.value for offer in fields["trade"].offers]
    assert 'type="submit" name="trade" value="9411"' in page
    # The button stands behind the input, so what it says is read last.
    assert page.index('<input class="input"') < page.index('value="9411"')
    posted_by_button = {"trade": ["养老", "9411"]}
    assert forms.read(SECTION, posted_by_button)["trade"] == "9411"


def test_what_an_industry_input_shows_is_read_back_as_its_code():
    data = posted(html(shown({"trade": "9221"})))

    assert forms.read(SECTION, data)["trade"] == "9221"


def test_the_list_of_industries_is_not_on_the_page():
    page = html({"trade": shown({"trade": "9221"})["trade"]})

    assert len(page) < 2000
    assert page.count("综合事务管理机构") == 1


def test_after_a_return_only_the_listed_fields_are_open():
    fields = shown(VALUES, open_fields=frozenset({"name"}))

    assert [key for key, field in fields.items() if not field.locked] == ["name"]
    assert fields["seat"].text == "天津市河西区"
    assert fields["trade"].text == industries.name("9221")
    assert 'name="seat-province"' not in html(fields)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("accident", "是"),
        ("level", "乙"),
        ("period", "2024-01至2025-12"),
        ("plan", "2024 年　宣传\n2025 年　自查"),
        ("state", "第一段\n第二段"),
    ],
)
def test_shown_text(key, text):
    assert shown_text(SECTION.field(key), VALUES[key]) == text


def rows_posted(**button: str) -> dict[str, list[str]]:
    data = posted(html({"plan": shown(VALUES)["plan"]}))
    return data | {name.replace("_", "-"): [value] for name, value in button.items()}


@pytest.mark.parametrize(
    ("button", "contents"),
    [
        ({"rows_up": "plan-2"}, ["自查", "宣传"]),
        ({"rows_down": "plan-1"}, ["自查", "宣传"]),
        ({"rows_drop": "plan-1"}, ["自查"]),
        ({"rows_up": "plan-1"}, ["宣传", "自查"]),
        ({"rows_add": "plan"}, ["宣传", "自查"]),
        ({"rows_drop": "other-1"}, ["宣传", "自查"]),
        ({"rows_up": "plan-99"}, ["宣传", "自查"]),
    ],
)
def test_row_buttons_work_without_a_script(button, contents):
    moved = rearranged(SECTION, rows_posted(**button))

    assert moved is not None
    assert [row["content"] for row in forms.read(SECTION, moved)["plan"]] == contents


def test_dropping_every_row_leaves_an_empty_table():
    data = {"plan-1-time": ["x"], "plan-1-content": ["y"], "rows-drop": ["plan-1"]}

    assert forms.read(SECTION, rearranged(SECTION, data) or {})["plan"] == []


def test_without_a_row_button_nothing_is_moved():
    assert rearranged(SECTION, rows_posted()) is None


def test_text_that_no_list_has_is_not_kept_in_memory():
    before = code_lists._kept.cache_info().currsize
    code_lists.economic_type_groups("")

    for number in range(50):
        code_lists.economic_type_groups("长" * 1000 + str(number))

    assert code_lists._kept.cache_info().currsize <= before + 1


def test_a_cell_may_hold_markup_and_stays_text():
    page = html(shown({"plan": [{"time": '"><script>', "content": "</textarea><b>"}]}))

    assert "<script>" not in page
    assert "</textarea><b>" not in page
