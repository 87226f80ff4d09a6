"""Where an officer begins: counts that add up, and the one next step by role and state."""

from __future__ import annotations

from django.urls import reverse

from shidian.calls.models import Call
from shidian.dispatch import actions as dispatch
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of


def home(user: object) -> str:
    return text_of(signed_in(user).get(reverse("desk:home")))


def test_an_empty_desk_says_so(cast: steps.Cast) -> None:
    page = home(cast.heping_handler)
    assert "还没有收到申请" in page
    assert "0 ＋ 0 ＋ 0 ＋ 0 ＋ 0 ＋ 0 ＝ 0" in page


def test_what_arrived_is_the_handlers_turn(cast: steps.Cast, call: Call) -> None:
    steps.lodged(cast, call)
    assert "有 1 件申请等着审查" in home(cast.heping_handler)
    assert "经办人正在审查 1 件申请" in home(cast.heping_approver)


def test_each_step_of_a_list_goes_to_whose_turn_it_is(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    assert "有 1 件可以列入清单" in home(cast.heping_handler)

    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    assert f"清单 {listed.reference} 等您审批" in home(cast.heping_approver)
    assert "清单已提交，等审批人审批" in home(cast.heping_handler)

    dispatch.confirm(listed, by=cast.heping_approver)
    assert "打印、盖章，再上传扫描件" in home(cast.heping_handler)


def test_new_arrivals_come_before_a_list_that_waits_for_another(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    dispatch.propose(call, cast.heping, by=cast.heping_handler)
    steps.lodged(cast, call)
    assert "有 1 件申请等着审查" in home(cast.heping_handler)


def test_the_registry_hears_what_is_missing(cast: steps.Cast, call: Call) -> None:
    assert "还没有清单报送来" in home(cast.institute_clerk)
    steps.dispatched(cast, call)
    assert "有 1 件申请的材料还没有到齐" in home(cast.institute_clerk)


def test_the_commission_finds_the_board(cast: steps.Cast, call: Call) -> None:
    page = source_of(signed_in(cast.commission_officer).get(reverse("desk:home")))
    assert reverse("desk:overview", args=(call.key,)) in page
    district = source_of(signed_in(cast.heping_handler).get(reverse("desk:home")))
    assert reverse("desk:overview", args=(call.key,)) not in district


def test_strangers_get_404_and_visitors_sign_in(cast: steps.Cast) -> None:
    for user in (cast.outsider, cast.lead_writer, cast.expert, cast.administrator):
        assert signed_in(user).get(reverse("desk:home")).status_code == 404
    from django.test import Client

    assert Client().get(reverse("desk:home")).status_code == 302
