"""Who still has to agree."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from shidian.signoffs.models import Party, Round


def parties(round_: Round) -> QuerySet[Party]:
    """The parties of a round in their order, with their signatures."""
    return round_.parties.order_by("position").prefetch_related("signatures__scan", "signatures__recorded_by")


def outstanding_by_version(versions: Collection[int], gates: Collection[str]) -> dict[int, list[Party]]:
    """For each version (by key) the parties due at any of `gates` that have not agreed; in three queries."""
    found: dict[int, list[Party]] = {}
    rows = Party.objects.filter(round__version__in=versions, gate__in=gates).order_by("position")
    for party in rows.select_related("round").prefetch_related("signatures"):
        if not party.has_agreed:
            found.setdefault(party.round.version_id, []).append(party)
    return found


def outstanding(round_: Round, gates: Collection[str]) -> list[Party]:
    """The parties due at any of `gates` that have not agreed."""
    return [party for party in parties(round_) if party.gate in gates and not party.has_agreed]
