"""What tests/kept.py puts back is what the verbs leave behind, and only where they would leave it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse

from shidian.applications.models import Application
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.dispatch.models import CandidateList
from tests import kept, steps


def everything(files_root: Path) -> dict[str, Any]:
    rows = {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models()
    }
    files = {str(path): path.read_bytes() for path in files_root.rglob("*") if path.is_file()}
    return rows | {"files": files}


def test_what_is_put_back_is_what_the_verbs_left(
    cast: steps.Cast, call: Call, files_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_kept", {})
    before, way = everything(files_root), kept._way
    point = transaction.savepoint()
    made, _ = steps.dispatched(cast, call)
    left = everything(files_root)
    transaction.savepoint_rollback(point)
    shutil.rmtree(files_root)
    assert everything(files_root)["audit.Event"] == before["audit.Event"]

    kept._way = way
    again, rows = steps.dispatched(cast, call)

    assert everything(files_root) == left
    assert (again.pk, again.state) == (made.pk, made.state)
    assert isinstance(again, Application)
    assert isinstance(rows, CandidateList)


def test_after_any_other_writing_the_verbs_are_called(cast: steps.Cast, call: Call) -> None:
    steps.start_filled(cast, call)
    cast.lead.name = "改了名的单位"
    cast.lead.save()
    assert kept._way is None
    application = steps.frozen(cast, call)
    assert Event.objects.filter(chain=application.chain, name="application.frozen").exists()
    assert application.lead.name == "改了名的单位"


def test_who_signed_in_before_stays_signed_in(cast: steps.Cast, call: Call, client: Client) -> None:
    client.force_login(cast.heping_handler)
    way = kept._way
    assert way is not None

    application = steps.lodged(cast, call)

    assert kept._way is not None
    assert len(kept._way) > len(way)
    page = client.get(reverse("desk:application", args=(application.reference,)))
    assert page.status_code == 200
    assert page.context["user"] == cast.heping_handler


def test_a_step_at_another_moment_is_another_step(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    one = steps.start_filled(cast, call)
    clock_at(2023, 7, 4, 9, 0)
    other = steps.start_filled(cast, call)
    assert one.pk != other.pk
    assert other.started_at > one.started_at
