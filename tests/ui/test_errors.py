"""Error pages say what happened and what to do, in Chinese, and never end in a dead end."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.ui import errors
from shidian.ui.refusals import Refusals


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/applications/TJ10-0001/")
    request.user = AnonymousUser()
    return request


def test_every_page_has_a_way_on(request_):
    for page in (value for value in vars(errors).values() if isinstance(value, errors.Page)):
        response = errors.respond(request_, page)

        text = response.content.decode()
        assert response.status_code == page.status
        assert f"<h1>{page.title}</h1>" in "".join(text.split("\n")).replace("  ", "")
        assert "回到首页" in text
        assert all(str(line) in text for line in page.advice)


def test_the_server_error_page_needs_no_database(request_):
    response = errors.server_error(request_)

    assert response.status_code == 500
    assert "系统出错了" in response.content.decode()


def test_a_body_that_is_too_large_is_said_to_be_that(request_):
    assert errors.bad_request(request_, RequestDataTooBig()).status_code == 413
    assert errors.bad_request(request_, ValueError()).status_code == 400


def test_only_chinese_reasons_are_shown(request_):
    shown = errors.forbidden(request_, PermissionDenied("这件由另一个机构办理")).content.decode()
    hidden = errors.forbidden(request_, PermissionDenied("CSRF secret missing")).content.decode()

    assert "这件由另一个机构办理" in shown
    assert "CSRF secret" not in hidden


def test_the_csrf_page_tells_how_to_keep_the_text(request_):
    response = errors.csrf_failure(request_, "CSRF token missing")

    assert response.status_code == 403
    assert "先复制没有保存的文字" in response.content.decode()
    assert "CSRF" not in response.content.decode()


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(NotPermitted("您不是经办人"), 403), (NotNow("已经推荐，不能撤回"), 409), (Invalid("有误"), 422)],
)
def test_refusals_become_pages_with_their_reason(request_, refusal, status):
    response = Refusals(lambda request: HttpResponse()).process_exception(request_, refusal)

    assert response is not None
    assert response.status_code == status
    assert refusal.reason in response.content.decode()


def test_the_problems_of_a_refusal_are_listed(request_):
    refusal = Invalid("有误", ["第 2 行没有内容"])

    response = Refusals(lambda request: HttpResponse()).process_exception(request_, refusal)

    assert response is not None
    assert "第 2 行没有内容" in response.content.decode()


def test_autosave_gets_its_refusal_as_json(rf):
    request = rf.post("/x/", headers={"X-Requested-With": "autosave"})

    response = Refusals(lambda request: HttpResponse()).process_exception(request, NotNow("同事刚刚改了"))

    assert response is not None
    assert response.status_code == 409
    assert json.loads(response.content) == {"conflict": True, "url": "/x/", "reason": "同事刚刚改了"}


def test_other_errors_are_left_alone(request_):
    assert Refusals(lambda request: HttpResponse()).process_exception(request_, ValueError()) is None


def test_error_pages_speak_the_language_of_the_page(request_):
    with translation.override("en"):
        text = errors.respond(request_, errors.NOT_FOUND).content.decode()
        broken = errors.server_error(request_).content.decode()

    assert "There is no such page" in text
    assert '<html lang="en">' in broken
    assert "系统出错了" not in broken
