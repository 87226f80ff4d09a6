"""What keeps an expert away, by every way in which a body can be written, and what acts upon it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.reviews.experts import assignment, declaring, panels, pool
from shidian.reviews.experts.conflicts import conflicts
from shidian.reviews.experts.pool import Details
from shidian.reviews.experts.queries import (
    assignments_of,
    conflicts_of,
    readable,
    suspended_of,
    visible_to,
)
from shidian.reviews.models import Body, ConflictDeclaration
from tests import steps
from tests.reviews.experts import scene
from tests.steps import refused

LEAD, LEAD_CODE = "和平区示范应急服务中心", "12120101PDY00001X0"
GUARANTOR = "和平区示范人民政府"


def kinds(expert, application) -> list[str]:
    return [row.kind for row in conflicts(expert, application)]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (Details("天津市远处研究院"), []),
        (Details(LEAD), ["own"]),
        (Details(" 和平区示范应急服务中心 "), ["own"]),
        (Details("应急服务中心（曾用名）", LEAD_CODE), ["own"]),
        (Details(LEAD, "11120116PDY000028T"), []),  # a namesake with another code
        (Details(GUARANTOR), ["party"]),
        (Details("天津市示范应急管理局"), ["party"]),
        (Details("示范救援站", "", GUARANTOR), ["parent"]),
        (Details("示范救援站", "", "", LEAD_CODE), ["parent"]),
        # Whom the call names for everybody is a party, but nobody is related through it.
        (Details("天津市市场监督管理委员会"), ["party"]),
        (Details("天津市某院", "", "天津市市场监督管理委员会"), []),
    ],
)
def test_units_and_parents(cast: steps.Cast, call: Call, details: Details, expected: list[str]) -> None:
    application = scene.there(cast, call)
    managing = next((party.name for party in call.definition.parties if party.name), "")
    if "监督管理委员会" in details.unit + details.parent_unit:
        assert managing
        details = Details(
            managing if "监督" in details.unit else details.unit,
            "",
            managing if "监督" in details.parent_unit else "",
        )
    expert = scene.expert(cast, details)

    assert kinds(expert, application) == expected


def test_units_of_one_parent_are_told_by_the_pool(cast: steps.Cast, call: Call) -> None:
    application = scene.there(cast, call)
    scene.expert(cast, Details(LEAD, LEAD_CODE, "天津市示范局"), email="colleague@example.cn")
    sister = scene.expert(cast, Details("示范培训中心", "", "天津市示范局"))
    above = scene.expert(cast, Details("天津市示范局"), email="above@example.cn")

    assert kinds(sister, application) == ["parent"]
    assert "同属“天津市示范局”" in conflicts(sister, application)[0].words
    assert kinds(above, application) == ["parent"]


def test_who_works_on_the_application_is_kept_away(cast: steps.Cast, call: Call) -> None:
    application = scene.there(cast, call)
    writer = scene.expert(cast, user=cast.lead_writer)

    assert set(kinds(writer, application)) == {"own", "working"}


def test_units_that_applied_together_within_the_years(
    cast: steps.Cast, call: Call, clock_at, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = steps.lodged(cast, call)
    guarantor = scene.expert(cast, Details(GUARANTOR))
    assert Body.objects.filter(application=first).count() >= 3
    # Another application of the same lead, with another guarantor: they know each other from the first.
    second = steps.start_filled(cast, call)
    steps.write(
        second,
        cast.lead_writer,
        parties__guarantors=[
            {"name": "河东区示范人民政府", "code": "", "contact": "周", "phone": "022-27110001"}
        ],
    )

    assert kinds(guarantor, second) == ["together"]
    assert kinds(guarantor, first) == ["party"]
    clock_at(2026, 8, 3, 10, 0)
    assert kinds(guarantor, second) == []


def test_declared_for_an_application_or_a_unit_until_it_is_withdrawn(cast: steps.Cast, call: Call) -> None:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    row = declaring.declare(expert, kind="advice", text="给过咨询", application=application, by=cast.expert)
    other = declaring.declare(
        expert, kind="family", text="配偶任职", unit=GUARANTOR, by=cast.commission_officer
    )

    assert kinds(expert, application) == ["declared", "declared"]
    refused(NotPermitted, lambda: declaring.withdraw(row, reason="写错", by=cast.expert))
    refused(NotPermitted, lambda: declaring.withdraw(row, reason="写错", by=cast.heping_handler))
    refused(Invalid, lambda: declaring.withdraw(row, reason=" ", by=cast.commission_officer))
    declaring.withdraw(row, reason="写错了申请", by=cast.commission_officer)
    assert kinds(expert, application) == ["declared"]
    refused(NotNow, lambda: declaring.withdraw(row, reason="再撤", by=cast.commission_officer))
    declaring.withdraw(other, reason="已离职", by=cast.commission_approver)
    assert kinds(expert, application) == []
    assert ConflictDeclaration.objects.count() == 4


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"kind": "x", "text": "a", "unit": "b"}, "kind"),
        ({"kind": "other", "text": " ", "unit": "b"}, "text"),
        ({"kind": "other", "text": "a", "unit": " "}, "unit"),
        ({"kind": "other", "text": "a", "unit": "b", "code": "123"}, "code"),
    ],
)
def test_a_declaration_says_what_it_is_about(cast: steps.Cast, given: dict[str, str], place: str) -> None:
    expert = scene.expert(cast)
    with pytest.raises(Invalid) as refusal:
        declaring.declare(expert, by=cast.expert, **given)

    assert [row[0] for row in refusal.value.problems] == [place]


def test_nobody_else_declares_for_an_expert(cast: steps.Cast) -> None:
    expert = scene.expert(cast)
    for person in (cast.heping_handler, cast.outsider, cast.administrator):
        refused(
            NotPermitted,
            lambda by=person: declaring.declare(expert, kind="other", text="a", unit="b", by=by),
        )


def test_what_was_given_before_a_conflict_arose_is_suspended_and_the_office_is_told(
    cast: steps.Cast, call: Call
) -> None:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    panel = scene.panel(cast, call)
    assignment.assign(panel, [(expert, application)], by=cast.commission_officer)
    panels.open_panel(panel, by=cast.commission_officer)
    assert [row.application for row in readable(cast.expert)] == [application]

    declaring.declare(expert, kind="advice", text="给过咨询", application=application, by=cast.expert)

    assert not readable(cast.expert).exists()
    assert not visible_to(cast.expert).exists()
    assert not assignments_of(panel).exists()
    [(row, reasons)] = suspended_of(panel)
    assert (row.application, [each.kind for each in reasons]) == (application, ["declared"])
    event = steps.last_event(panel.chain)
    assert (event.name, event.detail["reference"]) == ("panel.suspended", application.reference)
    # Told once, not with every later declaration.
    declaring.declare(expert, kind="other", text="又一项", unit="某单位", by=cast.expert)
    assert [each.name for each in steps.events(panel.chain)].count("panel.suspended") == 1


def test_a_change_of_unit_suspends_too(cast: steps.Cast, call: Call) -> None:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    panel = scene.panel(cast, call)
    assignment.assign(panel, [(expert, application)], by=cast.commission_officer)
    panels.open_panel(panel, by=cast.commission_officer)

    pool.change(expert, Details(GUARANTOR), by=cast.commission_officer)

    assert not readable(cast.expert).exists()
    assert steps.last_event(panel.chain).name == "panel.suspended"


def test_conflicts_of_a_panel_are_told_before_anybody_is_asked(cast: steps.Cast, call: Call) -> None:
    application = scene.there(cast, call)
    near = scene.expert(cast, Details(LEAD))
    far = scene.expert(cast, email="far@example.cn")
    panel = scene.panel(cast, call)

    found = conflicts_of(panel)

    assert set(found) == {(near.pk, application.pk)}
    refused(
        Invalid,
        lambda: assignment.assign(
            panel, [(far, application), (near, application)], by=cast.commission_officer
        ),
        match="本人单位",
    )


def test_conflicts_cost_the_same_for_many(
    cast: steps.Cast, call: Call, django_assert_max_num_queries
) -> None:
    application = scene.there(cast, call)
    panel = scene.panel(cast, call)
    everybody = [scene.expert(cast, email=f"e{number}@example.cn") for number in range(8)]
    assignment.assign(panel, [(expert, application) for expert in everybody], by=cast.commission_officer)

    with django_assert_max_num_queries(16):
        assert assignments_of(panel).count() == 8


def test_the_clock_of_years_knows_leap_days() -> None:
    from datetime import UTC, datetime

    from shidian.reviews.experts.conflicts import years_ago

    assert years_ago(datetime(2024, 2, 29, tzinfo=UTC), 3) == datetime(2021, 2, 28, tzinfo=UTC)
    assert years_ago(datetime(2024, 2, 29, tzinfo=UTC), 4) - datetime(2020, 2, 29, tzinfo=UTC) == timedelta(0)
