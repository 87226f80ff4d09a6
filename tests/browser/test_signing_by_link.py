"""A party without an account: the letter, the code, the page on a phone, a change asked for, then the agreement."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser import people
from tests.browser.post import Post
from tests.browser.test_phone import SIZES, fits
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_party_without_an_account_signs_by_link_on_a_phone(arrive: Callable[..., Visitor]) -> None:
    writer, post = arrive(people.LINK_WRITER), Post(arrive())
    phone = arrive(viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2)
    writer.go("/sign-offs/")
    writer.press(writer.page.locator(".party", has_text="保证单位").get_by_role("link", name="链接和委托"))
    writer.type({"email": "zhou@unit.example", "mobile": "13812345678", "name": "周伟"})
    writer.press("保存地址")
    writer.press("寄链接")
    writer.reads("会签链接正在寄往 z***@unit.example")
    opened = post.link()

    # The letter is opened: the token is out of the address, and nothing is shown before the code.
    phone.go(opened)
    assert opened.split("/")[3] not in phone.page.url
    assert "示范内容" not in phone.page.content()
    fits(phone, "发验证码")
    post.prove(phone)
    phone.title("请出具保证单位的意见")
    phone.reads("贵单位的同意涵盖下面列出的内容")
    fits(phone, "提交意见")
    assert phone.get(phone.page.get_by_role("link", name="看申请书全文")).startswith(b"%PDF")

    # What is missing is named; the reason and the place go to the lead.
    phone.type({"decision": "return"})
    phone.press("提交意见")
    assert phone.page.title().startswith("错误：")
    phone.message_at("opinion", "写明理由")
    fits(phone, "提交意见")
    phone.type(
        {
            "opinion": "经费来源请写清楚。",
            "place": "funding.sources",
            "signatory": "周伟",
            "capacity": "副区长",
        }
    )
    phone.page.check("[name=read]")
    phone.press("提交意见")
    phone.title("意见已记下")
    phone.reads("退回修改")
    fits(phone, "下载意见单（PDF）")
    assert phone.get(phone.page.get_by_role("link", name="下载意见单")).startswith(b"%PDF")
    phone.go(opened)
    phone.title("意见已记下")

    # The lead corrects it and asks again: what changed is marked, and the party agrees.
    writer.go("/sign-offs/")
    writer.press(writer.page.locator("h2 a").first)
    writer.reads("在线表态，周伟（副区长）")
    writer.press(writer.page.locator("#board").get_by_role("link", name="经费来源").first, exact=False)
    writer.go("/sign-offs/")
    writer.press(writer.page.locator("h2 a").first)
    writer.press("重新打开修改")
    writer.type({"reason": "按保证单位的意见修改经费来源"})
    writer.press(writer.page.locator("main form .bar button[type=submit]"))
    reference = writer.page.url.split("/")[4]
    writer.go(f"/applications/{reference}/sections/funding/")
    writer.type({"sources": "区财政另行安排经费，已列入预算。"})
    writer.press("保存并", exact=False)
    writer.go(f"/applications/{reference}/check/")
    writer.press("去冻结")
    writer.press("冻结为 v2")
    writer.press(writer.page.locator(".party", has_text="保证单位").get_by_role("button", name="寄链接"))
    phone.expected.add(410)
    post.opened(phone)
    phone.reads("以后改动了")
    assert phone.page.locator("ins", has_text="已列入预算").count()
    fits(phone, "提交意见")
    phone.type({"decision": "agree", "signatory": "周伟", "capacity": "副区长"})
    phone.page.check("[name=read]")
    phone.press("提交意见")
    phone.title("意见已记下")
    writer.go(f"/applications/{reference}/")
    writer.reads("已同意", within="#board .party:nth-of-type(2)")


def test_a_link_that_leads_nowhere_says_what_to_do(arrive: Callable[..., Visitor]) -> None:
    visitor = arrive(viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2)
    visitor.go("/sign/open/" + "x" * 43 + "/")
    visitor.title("这个链接现在不能用")
    fits(visitor)
