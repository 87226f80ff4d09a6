"""Registering a unit, the head's answer, first passwords, and the first administrator."""

import pytest
from django.test import Client
from django.urls import reverse

from shidian.accounts.links import encode, invitation
from shidian.accounts.models import User
from shidian.notifications.letters import head_link, invitation_link
from shidian.organisations.actions import appoint
from shidian.organisations.links import head_of
from shidian.organisations.models import Officer, Organisation
from tests.portal.pages import text_of, title_of

GIVEN = {
    "name": "河东区示范养老服务中心",
    "code": "12120102PDY0000367",
    "region-province": "120000",
    "region-county": "120102",
    "address": "示范路 2 号",
    "writer_name": "赵经办",
    "writer_email": "zhao@example.cn",
    "writer_phone": "022-27110003",
    "head_name": "钱负责",
    "head_email": "qian@example.cn",
    "head_phone": "13800000001",
    "password": "jiantang-2023",
    "again": "jiantang-2023",
}


@pytest.fixture
def given(call):
    from shidian.organisations.codes import unit_code

    # The last character is the check character; found here so that the test does not depend on arithmetic by hand.
    body = GIVEN["code"][:17]
    right = next(
        body + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if unit_code.check(body + last) is None
    )
    return {**GIVEN, "code": right}


def register(given, **changes):
    client = Client()
    return client, client.post(reverse("portal:register"), {**given, **changes})


def test_a_unit_registers_is_signed_in_and_told_what_happens_next(
    given, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        client, answer = register(given)
    page = client.get(answer.url)

    unit = Organisation.objects.get(code=given["code"])
    assert (unit.state, unit.region) == ("pending", "120102")
    assert answer.url == reverse("portal:registered")
    assert "请提醒其打开邮件里的链接" in text_of(page)
    assert [letter.to for letter in mailoutbox] == [["qian@example.cn"]]
    assert "还没有经负责人确认" in text_of(client.get(reverse("portal:applications")))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "12120102PDY000036Z", "f-code"),
        ("name", "", "请填写“单位名称”"),
        ("writer_email", "不是邮箱", "f-writer_email"),
        ("head_email", "zhao@example.cn", "不能与经办人相同"),
        ("password", "short", "密码"),
        ("password", "", "请设置密码"),
        ("again", "other-password", "两次输入的密码不一样"),
        ("region-county", "", "县（区）没有选择"),
        ("writer_phone", "1" * 200, "f-writer_phone"),
        ("name", "很" * 300, "不能超过 100 字"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(given, field, value, words):
    _, page = register(given, **{field: value})

    assert page.status_code == 200
    assert title_of(page).startswith("错误：")
    assert words in text_of(page)
    assert not Organisation.objects.exists()
    assert 'value="河东区示范养老服务中心"' in text_of(page) or field == "name"
    assert 'value="赵经办"' in text_of(page)
    assert "jiantang-2023" not in text_of(page)


def test_a_unit_and_an_address_register_once(given):
    register(given)
    _, page = register(given, head_email="another@example.cn")

    assert "这个代码的单位已经注册" in text_of(page)
    assert "这个邮箱已有账号" in text_of(page)


def test_counties_are_listed_without_script_and_without_complaint(given):
    _, page = register({"region-province": "130000"}, go="stay")

    assert '<option value="130102"' in text_of(page)
    assert not title_of(page).startswith("错误")


@pytest.fixture
def pending(given):
    register(given)
    return Organisation.objects.get(code=given["code"])


def test_the_head_confirms_with_a_first_password_and_is_signed_in(pending):
    client = Client()
    link = head_link(pending)
    address = link[link.index("/units/") :]

    page = client.get(address)
    answer = client.post(address, {"choice": "confirm", "password": "fuzeren-2023", "again": "fuzeren-2023"})

    assert "河东区示范养老服务中心" in text_of(page)
    assert "赵经办" in text_of(page)
    pending.refresh_from_db()
    assert pending.state == "confirmed"
    assert answer.url == reverse("portal:applications")
    assert "开始新的申请" in text_of(client.get(answer.url))
    assert client.get(address).status_code == 410
    assert "已经确认过" in text_of(client.get(address))


def test_the_head_needs_a_choice_and_a_good_password(pending):
    link = head_link(pending)
    address = link[link.index("/units/") :]

    nothing = Client().post(address, {})
    weak = Client().post(address, {"choice": "confirm", "password": "12345678901", "again": "12345678901"})

    assert "请选择是否认可这次注册" in text_of(nothing)
    assert title_of(weak).startswith("错误：")
    pending.refresh_from_db()
    assert pending.state == "pending"
    assert not head_of(pending).has_usable_password()


def test_the_head_refuses_without_a_password(pending):
    link = head_link(pending)

    page = Client().post(link[link.index("/units/") :], {"choice": "refuse"})

    assert "这次注册已经作废" in text_of(page)
    pending.refresh_from_db()
    assert pending.state == "refused"


def test_the_link_does_not_open_an_account_that_has_a_password(pending):
    head = head_of(pending)
    head.set_password("fuzeren-2023")
    head.save()
    client = Client()
    link = head_link(pending)

    page = client.get(link[link.index("/units/") :])
    client.post(link[link.index("/units/") :], {"choice": "confirm"})

    assert "设置您的登录密码" not in text_of(page)
    pending.refresh_from_db()
    assert pending.state == "confirmed"
    assert client.get(reverse("portal:applications")).status_code == 302


def test_wrong_links_open_nothing(pending, cast):
    head = head_of(pending)
    parts = {"organisation": pending.pk, "user": encode(head), "token": "x-y"}

    assert Client().get(reverse("portal:head-confirmation", kwargs=parts)).status_code == 410
    parts["user"] = encode(cast.outsider)
    assert Client().get(reverse("portal:head-confirmation", kwargs=parts)).status_code == 404
    assert Client().get(reverse("portal:invitation", kwargs={"user": "??", "token": "x"})).status_code == 404


def test_an_appointed_person_sets_a_first_password_once(cast):
    officer = appoint(
        cast.heping, Officer.Role.HANDLER, name="孙新来", email="sun@example.cn", by=cast.administrator
    )
    link = invitation_link(officer.user)
    address = link[link.index("/invitation/") :]
    client = Client()

    assert "孙新来" in text_of(client.get(address))
    assert title_of(client.post(address, {"password": "1", "again": "2"})).startswith("错误：")
    answer = client.post(address, {"password": "xinlaide-2023", "again": "xinlaide-2023"})

    assert answer.url == reverse("home")
    assert client.get(address).status_code == 410
    assert User.objects.get(email="sun@example.cn").check_password("xinlaide-2023")
    assert not invitation.check_token(User.objects.get(email="sun@example.cn"), address.split("/")[-2])


@pytest.fixture
def installation(db, settings, tmp_path):
    settings.DATA = tmp_path
    (tmp_path / "first-administrator-code").write_text("12345678")
    return tmp_path


ADMINISTRATOR = {
    "code": "12345678",
    "name": "周管理",
    "email": "zhou@example.cn",
    "password": "guanliyuan-2023",
    "again": "guanliyuan-2023",
}


def test_the_first_administrator_is_made_once(installation):
    client = Client()
    address = reverse("portal:first-administrator")

    assert "开通码" in text_of(client.get(address))
    assert client.post(address, ADMINISTRATOR).status_code == 302

    assert User.objects.get().is_administrator
    assert not (installation / "first-administrator-code").exists()
    assert Client().get(address).status_code == 404
    assert Client().post(address, ADMINISTRATOR).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "00000000", "开通码不对"),
        ("code", "", "请填写“开通码”"),
        ("email", "不是邮箱", "格式不对"),
        ("password", "1234567890", "id_password"),
        ("again", "x", "不一样"),
    ],
)
def test_the_first_administrator_is_refused_with_the_reason(installation, field, value, words):
    page = Client().post(reverse("portal:first-administrator"), {**ADMINISTRATOR, field: value})

    assert title_of(page).startswith("错误：")
    assert words in text_of(page)
    assert 'value="周管理"' in text_of(page)
    assert not User.objects.exists()


def test_guessing_the_code_is_stopped(installation):
    for _ in range(5):
        Client().post(reverse("portal:first-administrator"), {**ADMINISTRATOR, "code": "00000000"})

    page = Client().post(reverse("portal:first-administrator"), ADMINISTRATOR)

    assert "30 分钟以后" in text_of(page)
    assert not User.objects.exists()


def test_without_a_code_on_this_machine_nobody_becomes_administrator(installation):
    (installation / "first-administrator-code").unlink()

    page = Client().post(reverse("portal:first-administrator"), {**ADMINISTRATOR, "code": " "})

    assert not User.objects.exists()
    assert title_of(page).startswith("错误：")
