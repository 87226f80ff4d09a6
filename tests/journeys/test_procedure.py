"""The whole procedure of another call: three stages, other parties, another form. Nothing is built in for the first one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest

from shidian.applications.models import Application, Lodgement
from shidian.applications.states import LEFT
from shidian.calls.models import Call
from shidian.dispatch.models import CandidateList, PaperCopy
from shidian.dispatch.queries import registered
from shidian.dispatch.verify import verify
from shidian.organisations.models import Office
from shidian.rehearsal.play import Outcome, Rehearsal, play
from shidian.rehearsal.stories import FEWEST, TOLD, Story
from shidian.signoffs.models import Gate
from tests import steps

PACKAGE = steps.package(steps.PREFECTURE)


@pytest.fixture
def outcome(db: None, tmp_path: Path) -> Outcome:
    return play(PACKAGE, seed=3, units=FEWEST, out=tmp_path, tell=lambda words: None)


@pytest.mark.long(12)
@pytest.mark.above_database
def test_three_stages_lead_to_the_destination(outcome: Outcome) -> None:
    """One performance, looked at from all sides: it is too long to be played for each of them."""
    call = Call.objects.get()
    stages = [stage.key for stage in call.definition.stages]
    assert stages == ["county", "prefecture", "province"]
    expected = Counter(story.end for story in [*TOLD, Story.TWICE])
    assert Counter(Application.objects.values_list("state", flat=True)) == expected
    assert outcome.nominated == expected["approved"] + expected["not_selected"]

    # Every application that was nominated came to the offices of all three stages, one after the other.
    for application in Application.objects.filter(state__in=LEFT):
        came = list(application.lodgements.order_by("pk").values_list("stage", flat=True))
        assert list(dict.fromkeys(came)) == stages
        gates = Gate.objects.filter(round__version=application.version).order_by("pk")
        assert list(gates.values_list("key", flat=True)) == ["county", "prefecture", "ministry"]

    # One list an office, and the supplement of one; what one stage sent is what the next one got.
    sent = dict.fromkeys(stages, 0)
    for listed in CandidateList.objects.all():
        assert listed.state == "dispatched"
        sent[listed.stage] += listed.items.count()
    assert Lodgement.objects.filter(stage="prefecture", sent_by__isnull=False).count() == sent["county"]
    assert Lodgement.objects.filter(stage="province", sent_by__isnull=False).count() == sent["prefecture"]
    assert sent["province"] == outcome.nominated

    # The registry stands behind the second stage here, and counts five copies; of what the third stage returned, the
    # paper of the new version followed.
    assert all(len(row.copies) == 5 and not row.missing for row in registered(call))
    assert len(registered(call)) == sent["prefecture"]
    assert PaperCopy.objects.filter(void__isnull=True).count() == 5 * (sent["prefecture"] + 1)

    # The package names this call's things only.
    assert outcome.path.name == "CJ25-YUNTING-1.zip"
    assert verify(outcome.path).digest == outcome.digest
    with ZipFile(outcome.path) as archive:
        name = next(found for found in archive.namelist() if found.endswith("省级遴选名单.json"))
        listed_content = json.loads(archive.read(name))
    assert listed_content["office"] == Office.objects.get(key="yunting").name
    assert [column["label"] for column in listed_content["columns"]][:2] == ["序号", "项目名称"]
    assert len(listed_content["rows"]) == outcome.nominated


def test_an_office_with_an_earlier_closing_time_of_its_own_closes_earlier(db: None) -> None:
    rehearsal = Rehearsal(PACKAGE, seed=3, units=FEWEST, tell=lambda words: None)

    assert rehearsal.closes.isoformat() == "2025-04-08T18:00:00+08:00"
    assert rehearsal.first_offices == ["liuxi", "baisha"]


def test_every_story_has_an_end_that_the_machine_knows() -> None:
    ends = {story.end for story in Story}

    assert ends <= set(Application.MACHINE.states)
    assert all(story.leaves_first_stage for story in Story if story.is_nominated)
