"""From an event to people: who hears, by which ways, and each of them once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.audit.models import Event
from shidian.calls.definition import Quota
from shidian.calls.models import Call
from shidian.core.errors import Invalid
from shidian.dispatch import waiving
from shidian.dispatch.models import CandidateList
from shidian.notifications import telling
from shidian.notifications.actions import mark_read, prefer
from shidian.notifications.kinds import KINDS
from shidian.notifications.models import Message, Notice
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from tests import steps


@pytest.fixture
def returned(cast: steps.Cast, call: Call) -> Event:
    application = steps.lodged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充证明")])
    mail.outbox.clear()
    return event_of(application.chain, "application.returned")


def told(event: Event) -> list[tuple[str, str]]:
    telling.tell(event.pk)
    return sorted(Notice.objects.values_list("user__name", "kind"))


def event_of(chain: str, name: str) -> Event:
    return Event.objects.filter(chain=chain, name=name).latest("pk")


def test_a_return_is_told_to_the_people_of_the_unit_at_once(cast: steps.Cast, returned: Event) -> None:
    assert told(returned) == [("李负责", "returned"), ("王经办", "returned")]
    assert {letter.to[0] for letter in mail.outbox} == {cast.lead_writer.email, cast.lead_head.email}
    letter = mail.outbox[0]
    reference = returned.chain.partition(":")[2]
    assert letter.subject == f"申请 {reference} 退回补正"
    assert "请补充证明" in letter.body and f"/applications/{reference}/" in letter.body
    html, kind = letter.alternatives[0]
    assert kind == "text/html" and "<a href=" in html and "请补充证明" in html


def test_a_worker_that_was_killed_tells_the_rest_and_nobody_twice(cast: steps.Cast, returned: Event) -> None:
    telling.tell_people(KINDS["returned"], [cast.lead_head], key=f"event:{returned.pk}", values={}, place="/")
    told(returned)
    told(returned)

    assert Notice.objects.count() == 2
    assert len(mail.outbox) == 2


def test_an_event_that_nobody_waits_for_is_ignored(cast: steps.Cast, call: Call) -> None:
    application = steps.start_filled(cast, call)
    telling.hear(event_of(application.chain, "application.started"))
    telling.hear(Event(name="something.unknown", chain="thing:1"))

    assert not Notice.objects.exists()


def test_whoever_did_it_is_not_told(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    assert told(event_of(application.chain, "application.lodged")) == [
        ("张经办", "arrived"),
        ("李负责", "progress"),
    ]
    assert mail.outbox == []  # both wait for the mail of the day


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("list.proposed", [("赵审批", "list_proposed")]),
        ("list.confirmed", [("张经办", "list_confirmed")]),
        ("list.dispatched", [("市委经办", "list_arrived")]),
    ],
)
def test_lists_are_told_to_whose_turn_it_is(
    cast: steps.Cast, call: Call, name: str, people: list[tuple[str, str]]
) -> None:
    _, listed = steps.dispatched(cast, call)

    assert told(event_of(listed.chain, name)) == people
    assert all(str(notice.values["list"]) == listed.reference for notice in Notice.objects.all())


def test_more_time_is_told_to_those_who_have_it(cast: steps.Cast, call: Call) -> None:
    steps.start_filled(cast, call)
    steps.extension(cast, call)

    assert told(event_of(call.chain, "call.extended")) == [("张经办", "extended"), ("赵审批", "extended")]
    assert "停电" in mail.outbox[0].body
    assert "停电" not in mail.outbox[0].subject


def test_a_withdrawal_is_told_to_the_office_at_which_it_lay(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    applications.withdraw(application, by=cast.lead_head, reason="不再承担")

    assert told(steps.last_event(application.chain)) == [("张经办", "withdrawn")]


# Preferences


def test_what_is_not_compulsory_goes_as_each_prefers(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    event = event_of(application.chain, "application.lodged")
    prefer(cast.heping_handler, {"arrived": ("now", False)}, phone="")
    prefer(cast.lead_head, {"progress": ("", False)}, phone="")
    told(event)

    assert [letter.to for letter in mail.outbox] == [[cast.heping_handler.email]]
    assert Notice.objects.get(user=cast.lead_head).mail == ""


def test_what_is_compulsory_cannot_be_turned_off(cast: steps.Cast, returned: Event) -> None:
    prefer(cast.lead_head, {"returned": ("", False)}, phone="")
    told(returned)

    assert [cast.lead_head.email] in [letter.to for letter in mail.outbox]


def test_short_messages_go_to_the_number_of_the_account(
    cast: steps.Cast, returned: Event, settings: Any
) -> None:
    settings.SMS = "log"
    prefer(cast.lead_head, {"returned": ("now", True)}, phone="138 0000 0000")
    told(returned)

    message = Message.objects.get(channel="sms")
    assert (message.address, message.state) == ("13800000000", "sent")
    assert "请补充证明" not in message.text and "退回补正" in message.text
    with pytest.raises(Invalid):
        prefer(cast.lead_head, {}, phone="12")


def test_reading_is_noted_for_oneself_only(cast: steps.Cast, returned: Event) -> None:
    told(returned)
    other = Notice.objects.get(user=cast.lead_writer)

    assert mark_read(cast.lead_head, [other.pk]) == 0
    assert mark_read(cast.lead_writer, [other.pk]) == 1
    assert mark_read(cast.lead_writer) == 0


def test_the_title_is_said_in_the_language_of_the_page(cast: steps.Cast, returned: Event) -> None:
    told(returned)
    notice = Notice.objects.first()
    assert notice is not None
    assert telling.title_of(notice).startswith("申请 ")
    assert "请补充证明" in telling.more_of(notice)
    gone = Notice(kind="of a version to come", values={})
    assert telling.title_of(gone) == gone.kind and telling.more_of(gone) == ""


def test_sign_offs_are_told_to_the_lead(cast: steps.Cast, call: Call) -> None:
    application: Application = steps.signed(cast, call)

    assert told(event_of(application.chain, "signoff.agreed")) == [("李负责", "agreed")]
    assert told(event_of(application.chain, "application.signed"))[-1] == ("李负责", "settled")


def test_a_quota_is_asked_for_and_answered(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = call.definition.stages
    first = stages[0].model_copy(update={"quota": Quota(maximum=1)})
    monkeypatch.setitem(call.definition.__dict__, "stages", [first, *stages[1:]])
    for _ in range(2):
        steps.recommended(cast, call)
    waiving.ask_waiver(call, cast.heping, by=cast.heping_handler, reason="两个都好")
    listed = CandidateList.objects.get()
    asked = event_of(listed.chain, "list.waiver_asked")
    assert told(asked) == [(cast.commission_approver.name, "waiver_asked")]
    place = f"/desk/calls/{call.key}/offices/{cast.commission.key}/quotas/"
    assert Notice.objects.get(kind="waiver_asked").place == place
    waiving.refuse(listed, by=cast.commission_approver, reason="先减一件")
    waiving.waive(listed, "", by=cast.commission_approver, reason="再议同意")

    for name, words in (("list.waiver_refused", "先减一件"), ("list.quota_waived", "再议同意")):
        event = event_of(listed.chain, name)
        people = {person for person, kind in told(event) if kind == "waiver_answered"}
        assert people == {cast.heping_handler.name, cast.heping_approver.name}
        notice = Notice.objects.filter(kind="waiver_answered", user=cast.heping_handler).latest("pk")
        assert words in telling.more_of(notice)
        assert notice.place == f"/desk/lists/{listed.reference}/"
