"""Everything that a lead does with its application, and the moves that offices make with it.

Each verb locks the application, asks its rule, moves the state and records one event in one transaction.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from django.db import transaction

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.content import invited, version_content
from shidian.applications.models import AnswerRevision, Application, Attachment, Explanation, Lodgement
from shidian.applications.queries import answers, round_of
from shidian.applications.reusing import copy_answers, from_profile
from shidian.applications.writing import save_fields
from shidian.audit.actions import move, record
from shidian.calls.definition import AttachmentSlot
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, stage
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.documents.actions import freeze as freeze_document
from shidian.documents.actions import take_in
from shidian.documents.models import Document, DocumentVersion, StoredFile
from shidian.organisations.models import Office, Organisation
from shidian.questionnaires.checks import Problem, check
from shidian.signoffs import actions as signoffs
from shidian.signoffs.models import Gate, Party, Signature
from shidian.signoffs.queries import outstanding

PURPOSE = "application"
"""The key under which this app's rounds are opened and its handler is registered."""


def locked(application: Application) -> Application:
    """The row as it stands now, locked until the transaction ends."""
    return (
        Application.objects.select_for_update(of=("self",))
        .select_related("call", "lead", "office", "version")
        .get(pk=application.pk)
    )


@transaction.atomic
def start(call: Call, lead: Organisation, *, by: User, source: Application | None = None) -> Application:
    """Start a draft of a unit, with what the unit's profile tells filled in, and the answers of an earlier application.

    Refused by `can_start`, and for an earlier application of another unit.
    """
    require(rules.can_start(by, lead, call))
    counter = Call.objects.select_for_update().get(pk=call.pk)
    counter.references_given += 1
    counter.save(update_fields=("references_given",))
    reference = f"{call.definition.prefix}-{counter.references_given:04d}"
    application = Application.objects.create(
        reference=reference,
        call=call,
        lead=lead,
        document=Document.objects.create(kind="application", reference=reference),
        started_at=clock.now(),
        started_by=by,
    )
    known = from_profile(call.questionnaire, lead)
    save_fields(application, known, by=by, how=AnswerRevision.How.PREFILLED)
    record("application.started", application.chain, by=by, detail={"call": call.key, "lead": lead.name})
    if source is not None:
        copy_answers(source, application, by=by)
    return application


def attach(
    application: Application, slot: AttachmentSlot, file: BinaryIO, *, name: str, by: User
) -> Attachment:
    """Put a file into a slot of a draft; `intake.Rejected` says what is wrong with it, `NotNow` that the slot is full."""
    # Inspecting takes its time; nobody's writing waits for it, so the rule is asked before and, locked, after.
    require_room(application, slot, by)
    stored = take_in(file, name=name, formats=slot.formats, max_bytes=slot.max_mb * 1_000_000, by=by)
    return attach_stored(application, slot, stored, by=by)


@transaction.atomic
def attach_stored(
    application: Application, slot: AttachmentSlot, stored: StoredFile, *, by: User
) -> Attachment:
    """Put a file that was inspected and kept already into a slot of a draft; `NotNow` when the slot is full."""
    application = locked(application)
    require_room(application, slot, by)
    return Attachment.objects.create(
        application=application, slot=slot.key, file=stored, added_at=clock.now(), added_by=by
    )


def require_room(application: Application, slot: AttachmentSlot, by: User, *, coming: int = 0) -> None:
    """Refuse whoever may not edit, and (`NotNow`) a slot that is full with the files that are `coming`."""
    require(rules.can_edit(by, application))
    if application.attachments.filter(slot=slot.key).count() + coming >= slot.maximum:
        raise NotNow(f"“{slot.label}”最多 {slot.maximum} 个文件，请先删去一个。")


@transaction.atomic
def detach(attachment: Attachment, *, by: User) -> None:
    """Take a file out of a draft; versions frozen with it keep it."""
    application = locked(attachment.application)
    require(rules.can_edit(by, application))
    attachment.delete()


def problems(application: Application) -> list[Problem]:
    """Everything that stands against freezing (errors) or should be looked at (warnings), each with its place."""
    found = check(application.call.questionnaire, answers(application))
    held = set(application.attachments.values_list("slot", flat=True))
    for slot in application.call.definition.attachments:
        if slot.required and slot.key not in held:
            found.append(
                Problem(
                    section="attachments",
                    field=slot.key,
                    anchor=f"slot-{slot.key}",
                    message=f"请上传“{slot.label}”",
                    severity="error",
                )
            )
    return found


@transaction.atomic
def explain(application: Application, code: str, reason: str, *, by: User) -> None:
    """Say why something that the check warns of is right; it goes into the next version, and the office reads it.

    An empty reason takes the earlier one back. Refused when there is no such warning now (`NotNow`), and for more than
    500 characters (`Invalid`).
    """
    application = locked(application)
    problem = next((each for each in problems(application) if each.code == code), None)
    if problem is None or problem.severity != "warning":
        raise NotNow("这条提醒已经不在了：内容改过了。请看最新的检查结果。")
    require(rules.can_write(by, application, problem.section))
    words = reason.strip()
    if len(words) > 500:
        message = f"说明不能超过 500 字，现有 {len(words)} 字，请删减。"
        raise Invalid(message, [("reason", message)])
    Explanation.objects.create(
        application=application,
        code=code,
        section=problem.section,
        field=problem.field,
        message=problem.message,
        reason=words,
        at=clock.now(),
        by=by,
    )


@transaction.atomic
def freeze(application: Application, *, by: User) -> DocumentVersion:
    """Freeze the application as its next version and open the round of its parties.

    Refused (`Invalid`, with every problem and its place) while an error stands; warnings do not stop it. The version
    holds answers, parties and attachments' digests; its digest is what every party agrees to.
    """
    application = locked(application)
    require(rules.can_freeze(by, application))
    found = problems(application)
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise Invalid(f"还有 {len(errors)} 处要改，改好才能冻结。", errors)
    parties = invited(application)
    version = freeze_document(application.document, version_content(application, parties, found), by=by)
    move(
        application,
        "freeze",
        by=by,
        version=version,
        detail={"version": version.label, "code": version.code, "digest": version.digest},
    )
    signoffs.open_round(version, parties, purpose=PURPOSE, chain=application.chain)
    return version


@transaction.atomic
def reopen(application: Application, *, by: User, reason: str) -> None:
    """Take a frozen application back to edit it: every opinion given on the version becomes void, on the record.

    An application that an office had returned stays with that office, and goes back to it.
    """
    application = locked(application)
    require(rules.can_reopen(by, application))
    _void_round(application, by=by, reason=reason)
    version = application.version
    detail = {"version": version.label if version else "", "reason": reason}
    move(application, "reopen", by=by, detail=detail)


def _void_round(application: Application, *, by: User, reason: str) -> None:
    round_ = round_of(application)
    if round_ is not None:
        signoffs.void_round(round_, by=by, reason=reason)


@transaction.atomic
def record_opinion(
    application: Application,
    party: Party,
    *,
    by: User,
    decision: Signature.Decision,
    signatory: str,
    signed_on: Any,
    scan: StoredFile,
    capacity: str = "",
    opinion: str = "",
) -> Signature:
    """Record one party's opinion from its sealed page, with its scan as taken in, the date and the signatory.

    Refused for a void version, a party that has agreed, a person who does not hold the application, a date that lies
    ahead or before the version was frozen.
    """
    application = locked(application)
    require(rules.can_record_opinion(by, application, party))
    today = clock.now().astimezone(application.call.zone).date()
    frozen = (
        application.version.created_at.astimezone(application.call.zone).date()
        if application.version
        else today
    )
    if signed_on > today:
        raise Invalid("盖章日期不能晚于今天。", [("signed_on", "盖章日期不能晚于今天。")])
    if signed_on < frozen:
        words = f"盖章日期早于这一版冻结的日子（{frozen.year} 年 {frozen.month} 月 {frozen.day} 日），请核对是不是旧版的意见页。"
        raise Invalid(words, [("signed_on", words)])
    return signoffs.record_signature(
        party,
        by=by,
        decision=decision,
        signatory=signatory,
        signed_on=signed_on,
        scan=scan,
        capacity=capacity,
        opinion=opinion,
    )


def announce_gate(gate: Gate) -> None:
    """Called by sign-offs when the last party due at a gate agreed: the lead may go on."""
    version = gate.round.version
    application = Application.objects.select_related("call").get(document=version.document_id)
    labels = {found.key: found.label for found in application.call.definition.stages}
    labels[application.call.definition.destination.key] = application.call.definition.destination.label
    last = gate.round.parties.filter(gate=gate.key).order_by("signatures__pk").last()
    signature = last.signature if last else None
    if signature is not None:
        record(
            "application.signed",
            application.chain,
            by=signature.recorded_by,
            detail={"version": version.label, "gate": labels.get(gate.key, gate.key)},
        )


@transaction.atomic
def lodge(application: Application, office: Office, *, by: User) -> Lodgement:
    """Hand in the frozen version to an office and give the receipt: number, server time, digest.

    Refused by `can_lodge`: parties missing, window closed, wrong office. Notice, 三（二）.
    """
    application = locked(application)
    require(rules.can_lodge(by, application, office))
    where = application.stage or application.call.definition.stages[0].key
    arrival = _arrive(application, office, where, by=by)
    move(
        application,
        "lodge",
        by=by,
        office=office,
        stage=where,
        detail={
            "office": office.name,
            "number": arrival.number,
            "version": arrival.version.label,
            "digest": arrival.digest,
        },
    )
    return arrival


def _arrive(
    application: Application,
    office: Office,
    where: str,
    *,
    by: User,
    sent_by: Office | None = None,
    via: str = "",
) -> Lodgement:
    version = application.version
    if version is None:
        raise NotNow("申请还没有冻结。")
    count = application.lodgements.count() + 1
    return Lodgement.objects.create(
        application=application,
        version=version,
        office=office,
        stage=where,
        number=f"{application.reference}-{count:02d}",
        digest=version.digest,
        at=clock.now(),
        by=by,
        sent_by=sent_by,
        via=via,
    )


@transaction.atomic
def withdraw(application: Application, *, by: User, reason: str) -> None:
    """End the application at the lead's wish, before nomination; nothing is deleted."""
    application = locked(application)
    require(rules.can_withdraw(by, application))
    _void_round(application, by=by, reason=f"承担单位撤回申请：{reason}")
    move(application, "withdraw", by=by, detail={"reason": reason})


# The moves below are made by offices; the reasons and the checks behind them are kept by `reviews` and `dispatch`,
# whose verbs call these and ask their own rules first.


@transaction.atomic
def return_for_correction(application: Application, *, by: User, reasons: str) -> None:
    """Give the application back to the lead to correct; the round of the version is void, the office stays."""
    application = locked(application)
    require(rules.can_decide(by, application))
    move(
        application,
        "return_for_correction",
        by=by,
        detail={"office": str(application.office), "reasons": reasons, "stage": application.stage},
    )
    _void_round(application, by=by, reason="退回补正")


@transaction.atomic
def decline(application: Application, *, by: User, reasons: str) -> None:
    """End the application at this office, with reasons."""
    application = locked(application)
    require(rules.can_decide(by, application))
    move(
        application,
        "decline",
        by=by,
        detail={"office": str(application.office), "reasons": reasons, "stage": application.stage},
    )


@transaction.atomic
def recommend(application: Application, *, by: User) -> None:
    """Recommend the application for the office's list."""
    application = locked(application)
    require(rules.can_decide(by, application))
    move(
        application,
        "recommend",
        by=by,
        detail={
            "office": str(application.office),
            "verb": rules.recommend_word(application),
            "stage": application.stage,
        },
    )


@transaction.atomic
def take_back(application: Application, *, by: User, reason: str) -> None:
    """Put a recommended application back under review, before its list is approved."""
    application = locked(application)
    require(rules.can_take_back(by, application))
    move(
        application,
        "take_back",
        by=by,
        detail={
            "office": str(application.office),
            "verb": rules.recommend_word(application),
            "reason": reason,
        },
    )


@transaction.atomic
def pass_on(application: Application, office: Office, *, by: User, via: str) -> Lodgement:
    """Move a recommended application on to the office of the next stage, with the list `via`.

    Refused (`NotNow`) while a party due before that stage has not agreed, and at the last stage.
    """
    application = locked(application)
    _require_state(application, "pass_on")
    here, sender = application.stage, application.office
    following = next_gate(application)
    if following == application.call.definition.destination.key:
        raise NotNow(
            f"{application.reference} 已在最后一级，只能提交{application.call.definition.destination.label}。"
        )
    _require_gate(application, following)
    arrival = _arrive(application, office, following, by=by, sent_by=sender, via=via)
    move(
        application,
        "pass_on",
        by=by,
        office=office,
        stage=following,
        detail={"list": via, "office": office.name, "from": here, "digest": arrival.digest},
    )
    return arrival


@transaction.atomic
def nominate(application: Application, *, by: User, via: str) -> None:
    """Send a recommended application of the last stage to the destination, with the list `via`.

    Refused (`NotNow`) while any party has not agreed, and at any earlier stage.
    """
    application = locked(application)
    _require_state(application, "nominate")
    destination = application.call.definition.destination
    if next_gate(application) != destination.key:
        raise NotNow(f"{application.reference} 还没有到最后一级，不能提交{destination.label}。")
    _require_gate(application, destination.key)
    version = application.version
    move(
        application,
        "nominate",
        by=by,
        detail={
            "list": via,
            "destination": destination.label,
            "digest": version.digest if version else "",
        },
    )


def _require_state(application: Application, verb: str) -> None:
    if not application.MACHINE.allows(application.state, verb):
        raise NotNow(f"{application.reference} 现在是“{application.state_label}”，不能报送。")


def next_gate(application: Application) -> str:
    """The gate behind the stage where the application stands."""
    call = application.call
    gates = [found.key for found in call.definition.stages] + [call.definition.destination.key]
    return gates[gates.index(stage(call, application.stage).key) + 1]


def _require_gate(application: Application, gate: str) -> None:
    round_ = round_of(application)
    waiting = outstanding(round_, gates_until(application.call, gate)) if round_ else []
    if waiting:
        names = "、".join(f"{party.label}“{party.name}”" for party in waiting)
        raise NotNow(f"{application.reference}：还没有收到{names}的同意意见，不能报送。")
