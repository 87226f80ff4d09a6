"""Security headers of every answer: a content security policy without any inline script or style, and its companions."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
    "object-src 'none'"
)
"""`img-src data:` is for the QR picture of the second factor, which never leaves the page."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
    ),
}

_CAMERA = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")


def with_camera(response: HttpResponse) -> HttpResponse:
    """Let a page read codes with the camera of whoever is at it, when that person allows it in the browser too."""
    response.headers["Permissions-Policy"] = _CAMERA
    return response


class ContentSecurityPolicy:
    """Middleware: sets each header that the view has not set itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the headers added."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
