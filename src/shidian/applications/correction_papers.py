"""The problem list as a paper, with its number: always from its rows, which never change, so the bytes are the same."""

from __future__ import annotations

from django.conf import settings

from shidian.applications.content import at_path
from shidian.applications.models import Correction, CorrectionItem
from shidian.applications.papers import package_of
from shidian.core.language import chinese, day_words, in_chinese
from shidian.documents.render.compiler import TEMPLATES, compile_paper


def problem_list(correction: Correction) -> bytes:
    """The list as a PDF: what is wrong where, until when it is wanted back, and what to do."""
    version = correction.lodgement.version
    package = package_of(version)
    zone = package.call.zone
    at = correction.at.astimezone(zone).replace(microsecond=0)
    application, office = correction.application, correction.lodgement.office
    items = correction.items.select_related("again__correction")
    with in_chinese():
        until = day_words(correction.until.astimezone(zone)) if correction.until else ""
    data = {
        "title": "补正问题清单",
        "reference": correction.reference,
        "lead": application.lead.name,
        "application": at_path(version.data["answers"], package.call.uses.name) or application.name,
        "application_reference": application.reference,
        "version": version.label,
        "code": version.code,
        "term": f"请在 {until}以前（{correction.days} 个工作日）改好交回。" if until else "请改好后交回。",
        "items": [_item(item) for item in items],
        "office": office.name,
        "dated": at.date().isoformat(),
        "next": [
            "登录系统，打开这份申请的“问题清单”，逐条修改，并在每一条下写明怎样改的。",
            "全部改好后检查、冻结；改动涉及其所担保内容的单位重新出具意见，没有涉及的沿用原来的意见。",
            f"交回{office.name}，不受收件截止时间限制。",
        ],
    }
    template = (TEMPLATES / "problem_list.typ").read_bytes()
    return compile_paper(template, data, pinned=at, extra_fonts=settings.FONTS_FOLDER)


def _item(item: CorrectionItem) -> dict[str, str]:
    before = item.again
    return {
        "place": item.label,
        "text": item.text,
        "severity": chinese(item.get_severity_display()),
        "again": f"（{before.correction.reference} 第 {before.position} 条没有改好）" if before else "",
    }
