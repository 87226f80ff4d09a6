"""The page on which more time is given."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shidian.calls.models import Call, Extension
from tests import steps

FORM = {
    "what": "district.hand_in", "whom": "all", "office": "", "unit": "", "day": "2023年7月28日", "clock": "17：00",
    "reason": "机房停电",
}  # fmt: skip


@pytest.fixture
def city(client: Client, cast: steps.Cast) -> Client:
    client.force_login(cast.commission_officer)
    return client


def post(client: Client, call: Call, **more: str) -> Any:
    return client.post(reverse("desk:deadlines", args=(call.key,)), FORM | more)


def test_time_for_everybody_is_shown_to_the_public(city: Client, call: Call) -> None:
    answer = post(city, call)

    assert answer.status_code == 302
    page = Client().get(reverse("public:call", args=(call.key,))).content.decode()
    assert "机房停电" in page and "2023 年 7 月 28 日 17:00" in page


def test_time_for_a_unit_is_not(city: Client, cast: steps.Cast, call: Call) -> None:
    assert post(city, call, whom="unit", unit=cast.lead.code.lower()).status_code == 302

    assert Extension.objects.get().lead == cast.lead
    assert "机房停电" not in Client().get(reverse("public:call", args=(call.key,))).content.decode()
    application = steps.start_filled(cast, call)
    city.force_login(cast.lead_writer)
    page = city.get(reverse("portal:application", args=(application.reference,))).content.decode()
    assert "7 月 28 日 17:00" in page and "机房停电" in page


def test_time_for_an_office(city: Client, cast: steps.Cast, call: Call) -> None:
    assert post(city, call, whom="office", office=cast.heping.key).status_code == 302

    assert Extension.objects.get().office == cast.heping
    assert cast.heping.short in Client().get(reverse("public:call", args=(call.key,))).content.decode()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"day": "明天"}, "延到哪一天："),
        ({"clock": "25:00"}, "看不出是几点"),
        ({"whom": "office"}, "请选择机构"),
        ({"whom": "unit"}, "请写承担单位的代码或者全称"),
        ({"whom": "unit", "unit": "没有的单位"}, "没有找到这个已注册的单位"),
        (
            {"whom": "unit", "unit": "和平区示范应急服务中心", "what": "district.dispatch"},
            "不能只给一个承担单位延期",
        ),
        ({"reason": ""}, "请写明理由"),
        ({"day": "2023-07-20"}, "要延得更晚"),
        ({"what": "x"}, "请选择要延的期限"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_what_was_typed_stays(
    city: Client, call: Call, more: dict[str, str], words: str
) -> None:
    answer = post(city, call, **more)

    page = answer.content.decode()
    assert answer.status_code == 422 and words in page
    assert (FORM | more)["day"] in page
    assert not Extension.objects.exists()


def test_it_is_taken_back_with_a_reason(city: Client, call: Call) -> None:
    post(city, call)
    there = reverse("desk:extension-taking-back", args=(call.key, Extension.objects.get().pk))

    assert "从现在起按原来的期限" in city.get(there).content.decode()
    assert city.post(there, {"reason": "供电恢复"}).status_code == 302

    assert Call.objects.get(pk=call.pk).extensions == []
    assert "已收回，或者已被后来的延期取代" in city.get(there).content.decode()


def test_others_see_it_and_are_told_who_decides(client: Client, cast: steps.Cast, call: Call) -> None:
    client.force_login(cast.heping_handler)

    page = client.get(reverse("desk:deadlines", args=(call.key,))).content.decode()

    assert "延期由市市场监管委决定" in page and "还没有延过期" in page
    assert post(client, call).status_code == 200
    assert not Extension.objects.exists()
