"""One's list, starting, the overview in every state, and the history."""

import pytest
from django.urls import reverse

from shidian.applications import actions
from shidian.applications.models import Application
from shidian.reviews import actions as reviews
from tests import steps
from tests.portal.pages import at, signed_in, text_of


def start(client, call, **data):
    return client.post(reverse("portal:call-start", kwargs={"key": call.key}), data)


def test_an_application_is_started_for_a_chosen_unit(cast, call):
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(reverse("portal:call-start", kwargs={"key": call.key})))
    answer = start(client, call, unit=str(cast.lead.pk))

    assert "法人登记证书" in page
    application = Application.objects.get()
    assert answer.url == at("application", application)
    assert "TJ10-0001" in text_of(client.get(reverse("portal:applications")))


def test_starting_needs_a_unit_of_ones_own(cast, call):
    client = signed_in(cast.lead_writer)

    for unit in ("", "x", str(cast.other_unit.pk)):
        page = start(client, call, unit=unit)
        assert page.status_code == 200
        assert "请选择由哪个单位申请" in text_of(page)
    assert not Application.objects.exists()


def test_starting_after_the_window_tells_why(cast, call, clock_at):
    clock_at(2023, 7, 25, 9, 0)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(reverse("portal:call-start", kwargs={"key": call.key})))
    refused = start(client, call, unit=str(cast.lead.pk))

    assert 'aria-disabled="true"' in page
    assert "已经截止" in page
    assert "已经截止" in text_of(refused)
    assert not Application.objects.exists()


def test_an_unknown_call_is_404(cast):
    assert signed_in(cast.lead_writer).get("/calls/nothing/start/").status_code == 404


def test_who_belongs_to_no_unit_is_led_to_registering(cast):
    assert "注册单位" in text_of(signed_in(cast.expert).get(reverse("portal:applications")))


def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def returned(cast, call):
    application = steps.judged(cast, call)
    reviews.return_for_correction(
        application, by=cast.heping_handler, reasons=[reviews.Said("请写全称", "cover")]
    )
    return application


def declined(cast, call):
    application = steps.judged(cast, call)
    reviews.decline(application, by=cast.heping_handler, reasons=[reviews.Said("不属于重点领域")])
    return application


def withdrawn(cast, call):
    application = draft(cast, call)
    actions.withdraw(application, by=cast.lead_writer, reason="不报了")
    return application


def reopened(cast, call):
    application = steps.signed(cast, call)
    actions.reopen(application, by=cast.lead_writer, reason="改计划")
    return application


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (draft, ["继续填写：封面", "还有 21 天"]),
        (steps.start_filled, ["各部分都填完了", "检查并冻结"]),
        (steps.frozen, ["填写对方邮箱，寄会签链接", "3 家中 0 家已同意", "以后再签"]),
        (steps.signed, ["各单位都已同意，可以递交", "递交申请"]),
        (steps.lodged, ["等待天津市和平区市场监督管理局审查", "看回执"]),
        (returned, ["按退回意见修改", "请写全称", "沿用", "补正期限", "过期仍可以交回"]),
        (declined, ["不予推荐", "不属于重点领域"]),
        (steps.recommended, ["局已推荐，等待报送"]),
        (withdrawn, ["申请已撤回"]),
        (reopened, ["沿用", "会签已失效"]),
    ],
)
def test_the_overview_says_whose_turn_it_is_and_what_comes_next(cast, call, make, words):
    application = make(cast, call)

    page = text_of(signed_in(cast.lead_writer).get(at("application", application)))

    for word in words:
        assert word in page, word
    assert page.count("button-main") <= 1


def test_later_stages_are_shown_too(cast, call):
    application, _ = steps.nominated(cast, call)

    page = text_of(signed_in(cast.lead_writer).get(at("application", application)))

    assert "已报送国家" in page
    assert "5 家中 5 家" not in page
    assert page.count("is-past") == 4


def test_the_history_is_in_words(cast, call):
    application = reopened(cast, call)

    page = text_of(signed_in(cast.lead_writer).get(at("history", application)))

    assert "承担单位“和平区示范应急服务中心”同意 v1，签名 和平区示范应急服务中心负责人，2023-07-03" in page
    assert "重新打开修改，v1 的会签失效：改计划" in page
    assert "application." not in page.split("<main>")[1]
    assert "signoff." not in page.split("<main>")[1]
