"""Registrars who scan at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from shidian.calls.models import Call
from shidian.core.errors import NotNow, Stale
from shidian.dispatch import registering
from shidian.dispatch.holdings import held_by_key
from shidian.dispatch.models import PaperCopy, PaperPlace, PaperReceipt, PaperReceiptCopy
from tests import steps
from tests.dispatch.test_registering import code, key
from tests.steps import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


def second_clerk(cast: steps.Cast) -> steps.User:
    clerk = steps.make_user("second-clerk", "第二登记员")
    steps.appoint(clerk, cast.institute, "registrar")
    return clerk


def test_of_two_who_scan_one_copy_one_counts_and_the_other_is_told(cast: steps.Cast, call: Call) -> None:
    sent = steps.dispatched(cast, call)[0]
    clerks = (cast.institute_clerk, second_clerk(cast))
    for number in (1, 2, 3, 4, 7):
        texts = (code(sent, number, "T"), code(sent, number, "B", page=7))

        raised = together(
            *(
                partial(registering.receive, call, cast.institute, text, by=clerk)
                for text, clerk in zip(texts, clerks, strict=True)
            )
        )

        assert [type(fault) for fault in raised] == [Stale]
        assert "已经登记过" in str(raised[0])
    assert Counter(PaperCopy.objects.values_list("copy", flat=True)) == Counter((1, 2, 3, 4, 7))


def test_different_copies_are_all_counted(cast: steps.Cast, call: Call) -> None:
    sent = steps.dispatched(cast, call)[0]
    clerks = (cast.institute_clerk, second_clerk(cast), cast.institute_clerk)

    raised = together(
        *(
            partial(registering.receive, call, cast.institute, code(sent, number), by=clerk)
            for number, clerk in enumerate(clerks, start=1)
        )
    )

    assert raised == []
    assert sorted(PaperCopy.objects.values_list("copy", flat=True)) == [1, 2, 3]


def test_a_copy_goes_to_one_of_two_receivers(cast: steps.Cast, call: Call) -> None:
    sent = steps.dispatched(cast, call)[0]
    other = second_clerk(cast)
    here = (call, cast.institute, [key(sent, 1)])
    registering.receive(call, cast.institute, code(sent, 1), by=cast.institute_clerk)
    for _ in range(ROUNDS):
        raised = together(
            partial(registering.hand_on, *here, by=cast.institute_clerk, to="甲"),
            partial(registering.hand_on, *here, by=other, to="乙"),
        )
        assert [type(fault) for fault in raised] == [Stale]
        [held] = held_by_key(call, [key(sent, 1)])
        assert held.place and held.place.to in ("甲", "乙")
        registering.take_back(*here, by=other)
    assert PaperPlace.objects.filter(kind="handed").count() == ROUNDS


def test_two_slips_never_share_a_copy_or_a_number(cast: steps.Cast, call: Call) -> None:
    sent = steps.dispatched(cast, call)[0]
    other = second_clerk(cast)
    for number in (1, 2, 3):
        registering.receive(call, cast.institute, code(sent, number), by=other)
        raised = together(
            *(
                partial(registering.acknowledge, call, cast.institute, by=clerk, sender=cast.heping)
                for clerk in (cast.institute_clerk, other)
            )
        )
        assert [type(fault) for fault in raised] == [NotNow]
    assert PaperReceipt.objects.count() == PaperReceiptCopy.objects.count() == 3
