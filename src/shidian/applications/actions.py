"""Everything that a lead does with its application, and the moves that offices make with it.

Each verb locks the application, asks its rule, moves the state and records one event in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import corrections, pictures, rules
from shidian.applications.content import invited, version_content
from shidian.applications.corrections import Wanted
from shidian.applications.errors import Overtaken
from shidian.applications.models import (
    AnswerRevision,
    Application,
    Attachment,
    Correction,
    Explanation,
    Lodgement,
)
from shidian.applications.openings import opening
from shidian.applications.queries import answers, round_of
from shidian.applications.reusing import copy_answers, from_profile
from shidian.applications.writing import save_fields
from shidian.audit.actions import Actor, move, record
from shidian.calls.definition import AttachmentSlot
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, stage, stage_of
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.language import date_words, in_chinese
from shidian.core.verdict import Verdict
from shidian.documents.actions import freeze as freeze_document
from shidian.documents.actions import take_in
from shidian.documents.models import Document, DocumentVersion, StoredFile
from shidian.organisations.models import Office, Organisation
from shidian.questionnaires.checks import Problem, check
from shidian.signoffs import actions as signoffs
from shidian.signoffs import links
from shidian.signoffs.actions import Anew, Evidence, Invited
from shidian.signoffs.models import Gate, Party, Round, Signature
from shidian.signoffs.queries import agreements, last_certified, last_round, outstanding
from shidian.signoffs.scopes import FORM, SHEET, changes, scope_digest

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far the clock of a signer may be off."""
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
    """Put a file that was inspected and kept already into a slot of a draft; `NotNow` when the slot is full.

    In the slot of pictures no two have one name: the second 图.png becomes 图-2.png.
    """
    application = locked(application)
    require_room(application, slot, by)
    if slot.key == application.call.questionnaire.pictures:
        stored = _named_once(stored, pictures.present(application))
    return Attachment.objects.create(
        application=application, slot=slot.key, file=stored, added_at=clock.now(), added_by=by
    )


def _named_once(stored: StoredFile, held: Collection[str]) -> StoredFile:
    # What was kept is never changed: another name is another row for the same content.
    name = pictures.free_name(stored.name, held)
    if name == stored.name:
        return stored
    return StoredFile.objects.create(
        sha256=stored.sha256,
        name=name,
        size=stored.size,
        media_type=stored.media_type,
        pages=stored.pages,
        stored_at=stored.stored_at,
        stored_by=stored.stored_by,
    )


def require_room(application: Application, slot: AttachmentSlot, by: User, *, coming: int = 0) -> None:
    """Refuse whoever may not edit, and (`NotNow`) a slot that is full with the files that are `coming`."""
    require(rules.can_edit(by, application))
    opened = opening(application)
    if opened is not None:
        require(opened.may_attach(slot.key))
    if application.attachments.filter(slot=slot.key).count() + coming >= slot.maximum:
        raise NotNow(
            _("“{slot}”最多 {maximum} 个文件，请先删去一个。").format(slot=slot.label, maximum=slot.maximum)
        )


@transaction.atomic
def detach(attachment: Attachment, *, by: User) -> None:
    """Take a file out of a draft; versions frozen with it keep it."""
    application = locked(attachment.application)
    require(rules.can_edit(by, application))
    opened = opening(application)
    if opened is not None:
        require(opened.may_detach(attachment.slot, attachment.file.sha256))
    attachment.delete()


def problems(application: Application) -> list[Problem]:
    """Everything that stands against freezing (errors) or should be looked at (warnings), each with its place."""
    questionnaire, values = application.call.questionnaire, answers(application)
    found = check(questionnaire, values)
    found += pictures.missing(questionnaire, values, pictures.present(application))
    held = set(application.attachments.values_list("slot", flat=True))
    for slot in application.call.definition.attachments:
        if slot.required and slot.key not in held:
            found.append(
                Problem(
                    section="attachments",
                    field=slot.key,
                    anchor=f"slot-{slot.key}",
                    message=_("请上传“{slot}”").format(slot=slot.label),
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
    with in_chinese():
        problem = next((each for each in problems(application) if each.code == code), None)
    if problem is None or problem.severity != "warning":
        raise NotNow(_("这条提醒已经不在了：内容改过了。请看最新的检查结果。"))
    require(rules.can_write(by, application, problem.section))
    opened = opening(application)
    if opened is not None:
        require(opened.may_explain(f"{problem.section}.{problem.field}", code))
    words = reason.strip()
    if len(words) > 500:
        message = _("说明不能超过 500 字，现有 {count} 字，请删减。").format(count=len(words))
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
    with in_chinese():
        found = problems(application)  # the warnings that were answered are part of the version
    if any(problem.severity == "error" for problem in found):
        errors = [problem for problem in problems(application) if problem.severity == "error"]
        raise Invalid(_("还有 {count} 处要改，改好才能冻结。").format(count=len(errors)), errors)
    parties = invited(application)
    version = freeze_document(application.document, version_content(application, parties, found), by=by)
    move(
        application,
        "freeze",
        by=by,
        version=version,
        detail={"version": version.label, "code": version.code, "digest": version.digest},
    )
    signoffs.open_round(
        version,
        parties,
        purpose=PURPOSE,
        chain=application.chain,
        by=by,
        terms=application.call.definition.signing,
        anew=_anew(application),
    )
    return version


def _anew(application: Application) -> Anew | None:
    """Whose sheet is to be made again by the correction under way: what they agreed to before it does not count on."""
    opened = opening(application)
    if opened is None or not opened.anew:
        return None
    return Anew(frozenset(opened.anew), opened.correction.lodgement.version.number)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What freezing now would mean for a party: the agreement that would be carried, or what it has to look at again.

    `agreed` is the agreement to the version before, if there is one; `changes` are paths of `signoffs.scopes.changes`.
    """

    body: Invited
    agreed: Signature | None
    changes: list[str]

    @property
    def carried(self) -> bool:
        """Whether the agreement would go on to count."""
        return self.agreed is not None and not self.changes


def foresee(application: Application) -> list[Foreseen]:
    """Who would have to agree again if the application were frozen as it stands, and why."""
    before = last_round(application.document_id)
    given = agreements(before) if before else {}
    parties = invited(application)
    with in_chinese():
        content = version_content(application, parties, problems(application))
    again = application.call.definition.signing.again
    anew = _anew(application)
    found = []
    for body in parties:
        signature = given.get(body.body)
        changed: list[str] = []
        if signature is not None and signature.scope_digest != scope_digest(content, body.scope):
            changed = changes(signature.party.round.version.data, content, body.scope) or [FORM]
        elif signature is not None and again == "all":
            changed = [FORM]
        elif signature is not None and anew is not None and anew.binds(signature):
            changed = [SHEET]
        found.append(Foreseen(body, signature, changed))
    return found


@transaction.atomic
def reopen(application: Application, *, by: User, reason: str) -> None:
    """Take a frozen application back to edit it: the round of the version is void, on the record.

    An agreement counts again for the next version when nothing changed of what it covers (`signoffs.scopes`).

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
    place: str = "",
    namesake: bool = False,
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
        raise Invalid(_("盖章日期不能晚于今天。"), [("signed_on", _("盖章日期不能晚于今天。"))])
    if signed_on < frozen:
        words = _("盖章日期早于这一版冻结的日子（{day}），请核对是不是旧版的意见页。").format(
            day=date_words(frozen)
        )
        raise Invalid(words, [("signed_on", words)])
    return signoffs.record_signature(
        party,
        by=by,
        decision=decision,
        signatory=signatory,
        signed_on=signed_on,
        evidence=Evidence.paper(scan),
        capacity=capacity,
        opinion=opinion,
        place=place,
        namesake=namesake,
    )


@transaction.atomic
def record_certified(
    application: Application,
    party: Party,
    *,
    by: Actor,
    base: str,
    certified: StoredFile,
    signed_at: datetime,
    signatory: str,
    proof: Mapping[str, Any],
    capacity: str = "",
    opinion: str = "",
    namesake: bool = False,
    may: Callable[[Any, Application, Party], Verdict] = rules.can_record_opinion,
    holder: links.Holder | None = None,
) -> Signature:
    """Record a party's agreement by `certified`, the PDF with its signature, which was checked (`certifying`).

    `base` is the SHA-256 of the file on which it was signed; Overtaken when that is no longer the newest one of the
    round, so that no signature replaces another. `signed_at` is the time of signing; `may` the rule that is asked of
    `by`; the `holder` of a link uses it up by this. Refused (`Invalid`) for a time that lies ahead or before the version
    was frozen, (`NotNow`) as `links.hold` says, else as `record_opinion`.
    """
    application = locked(application)
    require(may(by, application, party))
    link, came = links.hold(holder) if holder is not None else (None, {})
    round_ = Round.objects.select_for_update().select_related("version").get(pk=party.round_id)
    newest = last_certified(round_)
    if newest is not None and newest.certified is not None and newest.certified.sha256 != base:
        raise Overtaken(
            _("{party}“{name}”刚才已在这份文件上签名，请在最新的文件上再签。").format(
                party=newest.party.label, name=newest.party.name
            )
        )
    if signed_at > clock.now() + CLOCKS_DIFFER or signed_at < round_.version.created_at - CLOCKS_DIFFER:
        words = _("签名里写的时间早于这一版冻结的时间，或者晚于现在。请校准电脑时钟后重新签名。")
        raise Invalid(words, [("", words)])
    return signoffs.record_signature(
        party,
        by=by,
        decision=Signature.Decision.AGREE,
        signatory=signatory,
        signed_on=signed_at.astimezone(application.call.zone).date(),
        evidence=Evidence(Signature.Means.CERTIFICATE, certified=certified, proof={**came, **proof}),
        capacity=capacity,
        opinion=opinion,
        namesake=namesake,
        link=link,
    )


def announce_gate(gate: Gate, by: Actor) -> None:
    """Called by sign-offs when the last party due at a gate agreed: the lead may go on."""
    version = gate.round.version
    application = Application.objects.select_related("call").get(document=version.document_id)
    labels = {found.key: found.label for found in application.call.definition.stages}
    labels[application.call.definition.destination.key] = application.call.definition.destination.label
    record(
        "application.signed",
        application.chain,
        by=by,
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
        raise NotNow(_("申请还没有冻结。"))
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
def return_for_correction(
    application: Application, *, by: User, reasons: str, wanted: Sequence[Wanted], days: int | None = None
) -> Correction:
    """Give the application back to the lead with a problem list; the round of the version is void, the office stays.

    Only what the list names is open then (`openings`). `days` are the working days until it is wanted back: as the call
    says when None, without a deadline when 0.
    """
    application = locked(application)
    require(rules.can_decide(by, application))
    correction = corrections.draw_up(application, wanted, days, by=by)
    move(
        application,
        "return_for_correction",
        by=by,
        detail={
            "office": str(application.office),
            "reasons": reasons,
            "stage": application.stage,
            "list": correction.reference,
            "until": correction.until.isoformat() if correction.until else "",
        },
    )
    _void_round(application, by=by, reason="退回补正")
    return correction


@transaction.atomic
def decline(
    application: Application,
    *,
    by: User,
    reasons: str,
    may: Callable[[User, Application], Verdict] = rules.can_decide,
    ruling: str = "",
) -> None:
    """End the application at this office, with reasons; `ruling` names the confirmed decision that it follows from."""
    application = locked(application)
    require(may(by, application))
    detail = {"office": str(application.office), "reasons": reasons, "stage": application.stage}
    move(application, "decline", by=by, detail=detail | ({"ruling": ruling} if ruling else {}))


@transaction.atomic
def recommend(
    application: Application,
    *,
    by: User,
    may: Callable[[User, Application], Verdict] = rules.can_decide,
    ruling: str = "",
) -> None:
    """Recommend the application for the office's list; `ruling` names the confirmed decision that it follows from."""
    application = locked(application)
    require(may(by, application))
    detail = {
        "office": str(application.office),
        "verb": rules.recommend_word(application),
        "stage": application.stage,
    }
    move(application, "recommend", by=by, detail=detail | ({"ruling": ruling} if ruling else {}))


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
            _("{application} 已在最后一级，只能提交{destination}。").format(
                application=application.reference, destination=application.call.definition.destination.label
            )
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
        raise NotNow(
            _("{application} 还没有到最后一级，不能提交{destination}。").format(
                application=application.reference, destination=destination.label
            )
        )
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


@transaction.atomic
def strike_off(application: Application, *, by: User, reasons: str, objection: str) -> None:
    """Take an application out of what the last stage decided, because an objection to it was upheld."""
    application = locked(application)
    if not application.MACHINE.allows(application.state, "strike_off"):
        raise NotNow(
            _("{application} 现在是“{state_label}”，不能取消资格。").format(
                application=application.reference, state_label=application.state_label
            )
        )
    detail = {"office": str(application.office), "reasons": reasons, "objection": objection}
    move(application, "strike_off", by=by, detail=detail)


@transaction.atomic
def record_result(application: Application, *, approved: bool, by: User, detail: Mapping[str, str]) -> None:
    """Record what the destination decided; a later letter may say otherwise. `detail` is what its letter says."""
    application = locked(application)
    verb = "approve" if approved else "not_select"
    if not application.MACHINE.allows(application.state, verb):
        raise NotNow(
            _("{application} 现在是“{state_label}”，不能登记这个结果。").format(
                application=application.reference, state_label=application.state_label
            )
        )
    move(application, verb, by=by, detail=detail)


@transaction.atomic
def call_back(application: Application, *, by: User, via: str, reason: str) -> Lodgement:
    """Bring an application back to the office that sent it, with the supplement `via` that withdraws it.

    Refused (`NotNow`) once the receiving office has decided, unless it is nominated and comes back to the last stage.
    """
    application = locked(application)
    if not application.MACHINE.allows(application.state, "call_back"):
        raise NotNow(
            _("{application} 现在是“{state_label}”，不能撤下。").format(
                application=application.reference, state_label=application.state_label
            )
        )
    sender, holder = application.office, application.office
    if application.state == "lodged":
        arrival = application.lodgements.select_related("sent_by").order_by("-pk").first()
        sender = arrival.sent_by if arrival else None
    back = stage_of(application.call, sender) if sender else None
    if sender is None or holder is None or back is None:
        raise NotNow(
            _("{application} 不是随清单报送来的，不能撤下。").format(application=application.reference)
        )
    here = application.stage
    arrival = _arrive(application, sender, back.key, by=by, sent_by=holder, via=via)
    move(
        application,
        "call_back",
        by=by,
        office=sender,
        stage=back.key,
        detail={"list": via, "office": sender.name, "from": here, "reason": reason, "digest": arrival.digest},
    )
    return arrival


@transaction.atomic
def merge(application: Application, into: Application, *, by: User, reason: str) -> None:
    """Close an application because another one goes on with the recommendations of both channels (联合推荐)."""
    application = locked(application)
    if not application.MACHINE.allows(application.state, "merge"):
        raise NotNow(
            _("{application} 现在是“{state_label}”，不能并入联合推荐。").format(
                application=application.reference, state_label=application.state_label
            )
        )
    move(
        application,
        "merge",
        by=by,
        detail={"into": into.reference, "office": str(application.office), "reason": reason},
    )


def _require_state(application: Application, verb: str) -> None:
    if not application.MACHINE.allows(application.state, verb):
        raise NotNow(
            _("{application} 现在是“{state_label}”，不能报送。").format(
                application=application.reference, state_label=application.state_label
            )
        )


def next_gate(application: Application) -> str:
    """The gate behind the stage where the application stands."""
    call = application.call
    gates = [found.key for found in call.definition.stages] + [call.definition.destination.key]
    return gates[gates.index(stage(call, application.stage).key) + 1]


def _require_gate(application: Application, gate: str) -> None:
    round_ = round_of(application)
    waiting = outstanding(round_, gates_until(application.call, gate)) if round_ else []
    if waiting:
        names = _("、").join(
            _("{party}“{party_2}”").format(party=party.label, party_2=party.name) for party in waiting
        )
        raise NotNow(
            _("{application}：还没有收到{names}的同意意见，不能报送。").format(
                application=application.reference, names=names
            )
        )
