"""One-time links: what opens them, what ends them, and that nothing of their secrets is kept anywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import IntegrityError, transaction

from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.signoffs import links
from shidian.signoffs.contacts import masked
from shidian.signoffs.models import Contact, Link, LinkStep, Party, Signature
from shidian.signoffs.queries import following, living, standing
from tests import steps

ADDRESS = "203.0.113.9"


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


def party_of(application: Application, role: str = "guarantor") -> Party:
    round_ = round_of(application)
    assert round_ is not None
    return Party.objects.select_related("round__version").get(round=round_, role=role)


def later(hours: float) -> Any:
    return clock.at(clock.now() + timedelta(hours=hours))


def code() -> str:
    return steps.letter_with(r"验证码是：(\d{6})")


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 10**6:06d}"


def fresh(link: Link) -> Link:
    return Link.objects.select_related("party__round__version", "contact").get(pk=link.pk)


def decide(link: Link, proof: LinkStep, decision: str = "agree", **said: Any) -> Signature:
    told = {"signatory": "周区长", "capacity": "副区长"} | said
    return signing.sign_by_link(
        links.Holder(link, proof, ADDRESS), decision=Signature.Decision(decision), **told
    )


def test_an_opinion_by_link_is_bound_to_the_version_and_says_how_it_was_proved(
    cast: steps.Cast, application: Application
) -> None:
    party = party_of(application)
    link, token = steps.send_link(application, party, cast.lead_writer)

    signature = decide(link, steps.prove(link))

    assert links.find_link(token) == link
    assert application.version is not None
    assert signature.digest == application.version.digest
    assert signature.means == "screen"
    assert signature.recorded_by is None
    assert signature.scan is None
    assert {key: signature.proof[key] for key in ("link", "to", "channel", "code_to", "address")} == {
        "link": link.key,
        "to": "s***@unit.example",
        "channel": "mail",
        "code_to": "s***@unit.example",
        "address": ADDRESS,
    }
    event = steps.events(application.chain)[-1]
    assert (event.name, event.actor_id, event.actor_label) == ("signoff.agreed", None, "周区长")
    assert standing(fresh(link)).key == "decided"


def test_neither_token_nor_code_is_kept_in_any_table_or_event(
    cast: steps.Cast, application: Application
) -> None:
    link, token = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)
    secret = code()
    decide(link, proof)

    held = [
        f"{model._meta.label}.{name}"
        for model in apps.get_models()
        for row in model._default_manager.all().values()
        for name, value in row.items()
        if token in str(value) or (isinstance(value, str) and secret in value and len(value) < 200)
    ]
    assert held == []
    assert not any(
        token in str(event.detail) or f'"{secret}"' in str(event.detail) for event in Event.objects.all()
    )
    sent = LinkStep.objects.get(link=link, kind="sent")
    assert sent.digest == sha256_of_bytes(token.encode())
    # Six figures are guessed in no time, so a plain digest of them would tell the code.
    assert LinkStep.objects.get(link=link, kind="code_sent").digest != sha256_of_bytes(secret.encode())


def test_a_used_link_decides_nothing_more(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)
    decide(link, proof, "return", opinion="请写明经费来源。")

    steps.refused(NotNow, lambda: decide(fresh(link), proof))
    steps.refused(NotNow, lambda: links.ask_code(fresh(link), address=ADDRESS))

    assert Signature.objects.filter(party=link.party).count() == 1


def test_the_proof_of_another_link_is_none(cast: steps.Cast, application: Application) -> None:
    guarantor, _ = steps.send_link(application, party_of(application), cast.lead_writer, "a@unit.example")
    guidance, _ = steps.send_link(
        application, party_of(application, "guidance"), cast.lead_writer, "b@unit.example"
    )
    proof = steps.prove(guarantor)

    steps.refused(NotNow, lambda: decide(guidance, proof))


def test_a_code_of_another_link_opens_nothing(cast: steps.Cast, application: Application) -> None:
    guarantor, _ = steps.send_link(application, party_of(application), cast.lead_writer, "a@unit.example")
    links.ask_code(guarantor, address=ADDRESS)
    theirs = code()
    guidance, _ = steps.send_link(
        application, party_of(application, "guidance"), cast.lead_writer, "b@unit.example"
    )
    links.ask_code(guidance, address=ADDRESS)
    while code() == theirs:  # one time in a million
        LinkStep.objects.create(link=guidance, kind="code_sent", at=clock.now(), digest="")

    step, fault = links.try_code(guidance, theirs, address=ADDRESS)

    assert (step, fault) == (None, "验证码不对，还可以试 4 次。")


@pytest.mark.parametrize("hours", [7 * 24, 7 * 24 + 5])
def test_a_link_expires_after_the_days_of_the_call(
    cast: steps.Cast, application: Application, hours: float
) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)

    with later(hours):
        assert standing(fresh(link)).key == "expired"
        steps.refused(NotNow, lambda: decide(fresh(link), proof))


def test_a_revoked_link_is_dead_and_a_new_one_revokes_the_old(
    cast: steps.Cast, application: Application
) -> None:
    party = party_of(application)
    link, token = steps.send_link(application, party, cast.lead_writer)
    proof = steps.prove(link)
    signing.revoke_link(application, link, by=cast.lead_writer)
    steps.refused(NotNow, lambda: decide(fresh(link), proof))
    steps.refused(NotNow, lambda: signing.revoke_link(application, link, by=cast.lead_writer))

    second = signing.send_link(application, party, by=cast.lead_writer)
    third = signing.send_link(application, party, by=cast.lead_writer)

    assert standing(fresh(second)).key == "revoked"
    assert living(party) == third
    # The old letter still leads to its own page, which says what became of it.
    assert links.find_link(token) == link


def test_a_wrong_address_is_corrected_and_its_link_dies(cast: steps.Cast, application: Application) -> None:
    party = party_of(application)
    link, _ = steps.send_link(application, party, cast.lead_writer, "wrong@unit.example")
    assert application.version is not None
    digest = application.version.digest

    signing.give_contact(application, party, email="Right@Unit.example", by=cast.lead_writer)

    assert standing(fresh(link)).key == "revoked"
    signing.send_link(application, party, by=cast.lead_writer)
    assert mail.outbox[-1].to == ["right@unit.example"]
    assert steps.fresh(application).version.digest == digest  # type: ignore[union-attr]


def test_the_name_of_a_contact_alone_ends_no_link(cast: steps.Cast, application: Application) -> None:
    party = party_of(application)
    link, _ = steps.send_link(application, party, cast.lead_writer)

    signing.give_contact(application, party, email="sign@unit.example", name="周伟", by=cast.lead_writer)

    assert standing(fresh(link)).alive


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "keine"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a@b.example", "second_email": "b@"}, "second_email"),
        ({"email": "a@b.example", "mobile": "022-27110000"}, "mobile"),
    ],
)
def test_what_is_no_address_is_named_at_its_field(
    cast: steps.Cast, application: Application, given: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        signing.give_contact(application, party_of(application), by=cast.lead_writer, **given)

    assert [place for place, _ in refusal.value.problems] == [field]
    assert not Contact.objects.exists()


def test_strangers_arrange_nothing(cast: steps.Cast, application: Application) -> None:
    party = party_of(application)

    steps.refused(
        NotPermitted, lambda: signing.give_contact(application, party, email="a@b.example", by=cast.outsider)
    )
    steps.refused(NotPermitted, lambda: signing.send_link(application, party, by=cast.partner))


def test_without_an_address_there_is_no_link(cast: steps.Cast, application: Application) -> None:
    steps.refused(NotNow, lambda: signing.send_link(application, party_of(application), by=cast.lead_writer))


def test_five_wrong_codes_ask_for_another_one(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    links.ask_code(link, address=ADDRESS)
    right = code()

    said = [links.try_code(link, wrong(right), address=ADDRESS)[1] for _ in range(5)]
    step, fault = links.try_code(link, right, address=ADDRESS)

    assert said[0] == "验证码不对，还可以试 4 次。"
    assert said[4] == "验证码不对，已经错了 5 次，请重新要一个。"
    assert (step, fault) == (None, "这个验证码已经错了 5 次，不能再用，请重新要一个。")
    with later(0.1):
        assert steps.prove(fresh(link))


def test_a_link_is_locked_after_twenty_wrong_codes(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    for round_ in range(4):
        with later(round_ * 0.1):
            links.ask_code(link, address=ADDRESS)
            right = code()
            for _ in range(5):
                assert links.try_code(link, wrong(right), address=ADDRESS)[0] is None

    assert standing(fresh(link)).key == "locked"
    with later(2):
        steps.refused(NotNow, lambda: links.ask_code(fresh(link), address=ADDRESS))


def test_codes_are_not_sent_without_end(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    links.ask_code(link, address=ADDRESS)
    steps.refused(NotNow, lambda: links.ask_code(link, address=ADDRESS))
    for number in range(1, 5):
        with later(number / 30):
            links.ask_code(link, address=ADDRESS)
    with later(0.5):
        steps.refused(NotNow, lambda: links.ask_code(link, address=ADDRESS))
    with later(1.5):
        links.ask_code(link, address=ADDRESS)


def test_a_code_holds_ten_minutes_and_once_and_the_newest_alone(
    cast: steps.Cast, application: Application
) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    links.ask_code(link, address=ADDRESS)
    first = code()
    with later(0.17):
        assert links.try_code(link, first, address=ADDRESS) == (
            None,
            "验证码已过期（10 分钟内有效），请重新要一个。",
        )
    with later(0.18):
        links.ask_code(link, address=ADDRESS)
        second = code()
        if first != second:
            assert links.try_code(link, first, address=ADDRESS)[0] is None
        assert links.try_code(link, f" {second[:3]} {second[3:]}", address=ADDRESS)[0] is not None
        assert links.try_code(link, second, address=ADDRESS) == (None, "这个验证码已经用过，请重新要一个。")


def test_what_was_proved_holds_for_two_hours(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)

    with later(2.01):
        steps.refused(NotNow, lambda: decide(fresh(link), proof))


def test_reopening_kills_every_link_and_the_next_one_is_found(
    cast: steps.Cast, application: Application
) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)

    applications.reopen(application, by=cast.lead_writer, reason="修改经费")
    steps.refused(NotNow, lambda: decide(fresh(link), proof))
    assert standing(fresh(link)).key == "replaced"
    assert following(fresh(link)) is None
    steps.write(application, cast.lead_writer, funding__sources="区财政另行安排经费。")
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    # The address was given for the body, not for the version.
    newer = signing.send_link(application, party_of(application), by=cast.lead_writer)

    assert following(fresh(link)) == newer
    steps.refused(NotNow, lambda: decide(fresh(link), proof))


def test_an_agreement_on_paper_ends_the_link(cast: steps.Cast, application: Application) -> None:
    party = party_of(application)
    link, _ = steps.send_link(application, party, cast.lead_writer)
    proof = steps.prove(link)
    steps.sign_one(application, party, cast.lead_writer)

    assert standing(fresh(link)).key == "revoked"
    steps.refused(NotNow, lambda: decide(fresh(link), proof))


def test_the_same_person_is_told_why_it_may_not_sign_for_two(
    cast: steps.Cast, application: Application
) -> None:
    steps.sign_by_link(application, party_of(application, "lead"), cast.lead_writer, signatory="李负责")
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    proof = steps.prove(link)

    with pytest.raises(Invalid) as refusal:
        decide(link, proof, signatory="李 负责")

    assert "李 负责已经代表承担单位" in refusal.value.reason
    assert standing(fresh(link)).alive
    decide(link, proof, signatory="周区长")


def test_who_is_not_asked_yet_gets_no_link(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = call.definition.signing.model_copy(update={"order": "sequential"})
    monkeypatch.setitem(call.definition.__dict__, "signing", terms)
    application = steps.frozen.__wrapped__(cast, call)
    signing.give_contact(application, party_of(application), email="a@b.example", by=cast.lead_writer)

    steps.refused(NotNow, lambda: signing.send_link(application, party_of(application), by=cast.lead_writer))
    steps.sign_by_link(application, party_of(application, "lead"), cast.lead_writer)
    signing.send_link(application, party_of(application), by=cast.lead_writer)


def test_one_press_sends_to_all_who_are_waited_for_and_can_be_reached(
    cast: steps.Cast, application: Application
) -> None:
    for role in ("guarantor", "guidance", "managing"):
        signing.give_contact(
            application, party_of(application, role), email=f"{role}@unit.example", by=cast.lead_writer
        )
    signing.send_link(application, party_of(application), by=cast.lead_writer)

    sent = signing.send_links(application, by=cast.lead_writer)

    # The lead has no address, the guarantor a link already, and the managing authority is asked later.
    assert [link.party.role for link in sent] == ["guidance"]


def test_the_database_keeps_links_as_they_are(cast: steps.Cast, application: Application) -> None:
    link, _ = steps.send_link(application, party_of(application), cast.lead_writer)
    decide(link, steps.prove(link))

    for rows, change in (
        (Contact.objects.all(), {"email": "other@unit.example"}),
        (Link.objects.all(), {"expires_at": clock.now()}),
        (LinkStep.objects.all(), {"digest": ""}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.order_by("-pk")[:1].get().delete()
    signature = Signature.objects.get(party=link.party)
    with pytest.raises(IntegrityError), transaction.atomic():
        LinkStep.objects.create(link=link, kind="decided", at=clock.now(), signature=signature)


@pytest.mark.parametrize(
    ("address", "shown"),
    [("zhou.wei@unit.example", "z***@unit.example"), ("13812345678", "138****5678"), ("", "****")],
)
def test_an_address_is_shown_masked(address: str, shown: str) -> None:
    assert masked(address) == shown
