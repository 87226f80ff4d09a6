"""Applications that say the same: by unit, by name, by text."""

from __future__ import annotations

from typing import Any

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here, visible_to
from shidian.calls.models import Call
from shidian.calls.queries import gates_until
from shidian.core.fingerprints import LEAST
from shidian.reviews import similar
from shidian.reviews.checklist import items
from shidian.reviews.models import Fingerprint, Resemblance
from tests import steps

COPIED = (
    "中心建立首问负责、一次告知、限时办结制度，设专职标准化联络员，按月检查各岗位执行情况，发现问题当场记录、限期改正，并向社会公开结果。"
    * 2
)


def lodged(cast: steps.Cast, call: Call, **answers: Any) -> Application:
    application = steps.start_filled(cast, call)
    steps.write(application, cast.lead_writer, **answers)
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    steps.sign(application, gates_until(call, call.definition.stages[0].key), cast.lead_writer)
    applications.lodge(application, cast.heping, by=cast.lead_writer)
    return steps.fresh(application)


def test_copied_text_is_found_and_shown_at_its_places(cast: steps.Cast, call: Call) -> None:
    first = lodged(cast, call, goals__goals=f"到期建成标准体系。{COPIED}", cover__name="甲综合标准化试点")
    second = lodged(cast, call, basis__current_state=f"{COPIED}以上为现状。", cover__name="乙综合标准化试点")

    assert similar.compare(second.reference) >= 1
    found = similar.alike(first, Application.objects.all())

    (row,) = [each for each in found.seen if each.application == second]
    assert row.shared >= LEAST and row.unit and not row.name
    assert second.version and first.version
    shared = [each for each in similar.passages_of(second.version, first.version) if COPIED[:-1] in each.text]
    assert [(each.place, each.other_place) for each in shared] == [
        (
            similar.place(call.questionnaire, "basis.current_state"),
            similar.place(call.questionnaire, "goals.goals"),
        )
    ]
    assert shared[0].after == "。以上为现状。"


def test_comparing_again_finds_the_same(cast: steps.Cast, call: Call) -> None:
    lodged(cast, call, goals__goals=COPIED)
    second = lodged(cast, call, goals__goals=COPIED)

    assert similar.compare(second.reference) == similar.compare(second.reference) == 1
    assert Resemblance.objects.count() == 1
    assert Fingerprint.objects.count() == 2


def test_same_name_in_other_brackets_is_the_same(cast: steps.Cast, call: Call) -> None:
    first = lodged(cast, call, cover__name="和平区（应急救援）综合标准化试点")
    second = lodged(cast, call, cover__name="和平区(应急救援)综合标准化试点")

    (row,) = similar.alike(first, Application.objects.all()).seen

    assert row.application == second and row.name and row.unit and row.why == ["同一单位", "同一名称"]


def test_drafts_are_nobodys_business(cast: steps.Cast, call: Call) -> None:
    first = lodged(cast, call, goals__goals=COPIED)
    draft = steps.start_filled(cast, call)
    steps.write(draft, cast.lead_writer, goals__goals=COPIED)

    assert similar.compare(first.reference) == 0
    assert similar.alike(first, Application.objects.all()) == similar.Found()


def test_an_office_is_told_of_others_without_seeing_them(cast: steps.Cast, call: Call) -> None:
    first = lodged(cast, call)
    second = lodged(cast, call)
    assert similar.alike(first, visible_to(cast.heping_handler)).hidden == 0

    found = similar.alike(second, visible_to(cast.other_handler))

    assert found.seen == [] and found.hidden == 1
    assert found.words == "其他申请：另有 1 件您看不到的"


def test_the_checklist_says_how_many(cast: steps.Cast, call: Call) -> None:
    first = lodged(cast, call)
    arrival = lodgement_here(first)
    assert arrival
    once = next(item for item in items(arrival) if item.compared)
    assert once.finding.startswith("没有发现") and once.tone == ""

    lodged(cast, call)

    once = next(item for item in items(arrival) if item.compared)
    assert "同一单位的 1 件" in once.finding
