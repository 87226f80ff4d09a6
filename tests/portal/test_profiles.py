"""The unit's profile page, the note when it changed, and starting from an earlier application."""

import pytest
from django.urls import reverse

from shidian.applications import actions
from shidian.applications.models import Application
from shidian.applications.queries import answers
from shidian.organisations import profiles
from tests import steps
from tests.portal.pages import at, signed_in, text_of

GOOD = {
    "region-province": "120000",
    "region-county": "120103",
    "region-detail": "",
    "address": "新路 2 号",
    "postcode": "300202",
    "head_name": "李负责",
    "phone": "022-27119999",
    "email": "unit@example.cn",
    "industry": "9224",
    "economic_type": "n/a",
    "business_scope": "应急救援",
}


def here(unit):
    return reverse("portal:unit-profile", kwargs={"pk": unit.pk})


def test_a_member_fills_it_in_once_and_the_history_shows_it(cast):
    client = signed_in(cast.lead_writer)

    answer = client.post(here(cast.lead), GOOD, follow=True)

    page = text_of(answer)
    assert "单位资料已保存" in page
    assert "单位地址：新路 2 号" in page
    assert "没有改动" in text_of(client.post(here(cast.lead), GOOD, follow=True))
    assert profiles.newest(cast.lead).data["industry"] == "9224"
    assert here(cast.lead) in text_of(client.get(reverse("portal:unit", kwargs={"pk": cast.lead.pk})))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"postcode": "12"}, "邮编"),
        ({"phone": "1"}, "联系电话"),
        ({"email": "x"}, "电子邮箱"),
        ({"industry": "不存在的行业"}, "所属行业"),
        ({"region-county": "999999"}, "所在地"),
        ({"address": "长" * 201}, "单位地址"),
        ({"business_scope": "长" * 2001}, "业务范围"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept_and_what_was_typed_stays(cast, wrong, words):
    answer = signed_in(cast.lead_writer).post(here(cast.lead), {**GOOD, **wrong})

    page = text_of(answer)
    assert answer.status_code == 200
    assert "错误：" in page
    assert words in page
    assert profiles.newest(cast.lead) is None
    assert "应急救援" in page or "长" in page


def test_a_draft_offers_the_newer_profile_and_takes_it(cast, call, clock_at):
    draft = actions.start(call, cast.lead, by=cast.lead_writer)
    clock_at(2023, 7, 3, 11, 0)
    client = signed_in(cast.lead_writer)
    client.post(here(cast.lead), GOOD)
    section = at("section", draft, section="lead")

    page = client.get(section)
    assert "单位资料改了" in text_of(page)
    assert "“新路 2 号”" in text_of(page)
    client.post(at("profile-taking", draft, section="lead"), {"numbers": hidden_numbers(page)})

    assert answers(draft)["lead"]["address"] == "新路 2 号"
    assert "单位资料改了" not in text_of(client.get(section))


def hidden_numbers(page):
    """What the form of the offer carries."""
    form = page.content.decode().split('/profile/"', 1)[1]
    return form.split('name="numbers" value="', 1)[1].split('"', 1)[0].replace("&quot;", '"')


@pytest.mark.parametrize("given", ["", "{", "[1]", '{"address": "1"}', '{"nothing": 1}'])
def test_numbers_that_are_none_take_nothing(cast, call, clock_at, given):
    draft = actions.start(call, cast.lead, by=cast.lead_writer)
    clock_at(2023, 7, 3, 11, 0)
    profiles.keep(cast.lead, {"address": "新路 2 号"}, by=cast.lead_head)

    answer = signed_in(cast.lead_writer).post(at("profile-taking", draft, section="lead"), {"numbers": given})

    assert answer.status_code == 302
    assert answers(draft)["lead"]["address"] == "示范路 1 号"


def test_one_starts_from_an_earlier_application_and_sees_what_came(cast, call):
    source = steps.start_filled(cast, call)
    steps.write(source, cast.lead_writer, cover__area="no/such")
    client = signed_in(cast.lead_writer)
    address = reverse("portal:call-start", kwargs={"key": call.key})
    assert source.reference in text_of(client.get(address))

    answer = client.post(address, {"unit": cast.lead.pk, "source": source.reference}, follow=True)

    draft = Application.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == at("copied", draft)
    page = text_of(answer)
    assert f"从 {source.reference} 带入了" in page
    assert "新的批次里没有这个选项" in page
    assert answers(draft)["goals"] == answers(source)["goals"]


def test_an_earlier_application_of_another_unit_is_refused_at_its_place(cast, call):
    source = steps.start_filled(cast, call)
    second = steps.make_unit("第二个单位", "11120105PDY0000477")
    steps.join(cast.lead_writer, second, "writer")
    client = signed_in(cast.lead_writer)
    address = reverse("portal:call-start", kwargs={"key": call.key})

    for unit, named in ((second.pk, source.reference), (cast.lead.pk, "TJ10-9999")):
        page = text_of(client.post(address, {"unit": unit, "source": named}))
        assert "请选择同一个单位以前的申请" in page
        assert 'href="#source"' in page
    outsider = signed_in(cast.outsider)
    assert source.reference not in text_of(outsider.get(address))
    outsider.post(address, {"unit": cast.other_unit.pk, "source": source.reference})
    assert Application.objects.count() == 1


def test_what_was_copied_is_not_there_for_an_application_that_began_empty(cast, call):
    draft = actions.start(call, cast.lead, by=cast.lead_writer)

    assert signed_in(cast.lead_writer).get(at("copied", draft)).status_code == 404
