"""Signing in and out, passwords, the second factor, sessions, and where each role begins."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from tests.portal.pages import signed_in, text_of, title_of

PASSWORD = "test-password-1"


def sign_in(email, password=PASSWORD, **more):
    client = Client()
    return client, client.post(reverse("account_login"), {"login": email, "password": password, **more})


def test_signing_in_leads_to_where_one_wanted_to_go(cast):
    _, plain = sign_in("writer@example.cn")
    _, wanted = sign_in("writer@example.cn", next="/account/")

    assert plain.url == reverse("home")
    assert wanted.url == "/account/"


def test_a_wrong_password_is_told_and_the_address_stays(cast):
    _, page = sign_in("writer@example.cn", "wrong")

    assert title_of(page).startswith("错误：")
    assert 'value="writer@example.cn"' in text_of(page)
    assert not re.search(
        r"[A-Za-z]{3,} [A-Za-z]{3,}", re.sub(r"<[^>]*>", "", text_of(page).split("<main>")[1])
    )


def test_five_failures_lock_the_address(cast):
    for _ in range(5):
        sign_in("writer@example.cn", "wrong")

    _, page = sign_in("writer@example.cn")

    assert "锁定 30 分钟" in text_of(page)


@pytest.mark.parametrize(
    ("role", "where"),
    [
        ("lead_writer", "portal:applications"),
        ("heping_handler", "desk:home"),
        ("administrator", "desk:administration"),
        ("auditor", "desk:audit"),
        ("expert", "public:home"),
    ],
)
def test_each_role_begins_at_its_own_place(cast, role, where):
    assert signed_in(getattr(cast, role)).get(reverse("home")).url == reverse(where)


def test_nobody_begins_at_the_public_page(db):
    assert Client().get(reverse("home")).url == reverse("public:home")


def test_signing_out_asks_first_and_ends_the_session(cast):
    client = signed_in(cast.lead_writer)

    assert "退出" in text_of(client.get(reverse("account_logout")))
    client.post(reverse("account_logout"))

    assert client.get(reverse("account")).status_code == 302


def test_demonstration_accounts_are_listed_on_a_demonstration_only(cast, settings):
    cast.lead_writer.is_demonstration = True
    cast.lead_writer.save()
    settings.DEMONSTRATION_PASSWORD = PASSWORD
    assert "演示账号" not in text_of(Client().get(reverse("account_login")))
    settings.DEMONSTRATION = True

    page = text_of(Client().get(reverse("account_login")))

    assert "和平区示范应急服务中心 经办人" in page
    assert PASSWORD in page
    assert "handler@example.cn" not in page


def test_a_forgotten_password_is_set_anew_by_the_letter(cast, mailoutbox):
    client = Client()

    sent = client.post(reverse("account_reset_password"), {"email": "writer@example.cn"}, follow=True)
    link = re.search(r"http://[^/]+(/password/\S+)", mailoutbox[0].body)[1]
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0]
    weak = client.post(address, {"password1": "1234567890", "password2": "1234567890"})
    client.post(address, {"password1": "xinmima-2023", "password2": "xinmima-2023"})

    assert "请查收邮件" in text_of(sent)
    assert title_of(weak).startswith("错误：")
    cast.lead_writer.refresh_from_db()
    assert cast.lead_writer.check_password("xinmima-2023")
    assert "链接已经失效" in text_of(Client().get(link))


def test_an_unknown_address_gets_the_same_page_and_no_letter(cast, mailoutbox):
    page = Client().post(reverse("account_reset_password"), {"email": "nobody@example.cn"}, follow=True)

    assert "请查收邮件" in text_of(page)
    assert mailoutbox == []


def test_the_password_is_changed_with_the_present_one(cast):
    client = signed_in(cast.lead_writer)
    address = reverse("account_change_password")
    new = {"password1": "xinmima-2023", "password2": "xinmima-2023"}

    wrong = client.post(address, {"oldpassword": "wrong", **new})
    right = client.post(address, {"oldpassword": PASSWORD, **new})

    assert title_of(wrong).startswith("错误：")
    assert right.url == reverse("account")
    cast.lead_writer.refresh_from_db()
    assert cast.lead_writer.check_password("xinmima-2023")


def code_for(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_the_second_factor_from_turning_on_to_recovery_codes(cast):
    # allauth keeps addresses of its own, and none of them is verified by its letters here.
    EmailAddress.objects.create(
        user=cast.lead_writer, email="writer@example.cn", primary=True, verified=False
    )
    client, _ = sign_in("writer@example.cn")
    asked = client.get(reverse("mfa_activate_totp"), follow=True)
    client.post(asked.redirect_chain[-1][0], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r'密钥：<b class="code">(\w+)</b>', text_of(page))[1]

    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    right = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})

    assert title_of(wrong).startswith("错误：")
    assert right.url == reverse("mfa_view_recovery_codes")
    codes = text_of(client.get(right.url))
    spare = re.findall(r'<li class="code">(\w+)</li>', codes)
    assert len(spare) == 10
    assert spare[0] in client.get(reverse("mfa_download_recovery_codes")).content.decode()
    assert "已开启" in text_of(client.get(reverse("mfa_index")))

    again, answer = sign_in("writer@example.cn")
    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert again.get(reverse("account")).status_code == 302
    assert title_of(again.post(reverse("mfa_authenticate"), {"code": "111111"})).startswith("错误：")
    assert again.post(reverse("mfa_authenticate"), {"code": spare[0]}).url == reverse("home")
    assert again.get(reverse("account")).status_code == 200

    assert "全部作废" in text_of(client.get(reverse("mfa_generate_recovery_codes")))
    client.post(reverse("mfa_generate_recovery_codes"))
    assert spare[1] not in text_of(client.get(reverse("mfa_view_recovery_codes")))
    assert "作废" in text_of(client.get(reverse("mfa_deactivate_totp")))
    client.post(reverse("mfa_deactivate_totp"))
    assert "未开启" in text_of(client.get(reverse("mfa_index")))


def test_turning_on_asks_who_one_is_when_the_sign_in_is_old(cast):
    client = signed_in(cast.lead_writer)

    asked = client.get(reverse("mfa_activate_totp"), follow=True)

    assert "确认是您本人" in title_of(asked)
    where = asked.redirect_chain[-1][0]
    assert title_of(client.post(where, {"password": "wrong"})).startswith("错误：")
    assert client.post(where, {"password": PASSWORD}).status_code == 302


def test_other_sessions_are_listed_and_ended(cast):
    first, _ = sign_in("writer@example.cn")
    second, _ = sign_in("writer@example.cn")
    first.get(reverse("account"))

    page = text_of(second.get(reverse("usersessions_list")))
    second.post(reverse("usersessions_list"))

    assert "共 2 处" in page
    assert first.get(reverse("account")).status_code == 302
    assert second.get(reverse("account")).status_code == 200


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_set_password"])
def test_what_allauth_offers_beyond_leads_somewhere_sensible(cast, name):
    answer = signed_in(cast.lead_writer).get(reverse(name), follow=True)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name", ["account_login", "account_reset_password", "account_reset_password_done", "account_inactive"]
)
def test_the_pages_before_signing_in_open(cast, name):
    page = Client().get(reverse(name))

    assert page.status_code == 200
    assert "标准化试点申报" in title_of(page)


def test_without_any_account_signing_in_leads_to_the_first_administrator(db):
    assert Client().get(reverse("account_login")).url == reverse("portal:first-administrator")
