"""Who sees which application, and where each one stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet

from shidian.accounts.models import User
from shidian.applications.models import Answer, AnswerRevision, Application, Lodgement
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, offices_at, stage, window
from shidian.organisations.models import Membership, Officer
from shidian.signoffs.models import Round
from shidian.signoffs.queries import outstanding


def visible_to(user: User) -> QuerySet[Application]:
    """The applications that a person may see: of the units acted for, at the offices acted for, or all for auditors.

    An office sees what arrived there, and what passed through; a registry sees what the offices of the stage named in
    the call have dispatched. An administrator sees none by that role.
    """
    everything = Application.objects.select_related("call", "lead", "office", "version").defer(
        "version__content"
    )
    if user.is_auditor:
        return everything
    led = Membership.objects.filter(user=user, organisation__state="confirmed").values("organisation")
    offices = Officer.objects.filter(user=user).values("office")
    arrived = Lodgement.objects.filter(office__in=offices).values("application")
    return everything.filter(Q(lead__in=led) | Q(pk__in=arrived) | Q(pk__in=_registered_by(user)))


def _registered_by(user: User) -> list[int]:
    """Applications on dispatched lists of the stage whose papers a registry office receives."""
    registries = set(
        Officer.objects.filter(user=user, role=Officer.Role.REGISTRAR).values_list("office__key", flat=True)
    )
    if not registries:
        return []
    found: list[int] = []
    for call in Call.objects.public():
        delivery = call.definition.delivery
        if delivery.office in registries:
            offices = [office.pk for office in offices_at(call, delivery.after_stage)]
            sent_on = Lodgement.objects.filter(application__call=call, sent_by__in=offices)
            found.extend(sent_on.values_list("application", flat=True).distinct())
    return found


def lead_applications(user: User) -> QuerySet[Application]:
    """The applications of the units for which a person acts, the newest first."""
    led = Membership.objects.filter(user=user, organisation__state="confirmed").values("organisation")
    return (
        Application.objects.filter(lead__in=led)
        .select_related("call", "lead", "office", "version")
        .defer("version__content")
        .order_by("-pk")
    )


def split(path: str) -> tuple[str, str]:
    """Section and field of "section.field"."""
    section, _, field = path.partition(".")
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


def for_writing(application: Application, user: User) -> Application:
    """The application locked until the transaction ends, with what is needed to judge whether this person may write."""
    return (
        Application.objects.select_for_update(of=("self",))
        .select_related("call", "lead")
        .get(pk=application.pk)
    )


def round_of(application: Application) -> Round | None:
    """The round of the current version, if it was frozen."""
    if application.version_id is None:
        return None
    return Round.objects.filter(version=application.version_id).select_related("version").first()


def lodgement_here(application: Application) -> Lodgement | None:
    """The latest arrival of the application, at whatever office."""
    return application.lodgements.select_related("office", "version").order_by("-pk").first()


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
        until = _hand_in_until(application)
        return Standing(label, "wait", lead, "lead", until, "填完各部分后检查并冻结，再送各单位会签")
    if application.state == "returned":
        return Standing(label, "void", lead, "lead", None, "按退回意见修改，重新冻结、会签后再次递交")
    if application.state == "signing":
        return _standing_signing(application, label)
    if application.state == "lodged" and application.office:
        here = stage(call, application.stage)
        until = window(call, application.office).dispatch_until
        return Standing(
            here.label, "wait", application.office.name, "office", until, f"{application.office.short}审查"
        )
    if application.state == "recommended" and application.office:
        here = stage(call, application.stage)
        until = window(call, application.office).dispatch_until
        word = f"{application.office.short}已{here.verb_recommend}"
        return Standing(
            word, "wait", application.office.name, "office", until, f"列入{here.list_title}，审批后报送"
        )
    if application.state == "nominated":
        return Standing(label, "done", "", "", None, f"等待{call.definition.destination.label}决定")
    tone = "stop" if application.state == "declined" else ""
    return Standing(label, tone, "", "", None, "本批次到此结束")


def _standing_signing(application: Application, label: str) -> Standing:
    round_ = round_of(application)
    first = application.stage or application.call.definition.stages[0].key
    waiting = outstanding(round_, gates_until(application.call, first)) if round_ else []
    until = _hand_in_until(application)
    lead = application.lead.name
    if not waiting:
        return Standing("可以递交", "turn", lead, "lead", until, "各单位已同意，递交给受理机构")
    names = "、".join(party.name for party in waiting[:3]) + (
        f"等 {len(waiting)} 家" if len(waiting) > 3 else ""
    )
    return Standing(label, "wait", names, "lead", until, f"还等{names}的意见，收齐后上传盖章页")


def _hand_in_until(application: Application) -> datetime | None:
    if application.office:
        return window(application.call, application.office).hand_in_until
    first = application.call.definition.stages[0]
    return application.call.moment(first.hand_in_until) if first.hand_in_until else None
