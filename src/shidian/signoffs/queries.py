"""Who still has to agree, and what agreements of the version before are worth for the next one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from shidian.core import clock
from shidian.documents.models import Document, DocumentVersion
from shidian.signoffs.models import Link, LinkStep, Party, Round, Signature

MOST_WRONG = 20
"""Wrong codes in the life of a link; then it is dead, and the lead sends another one."""
Kind = LinkStep.Kind

_Row = TypeVar("_Row", bound=Model)
_SIGNED = (
    "signatures__scan",
    "signatures__certified",
    "signatures__mandate__file",
    "signatures__recorded_by",
    "carries__signature__party__round__version",
)


def parties(round_: Round) -> QuerySet[Party]:
    """The parties of a round in their order, with their signatures."""
    return round_.parties.order_by("position").select_related("round__version").prefetch_related(*_SIGNED)


def asked(round_: Round) -> list[Party]:
    """The parties of a round in their order, with what counts of each and nothing more; in four queries at most."""
    return list(round_.parties.order_by("position").prefetch_related("signatures", "carries__signature"))


def outstanding_by_version(versions: Collection[int], gates: Collection[str]) -> dict[int, list[Party]]:
    """For each version (by key) the parties due at any of `gates` that have not agreed; in three queries."""
    found: dict[int, list[Party]] = {}
    rows = Party.objects.filter(round__version__in=versions, gate__in=gates).order_by("position")
    for party in rows.select_related("round").prefetch_related("signatures", "carries__signature"):
        if not party.has_agreed:
            found.setdefault(party.round.version_id, []).append(party)
    return found


def outstanding(round_: Round, gates: Collection[str]) -> list[Party]:
    """The parties due at any of `gates` that have not agreed."""
    return [party for party in asked(round_) if party.gate in gates and not party.has_agreed]


def last_round(document: Document | int) -> Round | None:
    """The round of the newest version of a document that had one, void or not."""
    rows = Round.objects.filter(version__document=document).select_related("version")
    return rows.order_by("-version__number").first()


def agreements(round_: Round) -> dict[tuple[str, str, str], Signature]:
    """The agreements that count in a round, by the party's body (role, name, code)."""
    return {
        party.body: signature
        for party in asked(round_)
        if (signature := party.signature) is not None and party.has_agreed
    }


def given_before(version: DocumentVersion) -> dict[tuple[str, str, str], Signature]:
    """The agreements that counted for the version before this one."""
    rows = Round.objects.filter(version__document=version.document_id, version__number__lt=version.number)
    before = rows.select_related("version").order_by("-version__number").first()
    return agreements(before) if before else {}


def of_body(rows: QuerySet[_Row], party: Party) -> QuerySet[_Row]:
    """Of rows that belong to a party those of the same body, in whatever round of the document, the oldest first."""
    return rows.filter(
        party__round__version__document=party.round.version.document_id,
        party__role=party.role,
        party__name=party.name,
        party__code=party.code,
    ).order_by("pk")


def said_before(party: Party) -> Signature | None:
    """The opinion that this body gave last, on whatever version: what it has seen."""
    rows = Signature.objects.exclude(party=party).select_related("party__round__version")
    return of_body(rows, party).last()


def waiting_since(party: Party, everybody: Sequence[Party], round_: Round) -> datetime:
    """Since when a party is waited for: the round was opened, or everybody of an earlier step has agreed."""
    given = [
        each.carried.at if each.carried and not each.signatures.all() else each.signature.recorded_at
        for each in everybody
        if each.step < party.step and each.signature is not None
    ]
    return max([round_.opened_at, *given])


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a link stands: `key` for the code, words for people, `tone` of the look; `alive`: it may still be used."""

    key: str
    words: str
    tone: str
    alive: bool


def standing(link: Link) -> Standing:
    """Where a link stands now, by its steps, its time and the round of its party."""
    kinds = [step.kind for step in link.steps.all()]
    return _over(link, kinds) or _under_way(kinds)


def _over(link: Link, kinds: Sequence[str]) -> Standing | None:
    if Kind.DECIDED in kinds:
        return Standing("decided", _("已表态"), "done", False)
    if link.party.round.state == "void":
        return Standing("replaced", _("版本已被取代，链接失效"), "void", False)
    if Kind.REVOKED in kinds:
        return Standing("revoked", _("链接已作废"), "void", False)
    if link.expires_at <= clock.now():
        return Standing("expired", _("链接已过期"), "void", False)
    if kinds.count(Kind.CODE_WRONG) >= MOST_WRONG:
        return Standing("locked", _("验证码错得太多，链接已锁"), "stop", False)
    return None


def _under_way(kinds: Sequence[str]) -> Standing:
    reached = (
        (Kind.CODE_RIGHT, "proven", _("验证已通过，正在阅看")),
        (Kind.CODE_ASKED, "code", _("已要验证码")),
        (Kind.OPENED, "opened", _("链接已打开")),
    )
    for kind, key, words in reached:
        if kind in kinds:
            return Standing(key, words, "wait", True)
    letters = [kind for kind in kinds if kind in (Kind.SENT, Kind.UNSENT)]
    if letters and letters[-1] == Kind.UNSENT:
        return Standing("unsent", _("邮件没有寄出，请核对地址"), "stop", True)
    return Standing(*(("sent", _("链接已寄出")) if letters else ("making", _("正在寄出"))), "wait", True)


def links_of(party: Party) -> list[Link]:
    """The links of a party in its round with their steps, the newest first."""
    rows = party.links.select_related("party__round", "contact").prefetch_related("steps")
    return list(rows.order_by("-pk"))


def living(party: Party) -> Link | None:
    """The newest link of a party that may still be used."""
    return next((link for link in links_of(party) if standing(link).alive), None)


def following(link: Link) -> Link | None:
    """The newest usable link of the same body for a later version; None when there is none."""
    party = link.party
    rows = of_body(Link.objects.filter(pk__gt=link.pk), party).select_related("party__round", "contact")
    return next((each for each in rows.reverse().prefetch_related("steps") if standing(each).alive), None)


def last_certified(round_: Round | int) -> Signature | None:
    """The newest signature of a round that rests on a certificate: its PDF holds all such signatures before it."""
    rows = Signature.objects.filter(party__round=round_, certified__isnull=False)
    return rows.select_related("certified", "party").order_by("-pk").first()


def certified(round_: Round) -> list[Signature]:
    """The signatures of a round that rest on certificates, the oldest first."""
    rows = Signature.objects.filter(party__round=round_, certified__isnull=False)
    return list(rows.select_related("certified", "party").order_by("pk"))
