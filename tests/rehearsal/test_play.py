from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application, Correction
from shidian.audit.models import Event
from shidian.audit.queries import verify as verify_history
from shidian.calls.models import Call, Extension
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.dispatch.models import CandidateList, ListChange, QuotaWaiver
from shidian.dispatch.publishing.models import ObjectionAnswer, Publicity, Result
from shidian.dispatch.verify import verify
from shidian.documents.models import DocumentVersion
from shidian.notifications.models import Notice
from shidian.rehearsal import play as play_
from shidian.rehearsal.play import Outcome, Rehearsal, play
from shidian.rehearsal.stories import FEWEST, TOLD, Story, story_of
from shidian.rehearsal.troupe import NotAsItMustBe
from shidian.reviews.experts.conflicts import between
from shidian.reviews.experts.models import Assignment, Expert
from shidian.reviews.models import JointAnswer, JointRecommendation
from shidian.reviews.scoring.queries import is_equal
from tests import steps, template


def rehearse(folder: Path, out: Path, *, seed: int = 10, tell=lambda words: None):
    return play(steps.package(folder), seed=seed, units=FEWEST, out=out, tell=tell)


def test_every_story_is_told_once_and_then_all_is_plain() -> None:
    told = {story_of(number) for number in range(1, FEWEST + 1)}
    assert told == set(Story) - {Story.PLAIN, Story.TWICE}
    assert story_of(FEWEST + 1) is Story.PLAIN


# Rows are numbered from 1: a rolled back SQLite forgets its numbers, PostgreSQL has to be told to.
ON_POSTGRES = connection.vendor == "postgresql"
KEPT = "shidian/rehearsal"  # the digest of the last performance on SQLite, and what it was made of


@pytest.mark.long(30)
@pytest.mark.django_db(transaction=ON_POSTGRES, reset_sequences=ON_POSTGRES)
def test_the_call_is_played_whole(tmp_path: Path, client: Client, pytestconfig: pytest.Config) -> None:
    """One performance, looked at from all sides; its digest is the same on both databases."""
    said: list[str] = []
    kept = pytestconfig.cache.get(KEPT, {}) if ON_POSTGRES else {}
    known = kept.get("digest") if kept.get("sources") == sources() else None
    with by_the_command(tmp_path) if ON_POSTGRES and not known else nullcontext() as elsewhere:
        outcome = rehearse(steps.TIANJIN, tmp_path / "here", tell=said.append)
        if elsewhere is not None:
            lines = elsewhere.communicate()[0].splitlines()
            known = lines[-1] if elsewhere.returncode == 0 else "the command failed"
    if ON_POSTGRES:
        assert outcome.digest == known
    else:
        pytestconfig.cache.set(KEPT, {"sources": sources(), "digest": outcome.digest})

    call = Call.objects.get()
    it_ends_as_told(outcome, said)
    three_lists_were_needed()
    more_time_was_given_and_stands_on_record(call, client)
    two_offices_recommend_one_project(outcome)
    more_than_the_quota_was_let_pass(outcome)
    a_supplement_took_one_back()
    experts_had_conflicts_and_a_tie()
    one_objection_was_upheld_and_one_refused()
    results_are_recorded_and_everybody_is_told(outcome)


def sources() -> str:
    """The digest of all that a rehearsal is made of."""
    found = hashlib.sha256()
    for folder in (steps.ROOT / "src", steps.ROOT / "calls"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(steps.ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def by_the_command(folder: Path) -> subprocess.Popen[str]:
    """`shidian rehearse` on SQLite, where the tests did not play there before: the same seed in another process."""
    database = shutil.copy(template.sqlite_file(), folder / "rehearsal.sqlite3")
    command = [sys.executable, "-m", "shidian", "rehearse", f"--units={FEWEST}"]
    command += [f"--out={folder / 'there'}", f"--database=sqlite:///{database}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=steps.ROOT)


def of(story: Story) -> Application:
    """The application of a story that is told once."""
    if story is Story.TWICE:
        return Application.objects.get(state="merged")
    return Application.objects.get(reference=f"TJ10-{list(TOLD).index(story) + 1:04d}")


def it_ends_as_told(outcome: Outcome, said: list[str]) -> None:
    assert verify(outcome.path).digest == outcome.digest
    assert verify_history().ok
    ends = Counter(story.end for story in [*TOLD, Story.TWICE])
    assert Counter(Application.objects.values_list("state", flat=True)) == ends
    assert outcome.nominated == ends["approved"] + ends["not_selected"] == FEWEST - 7
    assert len(outcome.refusals) == len(set(outcome.refusals)) >= 45
    # Each act is told when it happens and again in the summary.
    assert list(outcome.acts) == ACTS
    for title, words in outcome.acts.items():
        assert sum(f"{title}：{words}" in line for line in said) == 2, title
    assert any("最后一秒" in line for line in said)


ACTS = [
    "三轮补正",
    "停机延期",
    "联合推荐",
    "超额同意",
    "补充更正",
    "专家评审",
    "公示",
    "异议成立",
    "异议不成立",
    "国家结果",
]


def three_lists_were_needed() -> None:
    lists = Correction.objects.filter(application=of(Story.RETURNED)).order_by("number")
    assert [(row.number, row.items.get().is_resolved) for row in lists] == [(1, False), (2, False), (3, True)]


def more_time_was_given_and_stands_on_record(call: Call, client: Client) -> None:
    given = Extension.objects.get()
    planned = call.moment(call.definition.stages[0].hand_in_until)
    assert (given.office, given.lead, given.until) == (None, None, planned + timedelta(days=1))
    assert Event.objects.get(name="call.extended").chain == call.chain
    late, last = (of(story).lodgements.order_by("pk")[0] for story in (Story.OUTAGE, Story.LAST_SECOND))
    assert planned < late.at < last.at == given.until
    page = client.get(f"/calls/{call.key}/").content.decode()
    assert f"原定 2023 年 7 月 24 日 17:00，已延期：{given.reason}" in page
    people = {row.user for row in Notice.objects.filter(kind="extended")}
    assert set(User.objects.filter(memberships__organisation=of(Story.OUTAGE).lead)) <= people


def two_offices_recommend_one_project(outcome: Outcome) -> None:
    joint, merged = JointRecommendation.objects.get(), of(Story.TWICE)
    assert (joint.application, joint.merged) == (of(Story.JOINT), merged)
    assert merged.lead == joint.application.lead
    assert joint.office == merged.office != joint.application.lodgements.order_by("pk")[0].office
    assert [row.agreed for row in JointAnswer.objects.order_by("pk")] == [False, True]
    listed = national()
    assert listed.items.count() == len(listed.version.data["applications"]) == outcome.nominated
    rows = {row["reference"]: row.get("joint", []) for row in listed.version.data["applications"]}
    assert {reference: names for reference, names in rows.items() if names} == {
        joint.application.reference: [joint.office.name]
    }
    assert merged.reference not in rows


def national() -> CandidateList:
    return CandidateList.objects.select_related("version").get(stage="city")


def more_than_the_quota_was_let_pass(outcome: Outcome) -> None:
    waiver = QuotaWaiver.objects.select_related("list", "by").get()
    assert waiver.count == waiver.maximum + 1 == waiver.list.items.count()
    assert waiver.list.state == "dispatched"
    assert waiver.office == national().office != waiver.list.office
    assert waiver.by not in (waiver.list.confirmed_by, waiver.list.dispatched_by)
    assert {"超额报送", "自己同意自己超额"} <= set(outcome.refusals)


def a_supplement_took_one_back() -> None:
    gone = ListChange.objects.get(kind="withdraw")
    assert gone.application == of(Story.CALLED_BACK)
    assert gone.application.office == gone.list.office
    first = CandidateList.objects.filter(office=gone.list.office).order_by("pk")[0]
    assert first.items.filter(application=gone.application).exists()  # what was sent is not changed


def experts_had_conflicts_and_a_tie() -> None:
    [result] = [version for version in DocumentVersion.objects.all() if is_result(version)]
    assert is_equal(result)
    assert result.data["left_out"]
    assert len(result.data["moderations"]) == 1
    assert any(line["tie"] for line in result.data["result"])
    read = set(Assignment.objects.values_list("expert", "application"))
    judged = Application.objects.filter(pk__in=[application for _expert, application in read])
    found = between(list(Expert.objects.all()), list(judged.select_related("lead")))
    declared = [pair for pair in found if pair in read]  # while reading: it was assigned before
    assert len(declared) == 1 < len(found)


def is_result(version: DocumentVersion) -> bool:
    return "moderations" in version.data


def one_objection_was_upheld_and_one_refused() -> None:
    answers = {row.objection.item.application: row.outcome for row in ObjectionAnswer.objects.all()}
    assert answers == {of(Story.OBJECTED): "upheld", of(Story.CLEARED): "refused"}
    on_list = set(national().items.values_list("application__reference", flat=True))
    assert of(Story.OBJECTED).state == "declined"
    assert of(Story.OBJECTED).reference not in on_list
    assert of(Story.CLEARED).state == "approved"
    assert of(Story.CLEARED).reference in on_list
    shown = Publicity.objects.get()
    assert (shown.state, shown.items.count()) == ("passed", len(on_list) + 1)


def results_are_recorded_and_everybody_is_told(outcome: Outcome) -> None:
    results = Result.objects.select_related("application__lead")
    assert results.count() == outcome.nominated
    assert results.filter(outcome="not_selected").get().application == of(Story.NOT_CHOSEN)
    assert any(row.issued_name not in ("", row.applied_name) for row in results)
    told = Notice.objects.filter(kind="result")
    for row in results:
        members = set(User.objects.filter(memberships__organisation=row.application.lead))
        assert len(members) == 2
        assert {notice.user for notice in told if notice.about == row.application.chain} == members


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
