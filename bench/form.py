"""Printing the official form with its marks: documents a second on one core, warm, through the same function as the site."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

DOCUMENTS = 60
COPIES = 14


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `form.docs_per_s_core` and `form.pages`, a filled form of the Tianjin call, and `form.copy_ms`, a further copy."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shidian.config.settings")
    os.environ.setdefault("SHIDIAN_MODE", "development")
    os.environ.setdefault("SHIDIAN_DATA", tempfile.mkdtemp(prefix="shidian-bench-"))
    import django
    import pypdfium2

    django.setup()
    from bench import ROOT
    from shidian.calls.packages import read
    from shidian.documents.marks.drawing import marking
    from shidian.documents.render.compiler import Setting
    from shidian.questionnaires.printing import printable

    package = read(ROOT / "calls" / "tianjin-2023-smps10")
    pinned = datetime(2023, 7, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    os.environ.setdefault("TZ", "Asia/Shanghai")
    template = package.files[package.call.papers.application]

    def pages_of(number: int) -> Setting:
        answers = _answers(package, number)
        data = {
            "reference": f"TJ10-{number:04d}", "version": "v1", "code": "7F3A-91C2", "draft": False, "blank": False,
            "printed_on": "2023-07-10", "title": package.questionnaire.title,
            "instructions": list(package.questionnaire.instructions),
            "answers": printable(package.questionnaire, answers),
            "parties": [
                {"role": role.role, "label": role.label, "name": f"第 {number} 示范单位"} for role in package.call.parties
            ],
        }  # fmt: skip
        return Setting(template, data, pinned=pinned, attach={"application.json": b"{}"})

    def paper(number: int) -> bytes:
        return pages_of(number).printed(marking(f"TJ10-{number:04d}", 1))

    pages = len(pypdfium2.PdfDocument(paper(0)))
    started = time.process_time()
    for number in range(1, DOCUMENTS + 1):
        paper(number)
    spent = time.process_time() - started
    out["form.docs_per_s_core"] = {"value": round(DOCUMENTS / spent, 1), "unit": "1/s"}
    out["form.pages"] = {"value": pages, "unit": "pages"}
    setting = pages_of(DOCUMENTS + 1)
    started = time.process_time()
    for copy in range(1, COPIES + 1):
        setting.printed(marking("TJ10-0001", 1, copy=copy))
    out["form.copy_ms"] = {"value": round((time.process_time() - started) / COPIES * 1000, 1), "unit": "ms"}
    return out


def _answers(package: Any, number: int) -> dict[str, dict[str, Any]]:
    """Different texts for each document, about twelve pages."""
    text = (
        f"第 {number} 件：本单位围绕公共服务建立标准体系，明确岗位职责和服务流程，定期培训、检查、改进。" * 24
    )
    values: dict[str, dict[str, Any]] = {}
    for section in package.questionnaire.sections:
        values[section.key] = {}
        for field in section.fields:
            match field.type:
                case "long_text":
                    values[section.key][field.key] = text
                case "rows":
                    row = {
                        column.key: f"阶段 {number}：宣传培训，建立体系，组织实施" for column in field.columns
                    }
                    values[section.key][field.key] = [row] * 8
                case "month_range":
                    values[section.key][field.key] = {"from": "2024-01", "to": "2025-12"}
                case "region":
                    values[section.key][field.key] = {"province": "120000", "county": "120101", "detail": ""}
                case _:
                    values[section.key][field.key] = f"示范{number}"
    return values
