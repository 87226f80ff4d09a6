"""Who still has to agree."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from shidian.signoffs.models import Party, Round


def parties(round_: Round) -> QuerySet[Party]:
    """The parties of a round in their order, with their signatures."""
    return round_.parties.order_by("position").prefetch_related("signatures__scan", "signatures__recorded_by")


def outstanding(round_: Round, gates: Collection[str]) -> list[Party]:
    """The parties due at any of `gates` that have not agreed."""
    return [party for party in parties(round_) if party.gate in gates and not party.has_agreed]
