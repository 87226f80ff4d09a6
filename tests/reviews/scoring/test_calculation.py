from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.calls.packages import read
from shidian.calls.scoring import Formula, Recommendation, ScoreItem, Scoring
from shidian.core.canonical import canonical_json
from shidian.reviews.scoring.calculation import (
    Sheet,
    Tie,
    normalised,
    outliers,
    results,
    root,
    rounded,
    total,
    trimmed,
)
from shidian.reviews.scoring.frozen import content, recomputed, recomputed_bytes
from shidian.reviews.scoring.what_if import moves, swaps

D = Decimal
TIANJIN = Path(__file__).parents[3] / "calls" / "tianjin-2023-smps10"


def rules(**formula):
    return Scoring(
        title="评分表",
        items=[
            ScoreItem(key="basis", label="基础", points=D(40), step=D("0.5")),
            ScoreItem(key="plan", label="内容", points=D(60), step=D("0.5")),
        ],
        recommendations=[
            Recommendation(key="yes", label="推荐", favours=True),
            Recommendation(key="no", label="不推荐"),
        ],
        formula=Formula(**formula),
    )


def sheet(expert, application, basis, plan, recommendation="yes"):
    return Sheet(expert, application, {"basis": D(basis), "plan": D(plan)}, recommendation)


def ranks(lines):
    return [(line.application, line.rank) for line in lines]


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (Fraction(5, 1000), 2, "0.01"),
        (Fraction(4, 1000), 2, "0.00"),
        (Fraction(-5, 1000), 2, "-0.01"),
        (Fraction(-4, 1000), 2, "0.00"),
        (Fraction(2005, 1000), 2, "2.01"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(1, 3), 6, "0.333333"),
        (Fraction(0), 2, "0.00"),
    ],
)
def test_a_half_is_rounded_away_from_zero(value, decimals, expected):
    assert str(rounded(value, decimals)) == expected


@given(st.decimals(-999, 999, places=5, allow_nan=False), st.integers(0, 4))
def test_rounding_agrees_with_the_decimal_module(value, decimals):
    assert rounded(Fraction(value), decimals) == value.quantize(D(1).scaleb(-decimals), ROUND_HALF_UP)


@given(st.fractions(0, 10_000, max_denominator=10_000))
def test_a_root_is_right_to_many_digits(value):
    assert abs(root(value) ** 2 - value) < Fraction(1, 10**30)


def test_a_total_uses_the_weights_and_is_scaled_to_what_the_call_says():
    weighted = rules().model_copy(update={"out_of": D(100)})

    assert total(rules(), {"basis": D(30), "plan": D("45.5")}) == Fraction("75.5")
    assert total(weighted, {"basis": D(40), "plan": D(60)}, {"basis": D(2)}) == 100
    assert total(weighted, {"basis": D(20), "plan": D(60)}, {"basis": D(2)}) == Fraction(10000, 140)


def test_trimming_needs_enough_sheets():
    five = [Fraction(n) for n in (10, 60, 70, 80, 100)]

    assert trimmed(five, trim=1, trim_from=5) == (70, 3)
    assert trimmed(five[:4], trim=1, trim_from=5) == (55, 4)
    assert trimmed(five[:1], trim=1, trim_from=5) == (10, 1)
    assert trimmed([Fraction(80)] * 5, trim=2, trim_from=5) == (80, 1)


def test_normalising_takes_strictness_out():
    # A is strict, B mild; both put X before Y by as much as they ever do.
    totals = {("A", "X"): 60, ("A", "Y"): 40, ("B", "X"): 90, ("B", "Y"): 80}

    by_z = normalised({k: Fraction(v) for k, v in totals.items()}, how="z", at_least=2)
    by_range = normalised({k: Fraction(v) for k, v in totals.items()}, how="minmax", at_least=2)

    assert abs(by_z["A", "X"] - by_z["B", "X"]) < Fraction(1, 10**30)
    assert by_range == {("A", "X"): 90, ("A", "Y"): 40, ("B", "X"): 90, ("B", "Y"): 40}


@pytest.mark.parametrize("how", ["z", "minmax"])
def test_an_expert_without_variance_counts_as_the_mean_and_one_with_few_sheets_as_is(how):
    totals = {
        ("flat", "X"): Fraction(70),
        ("flat", "Y"): Fraction(70),
        ("few", "X"): Fraction(95),
        ("usual", "X"): Fraction(80),
        ("usual", "Y"): Fraction(60),
    }

    found = normalised(totals, how=how, at_least=2)

    assert found["flat", "X"] == found["flat", "Y"] == 75
    assert found["few", "X"] == 95


def test_equal_totals_everywhere_give_equal_results():
    lines = results(
        rules(result="normalised", ties=[]), [], [sheet(e, a, 30, 40) for e in "AB" for a in "XYZ"]
    )

    assert [line.score for line in lines] == [D("70.00")] * 3
    assert ranks(lines) == [("X", 1), ("Y", 1), ("Z", 1)]


def test_ranks_follow_the_result_and_what_has_no_sheet_comes_last_without_rank():
    lines = results(rules(), ["X", "Y", "Z"], [sheet("A", "Y", 30, 50), sheet("A", "X", 30, 40)])

    assert ranks(lines) == [("Y", 1), ("X", 2), ("Z", None)]
    assert lines[2].score is None


def test_what_is_rounded_alike_is_a_tie():
    three = [sheet("A", "X", 20, 40), sheet("B", "X", 20, 40), sheet("C", "X", 20, "40.5")]
    six = [sheet(e, "Y", 20, 40) for e in "ABCDE"] + [sheet("F", "Y", 20, 41)]

    lines = results(rules(decimals=0, ties=[]), [], [*three, *six])

    assert ranks(lines) == [("X", 1), ("Y", 1)]
    assert lines[1].tie == Tie("X", "")


def test_the_first_rule_that_tells_apart_decides_a_tie():
    sheets = [
        sheet("A", "X", 30, 40),
        sheet("A", "Y", 20, 50),
        sheet("A", "Z", 30, 40, "no"),
        sheet("A", "W", 30, 40, "no"),
    ]

    lines = results(rules(ties=["item:plan", "median", "recommended"]), [], sheets)

    assert ranks(lines) == [("Y", 1), ("X", 2), ("W", 3), ("Z", 3)]
    assert [line.tie for line in lines] == [
        None,
        Tie("Y", "item:plan"),
        Tie("X", "recommended"),
        Tie("W", ""),
    ]


def test_the_reference_decides_what_nothing_else_does():
    lines = results(rules(ties=["items", "reference"]), [], [sheet("A", x, 30, 40) for x in "YX"])

    assert ranks(lines) == [("X", 1), ("Y", 2)]
    assert lines[1].tie == Tie("X", "reference")


def test_an_outlier_is_told_by_the_mean_of_the_others():
    sheets = [
        sheet("A", "X", 35, 50),
        sheet("B", "X", 35, 46),
        sheet("C", "X", 20, 40),
        sheet("A", "Y", 0, 0),
    ]

    found = outliers(rules(outlier=D(15)), sheets)

    assert [(row.expert, row.by, row.others, row.count) for row in found] == [
        ("C", D("-23.00"), D("83.00"), 2)
    ]


def test_other_weights_show_who_would_change_places():
    sheets = [sheet("A", "X", 40, 40), sheet("A", "Y", 30, 52), sheet("A", "Z", 10, 10)]
    before = results(rules(), [], sheets)
    after = results(rules(), [], sheets, weights={"basis": D(2)})

    assert ranks(before) == [("Y", 1), ("X", 2), ("Z", 3)]
    assert swaps(before, after) == [("Y", "X")]
    assert [(m.application, m.before, m.after, m.passed) for m in moves(before, after)] == [
        ("X", 2, 1, ("Y",)),
        ("Y", 1, 2, ()),
    ]


# Property: a frozen result is computed again to the same bytes, whatever the sheets, weights, formula and ties.

EXPERTS, APPLICATIONS = "ABCDEF", ["T-1", "T-2", "T-3", "T-4", "T-5"]


@st.composite
def scorings(draw):
    steps = st.sampled_from([D("0.5"), D(1), D("0.25")])
    items = [
        ScoreItem(
            key=f"item{n}",
            label=f"第 {n} 项",
            points=D(draw(st.integers(1, 40))),
            step=draw(steps),
            weight=D(draw(st.integers(1, 300))) / 100,
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    rules_on_ties = ["items", "median", "lowest", "highest", "recommended", "reference", "item:item0"]
    trim = draw(st.integers(1, 2))
    return Scoring(
        title="评分表",
        items=items,
        out_of=draw(st.sampled_from([None, D(100)])),
        recommendations=[Recommendation(key="yes", label="是", favours=True)],
        formula=Formula(
            result=draw(st.sampled_from(["mean", "trimmed", "normalised"])),
            trim=trim,
            trim_from=2 * trim + 1,
            normalise=draw(st.sampled_from(["z", "minmax"])),
            decimals=draw(st.integers(0, 4)),
            ties=draw(st.lists(st.sampled_from(rules_on_ties), unique=True)),
        ),
    )


@st.composite
def scored(draw):
    scoring = draw(scorings())
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(EXPERTS), st.sampled_from(APPLICATIONS)), unique=True, max_size=20)
    )
    sheets = [
        Sheet(
            expert,
            application,
            {
                item.key: item.step * draw(st.integers(0, int(item.points / item.step)))
                for item in scoring.items
            },
            draw(st.sampled_from(["", "yes"])),
        )
        for expert, application in pairs
    ]
    return scoring, sheets


@given(scored(), st.randoms(use_true_random=False))
def test_frozen_scores_are_recomputed_to_the_same_bytes(case, random):
    scoring, sheets = case
    frozen = content(scoring, APPLICATIONS, sheets, panel="评审组")
    text = canonical_json(frozen)
    mixed = list(sheets)
    random.shuffle(mixed)

    assert recomputed_bytes(text.decode()) == text
    assert canonical_json(content(scoring, APPLICATIONS[::-1], mixed, panel="评审组")) == text


@given(scored())
def test_ranks_are_a_competition_ranking_of_the_results(case):
    scoring, sheets = case

    lines = results(scoring, APPLICATIONS, sheets)

    ranked = [line for line in lines if line.rank is not None]
    assert {line.application for line in ranked} == {each.application for each in sheets}
    for place, line in enumerate(ranked, start=1):
        assert line.rank == place or (line.tie and line.tie.rule == "" and line.rank < place)
    assert [line.score for line in ranked] == sorted((line.score for line in ranked), reverse=True)
    assert all(line.lowest <= line.median <= line.highest for line in ranked)


def test_a_changed_score_changes_the_recomputed_bytes():
    frozen = content(rules(), ["X"], [sheet("A", "X", 30, 40)])
    forged = orjson.loads(canonical_json(frozen))
    forged["sheets"][0]["points"]["plan"] = "41"

    assert canonical_json(recomputed(forged)) != canonical_json(forged)


def test_the_shipped_sheet_adds_up_to_a_hundred():
    scoring = read(TIANJIN).scoring

    assert scoring.full == 100
    assert sum(item.points for item in scoring.items) == 100
    assert "演示" in scoring.note
