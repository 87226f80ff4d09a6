"""Publicities: two people, the clock of the call, working days, and nothing passes with an objection open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications.models import Application
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted, Refused, Stale
from shidian.core.masking import mask_numbers, mask_person
from shidian.core.workdays import calendar
from shidian.dispatch import actions as dispatch
from shidian.dispatch.publishing import objections, publicity
from shidian.dispatch.publishing.models import Objection, ObjectionAnswer, Objector, Publicity
from shidian.dispatch.publishing.papers import notice_pdf
from shidian.dispatch.publishing.queries import last_day, open_objections, publishable
from shidian.dispatch.states import OBJECTION, PUBLICITY
from tests import steps
from tests.dispatch import publishing_steps as acts
from tests.dispatch.test_states import pairs

Clock = Callable[..., None]


def passed(cast: steps.Cast, call: Call) -> Publicity:
    found = acts.running(cast, call)
    publicity.move(found, "end", by=publicity.SYSTEM)
    publicity.move(found, "settle", by=publicity.SYSTEM)
    return acts.fresh(found)


def ended(cast: steps.Cast, call: Call) -> Publicity:
    found = acts.running(cast, call)
    publicity.move(found, "end", by=publicity.SYSTEM)
    return acts.fresh(found)


def replaced(cast: steps.Cast, call: Call) -> Publicity:
    found = acts.running(cast, call)
    new = publicity.prepare(call, cast.commission, by=cast.commission_officer, replaces=found, why="名称有误")
    publicity.publish(new, by=cast.commission_approver)
    return acts.fresh(found)


def withdrawn(cast: steps.Cast, call: Call) -> Publicity:
    found = acts.running(cast, call)
    publicity.withdraw(found, by=cast.commission_approver, reason="名单有误")
    return acts.fresh(found)


# (how the state is reached, its name, verbs that lead on from there); `end` is tried with the time over.
STATES = [
    (acts.prepared, "prepared", {"publish", "withdraw"}),
    (acts.running, "running", {"extend", "replace", "withdraw"}),
    (ended, "ended", {"extend", "settle", "replace", "withdraw"}),
    (passed, "passed", {"replace"}),
    (replaced, "replaced", set()),
    (withdrawn, "withdrawn", set()),
]


def test_all_pairs_of_a_publicity_are_here() -> None:
    told = {(state, verb) for _, state, verbs in STATES for verb in verbs} | {("running", "end")}

    assert told == pairs(PUBLICITY)


@pytest.mark.parametrize(("reach", "state", "may"), STATES, ids=[state for _, state, _ in STATES])
def test_a_verb_leads_a_publicity_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach: Callable[..., Publicity], state: str, may: set[str]
) -> None:
    thing = reach(cast, call)
    assert thing.state == state
    approver = cast.commission_approver

    def replace() -> None:
        new = publicity.prepare(call, cast.commission, by=cast.commission_officer, replaces=thing, why="有误")
        publicity.publish(new, by=approver)

    steps.try_every_verb(
        thing,
        {
            "publish": lambda: publicity.publish(thing, by=approver),
            "end": lambda: publicity.end(thing),
            "extend": lambda: publicity.extend(thing, days=3, by=approver, reason="核实需要时间"),
            "settle": lambda: publicity.settle(thing, by=approver),
            "replace": replace,
            "withdraw": lambda: publicity.withdraw(thing, by=approver, reason="有误"),
        },
        may=may,
        quiet=("end",),
    )


def test_it_is_published_by_another_person_and_ends_after_five_working_days(
    cast: steps.Cast, call: Call
) -> None:
    found = acts.prepared(cast, call)
    steps.refused(NotPermitted, lambda: publicity.publish(found, by=cast.commission_officer))

    found = publicity.publish(found, by=cast.commission_approver)

    # Monday 3 July; the day of publication does not count.
    assert found.ends_on == date(2023, 7, 10)
    assert found.ends_at is not None
    assert found.ends_at.astimezone(call.zone).isoformat() == "2023-07-11T00:00:00+08:00"
    assert found.version is not None
    told = found.version.data
    assert (told["begins"], told["ends"], told["days"]) == ("2023-07-03", "2023-07-10", 5)
    assert told["rows"][0][-1] == "王**"
    assert "13800000000" not in found.version.content and "王经办" not in found.version.content
    [item] = found.items.all()
    assert steps.last_event(item.application.chain).name == "application.made_public"


def test_who_saw_another_list_does_not_publish(cast: steps.Cast, call: Call) -> None:
    found = acts.prepared(cast, call)
    mark = publicity.seen(found)
    publicity.change(found, by=cast.commission_officer, title="另一个标题", text="")

    steps.refused(Stale, lambda: publicity.publish(found, by=cast.commission_approver, mark=mark))


def test_it_passes_by_itself_when_nobody_objected(cast: steps.Cast, call: Call, clock_at: Clock) -> None:
    found = acts.running(cast, call)
    clock_at(2023, 7, 10, 23, 59, 59)
    assert publicity.tend() == 0
    clock_at(2023, 7, 11, 0, 0, 0)

    assert publicity.tend() == 1

    assert acts.fresh(found).state == "passed"
    assert verify().ok


def test_it_does_not_pass_with_an_objection_open_until_an_officer_settles(
    cast: steps.Cast, call: Call, clock_at: Clock
) -> None:
    objection = acts.filed(cast, call)
    found = objection.publicity
    clock_at(2023, 7, 11, 8, 0)
    publicity.tend()
    assert acts.fresh(found).state == "ended"
    steps.refused(NotNow, lambda: publicity.settle(acts.fresh(found), by=cast.commission_approver))

    acts.settled(objection, cast)
    publicity.tend()
    assert acts.fresh(found).state == "ended"
    publicity.settle(acts.fresh(found), by=cast.commission_approver)

    assert acts.fresh(found).state == "passed"


def test_a_correction_keeps_the_old_one_and_its_open_objections(
    cast: steps.Cast, call: Call, clock_at: Clock
) -> None:
    objection = acts.filed(cast, call)
    old = objection.publicity
    with pytest.raises(Invalid):
        publicity.prepare(call, cast.commission, by=cast.commission_officer, replaces=old)
    new = publicity.prepare(call, cast.commission, by=cast.commission_officer, replaces=old, why="名称有误")
    publicity.publish(new, by=cast.commission_approver)

    assert acts.fresh(old).state == "replaced"
    assert acts.fresh(new).version.data["replaces"] == old.reference
    clock_at(2023, 7, 20, 8, 0)
    publicity.tend()
    assert acts.fresh(new).state == "ended"


def test_an_upheld_objection_takes_the_application_out(cast: steps.Cast, call: Call, clock_at: Clock) -> None:
    objection = acts.filed(cast, call)
    claimed = acts.handling(cast, call)
    with pytest.raises(Invalid):
        objections.answer(
            claimed, outcome=ObjectionAnswer.Outcome.UPHELD, text="成立", by=cast.commission_officer
        )

    settled = acts.settled(claimed, cast, outcome="upheld")

    application = steps.fresh(Application.objects.get(pk=settled.item.application_id))
    assert application.state == "declined"
    assert settled.decision is not None
    assert (settled.decision.by, settled.decision.confirmed_by) == (
        cast.commission_officer,
        cast.commission_approver,
    )
    assert publishable(call, cast.commission) == []
    names = [event.name for event in steps.events(application.chain)]
    assert names[-2:] == ["application.struck_off", "application.objection_settled"]
    # The objector stands in no history.
    told = " ".join(f"{event.actor_label}{event.detail}" for event in steps.events(objection.chain))
    assert "陈某某" not in told and "13800000001" not in told
    assert verify().ok


def test_an_objection_after_the_last_second_is_refused(cast: steps.Cast, call: Call, clock_at: Clock) -> None:
    found = acts.running(cast, call)
    clock_at(2023, 7, 11, 0, 0)

    steps.refused(NotNow, lambda: acts.objected(found))


@pytest.mark.parametrize(
    ("who", "text", "place"),
    [
        (objections.Who("", email="a@example.cn"), "事实", "name"),
        (objections.Who("某人"), "事实", "email"),
        (objections.Who("某人", phone="12"), "事实", "phone"),
        (objections.Who("某人", email="no"), "事实", "email"),
        (objections.Who("某人", email="a@example.cn"), " ", "text"),
        (objections.Who("某人", email="a@example.cn"), "字" * 5001, "text"),
    ],
)
def test_what_is_wrong_with_an_objection_is_said_at_its_place(
    cast: steps.Cast, call: Call, who: objections.Who, text: str, place: str
) -> None:
    found = acts.running(cast, call)

    with pytest.raises(Invalid) as refusal:
        objections.file(found, who=who, text=text)

    assert place in [where for where, _ in refusal.value.problems]


def settled_objection(cast: steps.Cast, call: Call) -> Objection:
    return acts.settled(acts.filed(cast, call), cast)


def proposed_objection(cast: steps.Cast, call: Call) -> Objection:
    return acts.answered(acts.filed(cast, call), cast)


def withdrawn_objection(cast: steps.Cast, call: Call) -> Objection:
    objection = acts.filed(cast, call)
    objections.withdraw(objection)
    return acts.again(objection)


OBJECTIONS = [
    (acts.filed, "filed", {"claim", "withdraw"}),
    (acts.handling, "handling", {"claim", "answer", "withdraw"}),
    (proposed_objection, "proposed", {"send_back", "confirm", "withdraw"}),
    (settled_objection, "settled", set()),
    (withdrawn_objection, "withdrawn", set()),
]


def test_all_pairs_of_an_objection_are_here() -> None:
    assert {(state, verb) for _, state, verbs in OBJECTIONS for verb in verbs} == pairs(OBJECTION)


@pytest.mark.parametrize(("reach", "state", "may"), OBJECTIONS, ids=[state for _, state, _ in OBJECTIONS])
def test_a_verb_leads_an_objection_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach: Callable[..., Objection], state: str, may: set[str]
) -> None:
    colleague = steps.make_user("colleague", "市委同事")
    steps.appoint(colleague, cast.commission, "handler")
    thing = reach(cast, call)
    assert thing.state == state

    steps.try_every_verb(
        thing,
        {
            "claim": lambda: objections.claim(thing, by=colleague),
            "answer": lambda: objections.answer(
                thing, outcome=ObjectionAnswer.Outcome.REFUSED, text="不成立", by=cast.commission_officer
            ),
            "send_back": lambda: objections.send_back(thing, by=cast.commission_approver, reason="再核实"),
            "confirm": lambda: objections.confirm(thing, by=cast.commission_approver),
            "withdraw": lambda: objections.withdraw(thing),
        },
        may=may,
    )


def test_the_address_of_an_objection_is_secret(cast: steps.Cast, call: Call) -> None:
    objection = acts.filed(cast, call)

    assert objections.by_token(objection.number, objections.token(objection)) == objection
    assert objections.by_token(objection.number, "x" * 43) is None
    assert objection.due_on == calendar().after(date(2023, 7, 3), 15)


def test_objectors_are_forgotten_when_the_call_says_so(
    cast: steps.Cast, call: Call, clock_at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    objection = settled_objection(cast, call)
    terms = call.definition.publicity.model_copy(update={"forget_after_days": 30})
    monkeypatch.setattr(Call, "definition", call.definition.model_copy(update={"publicity": terms}))
    assert objections.forget() == 0
    clock_at(2023, 8, 10, 0, 0)

    assert objections.forget() == 1

    who = Objector.objects.get(objection=objection)
    assert (who.name, who.phone, who.email) == ("", "", "")
    assert steps.last_event(objection.chain).name == "objection.emptied"


def test_a_list_waits_for_its_publicity_where_the_call_wants_it(
    cast: steps.Cast, call: Call, clock_at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts.running(cast, call)
    rows = dispatch.propose(call, cast.commission, by=cast.commission_officer)
    rows = dispatch.confirm(rows, by=cast.commission_approver)
    dispatch.seal(rows, steps.scan(cast.commission_approver), by=cast.commission_approver)
    terms = call.definition.publicity.model_copy(update={"required": True})
    monkeypatch.setattr(Call, "definition", call.definition.model_copy(update={"publicity": terms}))
    with pytest.raises(NotNow, match="公示"):
        dispatch.dispatch(rows, by=cast.commission_approver)
    clock_at(2023, 7, 11, 8, 0)
    publicity.tend()

    assert dispatch.dispatch(rows, by=cast.commission_approver).state == "dispatched"


def test_the_notice_is_printed_once(cast: steps.Cast, call: Call) -> None:
    found = acts.running(cast, call)
    assert found.version is not None

    first = notice_pdf(found, found.version)

    assert notice_pdf(found, found.version).pk == first.pk
    assert first.open().read(5) == b"%PDF-"


def test_names_and_numbers_are_masked() -> None:
    assert [mask_person(name) for name in ("张三", "欧阳修", "欧阳", "王小明", "Li Lei", " ")] == [
        "张*", "欧阳*", "欧*", "王**", "L***", ""
    ]  # fmt: skip
    assert mask_numbers("联系 13800138000 或 022-27110000，证号 11010519491231002X，共 12 项") == (
        "联系 ******** 或 ********，证号 ********，共 12 项"
    )
    assert mask_numbers("2024-01至2025-12") == "2024-01至2025-12"


@given(start=st.dates(date(2023, 1, 1), date(2025, 12, 1)), days=st.integers(1, 20))
def test_a_period_holds_just_so_many_working_days(start: date, days: int) -> None:
    """Counted day by day with the swapped weekends of the yearly notices."""
    table = calendar()
    until = last_day(start, days)

    counted = [start + timedelta(days=n) for n in range(1, (until - start).days + 1)]
    assert sum(table.is_working(day) for day in counted) == days
    assert table.is_working(until)


def test_a_swapped_weekend_counts() -> None:
    # 2023: 7 and 8 October (Saturday, Sunday) were worked on; 29 September to 6 October were off.
    assert last_day(date(2023, 9, 28), 2) == date(2023, 10, 8)


def one_step(step: str, cast: steps.Cast, call: Call, *, about: bool) -> None:
    latest = Publicity.objects.select_related("call", "office", "replaces").latest("pk")
    waiting = Objection.objects.order_by("pk").filter(state__in=("filed", "handling", "proposed")).first()
    officer, approver = cast.commission_officer, cast.commission_approver
    verbs: dict[str, Callable[[], Any]] = {
        "file": lambda: acts.objected(latest, about=about),
        "tend": publicity.tend,
        "later": lambda: None,
        "settle": lambda: publicity.settle(latest, by=approver),
        "extend": lambda: publicity.extend(latest, days=2, by=approver, reason="核实"),
        "correct": lambda: publicity.publish(
            publicity.prepare(call, cast.commission, by=officer, replaces=latest, why="有误"), by=approver
        ),
    }
    if waiting is not None:
        verbs |= {
            "claim": lambda: objections.claim(waiting, by=officer),
            "answer": lambda: acts.answered(acts.again(waiting), cast),
            "confirm": lambda: objections.confirm(waiting, by=approver),
            "withdraw": lambda: objections.withdraw(waiting),
        }
    verbs.get(step, lambda: None)()


STEPS = st.lists(
    st.sampled_from(
        ["file", "claim", "answer", "confirm", "withdraw", "tend", "later", "settle", "extend", "correct"]
    ),
    min_size=5,
    max_size=18,
)


@pytest.fixture
def running(cast: steps.Cast, call: Call) -> Publicity:
    return acts.running(cast, call)


@pytest.mark.long(8)
@pytest.mark.above_database
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=STEPS)
@pytest.mark.usefixtures("running")
def test_no_publicity_ever_passes_with_an_objection_open(
    cast: steps.Cast, call: Call, clock_at: Clock, taken: list[str]
) -> None:
    """Whatever happens in whatever order; refusals are part of it."""
    from django.db import transaction

    point = transaction.savepoint()
    clock_at(2023, 7, 3, 10, 0)
    day = datetime(2023, 7, 3, 10, 0)
    for number, step in enumerate(taken):
        if step == "later":
            day += timedelta(days=5)
            clock_at(day.year, day.month, day.day, 10, 0)
        try:
            with transaction.atomic():
                one_step(step, cast, call, about=number % 2 == 0)
        except Refused:
            pass
        for found in Publicity.objects.filter(state="passed"):
            assert not open_objections(found).exists()
    transaction.savepoint_rollback(point)
