"""What an office reads beside the answers: what was explained and asked before, and the opinions of the parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Lodgement
from shidian.applications.scanned import Question, seen_in
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.core.language import date_words
from shidian.documents.models import DocumentVersion
from shidian.reviews.freshness import Done
from shidian.reviews.models import Decision
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import parties
from shidian.ui.history import words
from shidian.ui.reading import NOTE, Part, enclosures, read

__all__ = ("enclosures", "read")  # read together with what stands here


def before(lodgement: Lodgement) -> Lodgement | None:
    """The arrival before this one at the same office, in another version."""
    return (
        Lodgement.objects.filter(
            application=lodgement.application_id, office=lodgement.office_id, pk__lt=lodgement.pk
        )
        .exclude(version=lodgement.version_id)
        .select_related("version")
        .order_by("-pk")
        .first()
    )


def explained(version: DocumentVersion, parts: Sequence[Part]) -> list[dict[str, str]]:
    """What the check warned of and the lead explained: warning, reason, and the anchor of the answer on the page."""
    known = {answer.anchor for part in parts for answer in part.answers}
    lines = []
    for row in version.data.get("explanations", ()):
        anchor = f"a-{row['section']}-{row['field']}"
        place = anchor if anchor in known else anchor.removesuffix(NOTE)
        lines.append({"message": row["message"], "reason": row["reason"], "anchor": place})
    return lines


@dataclass(frozen=True, slots=True)
class Opinion:
    """One party of the version with what it said; `due` when it should have agreed before this arrival.

    `seen` is what was found at 盖章, 签名 and 日期, where the opinion rests on a page that was thrown in.
    """

    party: Party
    signature: Signature | None
    word: str
    tone: str
    how: str
    due: bool
    seen: tuple[Question, ...] = ()

    @property
    def number(self) -> str:
        """Its place among the parties, as a problem list names its sheet."""
        return str(self.party.position)


def opinions(lodgement: Lodgement) -> list[Opinion]:
    """The parties of the arrival's version in their order, with their latest opinion."""
    round_ = Round.objects.filter(version=lodgement.version_id).first()
    if round_ is None:
        return []
    due_gates = gates_until(lodgement.application.call, lodgement.stage)
    found: list[Opinion] = []
    everybody = list(parties(round_))
    seen = seen_in([signature for party in everybody if (signature := party.signature)])
    for party in everybody:
        signature = party.signature
        due = party.gate in due_gates
        if signature is None:
            word, tone, how = (
                (_("没有意见"), "stop", "")
                if due
                else (_("以后出具"), "idle", _("按本批规定在以后的环节出具"))
            )
        else:
            word = signature.get_decision_display()
            tone = "done" if party.has_agreed else "stop"
            capacity = _("（{capacity}）").format(capacity=signature.capacity) if signature.capacity else ""
            if signature.mandate is not None:
                capacity += _("，受{given_by}委托").format(given_by=signature.mandate.given_by)
            how = _("{means}，{signatory}{capacity}，{day}，所见版本 {short_code}").format(
                means=signature.get_means_display(),
                signatory=signature.signatory,
                capacity=capacity,
                day=date_words(signature.signed_on),
                short_code=short_code(signature.digest),
            )
            if party.carried:
                how += _("（{version}，其所担保的内容没有改动，沿用）").format(
                    version=signature.party.round.version.label
                )
        boxes = seen.get(signature.pk, []) if signature else []
        found.append(Opinion(party, signature, word, tone, how, due, tuple(boxes)))
    return found


def done_lines(done: Sequence[Done]) -> list[dict[str, Any]]:
    """What others did since a page was shown: who, when, and what in words."""
    return [
        {"who": one.who, "at": one.at, "words": words(one.event) if one.event else one.words} for one in done
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """A reason of the last return, and whether the part that it names has changed since."""

    text: str
    section: str
    title: str
    changed: bool | None  # None when the reason names no part


def asked_before(lodgement: Lodgement, parts: Sequence[Part]) -> list[Asked]:
    """What this office asked to be corrected before the present arrival."""
    decision = (
        Decision.objects.filter(
            lodgement__application=lodgement.application_id,
            lodgement__office=lodgement.office_id,
            lodgement__pk__lt=lodgement.pk,
            kind=Decision.Kind.RETURN,
        )
        .prefetch_related("reasons")
        .order_by("-pk")
        .first()
    )
    if decision is None:
        return []
    by_key = {part.key: part for part in parts}
    found: list[Asked] = []
    for reason in decision.reasons.all():
        part = by_key.get(reason.section)
        title = f"{part.mark}　{part.title}" if part else _("整份申请")
        found.append(
            Asked(reason.text, reason.section if part else "", title, bool(part.changes) if part else None)
        )
    return found
