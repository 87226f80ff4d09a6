"""Several writers of history at the same moment, on PostgreSQL."""

from __future__ import annotations

import pytest

from shidian.audit.actions import SYSTEM, anchor, record
from shidian.audit.models import Anchor, Event
from shidian.audit.queries import verify
from tests.steps import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 10


def test_events_of_one_subject_never_share_a_number() -> None:
    for _ in range(ROUNDS):
        raised = together(*(lambda: record("thing.happened", "thing:甲", by=SYSTEM) for _ in range(4)))
        assert raised == []

    assert list(Event.objects.order_by("number").values_list("number", flat=True)) == list(
        range(1, 4 * ROUNDS + 1)
    )
    assert verify().ok


def test_anchors_taken_at_the_same_moment_stand_in_one_row() -> None:
    record("thing.happened", "thing:甲", by=SYSTEM)
    for _ in range(ROUNDS):
        raised = together(anchor, lambda: record("thing.happened", "thing:乙", by=SYSTEM), anchor)
        assert raised == []

    assert Anchor.objects.count() == 2 * ROUNDS
    assert verify().faults == []
