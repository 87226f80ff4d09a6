"""Pages for what went wrong: what happened, that nothing was lost where that is so, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Page:
    """Words of one error page."""

    status: int
    title: str | Promise
    text: str | Promise
    advice: tuple[str | Promise, ...]


BAD_REQUEST = Page(
    400,
    gettext_lazy("请求有误"),
    gettext_lazy("系统看不懂这次提交的内容，没有做任何改动。"),
    (
        gettext_lazy("回到上一页，刷新后再试一次。"),
        gettext_lazy("如果是从收藏夹或邮件打开的地址，请核对地址是否完整。"),
    ),
)
FORBIDDEN = Page(
    403,
    gettext_lazy("您不能办理这一项"),
    gettext_lazy("您的身份没有办理这一项的权限，没有做任何改动。"),
    (
        gettext_lazy("核对右上角显示的单位和身份是否是您要用的。"),
        gettext_lazy("需要权限时，请联系本单位的系统管理人员。"),
    ),
)
NOT_FOUND = Page(
    404,
    gettext_lazy("没有这一页"),
    gettext_lazy("地址写错了，或者这一页不对您开放。"),
    (
        gettext_lazy("核对地址，或者从首页重新进入。"),
        gettext_lazy("需要先登录才能看到的内容，请登录后再打开。"),
    ),
)
CONFLICT = Page(
    409,
    gettext_lazy("情况已经变了"),
    gettext_lazy("在您操作之前，别人已经办理了这一项；您这次的操作没有生效。"),
    (gettext_lazy("回到上一页，刷新后看现在的情况，再决定怎么办。"),),
)
TOO_LARGE = Page(
    413,
    gettext_lazy("文件太大"),
    gettext_lazy("上传的内容超过了限额，没有保存。"),
    (
        gettext_lazy("把扫描件的分辨率降到 200 至 300 DPI，或者分成几个文件。"),
        gettext_lazy("限额写在上传的位置旁边。"),
    ),
)
UNPROCESSABLE = Page(
    422,
    gettext_lazy("内容有误，没有办理"),
    gettext_lazy("提交的内容有不对的地方，没有做任何改动。"),
    (gettext_lazy("按上面所列的各处改正后再提交。"),),
)
SERVER_ERROR = Page(
    500,
    gettext_lazy("系统出错了"),
    gettext_lazy("这是系统的问题，不是您的问题；错误已经记录下来。"),
    (
        gettext_lazy("已经显示“已保存”的内容都在。"),
        gettext_lazy("过几分钟再试一次；一直这样时，请联系系统管理人员并告知发生的时间。"),
    ),
)
EXPIRED = Page(
    403,
    gettext_lazy("页面已过期"),
    gettext_lazy("为了安全，这一页需要重新打开；这次提交没有生效。"),
    (
        gettext_lazy("回到上一页，先复制没有保存的文字，再刷新页面重新提交。"),
        gettext_lazy("浏览器须允许本站使用 Cookie；刚退出登录的，请重新登录。"),
    ),
)


def respond(request: HttpRequest, page: Page, reason: str = "", problems: Sequence[Any] = ()) -> HttpResponse:
    """The page as an answer; `reason` (plain Chinese words of a refusal) replaces the general text.

    `problems` are named one by one, each as its message.
    """
    lines = [getattr(problem, "message", str(problem)) for problem in problems]
    return render(
        request, "ui/error.html", {"page": page, "reason": reason, "lines": lines}, status=page.status
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400; a body above the limit is said to be that."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return respond(request, TOO_LARGE)
    return respond(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403; the words of the refusal are shown when it has any."""
    return respond(request, FORBIDDEN, _reason(exception))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404; never says whether the thing exists for somebody else."""
    return respond(request, NOT_FOUND)


def conflict(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Somebody was faster, or it is not the time: for the refusals of a verb."""
    return respond(request, CONFLICT, reason)


def too_large(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An upload above the limit."""
    return respond(request, TOO_LARGE, reason)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: needs neither the database nor the session, since either may be what failed."""
    return HttpResponse(render_to_string("ui/error_500.html", {"page": SERVER_ERROR}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the technical reason is not shown."""
    return respond(request, EXPIRED)


def _reason(exception: Exception | None) -> str:
    text = str(exception) if exception else ""
    # Django's own refusals are in English and say nothing to a user.
    return text if any("\u4e00" <= character <= "\u9fff" for character in text) else ""
