"""The choice of a language: a plain form in the footer, kept by a cookie, followed by every page after it."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from shidian.calls.models import Call
from shidian.core.language import date_words, day_words, in_words, month_words
from shidian.core.said import say
from shidian.ui import language

PAGE = "/help/applicant/"


def chosen(client: Client, code: str, back: str = PAGE) -> Any:
    return client.post(reverse("ui:language"), {"language": code, "next": back})


@pytest.mark.django_db
def test_a_page_offers_the_other_language_as_a_form_that_needs_no_script() -> None:
    page = Client().get(PAGE + "?a=1").content.decode()

    assert '<html lang="zh-CN">' in page
    form = re.search(rf'<form method="post" action="{reverse("ui:language")}">.*?</form>', page, re.DOTALL)
    assert form is not None
    assert f'name="next" value="{PAGE}?a=1"' in form[0]
    assert re.search(r'name="language"\s+value="en"\s+lang="en">English<', form[0])


@pytest.mark.django_db
def test_the_choice_leads_back_to_the_page_and_stays() -> None:
    client = Client()

    answer = chosen(client, "en", f"{PAGE}?a=1")

    assert answer.headers["Location"] == f"{PAGE}?a=1"
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["max-age"]) == ("en", settings.LANGUAGE_COOKIE_AGE)
    assert cookie["httponly"]
    for path in (PAGE, "/", "/register/"):
        answer = client.get(path)
        assert '<html lang="en">' in answer.content.decode()
        assert answer.headers["Content-Language"] == "en"
        assert "Cookie" in answer.headers["Vary"]
    chosen(client, "zh-hans")
    assert '<html lang="zh-CN">' in client.get(PAGE).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_choice_leads_nowhere_else(back: str) -> None:
    assert chosen(Client(), "en", back).headers["Location"] == "/"


@pytest.mark.django_db
def test_an_unknown_language_and_the_wish_of_the_browser_change_nothing() -> None:
    client = Client(headers={"Accept-Language": "en-GB,en;q=0.9"})

    answer = chosen(client, "fr")

    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    assert '<html lang="zh-CN">' in client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_the_page_brings_the_words_of_its_modules_in_english_only() -> None:
    client = Client()
    assert 'id="words"' not in client.get(PAGE).content.decode()

    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = client.get(PAGE).content.decode()

    words = re.search(r'<script id="words" type="application/json">(.*?)</script>', page)
    assert words is not None
    assert json.loads(words[1])["正在保存…"] == "Saving…"


@pytest.mark.django_db
def test_what_is_sent_stays_chinese(
    call: Call, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    """A letter goes to Chinese people, whatever language the person before the screen reads."""
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("portal:register"),
            {
                "name": "示范单位", "code": "12120101PDY00001X0", "region-province": "120000", "region-county": "120101",
                "address": "示范路 1 号", "writer_name": "王经办", "writer_email": "w@unit.example",
                "writer_phone": "022-27110000", "head_name": "李负责", "head_email": "h@unit.example",
                "head_phone": "13800000000", "password": "long-enough-7", "again": "long-enough-7", "go": "save",
            },
        )  # fmt: skip

    assert answer.status_code == 302, re.findall(r'class="wrong"[^>]*>([^<]+)', answer.content.decode())
    assert [mail.to for mail in mailoutbox] == [["h@unit.example"]]
    assert not re.search(r"\b(the|unit|registered)\b", mailoutbox[0].body)


def test_dates_are_worded_for_the_language() -> None:
    day = date(2023, 7, 3)
    assert (date_words(day), day_words(day), month_words(day)) == (
        "2023 年 7 月 3 日", "7 月 3 日", "2023 年 7 月",
    )  # fmt: skip
    with translation.override("en"):
        assert (date_words(day), day_words(day), month_words(day)) == ("3 July 2023", "3 July", "July 2023")


def test_a_text_of_the_inspector_is_said_in_the_language_of_the_page() -> None:
    said = say("文件大小为 {size}，超过上限 {size_2}。", size="3 MB", size_2=say("{size} 字节", size=7))

    assert in_words(said) == "文件大小为 3 MB，超过上限 7 字节。"
    with translation.override("en"):
        assert in_words(said) == "The file has 3 MB, more than the limit of 7 bytes."


def test_chinese_content_says_so_on_an_english_page_only() -> None:
    assert language.tongue("封面") == ""
    with translation.override("en"):
        assert language.tongue("封面") == ' lang="zh-CN"'
        assert language.tongue("Cover") == ""
