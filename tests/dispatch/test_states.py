"""Every verb tried in every state of a candidate list and of a package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shidian.audit.actions import SYSTEM, move
from shidian.calls.models import Call
from shidian.dispatch import actions as dispatch
from shidian.dispatch import packages
from shidian.dispatch.models import CandidateList, Package
from shidian.dispatch.states import LIST, PACKAGE
from tests import steps


def draft(cast: steps.Cast, call: Call) -> CandidateList:
    application = steps.recommended(cast, call)
    return dispatch.rank(call, cast.heping, [application.reference], by=cast.heping_handler)


def proposed(cast: steps.Cast, call: Call) -> CandidateList:
    steps.recommended(cast, call)
    return dispatch.propose(call, cast.heping, by=cast.heping_handler)


def confirmed(cast: steps.Cast, call: Call) -> CandidateList:
    return steps.listed(cast, call)[1]


def dispatched(cast: steps.Cast, call: Call) -> CandidateList:
    return steps.dispatched(cast, call)[1]


LISTS = [
    (draft, "draft", {"propose"}),
    (proposed, "proposed", {"send_back", "confirm"}),
    (confirmed, "confirmed", {"revoke", "dispatch"}),
    (dispatched, "dispatched", set()),
]


def pairs(machine) -> set[tuple[str, str]]:
    return {(state, verb) for verb, step in machine.transitions.items() for state in step.sources}


def test_all_pairs_of_a_list_are_here() -> None:
    assert {(state, verb) for _, state, verbs in LISTS for verb in verbs} == pairs(LIST)


@pytest.mark.parametrize(("reach", "state", "may"), LISTS, ids=[state for _, state, _ in LISTS])
def test_a_verb_leads_a_list_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach: Callable[..., CandidateList], state: str, may: set[str]
) -> None:
    thing = CandidateList.objects.get(pk=reach(cast, call).pk)
    assert thing.state == state

    steps.try_every_verb(
        thing,
        {
            "propose": lambda: dispatch.propose(call, cast.heping, by=cast.heping_handler),
            "send_back": lambda: dispatch.send_back(thing, by=cast.heping_approver, reason="请重排"),
            "confirm": lambda: dispatch.confirm(thing, by=cast.heping_approver),
            "revoke": lambda: dispatch.revoke(thing, by=cast.heping_approver, reason="有误"),
            "dispatch": lambda: dispatch.dispatch(thing, by=cast.heping_approver),
        },
        may=may,
    )


# Packages: `build` finishes or fails by itself; a worker that was killed leaves `building` behind.


@pytest.fixture
def package(cast: steps.Cast, call: Call) -> Package:
    _, listed = steps.nominated(cast, call)
    return Package.objects.select_related("list__office").get(list=listed)


def anew(package: Package) -> Package:
    """A second package of the list's rows, not yet made: the first one is put aside."""
    listed = package.list
    package.delete()
    return Package.objects.create(list=listed, asked_at=package.asked_at)


def test_a_package_that_waits_is_built_and_finished(package: Package) -> None:
    waiting = anew(package)

    packages.build(waiting.pk)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.fault) == ("ready", "")
    assert waiting.manifest_digest
    assert [event.name for event in packages.timeline(waiting.chain)[:2]] == [
        "package.finished",
        "package.started",
    ]


def test_a_package_whose_worker_was_killed_is_built_again(package: Package) -> None:
    killed = anew(package)
    move(killed, "build", by=SYSTEM)

    packages.build(killed.pk)

    killed.refresh_from_db()
    assert killed.state == "ready"


def test_a_package_that_cannot_be_made_fails_with_its_reason_and_can_be_asked_for_again(
    package: Package, files_root: Path, cast: steps.Cast
) -> None:
    failing = anew(package)
    sealed = failing.list.sealed_scan
    assert sealed is not None
    content = packages.file_store().path(sealed.sha256)
    kept = content.read_bytes()
    content.unlink()

    with pytest.raises(OSError):
        packages.build(failing.pk)

    failing.refresh_from_db()
    assert failing.state == "failed"
    assert failing.fault
    assert steps.last_event(failing.chain).name == "package.failed"
    content.write_bytes(kept)
    packages.retry(failing, by=cast.commission_officer)
    packages.build(failing.pk)
    failing.refresh_from_db()
    assert failing.state == "ready"


def test_a_finished_package_is_not_touched_again(package: Package, cast: steps.Cast) -> None:
    before, held = steps.traces(), steps.row(package)

    packages.build(package.pk)

    assert (steps.traces(), steps.row(package)) == (before, held)
    for verb in PACKAGE.transitions:
        with pytest.raises(packages.NotNow):
            move(package, verb, by=SYSTEM)
    assert (steps.traces(), steps.row(package)) == (before, held)


def test_only_people_of_the_office_ask_again(package: Package, cast: steps.Cast) -> None:
    with pytest.raises(packages.NotPermitted):
        packages.retry(package, by=cast.lead_writer)
    with pytest.raises(packages.NotNow):
        packages.retry(package, by=cast.commission_officer)
