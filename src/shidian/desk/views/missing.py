"""What is missing at the registry: by office, by application, by holder; to look at, to print, to send."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.language import in_chinese
from shidian.desk.access import officers_only, person, registry_of
from shidian.dispatch import holdings, papers
from shidian.dispatch.holdings import GROUPINGS, Group
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.ui.files import made, sheet

LONGEST_LETTER = 1500
"""Of a letter in an address, in characters: longer ones are cut off by mail programs without a word."""


def _by(request: HttpRequest) -> str:
    asked = request.GET.get("by", "")
    return asked if asked in GROUPINGS else GROUPINGS[0]


@require_safe
@officers_only
def missing(request: HttpRequest, call: str) -> HttpResponse:
    """The list, with a letter ready for each office that can be reminded."""
    here, office = registry_of(person(request), call)
    by = _by(request)
    groups = holdings.missing(here, by)
    context = {
        "call": here,
        "office": office,
        "by": by,
        "groupings": [
            ("office", _("按报送单位")),
            ("application", _("按申请")),
            ("holder", _("按留存单位")),
        ],
        "groups": [
            {"group": group, "letters": [_letter(here, office, group, each) for each in group.offices]}
            for group in groups
        ],
        "total": sum(len(group.lacks) for group in groups),
        "now": clock.now(),
    }
    return render(request, "desk/missing.html", context)


def _letter(call: Call, registry: Office, group: Group, to: Office) -> dict[str, str]:
    """A reminder to one office of what it has to deliver: an address for the mail program, when the office has one."""
    if not to.email:
        return {"office": to.short, "url": ""}
    with in_chinese():
        lines = [
            _("{reference} {name}：缺{what}").format(
                reference=application.reference,
                name=application.name,
                what="、".join(lack.what for lack in lacks),
            )
            for application, lacks in group.applications
            if lacks[0].sender.pk == to.pk
        ]
        head = _("你单位报送的下列申请，材料还没有到齐，请尽快送交{registry}。").format(
            registry=registry.name
        )
        body = f"{to.name}：\n\n{head}\n"
        for place, line in enumerate(lines):
            if len(body) + len(line) > LONGEST_LETTER:
                more = _("……另有 {count} 件，见附上的缺件清单。").format(count=len(lines) - place)
                body += f"\n{more}"
                break
            body += f"\n{line}"
        body += f"\n\n{registry.name}"
        subject = _("缺件提醒：{batch}").format(batch=call.definition.batch)
    return {"office": to.short, "url": f"mailto:{to.email}?subject={quote(subject)}&body={quote(body)}"}


@require_safe
@officers_only
def missing_pdf(request: HttpRequest, call: str) -> HttpResponse:
    """The list as a paper."""
    here, office = registry_of(person(request), call)
    by = _by(request)
    content = papers.missing_pdf(here, office, holdings.missing(here, by), by)
    return made(content, name=f"缺件清单-{papers.MISSING_TITLES[by]}.pdf", media_type="application/pdf")


@require_safe
@officers_only
def missing_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """The list as a sheet."""
    here, office = registry_of(person(request), call)
    by = _by(request)
    now = clock.now().astimezone(here.zone)
    title = f"缺件清单（{papers.MISSING_TITLES[by]}，{office.short}）"
    rows = papers.missing_rows(holdings.missing(here, by))
    return sheet(
        write_rows(title, papers.MISSING_COLUMNS, rows, created=now), name=f"缺件清单-{now:%Y%m%d-%H%M}.xlsx"
    )
