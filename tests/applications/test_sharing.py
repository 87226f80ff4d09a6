"""Roles and sections: who writes what, who gives and takes, and that nothing of it is deleted."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shidian.accounts.models import User
from shidian.applications import actions, rules, sharing
from shidian.applications.models import Application, Collaborator, SectionGift
from shidian.applications.queries import access, people, visible_to, working_applications
from shidian.applications.roles import Role
from shidian.applications.writing import save_field
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.organisations.actions import Person
from tests import steps

SECTION = "plan"


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Application:
    return actions.start(call, cast.lead, by=cast.lead_writer)


@pytest.fixture
def colleague(cast: steps.Cast) -> User:
    user = steps.make_user("colleague", "陈经办")
    steps.join(user, cast.lead, "writer")
    return user


def may(user: User, application: Application) -> list[str]:
    """What a person may do, asked anew."""
    application = steps.fresh(application)
    asked = {
        "read": bool(rules.can_read(user, application)),
        "write": bool(rules.can_write(user, application, SECTION)),
        "write elsewhere": bool(rules.can_write(user, application, "cover")),
        "edit": bool(rules.can_edit(user, application)),
        "comment": bool(rules.can_comment(user, application)),
        "give": bool(rules.can_give_sections(user, application)),
        "roles": bool(rules.can_assign_roles(user, application)),
        "freeze": bool(rules.can_freeze(user, application)),
        "withdraw": bool(rules.can_withdraw(user, application)),
    }
    return [name for name, allowed in asked.items() if allowed]


WRITING = ["read", "write", "write elsewhere", "edit", "comment"]
LEADING = ["freeze", "withdraw"]


def test_without_saying_the_head_and_who_started_own_it_and_other_writers_edit(
    cast: steps.Cast, draft: Application, colleague: User
) -> None:
    assert may(cast.lead_head, draft) == [*WRITING, "give", "roles", *LEADING]
    assert may(cast.lead_writer, draft) == [*WRITING, "give", *LEADING]
    assert may(colleague, draft) == [*WRITING, *LEADING]
    assert may(cast.outsider, draft) == []
    assert may(cast.auditor, draft) == ["read"]
    assert may(cast.administrator, draft) == []


@pytest.mark.parametrize(
    ("role", "inside", "outside"),
    [
        (Role.OWNER, [*WRITING, "give", *LEADING], WRITING),
        (Role.EDITOR, [*WRITING, *LEADING], WRITING),
        (Role.COMMENTER, ["read", "comment"], ["read", "comment"]),
        (Role.VIEWER, ["read"], ["read"]),
    ],
)
def test_a_named_role_goes_before_the_unit_s_own_and_nobody_outside_leads(
    cast: steps.Cast, draft: Application, colleague: User, role: Role, inside: list[str], outside: list[str]
) -> None:
    sharing.share(draft, role, person=colleague, by=cast.lead_head)
    sharing.share(draft, role, person=cast.outsider, by=cast.lead_head)

    assert may(colleague, draft) == inside
    assert may(cast.outsider, draft) == outside
    assert visible_to(cast.outsider).filter(pk=draft.pk).exists()


def test_a_role_taken_back_leaves_what_one_has_without_saying_and_the_row_stays(
    cast: steps.Cast, draft: Application, colleague: User
) -> None:
    first = sharing.share(draft, Role.VIEWER, person=colleague, by=cast.lead_head)
    second = sharing.share(draft, Role.COMMENTER, person=colleague, by=cast.lead_head)
    sharing.unshare(second, by=cast.lead_head)

    assert may(colleague, draft) == [*WRITING, *LEADING]
    rows = Collaborator.objects.filter(pk__in=(first.pk, second.pk))
    assert [(row.role, row.ended_by) for row in rows] == [
        ("viewer", cast.lead_head),
        ("commenter", cast.lead_head),
    ]
    with pytest.raises(NotNow, match="已经收回"):
        sharing.unshare(second, by=cast.lead_head)
    names = Event.objects.filter(chain=draft.chain).order_by("number").values_list("name", flat=True)
    assert list(names)[1:] == ["application.shared", "application.shared", "application.unshared"]


def test_a_section_given_to_a_person_is_written_by_that_person_and_owners_only(
    cast: steps.Cast, draft: Application, colleague: User
) -> None:
    gift = sharing.give(draft, SECTION, to=cast.partner, by=cast.lead_writer)

    assert may(cast.partner, draft) == ["read", "write", "comment"]
    assert may(cast.lead_writer, draft) == [*WRITING, "give", *LEADING]
    assert may(colleague, draft) == [entry for entry in [*WRITING, *LEADING] if entry != "write"]
    save_field(draft, f"{SECTION}.plan", [], by=cast.partner, started_from=None)
    with pytest.raises(NotPermitted, match="交给别人"):
        save_field(draft, f"{SECTION}.plan", [], by=colleague, started_from=None)
    with pytest.raises(NotPermitted):
        save_field(draft, "cover.name", "别的", by=cast.partner, started_from=None)

    sharing.take_back(gift, by=cast.lead_head)

    assert may(cast.partner, draft) == []
    assert may(colleague, draft) == [*WRITING, *LEADING]
    assert SectionGift.objects.get(pk=gift.pk).ended_by == cast.lead_head


def test_the_people_of_a_partner_unit_read_it_all_and_write_their_part(
    cast: steps.Cast, draft: Application
) -> None:
    sharing.give(draft, SECTION, to=cast.other_unit, by=cast.lead_writer)

    assert may(cast.outsider, draft) == ["read", "write", "comment"]
    assert cast.outsider in people(draft)
    assert list(working_applications(cast.outsider)) == [draft]
    for verb in (rules.can_reopen, rules.can_freeze, rules.can_withdraw, rules.can_give_sections):
        assert not verb(cast.outsider, draft)


def test_a_person_without_an_account_gets_one(cast: steps.Cast, draft: Application) -> None:
    row = sharing.share(draft, Role.EDITOR, person=Person("孙新来", " New@Example.cn "), by=cast.lead_head)

    assert row.user.email == "new@example.cn"
    assert not row.user.has_usable_password()


def test_letters_go_to_whoever_was_asked_and_say_how_to_begin(
    cast: steps.Cast, draft: Application, mailoutbox, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sharing.share(draft, Role.EDITOR, person=Person("孙新来", "new@example.cn"), by=cast.lead_head)
        sharing.give(draft, SECTION, to=cast.other_unit, by=cast.lead_head)

    first, second = mailoutbox
    assert first.to == ["new@example.cn"]
    assert "/invitation/" in first.body
    assert "“可编辑”" in first.body
    assert second.to == [cast.outsider.email]
    assert "/invitation/" not in second.body
    assert f"/applications/{draft.reference}/" in second.body


@pytest.mark.parametrize(
    ("named", "place"),
    [
        (Person("某", "不是邮箱"), "email"),
        (Person("", "new@example.cn"), "name"),
        (Person("字" * 61, "new@example.cn"), "name"),
        (Person("", "head@example.cn"), "email"),
        (Person("", "handler@example.cn"), "email"),
        (Person("", "administrator@example.cn"), "email"),
        (Person("", "auditor@example.cn"), "email"),
    ],
)
def test_who_cannot_take_part_is_refused_with_its_place_and_no_account_is_made(
    cast: steps.Cast, draft: Application, named: Person, place: str
) -> None:
    before = steps.traces()

    with pytest.raises(Invalid) as refused:
        sharing.share(draft, Role.EDITOR, person=named, by=cast.lead_head)

    assert refused.value.problems[0][0] == place
    assert steps.traces() == before


def test_only_the_head_gives_roles_and_only_owners_of_the_lead_give_sections(
    cast: steps.Cast, draft: Application, colleague: User
) -> None:
    sharing.share(draft, Role.OWNER, person=cast.outsider, by=cast.lead_head)

    for by in (cast.lead_writer, colleague, cast.outsider, cast.administrator):
        with pytest.raises(NotPermitted):
            sharing.share(draft, Role.VIEWER, person=cast.partner, by=by)
    for by in (colleague, cast.outsider, cast.administrator):
        with pytest.raises(NotPermitted):
            sharing.give(draft, SECTION, to=cast.partner, by=by)


def test_units_that_cannot_have_a_section_are_refused(cast: steps.Cast, draft: Application) -> None:
    pending = steps.make_unit("待确认单位", "81120102PDY000060M", state="pending")

    with pytest.raises(Invalid, match="还没有经其负责人确认"):
        sharing.give(draft, SECTION, to=pending, by=cast.lead_writer)
    with pytest.raises(Invalid, match="本来就能填写"):
        sharing.give(draft, SECTION, to=cast.lead, by=cast.lead_writer)
    with pytest.raises(Invalid, match="还没有账号"):
        sharing.unit_at("91120102PDY0000605")
    assert sharing.unit_at(f" {cast.other_unit.code.lower()} ") == cast.other_unit


def test_nobody_gives_a_section_of_what_is_frozen(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)

    with pytest.raises(NotNow):
        sharing.give(application, SECTION, to=cast.partner, by=cast.lead_writer)


def test_access_is_one_query_and_none_when_the_row_told_it_or_it_is_asked_again(
    cast: steps.Cast, draft: Application
) -> None:
    sharing.give(draft, SECTION, to=cast.other_unit, by=cast.lead_writer)
    sharing.give(draft, "cover", to=cast.partner, by=cast.lead_writer)
    plain = Application.objects.get(pk=draft.pk)
    told = working_applications(cast.outsider).get(pk=draft.pk)

    with CaptureQueriesContext(connection) as asked:
        found = access(cast.outsider, plain)
        access(cast.outsider, plain)
    with CaptureQueriesContext(connection) as read:
        assert access(cast.outsider, told) == found

    assert len(asked) == 1
    assert len(read) == 0
    assert (found.role, found.mine, found.given) == (Role.VIEWER, {SECTION}, {SECTION, "cover"})
    assert access(cast.lead_head, told).role == Role.OWNER  # never another person's answer


def test_the_database_holds_one_role_a_person_and_one_holder_a_gift(
    cast: steps.Cast, draft: Application
) -> None:
    told = {"given_at": clock.now(), "given_by": cast.lead_head}
    Collaborator.objects.create(application=draft, user=cast.partner, role="viewer", **told)
    wrong = (
        lambda: Collaborator.objects.create(application=draft, user=cast.partner, role="editor", **told),
        lambda: Collaborator.objects.create(application=draft, user=cast.expert, role="king", **told),
        lambda: SectionGift.objects.create(application=draft, section="plan", **told),
        lambda: SectionGift.objects.create(
            application=draft, section="plan", user=cast.partner, organisation=cast.other_unit, **told
        ),
    )
    for attempt in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
