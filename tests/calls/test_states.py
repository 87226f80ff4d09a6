"""Every verb tried in every state of a call."""

from __future__ import annotations

import pytest

from shidian.audit.actions import SYSTEM
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from tests import steps


@pytest.mark.parametrize(("state", "may"), [("draft", {"publish"}), ("published", set())])
def test_a_verb_leads_on_or_changes_nothing(db: None, clock_at: object, state: str, may: set[str]) -> None:
    thing = load(steps.package(), by=SYSTEM)
    if state == "published":
        publish(thing, by=SYSTEM)
    thing = Call.objects.get(pk=thing.pk)
    assert thing.state == state

    steps.try_every_verb(thing, {"publish": lambda: publish(thing, by=SYSTEM)}, may=may)
