"""The programme that gives applications to experts: what it must never do, and what it should do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.reviews.experts.optimum import Reader, Work, fit, solve

AREAS = ("a/x", "a/y", "b/x", "c")


@given(
    works=st.lists(st.tuples(st.sampled_from(AREAS), st.integers(0, 3)), min_size=1, max_size=8),
    readers=st.lists(
        st.tuples(st.sets(st.sampled_from(AREAS), max_size=2), st.integers(0, 3)), min_size=1, max_size=6
    ),
    barred=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 7))),
    most=st.integers(1, 5),
    strict=st.booleans(),
)
@settings(max_examples=40)
def test_no_conflict_no_overload_nothing_twice(works, readers, barred, most, strict) -> None:
    wanted = [Work(key, area, wants) for key, (area, wants) in enumerate(works)]
    people = [Reader(key, f"u{key % 3}", frozenset(known), load) for key, (known, load) in enumerate(readers)]

    pairs = solve(wanted, people, most=most, barred=barred, strict=strict)

    assert len(pairs) == len(set(pairs))
    assert not set(pairs) & barred
    got = Counter(work for _reader, work in pairs)
    loads = Counter(reader for reader, _work in pairs)
    assert all(got[work.key] <= work.wants for work in wanted)
    assert all(loads[each.key] + each.load <= max(most, each.load) for each in people)
    if strict:
        assert all(fit(wanted[work].area, people[reader].specialities) for reader, work in pairs)
    # Nothing is left short that could simply be given.
    for work in wanted:
        if got[work.key] < work.wants:
            free = [
                each
                for each in people
                if (each.key, work.key) not in {*barred, *pairs}
                and each.load + loads[each.key] < most
                and (not strict or fit(work.area, each.specialities))
            ]
            assert free == []


def test_loads_are_even_and_who_knows_the_field_comes_first() -> None:
    works = [Work(key, AREAS[key % 4], 2) for key in range(24)]
    readers = [Reader(key, f"u{key}", frozenset({AREAS[key % 4]})) for key in range(8)]

    pairs = solve(works, readers, most=24, barred=set())

    assert set(Counter(reader for reader, _work in pairs).values()) == {6}
    assert all(fit(works[work].area, readers[reader].specialities) == 2 for reader, work in pairs)


def test_what_somebody_has_already_counts() -> None:
    works = [Work(key, "a", 1) for key in range(4)]
    readers = [Reader(0, "u", frozenset({"a"}), load=4), Reader(1, "v", frozenset({"a"}))]

    assert {reader for reader, _work in solve(works, readers, most=10, barred=set())} == {1}


def test_two_of_one_unit_read_the_same_only_where_there_is_nobody_else() -> None:
    readers = [Reader(0, "u", frozenset()), Reader(1, "u", frozenset()), Reader(2, "v", frozenset())]

    pairs = solve([Work(0, "a", 2)], readers, most=5, barred=set())
    assert 2 in {reader for reader, _work in pairs}
    assert len(solve([Work(0, "a", 3)], readers, most=5, barred=set())) == 3


def test_areas_are_spread() -> None:
    works = [Work(key, "ab"[key % 2], 1) for key in range(8)]
    readers = [Reader(0, "u", frozenset({"a", "b"})), Reader(1, "v", frozenset({"a", "b"}))]

    pairs = solve(works, readers, most=8, barred=set())

    counted = Counter((reader, works[work].area) for reader, work in pairs)
    assert set(counted.values()) == {2}


def test_nothing_to_do_is_nothing() -> None:
    assert solve([], [], most=1, barred=set()) == []
    assert solve([Work(0, "a", 1)], [], most=1, barred=set()) == []
    assert solve([Work(0, "a", 0)], [Reader(0, "u", frozenset())], most=1, barred=set()) == []
