"""Words of dates, deadlines, states and names."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template

from shidian.ui.templatetags import ui


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(2023, 7, 13, 10, 0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (date(2023, 7, 13), "2023 年 7 月 13 日"),
        ("2023-07-13", "2023 年 7 月 13 日"),
        (datetime(2023, 7, 12, 16, 30, tzinfo=UTC), "2023 年 7 月 13 日"),
        (None, "—"),
        ("尚未确定", "尚未确定"),
    ],
)
def test_cn_date_is_of_the_offices_day(value, words):
    assert ui.cn_date(value) == words


def test_cn_datetime_shows_minutes_and_seconds_on_demand():
    moment = local(2023, 7, 20, 17, 0, 5)

    assert ui.cn_datetime(moment) == "2023 年 7 月 20 日 17:00"
    assert ui.cn_datetime(moment, "seconds") == "2023 年 7 月 20 日 17:00:05"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2024-01", "2024 年 1 月"),
        ({"from": "2024-01", "to": "2025-12"}, "2024 年 1 月至 2025 年 12 月"),
        ({"from": "2024-01", "to": ""}, "2024 年 1 月"),
        ("", "—"),
    ],
)
def test_cn_month_reads_what_the_form_stores(value, words):
    assert ui.cn_month(value) == words


@pytest.mark.parametrize(
    ("until", "words", "css"),
    [
        (local(2023, 7, 20, 17, 0), "还有 7 天", "due due-soon"),
        (local(2023, 7, 31, 23, 59), "还有 18 天", "due"),
        (local(2023, 7, 14, 9, 0), "明天 09:00", "due due-soon"),
        (local(2023, 7, 13, 17, 0), "今天 17:00", "due due-soon"),
        (local(2023, 7, 13, 9, 59), "今天 09:59 已过", "due due-over"),
        (local(2023, 7, 11, 17, 0), "逾期 2 天", "due due-over"),
        (date(2023, 7, 13), "今天", "due due-soon"),
    ],
)
def test_due_counts_calendar_days(until, words, css):
    assert ui.due_words(until) == (words, css)


def test_due_in_lists_shows_far_dates():
    assert ui.due_words(local(2023, 7, 20, 17, 0), by_date=True) == ("7 月 20 日", "due")
    assert ui.due_words(local(2023, 7, 15, 17, 0), by_date=True)[0] == "还有 2 天"


def test_due_renders_a_time_element():
    shown = Template("{% load ui %}{{ until|due }}").render(Context({"until": local(2023, 7, 20, 17, 0)}))

    assert shown == (
        '<time class="due due-soon" datetime="2023-07-20T17:00:00+08:00" title="2023 年 7 月 20 日 17:00">还有 7 天</time>'
    )


def test_due_without_a_deadline_is_a_dash():
    assert ui.due(None) == '<span class="due">—</span>'


def test_a_date_is_over_only_after_its_day():
    assert not ui.is_over(date(2023, 7, 13))
    assert ui.is_over(date(2023, 7, 12))
    assert ui.is_over(local(2023, 7, 13, 9, 59))


def test_wbr_name_breaks_before_the_shared_end():
    assert (
        ui.wbr_name("河西区政务服务（社会管理和公共服务）综合标准化试点")
        == "河西区政务服务<wbr>（社会管理和公共服务）综合标准化试点"
    )
    assert ui.wbr_name("综合标准化试点") == "综合标准化试点"
    assert ui.wbr_name("新泽社区综合减灾综合标准化试点", "dim") == (
        '新泽社区综合减灾<wbr><span class="dim">综合标准化试点</span>'
    )


def test_names_are_escaped():
    assert ui.wbr_name("<b>甲</b>综合标准化试点") == "&lt;b&gt;甲&lt;/b&gt;<wbr>综合标准化试点"
    assert ui.state_chip("done", "<i>") == '<span class="state" data-is="done">&lt;i&gt;</span>'


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 字节"), (1023, "1023 字节"), (38 * 1024, "38 KB"), (1_258_291, "1.2 MB"), ("?", "")],
)
def test_file_size(size, words):
    assert ui.file_size(size) == words


def test_short_code_is_eight_characters():
    assert ui.short_code("7f3a91c2d5e6") == '<span class="code">7F3A-91C2</span>'
    assert ui.short_code("") == ""


class Letter(forms.Form):
    reason = forms.CharField(label="理由", help_text="写清楚怎样改", widget=forms.Textarea)
    sure = forms.BooleanField(label="我已核对")


def test_dressed_ties_a_control_to_its_hint_and_error():
    shown = ui.dressed(Letter({})["reason"])

    assert 'aria-describedby="id_reason-hint id_reason-wrong"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'class="input"' in shown


def test_form_problems_lead_to_the_controls():
    lines = ui.form_problems(Letter({"reason": "未设置内设机构"}))

    assert [line["anchor"] for line in lines] == ["id_sure"]
    assert lines[0]["message"].startswith("我已核对：")


def test_a_long_title_breaks_around_the_programme():
    programme = "社会管理和公共服务综合标准化试点"

    assert ui.wbr_around(f"关于组织征集第十批{programme}项目的通知", programme) == (
        "关于组织征集第十批<wbr>社会管理和公共服务<wbr>综合标准化试点<wbr>项目的通知"
    )
    assert ui.wbr_around("另一个标题", programme) == "另一个标题"


def test_the_site_of_the_frame_survives_a_view_with_its_own():
    context = Context({"site": {"name": "试点申报"}})
    context.push(site="127.0.0.1:8000")

    assert ui.own_site(context) == {"name": "试点申报"}
    assert ui.own_site(Context({"site": "127.0.0.1"})) == {}
