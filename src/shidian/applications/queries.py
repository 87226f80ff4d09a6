"""Who sees which application, and where each one stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, CharField, Exists, Field, Max, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import (
    Answer,
    AnswerRevision,
    Application,
    Collaborator,
    Correction,
    Explanation,
    Lodgement,
    SectionGift,
)
from shidian.applications.roles import NOBODY, Access, access_from
from shidian.calls.models import Call, Extension
from shidian.calls.queries import gates_until, offices_at, stage, window
from shidian.core import clock
from shidian.organisations.models import Membership, Office, Officer, Organisation
from shidian.signoffs.models import Round
from shidian.signoffs.queries import outstanding

# What a person has to do with applications is asked with every save, so it is written in SQL: to put it together from
# the models took ten times as long as the database needs. `%s` is the person's key each time.
_UNITS = f"""
    SELECT m.organisation_id FROM {Membership._meta.db_table} m
    JOIN {Organisation._meta.db_table} o ON o.id = m.organisation_id
    WHERE m.user_id = %s AND o.state = 'confirmed'"""  # noqa: S608 (names of tables)
_GIFTS = f"""
    FROM {SectionGift._meta.db_table} g
    WHERE g.ended_at IS NULL AND (g.user_id = %s OR g.organisation_id IN ({_UNITS}))"""
_WORKING = f"""
    SELECT a.id FROM {Application._meta.db_table} a WHERE a.lead_id IN ({_UNITS})
    UNION SELECT c.application_id FROM {Collaborator._meta.db_table} c
    WHERE c.user_id = %s AND c.ended_at IS NULL
    UNION SELECT g.application_id {_GIFTS}"""  # noqa: S608 (names of tables)
_HERE = f"{Application._meta.db_table}.id"
_ACCESS = f"""
    COALESCE((SELECT m.role FROM {Membership._meta.db_table} m
        JOIN {Organisation._meta.db_table} o ON o.id = m.organisation_id
        WHERE m.user_id = %s AND o.state = 'confirmed'
        AND m.organisation_id = {Application._meta.db_table}.lead_id), '')
    || '|' || COALESCE((SELECT c.role FROM {Collaborator._meta.db_table} c
        WHERE c.user_id = %s AND c.ended_at IS NULL AND c.application_id = {_HERE}), '')
    || '|' || COALESCE((SELECT @JOINED@ {_GIFTS} AND g.application_id = {_HERE}), '')
    || '|' || COALESCE((SELECT @JOINED@ FROM {SectionGift._meta.db_table} g
        WHERE g.ended_at IS NULL AND g.application_id = {_HERE}), '')"""  # noqa: S608 (names of tables)
_HELD = f"""
    SELECT {Application._meta.db_table}.*, c.digest AS call_digest, %s AS access_for, {_ACCESS} AS access_told
    FROM {Application._meta.db_table} JOIN {Call._meta.db_table} c ON c.id = {Application._meta.db_table}.call_id
    WHERE {Application._meta.db_table}.reference = %s"""  # noqa: S608 (names of tables)
_JOINED = {"sqlite": "GROUP_CONCAT(g.section)", "postgresql": "STRING_AGG(g.section, ',')"}


def _raw(sql: str, user: User, output: Field[Any, Any]) -> RawSQL:
    return RawSQL(sql, (user.pk,) * sql.count("%s"), output)  # noqa: S611 (constants above; the key is a parameter)


def with_access(rows: QuerySet[Application], user: User) -> QuerySet[Application]:
    """The same rows; each also tells, without another query, what this person is to it (see `access`)."""
    told = _ACCESS.replace("@JOINED@", _JOINED[connection.vendor])
    return rows.annotate(access_for=Value(user.pk), access_told=_raw(told, user, CharField()))


def access(user: User, application: Application) -> Access:
    """What a person is to an application: role and sections. At most one query, and none when asked again."""
    known = application.access_of
    if known is not None and known[0] == user.pk:
        return known[1]
    told = vars(application)
    if told.get("access_for") != user.pk:
        row = with_access(Application.objects.filter(pk=application.pk).only("pk"), user).first()
        told = vars(row) if row else {}
    found = NOBODY
    if told:
        member, named, mine, given = told["access_told"].split("|")
        starter = application.started_by_id == user.pk
        found = access_from(member=member, starter=starter, named=named, mine=mine, given=given)
    application.access_of = (user.pk, found)
    return found


def _working(user: User) -> Q:
    # Where a person sees what is being written: its units' applications, and those it was named on.
    return Q(pk__in=_raw(_WORKING, user, BigIntegerField()))


def visible_to(user: User) -> QuerySet[Application]:
    """The applications that a person may see: those it works on, those at its offices, or all for auditors.

    An office sees what arrived there, and what passed through; a registry sees what the offices of the stage named in
    the call have dispatched. An administrator sees none by that role.
    """
    everything = with_access(
        Application.objects.select_related("call", "lead", "office", "version").defer("version__content"),
        user,
    )
    if user.is_auditor:
        return everything
    # Asked row by row, not as one set: an office may have received a hundred thousand, and a page shows fifty.
    offices = Officer.objects.filter(user=user).values("office")
    arrived = Exists(Lodgement.objects.filter(application=OuterRef("pk"), office__in=offices))
    return everything.filter(_working(user) | arrived | _registered_by(user))


def _registered_by(user: User) -> Q:
    """Applications on dispatched lists of the stage whose papers a registry office receives."""
    registries = set(
        Officer.objects.filter(user=user, role=Officer.Role.REGISTRAR).values_list("office__key", flat=True)
    )
    found = Q()
    if not registries:
        return found
    for call in Call.objects.public():
        delivery = call.definition.delivery
        if delivery.office in registries:
            offices = [office.pk for office in offices_at(call, delivery.after_stage)]
            found |= Q(
                Exists(Lodgement.objects.filter(application=OuterRef("pk"), sent_by__in=offices)), call=call
            )
    return found


def working_applications(user: User) -> QuerySet[Application]:
    """The applications on which a person works: its units' own, and those it was named on; the newest first."""
    rows = Application.objects.filter(_working(user)).select_related("call", "lead", "office", "version")
    return with_access(rows, user).defer("version__content").order_by("-pk")


def lead_applications(user: User) -> QuerySet[Application]:
    """The applications of the units for which a person acts, the newest first."""
    return working_applications(user).filter(lead_id__in=_raw(_UNITS, user, BigIntegerField()))


def split(path: str) -> tuple[str, str]:
    """Section and field of "section.field"."""
    section, _rest, field = path.partition(".")
    return section, field


def answers(application: Application) -> dict[str, dict[str, Any]]:
    """The present answers by section and field; what nobody has written in is missing."""
    found: dict[str, dict[str, Any]] = {
        section.key: {} for section in application.call.questionnaire.sections
    }
    for section, field, value in application.answers.order_by("pk").values_list("section", "field", "value"):
        found.setdefault(section, {})[field] = value
    return found


def written_in(application: Application, section: str) -> dict[str, Answer]:
    """The answers of one section by field, with who wrote them last."""
    rows = application.answers.filter(section=section).select_related("saved_by")
    return {row.field: row for row in rows}


def value_at(row: Answer | None, number: int) -> Any:
    """What a field held at one of its numbers; None when it had none or there is no such number."""
    if row is None:
        return None
    if number == row.number:
        return row.value
    return row.revisions.filter(number=number).values_list("value", flat=True).first()


def explanations(application: Application) -> dict[str, Explanation]:
    """The reasons that the lead has given for warnings and not taken back, by the code of the warning."""
    newest: dict[str, Explanation] = {}
    for row in application.explanations.select_related("by").order_by("pk"):
        newest[row.code] = row
    return {code: row for code, row in newest.items() if row.reason}


def unsettled(application: Application, user: User, section: str = "") -> list[AnswerRevision]:
    """Texts of this person that came second and that nobody has chosen between yet, one a field, the oldest first.

    Settled is what the same person wrote or chose in that field afterwards, and what stands there in the same words.
    """
    rows = AnswerRevision.objects.filter(answer__application=application, by=user)
    if section:
        rows = rows.filter(answer__section=section)
    newest = rows.values("answer").annotate(newest=Max("pk")).values("newest")
    found = (
        AnswerRevision.objects.filter(pk__in=newest, how=AnswerRevision.How.ASIDE)
        .select_related("answer__saved_by")
        .order_by("pk")
    )
    return [row for row in found if row.value != row.answer.value]


def held(user: User, reference: str) -> Application | None:
    """An application on which the person works, read and locked at once, for a transaction that only saves in it."""
    sql = _HELD.replace("@JOINED@", _JOINED[connection.vendor])
    if connection.features.has_select_for_update:
        sql += f" FOR UPDATE OF {Application._meta.db_table}"
    params = [user.pk] * (sql.count("%s") - 1)
    found = next(iter(Application.objects.raw(sql, [*params, reference])), None)
    if found is None or not access(user, found).takes_part:
        return None
    found.call = Call.from_db(connection.alias, ("id", "digest"), (found.call_id, vars(found)["call_digest"]))
    found.is_held = True
    return found


def for_writing(application: Application, user: User) -> Application:
    """The application locked until the transaction ends, with what is needed to judge whether this person may write."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("call", "lead")
    return with_access(rows, user).get(pk=application.pk)


def collaborators(application: Application) -> list[Collaborator]:
    """The roles that were given by name and hold now."""
    return list(application.collaborators.filter(ended_at__isnull=True).select_related("user", "given_by"))


def gifts(application: Application, section: str = "") -> list[SectionGift]:
    """The sections given away now, or one of them, with who has each."""
    rows = application.gifts.filter(ended_at__isnull=True)
    if section:
        rows = rows.filter(section=section)
    return list(rows.select_related("user", "organisation", "given_by"))


def people(application: Application) -> list[User]:
    """Everybody who works on an application: the lead's people, those named, and those of units with a section."""
    held = application.gifts.filter(ended_at__isnull=True)
    units = Q(memberships__organisation=application.lead_id) | Q(
        memberships__organisation__in=held.values("organisation"),
        memberships__organisation__state="confirmed",
    )
    named = application.collaborators.filter(ended_at__isnull=True).values("user")
    found = User.objects.filter(
        units | Q(pk__in=named) | Q(pk__in=held.filter(user__isnull=False).values("user")), is_active=True
    )
    return list(found.distinct().order_by("pk"))


def round_of(application: Application) -> Round | None:
    """The round of the current version, if it was frozen."""
    if application.version_id is None:
        return None
    return Round.objects.filter(version=application.version_id).select_related("version").first()


def lodgement_here(application: Application) -> Lodgement | None:
    """The latest arrival of the application, at whatever office."""
    return application.lodgements.select_related("office", "version").order_by("-pk").first()


def dispatch_until(application: Application) -> datetime | None:
    """Until when the office that holds an application must send it on, with the time that its clock stood still."""
    if application.office is None:
        return None
    until = window(application.call, application.office).dispatch_until
    stops = application.call.definition.corrections.clock == "stops"
    return until + paused(application) if until and stops else until


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application stands: the state in words, whose turn it is, by when, and what comes next."""

    label: str
    tone: str  # data-is of the look: turn, wait, done, stop, void or ""
    turn: str  # who has to act, in words; "" at the end
    turn_is: str  # "lead", "office" or ""
    until: datetime | None
    next_step: str


def standing(application: Application) -> Standing:
    """Tell where an application stands, for everyone who sees it. Costs at most four queries."""
    label = application.state_label
    call = application.call
    lead = application.lead.name
    if application.state == "draft":
        until = hand_in_until(application)
        return Standing(label, "wait", lead, "lead", until, _("填完各部分后检查并冻结，再送各单位会签"))
    if application.state == "returned":
        until = hand_in_until(application)
        return Standing(label, "void", lead, "lead", until, _("按退回意见修改，重新冻结、会签后再次递交"))
    if application.state == "signing":
        return _standing_signing(application, label)
    if application.state == "lodged" and application.office:
        here = stage(call, application.stage)
        until = dispatch_until(application)
        return Standing(
            here.label,
            "wait",
            application.office.name,
            "office",
            until,
            _("{office}审查").format(office=application.office.short),
        )
    if application.state == "recommended" and application.office:
        here = stage(call, application.stage)
        until = dispatch_until(application)
        word = _("{office}已{verb_recommend}").format(
            office=application.office.short, verb_recommend=here.verb_recommend
        )
        return Standing(
            word,
            "wait",
            application.office.name,
            "office",
            until,
            _("列入{list_title}，审批后报送").format(list_title=here.list_title),
        )
    if application.state == "nominated":
        return Standing(
            label,
            "done",
            "",
            "",
            None,
            _("等待{destination}决定").format(destination=call.definition.destination.label),
        )
    if application.state == "approved":
        return Standing(label, "done", "", "", None, _("已列为国家试点"))
    if application.state == "merged":
        return Standing(label, "", "", "", None, _("并入另一份申请，联合推荐"))
    tone = "stop" if application.state in ("declined", "not_selected") else ""
    return Standing(label, tone, "", "", None, _("本批次到此结束"))


def _standing_signing(application: Application, label: str) -> Standing:
    round_ = round_of(application)
    first = application.stage or application.call.definition.stages[0].key
    waiting = outstanding(round_, gates_until(application.call, first)) if round_ else []
    until = hand_in_until(application)
    lead = application.lead.name
    if not waiting:
        return Standing(_("可以递交"), "turn", lead, "lead", until, _("各单位已同意，递交给受理机构"))
    names = _("、").join(party.name for party in waiting[:3]) + (
        _("等 {count} 家").format(count=len(waiting)) if len(waiting) > 3 else ""
    )
    return Standing(label, "wait", names, "lead", until, _("还等{names}的意见").format(names=names))


def hand_in_until(application: Application) -> datetime | None:
    """Until when the application can be handed in, or is wanted back corrected; None when nothing is said."""
    if application.office:
        correction = application.corrections.order_by("-pk").first()
        if correction is not None:
            return correction.until
        return window(application.call, application.office, application.lead).hand_in_until
    first = application.call.definition.stages[0]
    return application.call.until(first, Extension.Deadline.HAND_IN, lead=application.lead)


def paused(application: Application) -> timedelta:
    """For how long the deadline of the office that holds an application stood still, because the call says so."""
    rows = Correction.objects.filter(
        application=application, lodgement__office=application.office_id, clock="stops"
    ).order_by("pk")
    return _paused(list(rows), list(application.lodgements.order_by("pk")))


def longest_pause(applications: Iterable[int], office: Office) -> timedelta:
    """The longest time that the deadline of an office stood still for any of several applications. Two queries."""
    lists: dict[int, list[Correction]] = {}
    arrivals: dict[int, list[Lodgement]] = {}
    rows = Correction.objects.filter(
        application__in=list(applications), lodgement__office=office, clock="stops"
    )
    for correction in rows.order_by("pk"):
        lists.setdefault(correction.application_id, []).append(correction)
    if not lists:
        return timedelta()
    for arrival in Lodgement.objects.filter(application__in=lists).order_by("pk"):
        arrivals.setdefault(arrival.application_id, []).append(arrival)
    return max(_paused(found, arrivals[key]) for key, found in lists.items())


def _paused(rows: Sequence[Correction], arrivals: Sequence[Lodgement]) -> timedelta:
    total = timedelta()
    for row in rows:
        back = next((each.at for each in arrivals if each.pk > row.lodgement_id), clock.now())
        total += back - row.at
    return total
