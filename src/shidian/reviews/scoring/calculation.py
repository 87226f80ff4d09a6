"""From score sheets to an order: totals, means, trimmed and normalised means, ranks, ties, outliers.

Everything is computed in whole fractions and rounded once, half up, into decimals: the same sheets give the same
digits on any machine and in any year. Ranks go by the rounded result, because that is what people are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from math import isqrt
from typing import Any

from shidian.calls.scoring import Scoring

_ROOT_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one expert gave one application: points by item, and a recommendation where the call asks for one."""

    expert: str
    application: str
    points: Mapping[str, Decimal]
    recommendation: str = ""


@dataclass(frozen=True, slots=True)
class Tie:
    """Why an application stands behind the one above it, which has the same result.

    `rule` is the first rule of the call that tells them apart; empty where none does, and both share the rank.
    """

    above: str
    rule: str


@dataclass(frozen=True, slots=True)
class Line:
    """What the sheets of one application come to; without a sheet it has no result and no rank.

    `counted` is how many sheets the trimmed mean kept; `spread` the standard deviation of the totals.
    """

    application: str
    rank: int | None
    sheets: int
    score: Decimal | None
    mean: Decimal | None
    trimmed: Decimal | None
    normalised: Decimal | None
    median: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    spread: Decimal | None
    counted: int
    items: Mapping[str, Decimal]
    tie: Tie | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """A sheet whose total is far from the mean of the others of the same application; `by` is above (+) or below (-)."""

    application: str
    expert: str
    total: Decimal
    others: Decimal
    count: int
    by: Decimal


def rounded(value: Fraction, decimals: int) -> Decimal:
    """The value with so many decimals, a half away from zero (ROUND_HALF_UP), exactly."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal((int(value < 0 and whole > 0), tuple(map(int, str(whole))), -decimals))


def total(
    scoring: Scoring, points: Mapping[str, Decimal], weights: Mapping[str, Decimal] | None = None
) -> Fraction:
    """The total of a sheet by the weights of the call, or by others; scaled to `out_of` where the call says so."""
    given = {item.key: item.weight for item in scoring.items} | dict(weights or {})
    raw = sum((Fraction(points[item.key]) * Fraction(given[item.key]) for item in scoring.items), Fraction(0))
    if scoring.out_of is None:
        return raw
    full = sum((Fraction(item.points) * Fraction(given[item.key]) for item in scoring.items), Fraction(0))
    return raw * Fraction(scoring.out_of) / full


def mean(values: Sequence[Fraction]) -> Fraction:
    """The arithmetic mean of at least one value."""
    return sum(values, Fraction(0)) / len(values)


def trimmed(values: Sequence[Fraction], *, trim: int, trim_from: int) -> tuple[Fraction, int]:
    """The mean without the `trim` highest and lowest values, and how many it kept; of fewer than `trim_from`, of all."""
    kept = sorted(values)
    if len(kept) >= max(trim_from, 2 * trim + 1):
        kept = kept[trim:-trim]
    return mean(kept), len(kept)


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def variance(values: Sequence[Fraction]) -> Fraction:
    """The mean square distance from the mean (of all values, not of a sample)."""
    middle = mean(values)
    return mean([(value - middle) ** 2 for value in values])


def root(value: Fraction) -> Fraction:
    """The square root to forty decimals, by whole numbers only."""
    scaled = value.numerator * 10 ** (2 * _ROOT_DIGITS) // value.denominator
    return Fraction(isqrt(scaled), 10**_ROOT_DIGITS)


def normalised(
    totals: Mapping[tuple[str, str], Fraction], *, how: str, at_least: int
) -> dict[tuple[str, str], Fraction]:
    """Totals by (expert, application), each expert's moved to the mean and spread (or range) of the whole panel.

    An expert with fewer than `at_least` sheets keeps the totals as they are: too few to tell strict from mild. One who
    gave everything the same total tells no application from another, and counts as the panel's mean.
    """
    if not totals:
        return {}
    everything = list(totals.values())
    middle, spread = mean(everything), variance(everything)
    low, high = min(everything), max(everything)
    by_expert: dict[str, list[Fraction]] = {}
    for (expert, _application), value in totals.items():
        by_expert.setdefault(expert, []).append(value)

    def moved(expert: str, value: Fraction) -> Fraction:
        own = by_expert[expert]
        if len(own) < at_least:
            return value
        least, most = min(own), max(own)
        if least == most:
            return middle
        if how == "minmax":
            return low + (value - least) * (high - low) / (most - least)
        return middle + (value - mean(own)) * root(spread / variance(own))

    return {(expert, application): moved(expert, value) for (expert, application), value in totals.items()}


def results(
    scoring: Scoring,
    applications: Iterable[str],
    sheets: Iterable[Sheet],
    *,
    weights: Mapping[str, Decimal] | None = None,
) -> list[Line]:
    """What the sheets come to, in the order of rank; applications without a sheet follow, by their references."""
    formula, decimals = scoring.formula, scoring.formula.decimals
    ordered = sorted(sheets, key=lambda sheet: (sheet.application, sheet.expert))
    totals = {(sheet.expert, sheet.application): total(scoring, sheet.points, weights) for sheet in ordered}
    moved = normalised(totals, how=formula.normalise, at_least=formula.normalise_from)
    found = {key: list(rows) for key, rows in groupby(ordered, key=lambda sheet: sheet.application)}
    lines: list[Line] = []
    keys: dict[str, tuple[Any, ...]] = {}
    for application in sorted(set(applications) | set(found)):
        mine = found.get(application, [])
        if not mine:
            lines.append(_nothing(application))
            continue
        values = [totals[sheet.expert, sheet.application] for sheet in mine]
        without_ends, counted = trimmed(values, trim=formula.trim, trim_from=formula.trim_from)
        by_kind = {
            "mean": rounded(mean(values), decimals),
            "trimmed": rounded(without_ends, decimals),
            "normalised": rounded(mean([moved[sheet.expert, application] for sheet in mine]), decimals),
        }
        items = {
            item.key: mean([Fraction(sheet.points[item.key]) for sheet in mine]) for item in scoring.items
        }
        keys[application] = tuple(_key(scoring, rule, mine, values, items) for rule in formula.ties)
        lines.append(
            Line(
                application=application,
                rank=None,
                sheets=len(mine),
                score=by_kind[formula.result],
                mean=by_kind["mean"],
                trimmed=by_kind["trimmed"],
                normalised=by_kind["normalised"],
                median=rounded(median(values), decimals),
                lowest=rounded(min(values), decimals),
                highest=rounded(max(values), decimals),
                spread=rounded(root(variance(values)), decimals),
                counted=counted,
                items={key: rounded(value, decimals) for key, value in items.items()},
            )
        )
    return _ranked(lines, keys, formula.ties)


def _nothing(application: str) -> Line:
    return Line(application, None, 0, None, None, None, None, None, None, None, None, 0, {})


def _key(
    scoring: Scoring,
    rule: str,
    mine: Sequence[Sheet],
    values: Sequence[Fraction],
    items: Mapping[str, Fraction],
) -> Any:
    """What a rule on ties compares; the smaller comes first. All sheets count, also those that trimming drops."""
    if rule.startswith("item:"):
        return -items[rule.removeprefix("item:")]
    favoured = {each.key for each in scoring.recommendations if each.favours}
    by_rule: dict[str, Callable[[], Any]] = {
        "items": lambda: tuple(-items[item.key] for item in scoring.items),
        "median": lambda: -median(values),
        "lowest": lambda: -min(values),
        "highest": lambda: -max(values),
        "recommended": lambda: -Fraction(sum(sheet.recommendation in favoured for sheet in mine), len(mine)),
        "reference": lambda: mine[0].application,
    }
    return by_rule[rule]()


def _ranked(lines: Sequence[Line], keys: Mapping[str, tuple[Any, ...]], rules: Sequence[str]) -> list[Line]:
    scored = [line for line in lines if line.score is not None]
    scored.sort(key=lambda line: (-(line.score or 0), keys[line.application], line.application))
    ranked: list[Line] = []
    for place, line in enumerate(scored, start=1):
        tie, rank = None, place
        if ranked and ranked[-1].score == line.score:
            above = ranked[-1].application
            pairs = zip(rules, keys[above], keys[line.application], strict=True)
            tie = Tie(above, next((rule for rule, first, second in pairs if first != second), ""))
            rank = place if tie.rule else ranked[-1].rank or place
        ranked.append(_with(line, rank=rank, tie=tie))
    return ranked + [line for line in lines if line.score is None]


def _with(line: Line, *, rank: int, tie: Tie | None) -> Line:
    values = {name: getattr(line, name) for name in Line.__dataclass_fields__}
    return Line(**(values | {"rank": rank, "tie": tie}))


def outliers(scoring: Scoring, sheets: Iterable[Sheet]) -> list[Outlier]:
    """Every sheet whose total differs by more than the call allows from the mean of the others of its application."""
    ordered = sorted(sheets, key=lambda sheet: (sheet.application, sheet.expert))
    decimals = scoring.formula.decimals
    found: list[Outlier] = []
    for application, rows in groupby(ordered, key=lambda sheet: sheet.application):
        totals = {sheet.expert: total(scoring, sheet.points) for sheet in rows}
        for expert, value in totals.items():
            others = [other for name, other in totals.items() if name != expert]
            if not others or abs(value - mean(others)) <= Fraction(scoring.formula.outlier):
                continue
            found.append(
                Outlier(
                    application,
                    expert,
                    rounded(value, decimals),
                    rounded(mean(others), decimals),
                    len(others),
                    rounded(value - mean(others), decimals),
                )
            )
    return found
