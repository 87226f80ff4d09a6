"""In what order tests are given to the workers of pytest-xdist, each of which begins with an equal stretch of the list."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import islice
from typing import TypeVar

OPENING = 12
"""With how many of the tests beside it a worker begins while the first makes what the others wait for."""

_Test = TypeVar("_Test", bound=Hashable)


def dealt(
    long: Sequence[_Test], short: Sequence[_Test], beside: Sequence[_Test], workers: int
) -> list[_Test]:
    """Every test once: for each worker its share of the long ones, in their order, then short ones.

    Workers but the first begin with some of `beside`, which are among the short.
    """
    hands = [list(long[worker::workers]) for worker in range(workers)]
    for worker in range(1, workers):
        hands[worker][:0] = beside[(worker - 1) * OPENING : worker * OPENING]
    given = {test for hand in hands for test in hand}
    rest = (test for test in short if test not in given)
    found: list[_Test] = []
    for worker, hand in enumerate(hands):
        stretch = (len(long) + len(short) + worker) // workers
        found += [*hand, *islice(rest, max(stretch - len(hand), 0))]
    return found
