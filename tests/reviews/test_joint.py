"""Joint recommendations: asked, agreed, merged; shown on the list with both names, counted once."""

from __future__ import annotations

import pytest

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers
from shidian.dispatch.models import CandidateList
from shidian.reviews import actions as reviews
from shidian.reviews import joint
from shidian.reviews.queries import counts
from tests import steps
from tests.steps import refused

pytestmark = pytest.mark.above_database


@pytest.fixture
def two(cast: steps.Cast, call: Call) -> tuple[Application, Application]:
    """The same project, recommended by the district and lodged at the sector authority."""
    first = steps.recommended(cast, call)
    second = steps.signed(cast, call)
    applications.lodge(second, cast.sector, by=cast.lead_writer)
    return first, steps.fresh(second)


def test_one_goes_on_and_the_other_is_closed_in_its_favour(
    cast: steps.Cast, call: Call, two: tuple[Application, Application]
) -> None:
    kept, other = two
    asked = joint.offer(kept, cast.sector, by=cast.heping_handler, reason="同一试点")
    assert list(joint.open_offers(cast.sector)) == [asked]
    assert joint.mergeable(asked) == [other]
    joint.answer(asked, agreed=True, by=cast.sector_officer, reason="同意", merged=other)

    assert steps.fresh(other).state == "merged"
    assert steps.last_event(kept.chain).name == "application.joined"
    [row] = joint.joint_of(kept)
    assert (row.office, row.merged) == (cast.sector, other)
    assert joint.merged_into(other).application == kept  # type: ignore[union-attr]
    assert counts(call, cast.sector).merged == 1
    # Both stand on the list, and it counts once where it arrives.
    at = [column.value for column in call.definition.list_columns].index("office")
    [line] = papers.draft_content(call, cast.heping)["rows"]
    assert line[at] == f"{cast.heping.name}、{cast.sector.name}"
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    listed = dispatch.confirm(listed, by=cast.heping_approver)
    assert listed.version is not None
    assert listed.version.data["applications"][0]["joint"] == [cast.sector.name]
    dispatch.seal(listed, steps.scan(cast.heping_approver), by=cast.heping_approver)
    dispatch.dispatch(listed, by=cast.heping_approver)
    assert counts(call, cast.commission).received == 1


def test_an_office_joins_without_an_application_of_its_own_or_refuses(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    asked = joint.offer(found, cast.sector, by=cast.heping_handler, reason="行业重点")
    refused(NotPermitted, lambda: joint.answer(asked, agreed=True, by=cast.heping_handler, reason="同意"))
    refused(Invalid, lambda: joint.answer(asked, agreed=True, by=cast.sector_officer, reason=""))
    joint.answer(asked, agreed=False, by=cast.sector_officer, reason="不了解")

    assert joint.joint_of(found) == []
    refused(NotNow, lambda: joint.answer(asked, agreed=True, by=cast.sector_officer, reason="同意"))
    again = joint.offer(found, cast.sector, by=cast.heping_handler, reason="补充说明")
    joint.answer(again, agreed=True, by=cast.sector_officer, reason="同意")
    assert joint.joint_recommenders([found.pk]) == {found.pk: [cast.sector.name]}


def test_who_may_be_asked_and_by_whom(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    for person in (cast.sector_officer, cast.heping_approver, cast.lead_writer):
        refused(NotPermitted, lambda by=person: joint.offer(found, cast.sector, by=by, reason="同一试点"))
    for office in (cast.heping, cast.commission):
        refused(Invalid, lambda to=office: joint.offer(found, to, by=cast.heping_handler, reason="同一试点"))


def test_joined_after_the_approval_the_list_is_approved_anew(
    cast: steps.Cast, call: Call, two: tuple[Application, Application]
) -> None:
    kept, _other = two
    asked = joint.offer(kept, cast.sector, by=cast.heping_handler, reason="同一试点")
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    listed = dispatch.confirm(listed, by=cast.heping_approver)
    dispatch.seal(listed, steps.scan(cast.heping_approver), by=cast.heping_approver)
    joint.answer(asked, agreed=True, by=cast.sector_officer, reason="同意")

    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="联合推荐单位")


def test_where_both_arrived_they_are_put_together(
    cast: steps.Cast, call: Call, two: tuple[Application, Application]
) -> None:
    kept, other = two
    second = steps.make_user("sector-second", "行业审批")
    steps.appoint(second, cast.sector, "approver")
    steps.judge(other, cast.sector_officer)
    reviews.recommend(other, by=cast.sector_officer)
    for office, by, approver in (
        (cast.heping, cast.heping_handler, cast.heping_approver),
        (cast.sector, cast.sector_officer, second),
    ):
        listed = dispatch.propose(call, office, by=by)
        listed = dispatch.confirm(listed, by=approver)
        dispatch.seal(listed, steps.scan(approver), by=approver)
        dispatch.dispatch(CandidateList.objects.get(pk=listed.pk), by=approver)
    kept, other = steps.fresh(kept), steps.fresh(other)
    refused(NotPermitted, lambda: joint.put_together(kept, other, by=cast.heping_handler, reason="同一试点"))

    [row] = joint.put_together(kept, other, by=cast.commission_officer, reason="同一试点")

    assert (row.office, row.merged) == (cast.sector, other)
    assert steps.fresh(other).state == "merged"
    assert counts(call, cast.commission).adds_up


def test_two_of_one_recommender_are_no_joint_recommendation(cast: steps.Cast, call: Call) -> None:
    first, second = steps.recommended(cast, call), steps.recommended(cast, call)

    refused(
        NotNow,
        lambda: joint.put_together(first, second, by=cast.heping_handler, reason="同一试点"),
        match="两个推荐单位",
    )
