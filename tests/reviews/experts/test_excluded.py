"""A conflicted expert reaches nothing of an application: by no address of the site, no search, no count and no export."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.config import urls as site
from shidian.reviews.experts import declaring, panels, pool
from shidian.reviews.experts.pool import Details
from shidian.reviews.experts.queries import assignments_of, readable, visible_to
from shidian.reviews.models import Assignment, Expert
from tests import steps
from tests.reviews.experts import scene
from tests.test_access import PUBLIC, SIGNED_IN, World, populated, urls

LEAD, GUARANTOR = "和平区示范应急服务中心", "和平区示范人民政府"
SEARCHES = ("", "?q=应急", "?q=TJ", "?q=和平区", "?short=1", "?page=2")


def _change(world: World, details: Details) -> None:
    pool.change(world.reading.expert, details, by=world.cast.commission_officer)


def _declare(world: World, **about: Any) -> None:
    declaring.declare(world.reading.expert, kind="other", text="理由", by=world.cast.expert, **about)


WAYS: dict[str, Callable[[World], object]] = {
    "own": lambda world: _change(world, Details(LEAD)),
    "own by code": lambda world: _change(world, Details("另一个写法", "12120101PDY00001X0")),
    "party": lambda world: _change(world, Details("和平区示范人民政府 ")),
    "parent": lambda world: _change(world, Details("下属单位", "", GUARANTOR)),
    "sister": lambda world: (
        scene.expert(world.cast, Details(LEAD, "", "某总公司"), email="sister@example.cn"),
        _change(world, Details("姊妹单位", "", "某总公司")),
    ),
    "declared": lambda world: _declare(world, application=world.nominated),
    "declared unit": lambda world: _declare(world, unit=GUARANTOR),
    "declared code": lambda world: _declare(world, code="12120101PDY00001X0"),
}


@pytest.fixture
def world(cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch) -> World:
    # The page of 404 tells nothing of anything: it need not be drawn a thousand times.
    monkeypatch.setattr(site, "handler404", lambda request, exception: HttpResponse(status=404))
    return populated(cast, call)


PLACES = ("reading", "discussing", "closed", "reopened")


def texts(answer: Any) -> str:
    """What an answer says, a sheet too."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    return content.decode("utf-8", "ignore")


def reached(world: World, user: User) -> list[str]:
    """The addresses, with every argument of the application, at which something of it is told."""
    client = Client()
    client.force_login(user)
    found = []
    told = [world.nominated.reference, "应急救援队伍建设（社会"]
    if Expert.objects.get(user=user).unit != LEAD:
        told.append(LEAD)  # the own unit is told to everybody
    for name, url in world.addresses.items():  # type: ignore[attr-defined]
        if name in PUBLIC.split() or name in SIGNED_IN.split() or "logout" in name:
            continue
        for query in SEARCHES if name.startswith("desk:reading") else ("",):
            answer = client.get(url + query)
            if answer.status_code == 200 and any(word in texts(answer) for word in told):
                found.append(name)
    return sorted(set(found))


@pytest.mark.above_database
def test_who_has_no_conflict_reaches_what_it_reads(world: World) -> None:
    world.addresses = urls(world)  # type: ignore[attr-defined]

    assert reached(world, world.cast.expert) == [
        "desk:meeting-live", "desk:meeting-live-part", "desk:reading", "desk:reading-conflict", "desk:readings",
        "desk:readings-xlsx", "desk:sheet", "desk:sheet-submission", "desk:sheets",
    ]  # fmt: skip


@pytest.mark.above_database
@given(way=st.sampled_from(sorted(WAYS)), place=st.sampled_from(PLACES))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_conflicted_expert_reaches_nothing(world: World, way: str, place: str) -> None:
    if not hasattr(world, "addresses"):
        world.addresses = urls(world)  # type: ignore[attr-defined]
    point = transaction.savepoint()
    try:
        panel = Assignment.objects.get(pk=world.reading.pk).panel
        by = world.cast.commission_officer
        if place != "reading":
            panels.discuss(panel, by=by)
        if place in ("closed", "reopened"):
            panels.close(panel, by=by)
        WAYS[way](world)
        if place == "reopened":
            panels.reopen(panel, reason="再评", by=by)

        assert reached(world, world.cast.expert) == []
        assert not readable(world.cast.expert).exists()
        assert visible_to(world.cast.expert).count() == 0
        assert assignments_of(panel).count() == 0
    finally:
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_way_of_a_conflict_keeps_away_and_is_told(world: World, way: str) -> None:
    assert readable(world.cast.expert).count() == 1

    WAYS[way](world)

    assert not readable(world.cast.expert).exists()
    assert steps.last_event(world.reading.panel.chain).name == "panel.suspended"
