"""A result as it is frozen: the sheets, the rules and what they came to, in one JSON value that proves itself.

`recomputed` leaves the sheets and the rules as they stand and works the result out again; an unchanged program gives
the same value, and so the same canonical bytes and the same digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from shidian.calls.scoring import Scoring
from shidian.core.canonical import canonical_json
from shidian.reviews.scoring.calculation import Line, Sheet, results

SCHEMA = "shidian/panel-result/1"


def rules_as_json(scoring: Scoring) -> dict[str, Any]:
    """The rules as JSON values, numbers as text."""
    value: dict[str, Any] = scoring.model_dump(mode="json")
    return value


def rules_from_json(value: Mapping[str, Any]) -> Scoring:
    """The rules that `rules_as_json` wrote."""
    return Scoring.model_validate_json(orjson.dumps(value), strict=True)


def sheets_as_json(sheets: Iterable[Sheet]) -> list[dict[str, Any]]:
    """The sheets as JSON values in a fixed order, points as text."""
    return [
        {
            "application": sheet.application,
            "expert": sheet.expert,
            "points": {key: str(points) for key, points in sorted(sheet.points.items())},
            "recommendation": sheet.recommendation,
        }
        for sheet in sorted(sheets, key=lambda sheet: (sheet.application, sheet.expert))
    ]


def sheets_from_json(values: Sequence[Mapping[str, Any]]) -> list[Sheet]:
    """The sheets that stand in a frozen result."""
    return [
        Sheet(
            value["expert"],
            value["application"],
            {key: Decimal(points) for key, points in value["points"].items()},
            value["recommendation"],
        )
        for value in values
    ]


def lines_as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The result as JSON values in the order of rank, numbers as text."""
    numbers = ("score", "mean", "trimmed", "normalised", "median", "lowest", "highest", "spread")
    return [
        {
            "application": line.application,
            "rank": line.rank,
            "sheets": line.sheets,
            "counted": line.counted,
            **{name: None if getattr(line, name) is None else str(getattr(line, name)) for name in numbers},
            "items": {key: str(value) for key, value in line.items.items()},
            "tie": None if line.tie is None else {"above": line.tie.above, "rule": line.tie.rule},
        }
        for line in lines
    ]


def content(
    scoring: Scoring, applications: Sequence[str], sheets: Sequence[Sheet], **facts: Any
) -> dict[str, Any]:
    """What is frozen; `facts` are JSON values that take no part in the computation (names, digests, moderations)."""
    return {
        **facts,
        "schema": SCHEMA,
        "scoring": rules_as_json(scoring),
        "applications": sorted(applications),
        "sheets": sheets_as_json(sheets),
        "result": lines_as_json(results(scoring, applications, sheets)),
    }


def recomputed(frozen: Mapping[str, Any]) -> dict[str, Any]:
    """The same value with the result worked out again from the frozen sheets and rules."""
    lines = results(
        rules_from_json(frozen["scoring"]), frozen["applications"], sheets_from_json(frozen["sheets"])
    )
    return {**frozen, "result": lines_as_json(lines)}


def recomputed_bytes(text: str) -> bytes:
    """The canonical bytes of a frozen result after working it out again."""
    return canonical_json(recomputed(orjson.loads(text)))
