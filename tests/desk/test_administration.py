"""System administration: people, units, accounts. No application is ever shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from shidian.accounts.actions import deactivate, reactivate
from shidian.accounts.models import User
from shidian.audit.queries import timeline
from shidian.core.errors import NotNow, NotPermitted
from shidian.organisations.models import Officer
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of

PAGES: tuple[tuple[str, bool], ...] = (
    ("administration", False),
    ("office", True),
    ("dismissal", True),
    ("units", False),
    ("unit", True),
    ("accounts", False),
    ("account", True),
    ("deactivation", True),
    ("reactivation", True),
    ("auditors", False),
)


def address(cast: steps.Cast, name: str) -> str:
    given: dict[str, Any] = {
        "office": cast.heping.key,
        "dismissal": Officer.objects.filter(office=cast.heping).values_list("pk", flat=True).first(),
        "unit": cast.lead.pk,
        "account": cast.expert.pk,
        "deactivation": cast.expert.pk,
        "reactivation": cast.expert.pk,
    }
    return reverse(f"desk:{name}", args=[given[name]] if name in given else [])


def test_what_an_office_lacks_is_named(cast: steps.Cast) -> None:
    rows = signed_in(cast.administrator).get(reverse("desk:administration")).context["rows"]
    lacks = {row["office"].pk: row["lacks"] for row in rows}
    assert lacks[cast.heping.pk] == ""
    assert lacks[cast.other_district.pk] == "没有审批人，清单不能审批"
    assert lacks[cast.sector.pk] == "经办人和审批人是同一人，清单不能审批"
    assert lacks[cast.institute.pk] == ""
    assert "还没有人员" in lacks.values()


def test_a_person_is_appointed_with_a_link_to_hand_over(cast: steps.Cast) -> None:
    answer = signed_in(cast.administrator).post(
        address(cast, "office"),
        {"name": "周新人", "email": "Zhou@Example.cn", "role": "handler"},
        follow=True,
    )
    officer = Officer.objects.get(user__email="zhou@example.cn")
    assert (officer.office, officer.role) == (cast.heping, "handler")
    assert "/invitation/" in source_of(answer)
    assert "任命 周新人 为经办人" in text_of(answer)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "email": "a@example.cn", "role": "handler"}, "请写姓名"),
        ({"name": "某人", "email": "不是邮箱", "role": "handler"}, "邮箱的写法不对"),
        ({"name": "某人", "email": "a@example.cn"}, "请选择岗位"),
        ({"name": "某人", "email": "a@example.cn", "role": "king"}, "请选择岗位"),
        ({}, "请写电子邮箱"),
    ],
)
def test_wrong_appointments_are_told(cast: steps.Cast, given: dict[str, str], words: str) -> None:
    answer = signed_in(cast.administrator).post(address(cast, "office"), given)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "<title>错误：" in source_of(answer)


def test_a_person_is_dismissed(cast: steps.Cast) -> None:
    client = signed_in(cast.administrator)
    officer = Officer.objects.get(user=cast.heping_approver)
    link = reverse("desk:dismissal", args=(officer.pk,))
    assert "以前办过的事仍记在其名下" in text_of(client.get(link))
    client.post(link)
    assert not Officer.objects.filter(pk=officer.pk).exists()
    assert signed_in(cast.heping_approver).get(reverse("desk:home")).status_code == 404


def test_units_that_wait_show_the_link_for_their_head(cast: steps.Cast) -> None:
    client = signed_in(cast.administrator)
    assert "没有等确认的单位" in text_of(client.get(reverse("desk:units")))
    unit = steps.make_unit("天津市示范养老院", "PDY000179", state="pending")
    steps.join(steps.make_user("qian", "钱经办"), unit, "writer")
    steps.join(steps.make_user("sun", "孙负责"), unit, "head")

    page = text_of(client.get(reverse("desk:units")))
    assert "天津市示范养老院" in page
    assert "钱经办" in page
    link = reverse("desk:unit", args=(unit.pk,))
    assert f"/units/{unit.pk}/confirm/" in source_of(client.get(link))
    client.post(link)
    assert timeline(unit.chain).first().name == "organisation.head_asked"


def test_a_confirmed_unit_has_no_link(cast: steps.Cast) -> None:
    page = source_of(signed_in(cast.administrator).get(address(cast, "unit")))
    assert "/confirm/" not in page


def test_accounts_are_found_by_name_address_and_kind(cast: steps.Cast) -> None:
    client = signed_in(cast.administrator)

    def names(**query: str) -> list[str]:
        return [row["user"].name for row in client.get(reverse("desk:accounts"), query).context["rows"]]

    assert names(q="赵审批") == ["赵审批"]
    assert set(names(q="handler@")) == {"张经办", "河东经办"}
    assert names(show="auditors") == ["审计员"]
    assert names(show="inactive") == []
    assert "没有符合条件的账号" in text_of(client.get(reverse("desk:accounts"), {"q": "查无此人"}))


def test_an_account_is_closed_and_opened_again(cast: steps.Cast) -> None:
    client, victim = signed_in(cast.administrator), signed_in(cast.heping_handler)
    assert victim.get(reverse("desk:home")).status_code == 200
    client.post(reverse("desk:deactivation", args=(cast.heping_handler.pk,)))
    assert victim.get(reverse("desk:home")).status_code == 302
    assert not User.objects.get(pk=cast.heping_handler.pk).is_active

    client.post(reverse("desk:reactivation", args=(cast.heping_handler.pk,)))
    assert User.objects.get(pk=cast.heping_handler.pk).is_active
    names = list(timeline(cast.heping_handler.chain).values_list("name", flat=True))
    assert names[:2] == ["user.reactivated", "user.deactivated"]


def test_an_administrator_always_remains(cast: steps.Cast) -> None:
    client = signed_in(cast.administrator)
    link = reverse("desk:deactivation", args=(cast.administrator.pk,))
    assert "不能停用自己的账号" in text_of(client.get(link))
    assert client.post(link).status_code == 409
    assert User.objects.get(pk=cast.administrator.pk).is_active


def test_only_administrators_close_accounts(cast: steps.Cast) -> None:
    for verb in (deactivate, reactivate):
        with pytest.raises(NotPermitted):
            verb(cast.expert, by=cast.auditor)
    with pytest.raises(NotNow):
        reactivate(cast.expert, by=cast.administrator)
    deactivate(cast.expert, by=cast.administrator)
    with pytest.raises(NotNow):
        deactivate(cast.expert, by=cast.administrator)


def test_an_auditor_is_appointed_but_never_an_administrator(cast: steps.Cast) -> None:
    client = signed_in(cast.administrator)
    link = reverse("desk:auditors")
    client.post(link, {"name": "吴审计", "email": "wu@example.cn"})
    assert User.objects.get(email="wu@example.cn").is_auditor
    answer = client.post(link, {"name": "系统管理员", "email": cast.administrator.email})
    assert answer.status_code == 422
    assert "系统管理员不能兼任审计员" in text_of(answer)


@pytest.mark.parametrize(("name", "_has"), PAGES)
def test_everybody_else_gets_404(cast: steps.Cast, name: str, _has: bool) -> None:
    link = address(cast, name)
    assert signed_in(cast.administrator).get(link).status_code == 200
    for user in (cast.heping_handler, cast.auditor, cast.lead_head, cast.outsider):
        assert signed_in(user).get(link).status_code == 404
        assert signed_in(user).post(link).status_code in (404, 405)
