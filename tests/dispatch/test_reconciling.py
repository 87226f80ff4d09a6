"""The accounts of every office add up after any sequence of verbs, and a row that does not add up is found."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.queries import gates_until
from shidian.core.errors import Refused
from shidian.dispatch import actions as dispatch
from shidian.dispatch import supplementing
from shidian.dispatch.models import CandidateList, ListChange
from shidian.dispatch.queries import effective, open_list
from shidian.dispatch.reconciling import Account, accounts
from shidian.organisations.models import Office
from shidian.reviews import actions as reviews
from shidian.reviews import joint
from shidian.reviews.queries import counts
from tests import steps

pytestmark = pytest.mark.above_database


def all_accounts(cast: steps.Cast, call: Call) -> list[Account]:
    return accounts(call, [cast.heping, cast.sector, cast.commission])


def faults(cast: steps.Cast, call: Call) -> list[str]:
    return [
        f"{account.office.short}: {proof.label} {proof.words}"
        for account in all_accounts(cast, call)
        for proof in account.faults
    ]


class Player:
    """Tries one verb after another on applications and lists picked by chance; what is refused changes nothing."""

    VERBS = (
        "lodge", "lodge", "recommend", "recommend", "recommend", "give_back", "hand_in", "decline", "take_back",
        "send", "send", "withdraw", "supplement", "supplement", "merge", "count_copy",
    )  # fmt: skip

    def __init__(self, cast: steps.Cast, call: Call) -> None:
        self.cast, self.call = cast, call
        self.handlers = {
            cast.heping.pk: (cast.heping_handler, cast.heping_approver),
            cast.sector.pk: (cast.sector_officer, cast.sector_second),  # type: ignore[attr-defined]
            cast.commission.pk: (cast.commission_officer, cast.commission_approver),
        }

    def play(self, verb: str, chance: Random) -> None:
        try:
            with transaction.atomic():
                getattr(self, verb)(chance)
        except (Refused, IndexError):
            pass  # nothing to do it with, or refused: nothing happened

    def some(self, chance: Random, *states: str) -> Application:
        rows = Application.objects.filter(state__in=states).order_by("pk")
        return steps.fresh(chance.choice(list(rows)))

    def office(self, chance: Random) -> Office:
        return chance.choice([self.cast.heping, self.cast.sector, self.cast.commission])

    def lodge(self, chance: Random) -> None:
        if Application.objects.count() >= 6:
            raise IndexError
        application = steps.signed(self.cast, self.call)
        to = chance.choice([self.cast.heping, self.cast.sector])
        applications.lodge(application, to, by=self.cast.lead_writer)

    def recommend(self, chance: Random) -> None:
        application = self.some(chance, "lodged")
        by, _ = self.handlers[application.office_id or 0]
        steps.judge(application, by)
        if application.office == self.cast.commission:
            gates = gates_until(self.call, self.call.definition.destination.key)
            steps.sign(application, gates, self.cast.commission_officer)
        reviews.recommend(application, by=by)

    def give_back(self, chance: Random) -> None:
        application = self.some(chance, "lodged")
        said = [reviews.Said("请补充")]
        by, _ = self.handlers[application.office_id or 0]
        reviews.return_for_correction(application, by=by, reasons=said)

    def hand_in(self, chance: Random) -> None:
        steps.hand_in_again(self.some(chance, "returned"), self.cast)

    def decline(self, chance: Random) -> None:
        application = self.some(chance, "lodged")
        by, _ = self.handlers[application.office_id or 0]
        reviews.decline(application, by=by, reasons=[reviews.Said("不符合")])

    def take_back(self, chance: Random) -> None:
        application = self.some(chance, "recommended")
        by, _ = self.handlers[application.office_id or 0]
        reviews.take_back(application, by=by, reason="复核")

    def withdraw(self, chance: Random) -> None:
        applications.withdraw(
            self.some(chance, "lodged", "recommended", "returned"), by=self.cast.lead_head, reason="不再承担"
        )

    def send(self, chance: Random) -> None:
        office = self.office(chance)
        by, approver = self.handlers[office.pk]
        listed = open_list(self.call, office)
        if listed is None or listed.state == "draft":
            dispatch.propose(self.call, office, by=by)
            if chance.random() < 0.3:
                return
        listed = open_list(self.call, office)
        if listed is not None and listed.state == "proposed":
            dispatch.confirm(listed, by=approver)
        listed = CandidateList.objects.get(pk=listed.pk)  # type: ignore[union-attr]
        dispatch.seal(listed, steps.scan(approver), by=approver)
        dispatch.dispatch(listed, by=approver)

    def supplement(self, chance: Random) -> None:
        office = self.office(chance)
        by, _ = self.handlers[office.pk]
        line = chance.choice(effective(self.call, office))
        kind = chance.choice(list(ListChange.Kind))
        wanted = supplementing.Wanted(kind, "有误", place=1)
        supplementing.change(self.call, office, line.application.reference, wanted, by=by)
        supplementing.give_reason(self.call, office, "有误", by=by)

    def merge(self, chance: Random) -> None:
        rows = list(Application.objects.filter(state__in=("lodged", "recommended")).order_by("pk"))
        if len(rows) < 2:
            raise IndexError
        kept, other = (steps.fresh(row) for row in chance.sample(rows, 2))
        if kept.office == other.office:
            by, _ = self.handlers[kept.office_id or 0]
            joint.put_together(kept, other, by=by, reason="同一试点")
            return
        asking, _ = self.handlers[kept.office_id or 0]
        answering, _ = self.handlers[other.office_id or 0]
        if kept.office is None or other.office is None:
            raise IndexError
        asked = joint.offer(kept, other.office, by=asking, reason="同一试点")
        joint.answer(asked, agreed=True, by=answering, reason="同意", merged=other)

    def count_copy(self, chance: Random) -> None:
        application = self.some(chance, "lodged", "recommended", "nominated")
        by = self.cast.institute_clerk
        dispatch.count_copy(self.call, self.cast.institute, application, chance.randint(1, 3), by=by)


@pytest.fixture
def stage(cast: steps.Cast, call: Call) -> Player:
    second = steps.make_user("sector-second", "行业审批")
    steps.appoint(second, cast.sector, "approver")
    cast.sector_second = second  # type: ignore[attr-defined]
    return Player(cast, call)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), verbs=st.lists(st.sampled_from(Player.VERBS), min_size=12, max_size=16))
def test_the_numbers_reconcile_after_any_sequence_of_verbs(
    stage: Player, seed: int, verbs: list[str]
) -> None:
    point = transaction.savepoint()
    chance = Random(seed)
    for verb in ("lodge", "recommend", "lodge", "recommend", "send", *verbs):
        stage.play(verb, chance)
        found = faults(stage.cast, stage.call)
        assert not found, f"after {verb}: {found}"
        for office in (stage.cast.heping, stage.cast.sector, stage.cast.commission):
            assert counts(stage.call, office).adds_up, f"after {verb}"
    transaction.savepoint_rollback(point)


def test_every_number_opens_what_makes_it(cast: steps.Cast, call: Call) -> None:
    application, _listed = steps.dispatched(cast, call)
    steps.lodged(cast, call)
    dispatch.count_copy(call, cast.institute, application, 1, by=cast.institute_clerk)
    district, _sector, city = all_accounts(cast, call)

    assert district.numbers["received"].count == 2
    assert district.numbers["sent"].applications == {application.pk}
    assert [district.numbers[key].count for key in ("paper_due", "paper_here", "paper_missing")] == [3, 1, 2]
    assert city.numbers["from_lists"].applications == city.numbers["below_sent"].applications


def test_what_does_not_add_up_is_loud(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.dispatched(cast, call)
    listed.items.all().delete()  # a list that lost a row behind the back of the verbs

    fault = next(iter(all_accounts(cast, call)[0].faults))
    assert fault.odd == {application.pk}
    assert "已报送 1 ＝ 清单上有效的 0" in fault.words


def test_the_accounts_of_many_offices_cost_no_more_queries(cast: steps.Cast, call: Call) -> None:
    steps.dispatched(cast, call)
    with CaptureQueriesContext(connection) as one:
        accounts(call, [cast.heping])
    steps.recommended(cast, call)
    with CaptureQueriesContext(connection) as more:
        accounts(call, [cast.heping])
    assert len(more) == len(one)
