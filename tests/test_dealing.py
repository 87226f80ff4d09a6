"""However tests are dealt out, each is run, and run once."""

from hypothesis import given
from hypothesis import strategies as st

from tests.dealing import OPENING, dealt


@given(long=st.integers(0, 9), short=st.integers(0, 80), every=st.integers(1, 4), workers=st.integers(1, 9))
def test_every_test_is_dealt_once(long: int, short: int, every: int, workers: int) -> None:
    longs, shorts = list(range(long)), list(range(100, 100 + short))

    found = dealt(longs, shorts, shorts[::every], workers)

    assert sorted(found) == longs + shorts


def test_each_worker_begins_with_its_own() -> None:
    shorts = list(range(100, 200))

    found = dealt([1, 2, 3, 4, 5], shorts, shorts[50:], workers=3)

    # 105 tests: stretches of 35, as pytest-xdist cuts them.
    assert found[:2] == [1, 4]
    assert found[35 : 35 + OPENING + 2] == [*range(150, 150 + OPENING), 2, 5]
    assert found[70 : 70 + OPENING + 1] == [*range(150 + OPENING, 150 + 2 * OPENING), 3]
