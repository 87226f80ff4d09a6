"""The pages of a one-time link: what they show, what they hide, and that nothing of their secrets leaks."""

from __future__ import annotations

import io
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.core import clock
from shidian.signoffs import links
from shidian.signoffs.models import Link, LinkStep, Party, Signature
from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of

RIGHT = {
    "do": "decide",
    "decision": "agree",
    "signatory": "周区长",
    "capacity": "副区长",
    "opinion": "",
    "place": "",
    "read": "on",
}


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


def party_of(application: Application, role: str = "guarantor") -> Party:
    round_ = round_of(application)
    assert round_ is not None
    return Party.objects.select_related("round__version").get(round=round_, role=role)


def opening(token: str) -> str:
    return f"{reverse('portal:sign-open')}{token}/"


def page_of(link: Link, name: str = "sign", **more: Any) -> str:
    return reverse(f"portal:{name}", kwargs={"key": link.key, **more})


def opened(token: str) -> Client:
    client = Client()
    client.get(opening(token))
    return client


def proven(application: Application, cast: steps.Cast, role: str = "guarantor") -> tuple[Client, Link]:
    """A browser that opened the letter and gave the code."""
    link, token = steps.send_link(application, party_of(application, role), cast.lead_writer)
    client = opened(token)
    client.post(page_of(link), {"do": "send"})
    client.post(page_of(link), {"do": "code", "code": steps.letter_with(r"验证码是：(\d{6})")})
    return client, link


def test_the_token_is_exchanged_for_a_cookie_of_that_link_and_out_of_the_address(
    cast: steps.Cast, application: Application
) -> None:
    link, token = steps.send_link(application, party_of(application), cast.lead_writer)
    client = Client()

    answer = client.get(opening(token))

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(link))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.cookies[f"shidian_sign_{link.pk}"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (page_of(link), True, "Lax")
    assert token not in cookie.value
    page = client.get(page_of(link))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    # To other sites nothing is told; the own one needs the origin of a post (decision 17).
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert token not in text_of(page)
    assert "发验证码" in text_of(page)
    assert "另寄一封邮件到收到链接的同一个邮箱" in text_of(page)


def test_before_the_code_nothing_of_the_application_is_shown(
    cast: steps.Cast, application: Application
) -> None:
    link, token = steps.send_link(application, party_of(application), cast.lead_writer)
    client = opened(token)

    assert application.name not in text_of(client.get(page_of(link)))
    assert application.name not in text_of(client.post(page_of(link), RIGHT))
    assert client.get(page_of(link, "sign-form")).status_code == 404
    assert client.get(page_of(link, "sign-file", number=1)).status_code == 404
    assert not Signature.objects.exists()


def test_exactly_the_scope_is_shown_and_the_decision_taken(
    cast: steps.Cast, application: Application
) -> None:
    client, link = proven(application, cast)

    page = text_of(client.get(page_of(link)))
    for title in ("试点预期实现工作目标", "经费保障情况", "试点名称"):
        assert title in page
    for title in ("承担单位基本信息", "基本条件", "证明材料</h2>"):
        assert title not in page
    assert "贵单位的同意涵盖下面列出的内容" in page
    pdf = client.get(page_of(link, "sign-form"))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    # What it does not vouch for is not handed out.
    assert client.get(page_of(link, "sign-file", number=1)).status_code == 404

    answer = client.post(page_of(link), RIGHT)

    signature = Signature.objects.get()
    assert (signature.decision, signature.means, signature.signatory) == ("agree", "screen", "周区长")
    receipt = text_of(client.get(answer.headers["Location"]))
    assert f"{application.reference}-Y{signature.pk}" in receipt
    assert signature.digest in receipt
    statement = client.get(page_of(link, "sign-statement"))
    assert b"".join(statement.streaming_content).startswith(b"%PDF")
    board = text_of(signed_in(cast.lead_writer).get(at("application", application)))
    assert "在线表态，周区长（副区长）" in board
    assert "看意见单" in board
    shown = signed_in(cast.lead_writer).get(at("scan", application, signature=signature.pk))
    assert b"".join(shown.streaming_content).startswith(b"%PDF")


def test_what_changed_since_the_last_opinion_is_marked_within_the_scope_only(
    cast: steps.Cast, application: Application
) -> None:
    steps.sign_by_link(application, party_of(application), cast.lead_writer)
    applications.reopen(application, by=cast.lead_writer, reason="修改")
    steps.write(
        application, cast.lead_writer, funding__sources="区财政另行安排经费。", lead__address="新址 1 号"
    )
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    client, link = proven(application, cast)

    page = text_of(client.get(page_of(link)))

    assert "对 v1 表示过“同意”，以后改动了：" in page
    assert "<ins>区财政另行安排" in page
    assert "新址" not in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"decision": ""}, "请选择“意见”"),
        ({"decision": "maybe"}, "请选择“同意”“不同意”或者“退回修改”"),
        ({"signatory": ""}, "请填写“签署人姓名”"),
        ({"capacity": ""}, "请填写“职务”"),
        ({"read": ""}, "勾选有权代表"),
        ({"decision": "return"}, "请在“意见内容”里写明理由"),
        ({"opinion": "长" * 2001}, "不能超过 2000 个字"),
        ({"place": "lead.unit_name"}, "lead.unit_name"),
        ({"signatory": "周\ue123"}, "\ue123"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    cast: steps.Cast, application: Application, changed: dict[str, str], words: str
) -> None:
    client, link = proven(application, cast)

    page = client.post(page_of(link), {**RIGHT, "capacity": "副区长某", **changed})

    assert title_of(page).startswith("错误：")
    assert words in text_of(page)
    assert changed.get("capacity") == "" or 'value="副区长某"' in text_of(page)
    assert not Signature.objects.exists()


def test_a_place_of_the_scope_goes_to_the_lead_with_the_reason(
    cast: steps.Cast, application: Application, django_capture_on_commit_callbacks: Any
) -> None:
    client, link = proven(application, cast)
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            page_of(link),
            {**RIGHT, "decision": "return", "opinion": "经费来源请写清楚。", "place": "funding.sources"},
        )

    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {cast.lead_writer.email, cast.lead_head.email}
    letter = letters[cast.lead_writer.email]
    assert "经费来源请写清楚。" in letter.body
    assert "要修改的地方：经费来源" in letter.body
    assert "周区长" not in letter.subject
    board = text_of(signed_in(cast.lead_writer).get(at("application", application)))
    assert "要改的地方：" in board
    assert "#f-sources" in board


# Attacks


def test_a_replayed_post_is_refused(cast: steps.Cast, application: Application) -> None:
    client, link = proven(application, cast)
    client.post(page_of(link), {**RIGHT, "decision": "disagree", "opinion": "不同意。"})

    again = client.post(page_of(link), RIGHT)

    assert "意见已记下" in text_of(again)
    assert [row.decision for row in Signature.objects.all()] == ["disagree"]


def test_the_link_of_another_party_opens_nothing_here(cast: steps.Cast, application: Application) -> None:
    client, _ = proven(application, cast)
    other, _ = steps.send_link(
        application, party_of(application, "guidance"), cast.lead_writer, "b@unit.example"
    )

    answer = client.post(page_of(other), RIGHT)

    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("portal:sign-over"))
    assert not Signature.objects.exists()


def test_a_cookie_of_one_link_does_not_serve_for_another(cast: steps.Cast, application: Application) -> None:
    client, link = proven(application, cast)
    other, _ = steps.send_link(
        application, party_of(application, "guidance"), cast.lead_writer, "b@unit.example"
    )
    forged = Client()
    forged.cookies[f"shidian_sign_{other.pk}"] = client.cookies[f"shidian_sign_{link.pk}"].value

    assert forged.post(page_of(other), RIGHT).status_code == 302
    forged.cookies[f"shidian_sign_{other.pk}"] = f"[{other.pk}, 1]:made:up"
    assert forged.post(page_of(other), RIGHT).status_code == 302
    assert not Signature.objects.exists()


def test_an_expired_and_a_revoked_link_say_so(cast: steps.Cast, application: Application) -> None:
    client, link = proven(application, cast)
    with clock.at(clock.now() + timedelta(days=7)):
        fresh = opened(steps.letter_with(r"/sign/open/([\w-]+)/"))
        page = fresh.get(page_of(link))
        assert page.status_code == 410
        assert "链接已过期" in text_of(page)
    signing.revoke_link(application, link, by=cast.lead_writer)

    page = client.post(page_of(link), RIGHT)

    assert page.status_code == 410
    assert "链接已作废" in text_of(page)
    assert not Signature.objects.exists()


def test_a_link_of_a_replaced_version_leads_to_the_letter_of_the_new_one(
    cast: steps.Cast, application: Application
) -> None:
    client, link = proven(application, cast)
    applications.reopen(application, by=cast.lead_writer, reason="修改")
    assert "版本已被取代" in text_of(client.post(page_of(link), RIGHT))
    steps.write(application, cast.lead_writer, funding__sources="区财政另行安排经费。")
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    signing.send_link(application, party_of(application), by=cast.lead_writer)

    page = text_of(client.get(page_of(link)))

    assert "新的一版（v2）" in page
    assert "s***@unit.example" in page


def test_a_guessed_code_opens_nothing(cast: steps.Cast, application: Application) -> None:
    link, token = steps.send_link(application, party_of(application), cast.lead_writer)
    client = opened(token)
    client.post(page_of(link), {"do": "send"})
    right = steps.letter_with(r"验证码是：(\d{6})")
    for number in range(1, 6):
        guess = f"{(int(right) + number) % 10**6:06d}"
        page = client.post(page_of(link), {"do": "code", "code": guess})
        assert "验证码不对" in text_of(page)

    page = client.post(page_of(link), {"do": "code", "code": right})

    assert "不能再用，请重新要一个" in text_of(page)
    assert not LinkStep.objects.filter(kind="code_right").exists()


def test_an_unknown_token_and_an_unopened_page_lead_to_the_same_place(
    cast: steps.Cast, application: Application
) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)

    assert Client().get(opening("x" * 43)).headers["Location"] == reverse("portal:sign-over")
    assert Client().get(page_of(link)).headers["Location"] == reverse("portal:sign-over")
    assert Client().get(reverse("portal:sign", kwargs={"key": "nowhere"})).status_code == 404


def test_neither_token_nor_code_stands_in_logs_letters_to_others_or_error_mails(
    cast: steps.Cast,
    application: Application,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    link, token = steps.send_link(application, party_of(application), cast.lead_writer)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    client = Client(raise_request_exception=False)
    try:
        with override_settings(ADMINS=[("管理", "admin@example.cn")]), monkeypatch.context() as broken:
            client.get(opening(token))
            client.get(opening(f"{token}x"))
            client.post(opening(token))
            client.get(f"{opening(token)}more/")
            client.get(opening(token).rstrip("/"))
            assert Client(enforce_csrf_checks=True).post(opening(token)).status_code == 403
            client.post(page_of(link), {"do": "send"})
            code = steps.letter_with(r"验证码是：(\d{6})")
            mail.outbox.clear()
            broken.setattr(links, "LinkStep", None)
            assert client.get(opening(token)).status_code == 500
            assert client.post(page_of(link), {"do": "code", "code": code}).status_code == 500
    finally:
        logging.getLogger().removeHandler(handler)
    said = stream.getvalue() + caplog.text
    reports = [letter for letter in mail.outbox if letter.to == ["admin@example.cn"]]

    assert "Internal Server Error" in said
    assert reports
    for report in reports:
        said += report.body + "".join(str(part) for part in report.alternatives)
    assert token not in said
    assert code not in said


def test_what_was_typed_survives_when_the_proof_grew_old(cast: steps.Cast, application: Application) -> None:
    client, link = proven(application, cast)
    with clock.at(clock.now() + timedelta(hours=3)):
        page = client.post(page_of(link), {**RIGHT, "decision": "return", "opinion": "请改经费。"})
        assert "刚才填写的都还在" in text_of(page)
        kept = {"decision": "return", "opinion": "请改经费。", "signatory": "周区长", "capacity": "副区长"}
        client.post(page_of(link), {"do": "send", **kept})
        code = steps.letter_with(r"验证码是：(\d{6})")
        page = client.post(page_of(link), {"do": "code", "code": code, **kept})
        assert "请改经费。</textarea>" in text_of(page)
        assert 'value="周区长"' in text_of(page)
        client.post(page_of(link), {**RIGHT, **kept})

    assert Signature.objects.get().opinion == "请改经费。"


# What the lead arranges


def test_the_lead_gives_an_address_sends_reminds_and_revokes(
    cast: steps.Cast, application: Application
) -> None:
    lead = signed_in(cast.lead_writer)
    party = party_of(application)
    address = at("party", application, party=party.pk)

    lead.post(
        address,
        {"do": "contact", "email": "sign@unit.example", "name": "周伟", "mobile": "", "second_email": ""},
    )
    lead.post(address, {"do": "send"})
    board = text_of(lead.get(at("application", application)))
    assert (
        "链接寄往 s***@unit.example，验证码走同一邮箱的另一封邮件，7 月 3 日起等候，链接已寄出，7 月 10 日前有效"
        in board
    )
    lead.post(address, {"do": "remind"})
    assert mail.outbox[-1].subject == "提醒：请出具会签意见"
    assert "没有办：" in text_of(lead.post(address, {"do": "remind"}))
    lead.post(address, {"do": "revoke", "back": "board"})
    page = text_of(lead.get(address))

    assert "链接已作废" in page
    assert living_of(party) is None


def living_of(party: Party) -> Any:
    from shidian.signoffs.queries import living

    return living(party)


def test_a_wrong_address_is_named_and_what_was_typed_stays(
    cast: steps.Cast, application: Application
) -> None:
    page = signed_in(cast.lead_writer).post(
        at("party", application, party=party_of(application).pk),
        {"do": "contact", "email": "zhou", "name": "周伟", "mobile": "1", "second_email": ""},
    )

    assert title_of(page).startswith("错误：")
    assert "缺少“@”" in text_of(page)
    assert "请填 11 位手机号" in text_of(page)
    assert 'value="周伟"' in text_of(page)


def test_a_mandate_is_kept_with_its_file_and_named_by_the_signature(
    cast: steps.Cast, application: Application
) -> None:
    lead = signed_in(cast.lead_writer)
    address = at("party", application, party=party_of(application).pk)
    file = io.BytesIO(steps.pdf_bytes())
    file.name = "委托书.pdf"
    told = {
        "do": "mandate",
        "delegate": "郑科长",
        "given_by": "周区长",
        "since": "2023-07-01",
        "until": "2023-06-01",
    }

    page = lead.post(address, {**told, "scan": file})
    assert "截止日期不能早于" in text_of(page)
    assert "文件已经收下：" in text_of(page)
    from tests.portal.pages import hidden

    lead.post(address, {**told, "until": "2023-07-31", "kept": hidden(page, "kept")})
    client, link = proven(application, cast)
    assert "周区长委托郑科长签名" in text_of(client.get(page_of(link)))
    client.post(page_of(link), {**RIGHT, "signatory": "郑科长"})

    signature = Signature.objects.get()
    assert signature.mandate is not None
    assert lead.get(at("mandate", application, mandate=signature.mandate.pk)).status_code == 200
    assert "郑科长（副区长），受周区长委托" in text_of(lead.get(at("application", application)))


def test_a_mandate_is_taken_back_on_the_page_of_the_party(cast: steps.Cast, application: Application) -> None:
    lead = signed_in(cast.lead_writer)
    party = party_of(application)
    mandate = signing.give_mandate(
        application, party, delegate="郑科长", given_by="周区长", since=date(2023, 7, 1),
        until=date(2023, 7, 31), file=steps.scan(cast.lead_writer), by=cast.lead_writer,
    )  # fmt: skip
    address = at("party", application, party=party.pk)
    told = {"do": "end", "mandate": mandate.pk, "from_day": "2023-07-03", "reason": ""}

    page = lead.post(address, told)
    assert title_of(page).startswith("错误：")
    assert 'value="2023-07-03"' in text_of(page)
    page = lead.post(address, {**told, "reason": "人员调整"}, follow=True)

    assert "起收回：人员调整" in text_of(page)
    assert "收回委托" not in text_of(page)


# By an account


@pytest.fixture
def head(cast: steps.Cast, call: Call) -> Any:
    """The head of a registered unit that is a partner of the application."""
    unit = steps.make_unit("和平区示范伙伴中心", "12120101PDY000036T")
    user = steps.make_user("partner-head", "郑负责")
    steps.join(user, unit, "head")
    return user


def with_partner(cast: steps.Cast, call: Call) -> Application:
    application = steps.start_filled(cast, call)
    rows = [
        {
            "name": "和平区示范伙伴中心",
            "code": "12120101PDY000036T",
            "contact": "郑某",
            "phone": "13800000001",
        }
    ]
    steps.write(application, cast.lead_writer, parties__partners=rows)
    applications.freeze(application, by=cast.lead_writer)
    return steps.fresh(application)


def test_the_head_of_a_partner_unit_signs_with_its_account(cast: steps.Cast, call: Call, head: Any) -> None:
    application = with_partner(cast, call)
    party = party_of(application, "partner")
    client = signed_in(head)
    address = reverse("portal:sign-off", kwargs={"party": party.pk})

    assert address in text_of(client.get(reverse("portal:applications")))
    assert "意见以这个姓名记下" in text_of(client.get(address))
    client.post(address, {key: value for key, value in RIGHT.items() if key != "signatory"})

    signature = Signature.objects.get()
    assert (signature.means, signature.signatory, signature.recorded_by) == ("screen", "郑负责", head)
    assert "意见已记下" in text_of(client.get(address))
    assert client.get(f"{address}statement.pdf").status_code == 200
    assert client.get(f"{address}form.pdf").status_code == 200
    assert address not in text_of(client.get(reverse("portal:applications")))


def test_nobody_else_signs_for_that_unit(cast: steps.Cast, call: Call, head: Any) -> None:
    application = with_partner(cast, call)
    address = reverse("portal:sign-off", kwargs={"party": party_of(application, "partner").pk})

    for user in (cast.lead_head, cast.lead_writer, cast.outsider, cast.administrator, cast.auditor):
        assert signed_in(user).post(address, RIGHT).status_code == 404
    guarantor = reverse("portal:sign-off", kwargs={"party": party_of(application).pk})
    assert signed_in(head).get(guarantor).status_code == 404
    assert not Signature.objects.exists()


def test_contacts_are_suggested_from_the_form(cast: steps.Cast, call: Call) -> None:
    application = with_partner(cast, call)

    page = text_of(
        signed_in(cast.lead_writer).get(at("party", application, party=party_of(application, "partner").pk))
    )

    assert 'value="郑某"' in page
    assert 'value="13800000001"' in page


def test_the_boards_of_all_applications_stand_on_one_page(cast: steps.Cast, application: Application) -> None:
    response: HttpResponse = signed_in(cast.lead_writer).get(reverse("portal:sign-offs"))

    assert application.reference in text_of(response)
    assert "链接和委托" in text_of(response)
    assert "没有在会签的申请" in text_of(signed_in(cast.outsider).get(reverse("portal:sign-offs")))


def both(application: Application, cast: steps.Cast, **more: str) -> tuple[Client, Link, Link]:
    """Two roles by one address: the first one proved in a browser, the second one sent."""
    client, link = proven(application, cast)
    signing.give_contact(
        application,
        party_of(application, "guidance"),
        email=link.contact.email,
        by=cast.lead_writer,
        **more,
    )
    other = signing.send_link(application, party_of(application, "guidance"), by=cast.lead_writer)
    return client, link, Link.objects.get(pk=other.pk)


def test_one_address_with_two_roles_is_led_from_one_link_to_the_next_and_signs_twice(
    cast: steps.Cast, application: Application, call: Call
) -> None:
    client, link, other = both(application, cast)
    label = party_of(application, "guidance").label
    assert "这个邮箱还有 1 个等着表态的链接" in text_of(client.get(page_of(link)))
    client.post(page_of(link), RIGHT)

    receipt = text_of(client.get(page_of(link)))
    assert "接着办：" in receipt and label in receipt
    answer = client.post(page_of(link, "sign-beside", other=other.key))

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(other))
    # As if its letter had been opened: without its own code it shows and takes nothing.
    assert application.name not in text_of(client.get(page_of(other)))
    client.post(page_of(other), RIGHT)
    assert Signature.objects.count() == 1
    client.post(page_of(other), {"do": "send"})
    client.post(page_of(other), {"do": "code", "code": steps.letter_with(r"验证码是：(\d{6})")})
    client.post(page_of(other), {**RIGHT, "signatory": "另一人"})
    assert sorted(row.party.role for row in Signature.objects.all()) == ["guarantor", "guidance"]
    assert "接着办：" not in text_of(client.get(page_of(other)))


def test_nothing_of_another_link_is_told_or_opened_without_the_code_or_for_another_place(
    cast: steps.Cast, application: Application
) -> None:
    client, link, other = both(application, cast)
    label = party_of(application, "guidance").label
    token = steps.letter_with(r"/sign/open/([\w-]+)/")
    client.post(page_of(link), RIGHT)
    leap = page_of(link, "sign-beside", other=other.key)
    # The letter alone: the receipt, and not a word about the other one.
    with clock.at(clock.now() + links.PROVEN_FOR):
        assert label not in text_of(client.get(page_of(link)))
        assert client.post(leap).status_code == 404
    assert Client().post(leap).status_code == 404
    assert token not in text_of(client.get(page_of(link)))
    # Another second channel is another person.
    signing.give_contact(
        application,
        party_of(application, "guidance"),
        email=link.contact.email,
        second_email="someone.else@unit.example",
        by=cast.lead_writer,
    )
    newer = signing.send_link(application, party_of(application, "guidance"), by=cast.lead_writer)
    assert label not in text_of(client.get(page_of(link)))
    assert client.post(page_of(link, "sign-beside", other=newer.key)).status_code == 404
    assert client.post(leap).status_code == 404
    assert not LinkStep.objects.filter(link__in=(other, newer), kind=LinkStep.Kind.OPENED).exists()
