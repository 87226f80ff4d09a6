from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.dispatch.verify import verify
from shidian.rehearsal import play as play_
from shidian.rehearsal.play import Rehearsal, play
from shidian.rehearsal.stories import FEWEST, Story, story_of
from shidian.rehearsal.troupe import NotAsItMustBe
from tests import steps


def rehearse(folder: Path, out: Path, *, seed: int = 10, tell=lambda words: None):
    return play(steps.package(folder), seed=seed, units=FEWEST, out=out, tell=tell)


def test_every_story_is_told_once_and_then_all_is_plain() -> None:
    assert {story_of(number) for number in range(1, FEWEST + 1)} == set(Story) - {Story.PLAIN}
    assert story_of(FEWEST + 1) is Story.PLAIN


# Rows are numbered from 1: a rolled back SQLite forgets its numbers, PostgreSQL has to be told to.
ON_POSTGRES = connection.vendor == "postgresql"


@pytest.mark.long
@pytest.mark.django_db(transaction=ON_POSTGRES, reset_sequences=ON_POSTGRES)
def test_the_call_is_played_whole_and_gives_the_same_package_everywhere(tmp_path: Path) -> None:
    """Once here, on the database of the tests, and once by the command, in a folder and on SQLite of its own."""
    said: list[str] = []

    outcome = rehearse(steps.TIANJIN, tmp_path / "here", tell=said.append)

    assert verify(outcome.path).digest == outcome.digest
    assert outcome.nominated == Application.objects.filter(state="nominated").count() == FEWEST - 5
    assert len(outcome.refusals) == len(set(outcome.refusals)) >= 30
    assert any("最后一秒" in line for line in said)
    assert any("应拒绝而拒绝" in line for line in said)
    if ON_POSTGRES:
        return  # there it would be the same command on the same SQLite
    command = [
        sys.executable,
        "-m",
        "shidian",
        "rehearse",
        f"--units={FEWEST}",
        f"--out={tmp_path / 'there'}",
    ]
    elsewhere = subprocess.run(command, capture_output=True, text=True, check=True, cwd=steps.ROOT)
    assert elsewhere.stdout.splitlines()[-1] == outcome.digest


@pytest.mark.django_db
def test_the_seed_decides_who_takes_part() -> None:
    package = steps.package()
    first, again, other = (
        Rehearsal(package, seed=seed, units=FEWEST, tell=lambda words: None).rng.random()
        for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.django_db
def test_the_clock_is_given_back(tmp_path: Path) -> None:
    with pytest.raises(NotAsItMustBe, match="家单位"):
        play(steps.package(), seed=1, units=3, out=tmp_path, tell=lambda words: None)
    steps.make_user("somebody", "某人")
    with pytest.raises(NotAsItMustBe, match="空的数据库"):
        rehearse(steps.TIANJIN, tmp_path)

    assert clock._source is clock._system


# What must be refused and is not, or is refused by another refusal, ends the rehearsal.


@pytest.fixture
def rehearsal(db) -> Rehearsal:
    return Rehearsal(steps.package(), seed=1, units=FEWEST, tell=lambda words: None)


def test_what_should_be_refused_and_is_done_ends_it(rehearsal: Rehearsal) -> None:
    with pytest.raises(NotAsItMustBe, match="却办成了"):
        rehearsal.refused("某事", NotNow, lambda: None)


def test_another_refusal_than_the_right_one_ends_it(rehearsal: Rehearsal) -> None:
    def wrong() -> None:
        raise Invalid("不对")

    with pytest.raises(NotAsItMustBe, match="NotNow 拒绝，却是 Invalid"):
        rehearsal.refused("某事", NotNow, wrong)


def test_a_refusal_that_left_a_trace_ends_it(rehearsal: Rehearsal) -> None:
    def trace() -> None:
        play_.load(rehearsal.package, by=play_.SYSTEM)
        raise NotNow("晚了")

    with pytest.raises(NotAsItMustBe, match="留下了记录"):
        rehearsal.refused("某事", NotNow, trace)


def test_a_rule_that_no_longer_holds_is_found(db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The procedure itself is broken here: beginning an application asks no rule any more."""
    monkeypatch.setattr(applications, "require", lambda verdict: None)

    with pytest.raises(NotAsItMustBe, match="征集开始以前申报"):
        rehearse(steps.TIANJIN, tmp_path)


@pytest.mark.django_db
def test_the_command_ends_with_an_error_when_something_is_wrong(tmp_path: Path, monkeypatch) -> None:
    User.objects.create_user("somebody@example.cn", None, name="某人")

    with pytest.raises(CommandError, match="空的数据库"):
        call_command("rehearse", out=tmp_path, here=True, seed=1)
    with pytest.raises(CommandError, match=r"数据包|call\.yaml"):
        call_command("rehearse", out=tmp_path, here=True, package=tmp_path)
