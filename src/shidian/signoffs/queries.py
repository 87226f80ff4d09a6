"""Who still has to agree, and what agreements of the version before are worth for the next one."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from shidian.documents.models import Document, DocumentVersion
from shidian.signoffs.models import Party, Round, Signature

_SIGNED = ("signatures__scan", "signatures__recorded_by", "carries__signature__party__round__version")


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
