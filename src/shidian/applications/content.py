"""What a frozen version holds: answers, parties and attachments' digests as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shidian.applications.models import Application
from shidian.applications.queries import answers, explanations
from shidian.questionnaires.problems import Problem
from shidian.questionnaires.visibility import counted
from shidian.signoffs.actions import Invited

SCHEMA = "shidian/application/1"


def at_path(values: Mapping[str, Mapping[str, Any]], path: str) -> Any:
    """The answer at "section.field", or None."""
    section, _, field = path.partition(".")
    return values.get(section, {}).get(field)


def invited(application: Application) -> list[Invited]:
    """The parties of the application in the order of the call: named in the answers, or fixed by the package."""
    values = answers(application)
    order = application.call.definition.signing.order
    found: list[Invited] = []
    for role in application.call.definition.parties:
        named = [(role.name, "")] if role.name else _named(at_path(values, role.names_from or ""))
        found.extend(
            Invited(
                role=role.role,
                label=role.label,
                name=name,
                code=code,
                gate=role.before,
                step=len(found) + number if order == "sequential" else role.step if order == "staged" else 1,
                scope=role.vouches_for,
            )
            for number, (name, code) in enumerate(named, start=1)
        )
    return found


def _named(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(value.strip(), "")] if value.strip() else []
    if not isinstance(value, list):
        return []
    rows = [row for row in value if isinstance(row, dict)]
    return [
        (str(row.get("name", "")).strip(), str(row.get("code", "")).strip())
        for row in rows
        if row.get("name")
    ]


def version_content(
    application: Application, parties: Sequence[Invited], problems: Sequence[Problem]
) -> dict[str, Any]:
    """The JSON value that is frozen; everything in it is covered by the digest.

    Of `problems` those that the lead has explained stand in it, with the reason.
    """
    call = application.call
    reasons = explanations(application)
    return {
        "schema": SCHEMA,
        "reference": application.reference,
        "call": {
            "key": call.key,
            "version": call.number,
            "digest": call.digest,
        },
        "questionnaire": {"key": call.questionnaire.key, "version": call.questionnaire.version},
        "lead": {"name": application.lead.name, "code": application.lead.code},
        "answers": counted(call.questionnaire, answers(application)),
        "parties": [
            {
                "role": body.role,
                "label": body.label,
                "name": body.name,
                "code": body.code,
                "before": body.gate,
            }
            for body in parties
        ],
        "explanations": [
            {
                "code": problem.code,
                "section": problem.section,
                "field": problem.field,
                "message": problem.message,
                "reason": reasons[problem.code].reason,
            }
            for problem in problems
            if problem.code in reasons
        ],
        "attachments": [
            {
                "slot": row.slot,
                "name": row.file.name,
                "sha256": row.file.sha256,
                "size": row.file.size,
                "media_type": row.file.media_type,
            }
            for row in application.attachments.select_related("file").order_by("slot", "pk")
        ],
    }
