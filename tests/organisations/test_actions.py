"""Registering a unit, its head's word, and who is appointed to an office."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from shidian.accounts.actions import (
    accept_invitation,
    appoint_auditor,
    create_first_administrator,
    ensure_user,
)
from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.organisations import actions as organisations
from shidian.organisations.actions import Person
from shidian.organisations.links import head_of, head_token, is_head_token
from shidian.organisations.models import Officer, Organisation
from tests import steps
from tests.steps import refused

CODE = "53120104PDY000036Y"


def register(
    code: str = CODE, writer: str = "first@unit.example", head: str = "head@unit.example"
) -> Organisation:
    return organisations.register(
        name="南开区示范服务社",
        code=code,
        region="120104",
        address="示范路 3 号",
        writer=Person("王经办", writer, "13000000001"),
        password="a-long-password",
        head=Person("李负责", head),
    )


def test_registering_gives_the_writer_an_account_and_asks_the_head(
    db: None, clock_at: object, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        unit = register("5312 0104-PDY000036y")

    assert (unit.code, unit.state) == (CODE, "pending")
    roles = {row.role: row.user for row in unit.memberships.select_related("user")}
    assert roles["writer"].check_password("a-long-password")
    assert not roles["head"].has_usable_password()
    assert steps.last_event(unit.chain).detail["writer"] == "王经办"
    [letter] = mail.outbox
    assert letter.to == ["head@unit.example"]
    assert unit.name in letter.body


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"code": "53120104PDY000036X"}, "code"),
        ({"code": ""}, "code"),
        ({"head": "FIRST@unit.example "}, "head_email"),
    ],
)
def test_a_registration_that_cannot_be_right_names_the_place(
    db: None, clock_at: object, wrong: dict[str, str], place: str
) -> None:
    before = steps.traces()

    with pytest.raises(Invalid) as found:
        register(**wrong)

    assert [where for where, _ in found.value.problems] == [place]
    assert steps.traces() == before


def test_a_code_and_an_address_are_registered_once(db: None, clock_at: object) -> None:
    register()

    with pytest.raises(Invalid) as found:
        register()

    assert [where for where, _ in found.value.problems] == ["code", "writer_email"]


def test_a_nine_character_code_is_as_good(db: None, clock_at: object) -> None:
    assert register("PDY00001-X").code == "PDY00001X"


def test_only_the_head_confirms_or_refuses(cast: steps.Cast) -> None:
    unit = register()
    writer = User.objects.get(email="first@unit.example")

    for person in (writer, cast.administrator, cast.lead_head):
        refused(NotPermitted, lambda by=person: organisations.confirm(unit, by=by))
        refused(NotPermitted, lambda by=person: organisations.refuse(unit, by=by))


def test_the_link_of_the_head_is_dead_once_the_head_has_spoken(db: None, clock_at: object) -> None:
    unit = register()
    head = head_of(unit)
    assert head is not None
    token = head_token(unit, head)
    assert is_head_token(unit, head, token)

    organisations.confirm(unit, by=head)

    assert unit.state == "confirmed"
    assert not is_head_token(unit, head, token)
    assert steps.last_event(unit.chain).name == "organisation.confirmed"


def test_a_refused_code_can_be_registered_by_the_right_people(db: None, clock_at: object) -> None:
    unit = register()
    head = head_of(unit)
    assert head is not None
    organisations.refuse(unit, by=head)

    again = register(writer="right@unit.example", head="boss@unit.example")

    assert (again.pk, again.state) == (unit.pk, "pending")
    emails = set(again.memberships.values_list("user__email", flat=True))
    assert emails == {"right@unit.example", "boss@unit.example"}


def test_the_head_is_asked_again_by_members_only(cast: steps.Cast) -> None:
    unit = register()
    writer = User.objects.get(email="first@unit.example")

    organisations.ask_head_again(unit, by=writer)

    assert steps.last_event(unit.chain).name == "organisation.head_asked"
    refused(NotPermitted, lambda: organisations.ask_head_again(unit, by=cast.outsider))


# Offices


def test_only_an_administrator_appoints_and_dismisses(cast: steps.Cast, call: Call) -> None:
    officer = organisations.appoint(
        cast.heping, Officer.Role.HANDLER, name="新人", email="new@office.example", by=cast.administrator
    )

    assert steps.last_event(cast.heping.chain).detail["name"] == "新人"
    for person in (cast.heping_handler, cast.auditor, cast.lead_head):
        refused(
            NotPermitted,
            lambda by=person: organisations.appoint(
                cast.heping, Officer.Role.APPROVER, name="某人", email="x@office.example", by=by
            ),
        )
        refused(NotPermitted, lambda by=person: organisations.dismiss(officer, by=by))
    organisations.dismiss(officer, by=cast.administrator)
    assert not Officer.objects.filter(user__email="new@office.example").exists()
    assert steps.last_event(cast.heping.chain).name == "office.dismissed"


def test_appointing_twice_changes_nothing(cast: steps.Cast) -> None:
    before = steps.traces()

    organisations.appoint(
        cast.heping,
        Officer.Role.HANDLER,
        name=cast.heping_handler.name,
        email=cast.heping_handler.email.upper(),
        by=cast.administrator,
    )

    assert steps.traces() == before


# Accounts


def test_the_first_administrator_is_made_once(db: None, clock_at: object) -> None:
    user = create_first_administrator(name="管理员", email="Admin@Office.example", password="a-long-password")

    assert (user.email, user.is_administrator) == ("admin@office.example", True)
    refused(NotNow, lambda: create_first_administrator(name="另一", email="b@office.example", password="x"))


def test_an_auditor_is_no_administrator(cast: steps.Cast) -> None:
    auditor = appoint_auditor(name="新审计", email="audit@office.example", by=cast.administrator)

    assert auditor.is_auditor
    refused(
        Invalid,
        lambda: appoint_auditor(name="管理员", email=cast.administrator.email, by=cast.administrator),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=auditor.pk).update(is_administrator=True)


def test_an_invited_person_sets_a_password(cast: steps.Cast) -> None:
    user = ensure_user(name="新人", email="NEW@office.example", by=cast.administrator)
    assert not user.has_usable_password()
    assert ensure_user(name="别名", email="new@office.example", by=cast.administrator) == user

    accept_invitation(user, password="a-long-password")

    user.refresh_from_db()
    assert user.check_password("a-long-password")
    assert steps.last_event(user.chain).name == "user.accepted"
