"""What people type into the filters of lists."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 100


def words_of(asked: Mapping[str, str], name: str = "q") -> str:
    """The words of a filter: blanks joined, cut at LONGEST, and without the sign that PostgreSQL keeps in no text."""
    return " ".join(asked.get(name, "").replace("\0", " ").split())[:LONGEST]
