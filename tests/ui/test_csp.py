"""Security headers."""

from django.http import HttpRequest, HttpResponse

from shidian.ui.csp import ContentSecurityPolicy


def answered(response: HttpResponse) -> HttpResponse:
    return ContentSecurityPolicy(lambda request: response)(HttpRequest())


def test_nothing_inline_and_nothing_foreign_is_allowed():
    policy = answered(HttpResponse())["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_the_companions_are_set():
    response = answered(HttpResponse())

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


def test_a_view_may_set_its_own():
    assert (
        answered(HttpResponse(headers={"Referrer-Policy": "no-referrer"}))["Referrer-Policy"] == "no-referrer"
    )
