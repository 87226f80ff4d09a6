"""Who may open which address: every address of the site, with every role of the cast and with nobody.

For each address the roles that get a page; everybody else who is signed in is a stranger to it and gets 404, unless
they stand among those who are told why not (403, 409). Whoever is not signed in is sent to the sign-in page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any

import docx
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from shidian.accounts.links import encode, invitation
from shidian.accounts.models import User
from shidian.applications import inbox, sharing, word_form
from shidian.applications.actions import attach, freeze
from shidian.applications.attaching import announce
from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here, round_of
from shidian.applications.signing import give_mandate, sign_by_account
from shidian.calls.models import Call
from shidian.config import urls as site
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.dispatch import actions as dispatch
from shidian.dispatch import registering
from shidian.dispatch.models import CandidateList, PaperCopy, PaperPlace, PaperReceipt
from shidian.dispatch.papers import slip_mark
from shidian.dispatch.publishing.models import Objection
from shidian.dispatch.publishing.objections import token
from shidian.documents.inbox import Inbox
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import encode as encode_mark
from shidian.notifications import feeds
from shidian.notifications.models import Message, Notice
from shidian.organisations.links import head_token
from shidian.portal.views.word import keep_upload
from shidian.reviews import actions as reviews
from shidian.reviews import joint, problems
from shidian.reviews.experts import declaring, panels
from shidian.reviews.models import Assignment, AssignmentPlan, ConflictDeclaration
from shidian.reviews.scoring import actions as scoring
from shidian.reviews.scoring import meeting
from shidian.search import batches
from shidian.search.models import SavedView
from shidian.signoffs import mandates
from shidian.signoffs.models import Party, Signature
from shidian.ui.language import ENGLISH
from tests import english, steps
from tests.dispatch import publishing_steps as acts
from tests.kept import kept
from tests.reviews.experts import scene
from tests.reviews.scoring.panel import submitted

ROLES = [field.name for field in fields(steps.Cast) if field.type in ("User", User)]


@dataclass
class World:
    """Applications at different places, and what belongs to them."""

    cast: steps.Cast
    call: Call
    draft: Application
    signing: Application
    lodged: Application
    nominated: Application
    district_list: CandidateList
    city_list: CandidateList
    copy: PaperCopy
    slip: PaperReceipt
    handed: PaperPlace
    ruling: str
    publicity: str
    objection: str
    letter: int
    plan: AssignmentPlan
    reading: Assignment
    declared: ConflictDeclaration


@pytest.fixture
def world(cast: steps.Cast, call: Call) -> World:
    return populated(cast, call)


@kept
def populated(cast: steps.Cast, call: Call) -> World:
    nominated, city_list = steps.nominated(cast, call)
    district_list = CandidateList.objects.get(office=cast.heping)
    copy = dispatch.count_copy(call, cast.institute, nominated, 1, by=cast.institute_clerk)
    slip = registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    [handed] = registering.hand_on(
        call,
        cast.institute,
        [copy.key],
        by=cast.institute_clerk,
        to="某人",
        slip=steps.scan(cast.institute_clerk),
    )
    plan, reading, declared = reviewed(cast, call, nominated)
    earlier = steps.start_filled(cast, call)
    draft = steps.start_filled(cast, call, source=earlier)
    sharing.give(draft, "plan", to=cast.partner, by=cast.lead_writer)
    sent, _ = steps.dispatched(cast, call)
    public = acts.everything(cast, call, sent)
    return World(
        cast=cast,
        call=call,
        draft=draft,
        signing=steps.signed(cast, call),
        lodged=steps.lodged(cast, call),
        nominated=nominated,
        district_list=district_list,
        city_list=city_list,
        copy=copy,
        slip=slip,
        handed=handed,
        ruling=public.ruling.reference,
        publicity=public.publicity.reference,
        objection=public.objection.number,
        letter=public.letter.pk,
        plan=plan,
        reading=reading,
        declared=declared,
    )


def reviewed(
    cast: steps.Cast, call: Call, application: Application
) -> tuple[AssignmentPlan, Assignment, ConflictDeclaration]:
    """The expert reads, since before its nomination, an application that went through the commission."""
    by = cast.commission_officer
    expert = scene.expert(cast)
    declared = declaring.declare(expert, kind="other", text="顾问", unit="别处的单位", by=by)
    panel = scene.panel(cast, call)
    plan = AssignmentPlan.objects.create(panel=panel, means="automatic", at=panel.at, by=by)
    reading = Assignment.objects.create(
        panel=panel, expert=expert, application=application, version=application.version, means="hand",
        at=panel.at, by=by,
    )  # fmt: skip
    panels.open_panel(panel, by=by)
    judged(reading, by=by)
    return plan, reading, declared


def judged(reading: Assignment, *, by: User) -> None:
    """The expert has scored it, the panel met, a result is frozen, and the panel reads again."""
    panel = reading.panel
    panel.refresh_from_db()
    submitted(reading)
    panels.discuss(panel, by=by)
    held = meeting.plan(panel, by=by, held_at=panel.at, place="某处", chair="某人")
    meeting.attend(held, [member.pk for member in meeting.members(held)], by=by)
    meeting.close(meeting.start(held, by=by), by=by)
    panel.refresh_from_db()
    scoring.freeze_result(panel, by=by)
    panels.reopen(panel, reason="再评", by=by)


def names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


def outcome(answer: Any) -> str:
    if answer.status_code == 302 and answer.headers["Location"].startswith(reverse("account_login")):
        return "sign-in"
    if answer.status_code == 401:
        return "sign-in"
    # Told what is wrong, or why not: the address is there for this person.
    return "page" if answer.status_code in (200, 302, 400, 403, 409, 422) else str(answer.status_code)


def shown(answer: Any) -> bool:
    """Whether an answer is a page that somebody reads; refusals are pages too."""
    kind = answer.headers.get("Content-Type", "")
    return not answer.streaming and bool(answer.content) and "text/html" in kind


@kept
def urls(world: World) -> dict[str, str]:
    """One address for each name; an application's are those of the one lodged at the district, unless said."""
    cast, call = world.cast, world.call
    round_ = round_of(world.lodged)
    assert round_ is not None and world.lodged.version is not None
    arrival = lodgement_here(world.lodged)
    assert arrival is not None
    party = round_.parties.last()
    waiting = round_.parties.get(gate=call.definition.destination.key)
    signature = Signature.objects.filter(party__round=round_).first()
    attachment = world.draft.attachments.first()
    assert party and signature and attachment
    slot = next(each for each in call.definition.attachments if each.key == call.questionnaire.pictures)
    figure = attach(world.draft, slot, BytesIO(steps.png_bytes()), name="图.png", by=cast.lead_writer)
    upload = announce(
        world.draft, call.definition.attachments[-1], name="a.pdf", length=100, by=cast.lead_writer
    )
    fresh = User.objects.create_user("fresh@example.cn", None, name="新来的人")
    pending = steps.make_unit("待确认单位", "81120102PDY000060M", state="pending")
    head = steps.make_user("pending-head", "待确认负责人")
    steps.join(head, pending, "head")
    officer = cast.heping.officers.first()
    assert officer
    signing_party = Party.objects.select_related("round__version").get(
        round=round_of(world.signing), gate=call.definition.destination.key
    )
    link, _ = steps.send_link(world.signing, signing_party, cast.lead_writer)
    mandate = give_mandate(
        world.signing, signing_party, delegate="受托人", given_by="负责人", since=steps.today(call),
        until=steps.today(call), file=steps.scan(cast.lead_writer), by=cast.lead_writer,
    )  # fmt: skip
    kept_mandate = mandates.give_mandate(
        waiting, delegate="受托人", given_by="负责人", since=steps.today(call), until=steps.today(call),
        file=steps.scan(cast.heping_handler), by=cast.heping_handler,
    )  # fmt: skip
    own_party = round_of(world.signing).parties.get(role="lead")  # type: ignore[union-attr]
    alone = steps.start_filled(cast, call)
    freeze(alone, by=cast.lead_writer)
    given = Party.objects.get(round=round_of(steps.fresh(alone)), role="lead")
    sign_by_account(given, by=cast.lead_head, decision=Signature.Decision.AGREE)
    lodged = {"reference": world.lodged.reference}
    draft = {"reference": world.draft.reference}
    here = {"call": call.key, "office": cast.heping.key}
    registry = {"call": call.key, "reference": world.nominated.reference}
    listed = {"reference": world.district_list.reference}
    last = {"reference": world.city_list.reference}
    assert world.signing.version is not None
    unit, bureau = Inbox(unit=cast.lead), Inbox(office=cast.heping)
    scanned = {
        "portal": steps.laid_in(unit, world.signing.version, cast.lead_writer),
        "desk": steps.laid_in(bureau, world.lodged.version, cast.heping_handler),
    }
    coming = {
        "portal": inbox.announce(unit, name="a.pdf", length=100, pile="pile", by=cast.lead_writer),
        "desk": inbox.announce(bureau, name="a.pdf", length=100, pile="pile", by=cast.heping_handler),
    }
    document = docx.Document(BytesIO(word_form.draft_docx(world.draft)))
    document.add_picture(BytesIO(steps.png_bytes()))
    document.save(filled := BytesIO())
    word = keep_upload(filled, "申请书.docx", world.draft, cast.lead_writer)
    watchlist = {"pk": steps.watchlist(cast).pk}
    problem = problems.draft(
        arrival, place="f:cover.name", text="不对", severity="must", by=cast.heping_handler
    )
    back = steps.lodged(cast, call)
    reviews.return_for_correction(back, by=cast.heping_handler, reasons=[reviews.Said("请补正")])
    returned = {"reference": back.reference, "number": 1}
    extension = steps.extension(cast, call)
    objection = Objection.objects.get(number=world.objection)
    publicity, secret = {"reference": world.publicity}, {"number": world.objection, "token": token(objection)}
    offer = joint.offer(world.lodged, cast.sector, by=cast.heping_handler, reason="同一试点")
    views, done = kept_of(world)
    told = Notice.objects.create(user=cast.lead_writer, kind="returned", key="told", at=clock.now())
    letter = {"pk": message_of(call).pk}
    arguments: dict[str, dict[str, Any]] = {
        **{f"{space}:search-{name}": {"pk": views[space].pk} for space in views for name in ("view", "view-removal")},
        **{
            f"{space}:{name}": {"pk": done[space].pk}
            for space in done
            for name in ("batch", "batch-progress", "batch-retry", "batch-file")
        },
        **{f"desk:figures{kind}": {"call": call.key} for kind in ("", "-xlsx", "-csv")},
        "account_reset_password_from_key": {"uidb36": "1", "key": "abc-def"},
        "desk:account": {"pk": cast.expert.pk},
        "desk:applications": here,
        "desk:applications-xlsx": here,
        "desk:approval": listed,
        "desk:side-by-side": {**lodged, "other": world.nominated.reference},
        "desk:attachment": {**lodged, "version": world.lodged.version.label, "number": 1},
        "desk:certificate": {**lodged, "party": waiting.pk, "how": "file"},
        "desk:certificate-paper": {**lodged, "party": waiting.pk},
        "desk:attestation-file": {**lodged, "pk": 1},
        "desk:certificates": lodged,
        "desk:certified": lodged,
        "desk:seal-progress": {**lodged, "party": waiting.pk},
        "desk:copy": registry,
        "desk:copy-void": {"call": call.key, "pk": world.copy.pk},
        "desk:deadlines": {"call": call.key},
        "desk:extension-taking-back": {"call": call.key, "pk": extension.pk},
        "desk:deactivation": {"pk": cast.expert.pk},
        "desk:dismissal": {"pk": officer.pk},
        "desk:dispatch": listed,
        "desk:electronic": registry,
        "desk:list": here,
        "desk:list-detail": listed,
        "desk:list-draft-pdf": here,
        "desk:list-draft-xlsx": here,
        "desk:list-pdf": listed,
        "desk:list-xlsx": listed,
        # Lists, letters, quotas, accounts, joint recommendations
        **dict.fromkeys(LIST_OFFICE.split(), here),
        **dict.fromkeys(LIST_SEEN.split(), listed),
        "desk:waiver": {**listed, "scope": "all"},
        "desk:waiver-refusal": listed,
        "desk:waiver-file": {"pk": 1},
        "desk:joint": lodged,
        "desk:joining": {**lodged, "other": world.nominated.reference},
        **{name: {"pk": offer.pk} for name in ("desk:joint-answer", "desk:joint-form")},
        "desk:office": {"key": cast.heping.key},
        "desk:opinion": {**lodged, "party": waiting.pk},
        "desk:party": {**lodged, "party": waiting.pk},
        "desk:mandate": {**lodged, "mandate": kept_mandate.pk},
        "desk:overview": {"call": call.key},
        "desk:overview-xlsx": {"call": call.key},
        "desk:package": last,
        "desk:package-progress": last,
        "desk:package-retry": last,
        "desk:package-zip": last,
        "desk:proposal": here,
        "desk:reactivation": {"pk": cast.expert.pk},
        "desk:missing": {"call": call.key},
        "desk:missing-pdf": {"call": call.key},
        "desk:missing-xlsx": {"call": call.key},
        "desk:paper": {"call": call.key},
        "desk:paper-moving": {"call": call.key},
        "desk:paper-picking": {"call": call.key},
        "desk:paper-receipt": {"number": world.slip.number},
        "desk:paper-receipts": {"call": call.key},
        "desk:paper-slip": {"call": call.key, "pk": world.handed.pk},
        "desk:receiving": {"call": call.key},
        "desk:registry": {"call": call.key},
        "desk:registry-pdf": {"call": call.key},
        "desk:registry-xlsx": {"call": call.key},
        "desk:revocation": listed,
        "desk:scan": {**lodged, "pk": signature.pk},
        "desk:seal": listed,
        "desk:sealed": listed,
        "desk:sending-back": listed,
        "desk:unit": {"pk": cast.lead.pk},
        **dict.fromkeys(WATCHLIST.split(), watchlist),
        **{key: {"call": call.key} for key in PUBLIC_CALL.split()},
        **{key: {"reference": world.ruling} for key in RULING.split()},
        **dict.fromkeys(PUBLICITY.split(), publicity),
        **{key: {"number": world.objection} for key in OBJECTION.split()},
        "desk:objection-file": {"number": world.objection, "pk": objection.files.get().pk},
        "desk:objection-letter": {"number": world.objection, "pk": objection.answer_id},
        **{key: {"pk": world.letter} for key in RESULT.split()},
        **dict.fromkeys(("public:publicity", "public:publicity-pdf", "public:objecting"), publicity),
        **dict.fromkeys(("public:objection", "public:objection-letter", "public:objection-withdrawal"), secret),
        "public:results": {"key": call.key},
        "desk:problem": {**lodged, "pk": problem.pk},
        "desk:correction-pdf": returned,
        "portal:correction": returned,
        "portal:correction-pdf": returned,
        "portal:attachment-file": {**draft, "pk": attachment.pk},
        "portal:attachment-page": {**draft, "pk": attachment.pk, "number": 1},
        "portal:attachment-removal": {**draft, "pk": attachment.pk},
        "portal:attachment-thumbnail": {**draft, "pk": attachment.pk},
        "portal:attachment-upload": {**draft, "token": upload.token},
        "portal:attachment-uploads": draft,
        "portal:attachment-view": {**draft, "pk": attachment.pk},
        "portal:attachments": draft,
        "portal:links": {"reference": world.signing.reference},
        "portal:mandate": {"reference": world.signing.reference, "mandate": mandate.pk},
        "portal:party": {"reference": world.signing.reference, "party": signing_party.pk},
        "portal:sign": {"key": link.key},
        "portal:sign-beside": {"key": link.key, "other": link.key},
        "portal:sign-file": {"key": link.key, "number": 1},
        "portal:sign-form": {"key": link.key},
        "portal:sign-paper": {"key": link.key},
        "portal:sign-certificate": {"key": link.key, "how": "file"},
        "portal:sign-off-certificate": {"party": own_party.pk, "how": "file"},
        "portal:sign-statement": {"key": link.key},
        **{
            name: {"party": own_party.pk}
            for name in ("portal:sign-off", "portal:sign-off-form", "portal:sign-off-paper")
        },
        "portal:sign-off-file": {"party": own_party.pk, "number": 1},
        "portal:sign-off-statement": {"party": given.pk},
        "portal:picture": {**draft, "picture": figure.file.name},
        "portal:pictures": draft,
        "portal:call-start": {"key": call.key},
        "portal:check": draft,
        "portal:comments": {**draft, "section": "cover", "field": "contact"},
        "portal:conflict": {**draft, "section": "cover"},
        "portal:field": {**draft, "section": "cover", "field": "contact"},
        "portal:field-history": {**draft, "section": "cover", "field": "contact"},
        "portal:section-preview": {**draft, "section": "goals"},
        "portal:freeze": draft,
        "portal:head-confirmation": {
            "organisation": pending.pk, "user": encode(head), "token": head_token(pending, head)
        },
        "portal:invitation": {"user": encode(fresh), "token": invitation.make_token(fresh)},
        "portal:lodgement": {"reference": world.signing.reference},
        "portal:certificate": {**lodged, "party": waiting.pk, "how": "file"},
        "portal:certificate-paper": {**lodged, "party": waiting.pk},
        "portal:attestation": {**lodged, "party": waiting.pk, "how": "upload"},
        "portal:attestation-file": {**lodged, "number": 1, "pk": 1},
        "portal:version-content": {**lodged, "number": 1},
        "portal:certificates": {**lodged, "number": 1},
        "portal:certified": {**lodged, "number": 1},
        "portal:seal-progress": {**lodged, "party": waiting.pk},
        "portal:opinion": {"reference": world.signing.reference, "party": round_of(world.signing).parties.last().pk},
        "portal:receipt": {**lodged, "number": arrival.number},
        "portal:receipt-pdf": {**lodged, "number": arrival.number},
        "portal:reopening": {"reference": world.signing.reference},
        "portal:scan": {**lodged, "signature": signature.pk},
        "portal:section": {**draft, "section": "cover"},
        "portal:copied": draft,
        "portal:presence": {**draft, "section": "cover"},
        "portal:profile-taking": {**draft, "section": "cover"},
        "portal:section-comments": {**draft, "section": "cover"},
        "portal:sharing": draft,
        "portal:unit": {"pk": cast.lead.pk},
        "portal:unit-profile": {"pk": cast.lead.pk},
        "portal:version": {**lodged, "number": 1},
        "portal:version-file": {
            **lodged, "number": 1, "sha256": world.lodged.version.data["attachments"][0]["sha256"]
        },
        "portal:print-pack": {**lodged, "number": 1},
        "portal:print-pack-pdf": {**lodged, "number": 1},
        "portal:version-form": {**lodged, "number": 1},
        "portal:word-picture": {**draft, "token": word, "sha256": sha256_of_bytes(steps.png_bytes())},
        "portal:word-review": {**draft, "token": word},
        "portal:word-upload": draft,
        "portal:word-version": {**lodged, "number": 1},
        **{f"desk:{name}": {"office": cast.commission.key} for name in POOL.split()},
        **{
            f"desk:expert{name}": {"office": cast.commission.key, "pk": world.reading.expert_id}
            for name in ("", "-deactivation", "-reactivation")
        },
        "desk:declaration-withdrawal": {"office": cast.commission.key, "pk": world.declared.pk},
        "desk:panels": {"call": call.key, "office": cast.commission.key},
        **{f"desk:{name}": {"pk": world.reading.panel_id} for name in PANEL.split()},
        "desk:panel-step": {"pk": world.reading.panel_id, "verb": "close"},
        "desk:panel-readers": {"pk": world.reading.panel_id, "reference": world.nominated.reference},
        "desk:unassigning": {"pk": world.reading.panel_id, "assigned": world.reading.pk},
        **{f"desk:{name}": {"pk": world.plan.pk} for name in PLAN.split()},
        **{f"desk:{name}": {"pk": world.reading.pk} for name in READING.split()},
        "desk:reading-file": {"pk": world.reading.pk, "number": 1},
        **{f"desk:{name}": {"pk": world.reading.panel_id} for name in JUDGING.split()},
        **{f"desk:{name}": {"pk": world.reading.panel_id, "number": 1} for name in PANEL_RESULT.split()},
        **{
            f"desk:{name}": {"pk": world.reading.panel_id, "sheet": world.reading.sheet.pk}
            for name in ("moderation", "sheet-reopening")
        },
        **{f"desk:{name}": {"pk": world.reading.pk} for name in ("sheet", "sheet-submission")},
        "desk:sheet-entry": {"pk": world.reading.pk, "item": "basis"},
        "desk:discussion": {"pk": world.reading.panel_id, "reference": world.nominated.reference},
        "desk:meeting-act": {"pk": world.reading.panel_id, "act": "notes"},
        "desk:meeting-item": {
            "pk": world.reading.panel_id, "act": "note",
            "item": world.reading.panel.meeting.agenda.get().pk,
        },
        "public:paper-receipt": {"text": encode_mark(slip_mark(world.slip), "T", key=keys()[0])},
        "public:call": {"key": call.key},
        "public:call-form": {"key": call.key},
        "public:call-form-word": {"key": call.key},
        "public:call-notice": {"key": call.key},
        "public:sheet": {"payload": "TJ10-0001.V1P1N1T.0000000000"},
        "desk:wording": {"call": call.key, "kind": "returned"},
        "desk:wordings": {"call": call.key},
        "desk:message": letter,
        "ui:calendar-deadline": {"call": call.key, "stage": call.definition.stages[0].key, "deadline": "hand_in"},
        "ui:calendar-feed": {"token": feeds.token_of(feeds.open_feed(cast.lead_writer))},
        "ui:message": {"pk": told.pk},
        "ui:counties": {"province": "120000"},
        "ui:industries": {},
        "ui:language": {},
    }  # fmt: skip
    for space, where in (("portal", {"unit": cast.lead.pk}), ("desk", {"office": cast.heping.key})):
        row = scanned[space]
        box = row.boxes.get()
        arguments |= {
            f"{space}:scans": where,
            f"{space}:scan-uploads": where,
            f"{space}:scan-upload": {**where, "token": coming[space].token},
            f"{space}:scan-pile": {**where, "pile": "pile"},
            f"{space}:scan-progress": {**where, "pile": "pile"},
            f"{space}:scan-page": {**where, "pk": row.pk},
            f"{space}:scan-picture": {**where, "pk": row.pk},
            f"{space}:scan-file": {**where, "pk": row.scan_id},
            f"{space}:scan-box": {**where, "pk": box.pk},
            f"{space}:scan-boxes": {**where, "version": row.version_id},
            f"{space}:scan-print": {**where, "version": row.version_id, "number": 1},
            f"{space}:scan-copy": {**where, "version": row.version_id, "copy": 0},
        }
    found = {}
    for name in sorted(set(names(get_resolver().url_patterns))):
        plain = name in arguments or not _wants_reference(name)
        found[name] = reverse(name, kwargs=arguments.get(name, {}) if plain else lodged)
    return found


def kept_of(world: World) -> tuple[dict[str, SavedView], dict[str, Any]]:
    """A view of one's own and a batch in each space: of a handler at the desk, of the writer in the portal."""
    views, done = {}, {}
    for space, owner, action in (
        ("desk", world.cast.heping_handler, "papers"), ("portal", world.cast.lead_writer, "remind"),
    ):  # fmt: skip
        views[space] = SavedView.objects.create(space=space, name="视图", owner=owner, made_at=clock.now())
        done[space] = batches.start(batches.ACTIONS[action], [world.lodged], {}, space=space, by=owner)
    return views, done


def message_of(call: Call) -> Message:
    """A message about the call, which nobody has to send."""
    now = clock.now()
    return Message.objects.create(
        kind="notice",
        channel="mail",
        address="a@unit.example",
        call=call,
        made_at=now,
        due_at=now,
        token="0" * 24,
    )


def _wants_reference(name: str) -> bool:
    try:
        reverse(name)
    except Exception:
        return True
    return False


LEAD = "lead_writer lead_head"
HEPING = "heping_handler heping_approver"
CITY = "commission_officer commission_approver"
REGISTRY = "institute_clerk"

WATCHLIST = """
    desk:watchlist desk:watchlist-columns desk:watchlist-confirmation desk:watchlist-discarding desk:watchlist-file
    desk:watchlist-progress desk:watchlist-reinstatement desk:watchlist-withdrawal desk:watchlist-wrong
"""
PUBLIC_CALL = """
    desk:decisions desk:decisions-xlsx desk:decisions-proposal desk:publicities desk:publicity-new desk:objections-xlsx
    desk:results desk:results-xlsx desk:result-letter-new
"""
RULING = "desk:ruling desk:ruling-confirmation desk:ruling-sending-back"
PUBLICITY = """
    desk:publicity desk:publicity-pdf desk:publicity-words desk:publication desk:publicity-withdrawal
    desk:publicity-extension desk:publicity-settlement desk:publicity-correction desk:objection-new
"""
OBJECTION = """
    desk:objection desk:objection-claim desk:objection-note desk:objection-answer desk:objection-confirmation
    desk:objection-sending-back
"""
RESULT = "desk:result-letter desk:result-sheet desk:result-recording desk:result-letter-file"
LIST_OFFICE = """
    desk:joint-offers desk:letter desk:letter-draft-docx desk:letter-draft-pdf desk:list-draft-docx desk:list-score
    desk:reconciliation desk:reconciliation-all desk:reconciliation-all-xlsx desk:reconciliation-xlsx desk:supplement
    desk:waiver-asking desk:waivers
"""
LIST_SEEN = "desk:effective-xlsx desk:letter-docx desk:letter-pdf desk:list-docx"
POOL = "experts experts-xlsx expert-template expert-new expert-import"
PANEL = "panel panel-change panel-experts panel-matrix panel-xlsx panel-automatic panel-file"
PLAN = "plan plan-progress plan-confirmation plan-discarding plan-xlsx"
READING = "reading reading-form reading-conflict"
JUDGING = """
    meeting meeting-closing meeting-live meeting-live-part meeting-plan meeting-reopening minutes-docx minutes-pdf
    panel-results panel-results-xlsx result-freezing sheets-xlsx what-if
"""
PANEL_RESULT = "result result-json result-xlsx"
SCANS = (
    "scans", "scan-uploads", "scan-pile", "scan-progress", "scan-page", "scan-picture", "scan-file", "scan-box",
    "scan-boxes", "scan-print", "scan-copy",
)  # fmt: skip
PUBLIC = """
    account_email account_inactive account_login account_logout account_reset_password account_reset_password_done
    account_reset_password_from_key account_reset_password_from_key_done account_set_password account_signup home
    portal:head-confirmation portal:invitation portal:register portal:session portal:sign portal:sign-open
    portal:sign-over public:objecting public:objection public:objection-letter public:objection-withdrawal
    public:publicity public:publicity-pdf public:results public:accessibility public:call public:call-form
    public:call-form-word public:paper-receipt
    public:call-notice public:help public:help-applicant public:help-official public:home public:sheet
    public:sheet-check ui:calendar-deadline ui:calendar-feed ui:counties
    ui:industries ui:language
"""
SIGNED_IN = """
    account account_change_password account_reauthenticate mfa_activate_totp mfa_authenticate
    mfa_generate_recovery_codes mfa_index mfa_reauthenticate portal:applications portal:call-start portal:sign-offs
    portal:search portal:search-xlsx portal:search-csv portal:search-view-new portal:batch-new
    portal:signed-in
    ui:calendar ui:message-preferences ui:messages ui:messages-read usersessions_list
"""
NOBODY = """
    desk:attestation-file desk:batch-file portal:batch-file desk:certified desk:letter-docx desk:letter-pdf desk:waiver
    desk:panel-readers desk:waiver-asking desk:waiver-file desk:waiver-refusal portal:attestation-file portal:certified
    mfa_deactivate_totp mfa_download_recovery_codes mfa_view_recovery_codes portal:first-administrator portal:mailbox
"""
"""Not there in this world: the lists have no letters, the call no quota, nobody signed with a certificate or has a second
factor, there are accounts already, it is no demonstration, what the panel was about is nominated."""

ROLES_OF: dict[str, str] = {
    **dict.fromkeys(
        ("desk:deadlines", "desk:extension-taking-back"),
        f"{HEPING} other_handler sector_officer {REGISTRY} {CITY} auditor",
    ),
    **dict.fromkeys(
        (
            "desk:home", "desk:search", "desk:search-xlsx", "desk:search-csv", "desk:search-view-new",
            "desk:batch-new", "desk:figures", "desk:figures-xlsx", "desk:figures-csv",
        ),
        f"{HEPING} other_handler sector_officer {REGISTRY} {CITY} auditor",
    ),
    # Views are changed by who made them, and batches seen by who asked for them.
    **dict.fromkeys(
        (
            "desk:search-view", "desk:search-view-removal", "desk:batch", "desk:batch-progress",
            "desk:batch-retry",
        ),
        "heping_handler",
    ),
    **dict.fromkeys(
        (
            "portal:search-view", "portal:search-view-removal", "portal:batch", "portal:batch-progress",
            "portal:batch-retry",
        ),
        "lead_writer",
    ),
    # What lies at the district is seen by the district alone, and by the auditor.
    **dict.fromkeys(
        (
            "desk:alike", "desk:application", "desk:attachment", "desk:certificates", "desk:form", "desk:history",
            "desk:correction", "desk:correction-pdf", "desk:scan", "desk:side-by-side",
        ),
        f"{HEPING} auditor",
    ),
    **dict.fromkeys(
        (
            "desk:applications", "desk:applications-xlsx", "desk:approval", "desk:certificate",
            "desk:certificate-paper", "desk:checks", "desk:decline", "desk:seal-progress", "desk:claim",
            "desk:claim-taking-over", "desk:problem", "desk:problem-new", "desk:readers",
            "desk:dispatch", "desk:list", "desk:list-draft-pdf", "desk:list-draft-xlsx", "desk:opinion",
            "desk:party", "desk:mandate", "desk:proposal", "desk:recommendation", "desk:return", "desk:revocation", "desk:seal",
            "desk:sending-back", "desk:taking-back",
        ),
        HEPING,
    ),
    # A dispatched list is seen where it arrived.
    **dict.fromkeys(
        ("desk:list-detail", "desk:list-pdf", "desk:list-xlsx", "desk:sealed"),
        f"{HEPING} {REGISTRY} {CITY} auditor",
    ),
    **dict.fromkeys(("desk:package", "desk:package-progress", "desk:package-zip"), f"{CITY} auditor"),
    **dict.fromkeys(("desk:effective-xlsx", "desk:list-docx"), f"{HEPING} {REGISTRY} {CITY} auditor"),
    **dict.fromkeys((name for name in LIST_OFFICE.split() if name != "desk:waiver-asking"), HEPING),
    **dict.fromkeys(("desk:joint", "desk:joining"), HEPING),
    **dict.fromkeys(("desk:joint-answer", "desk:joint-form"), "sector_officer"),
    "desk:package-retry": CITY,
    # How messages went is followed by the last stage for its calls, and by administrators and auditors for all.
    **dict.fromkeys(("desk:message", "desk:messages", "desk:messages-xlsx"), f"{CITY} administrator auditor"),
    **dict.fromkeys(("desk:wording", "desk:wordings"), CITY),
    "ui:message": "lead_writer",
    **dict.fromkeys(
        ("desk:watchlists", "desk:watchlist-new", *WATCHLIST.split()), f"{CITY} administrator"
    ),
    **dict.fromkeys(("desk:overview", "desk:overview-xlsx"), f"{REGISTRY} {CITY} auditor"),
    **dict.fromkeys(
        (
            "desk:copy", "desk:copy-void", "desk:electronic", "desk:missing", "desk:missing-pdf",
            "desk:missing-xlsx", "desk:paper-receipts", "desk:receiving", "desk:registry", "desk:registry-pdf",
            "desk:registry-xlsx",
        ),
        REGISTRY,
    ),
    # What the last stage decides and makes public, and objections, are its own; an auditor reads.
    **dict.fromkeys(
        (
            *PUBLIC_CALL.split(), *RULING.split(), *PUBLICITY.split(), *OBJECTION.split(), *RESULT.split(),
        ),
        CITY,
    ),
    **dict.fromkeys(
        (
            "desk:decisions", "desk:decisions-xlsx", "desk:ruling", "desk:publicities", "desk:objections-xlsx",
            "desk:publicity", "desk:publicity-pdf", "desk:objection", "desk:objection-file", "desk:objection-letter",
            "desk:results", "desk:results-xlsx", "desk:result-letter", "desk:result-letter-file",
        ),
        f"{CITY} auditor",
    ),
    # Where paper went is followed at the registry and at the last stage; a slip is for who delivered, too.
    **dict.fromkeys(
        ("desk:paper", "desk:paper-moving", "desk:paper-picking", "desk:paper-slip"), f"{REGISTRY} {CITY}"
    ),
    "desk:paper-receipt": f"{REGISTRY} {HEPING} auditor",
    **dict.fromkeys(
        (
            "desk:account", "desk:accounts", "desk:administration", "desk:auditors", "desk:deactivation",
            "desk:dismissal", "desk:office", "desk:reactivation", "desk:unit", "desk:units",
        ),
        "administrator",
    ),
    **dict.fromkeys(
        (
            "desk:audit", "desk:audit-anchors", "desk:audit-applications", "desk:audit-events",
            "desk:audit-events-xlsx",
        ),
        "auditor",
    ),
    **dict.fromkeys(
        (
            "portal:application", "portal:version-content", "portal:certificates", "portal:form", "portal:history", "portal:receipt", "portal:receipt-pdf",
            "portal:scan", "portal:version", "portal:version-file", "portal:version-form", "portal:word-form",
            "portal:word-version",
        ),
        f"{LEAD} {HEPING} auditor",
    ),
    **dict.fromkeys(
        ("portal:correction", "portal:correction-pdf", "portal:print-pack", "portal:print-pack-pdf"), f"{LEAD} auditor"
    ),
    **dict.fromkeys(
        (
            "portal:attestation", "portal:certificate", "portal:certificate-paper", "portal:links", "portal:lodgement",
            "portal:mandate", "portal:opinion", "portal:party", "portal:reopening", "portal:seal-progress", "portal:unit",
            "portal:unit-profile", "portal:withdrawal",
        ),
        LEAD,
    ),
    # The head of the party's own unit signs with its account.
    **dict.fromkeys(
        (
            "portal:sign-off", "portal:sign-off-certificate", "portal:sign-off-file", "portal:sign-off-form",
            "portal:sign-off-paper", "portal:sign-off-statement",
        ),
        "lead_head",
    ),
    # A section of the draft was given to the partner, who sees the rest of it.
    **dict.fromkeys(
        (
            "portal:attachment-removal", "portal:attachment-uploads", "portal:attachments", "portal:check", "portal:conflict", "portal:field",
            "portal:field-history", "portal:freeze",
            "portal:pictures", "portal:presence", "portal:profile-taking", "portal:section", "portal:section-preview",
            "portal:sharing",
        ),
        f"{LEAD} partner",
    ),
    **dict.fromkeys(
        ("portal:attachment-file", "portal:attachment-page", "portal:attachment-thumbnail", "portal:attachment-view", "portal:picture"),
        f"{LEAD} partner auditor",
    ),
    "portal:attachment-upload": "lead_writer",
    **dict.fromkeys(
        ("portal:comments", "portal:copied", "portal:section-comments"), f"{LEAD} partner auditor"
    ),
    # Scans are seen by those for whose unit or office they were thrown in.
    **dict.fromkeys((f"portal:{name}" for name in SCANS), LEAD),
    **dict.fromkeys((f"desk:{name}" for name in SCANS), HEPING),
    "portal:scan-upload": "lead_writer",
    "desk:scan-upload": "heping_handler",
    # Who keeps the pool sees panels; an expert sees what it reads, and of the rest nothing.
    **dict.fromkeys(
        (
            *(f"desk:{name}" for name in f"{POOL} {PANEL} {PLAN}".split()),
            "desk:expert", "desk:expert-deactivation", "desk:expert-reactivation", "desk:declaration-withdrawal",
            "desk:panels", "desk:panel-step", "desk:unassigning",
        ),
        CITY,
    ),
    **dict.fromkeys(
        (
            *(f"desk:{name}" for name in READING.split()),
            "desk:readings", "desk:readings-xlsx", "desk:expert-own", "desk:reading-file",
        ),
        "expert",
    ),
    # Scores are seen by who keeps the panel and by the auditor; a handler runs it; an expert has its own sheets.
    **dict.fromkeys(
        (
            *(f"desk:{name}" for name in f"{PANEL_RESULT} panel-results panel-results-xlsx sheets-xlsx what-if".split()),
            "desk:meeting", "desk:minutes-docx", "desk:minutes-pdf",
        ),
        f"{CITY} auditor",
    ),
    **dict.fromkeys(
        (
            "desk:meeting-act", "desk:meeting-closing", "desk:meeting-item", "desk:meeting-plan",
            "desk:meeting-reopening", "desk:moderation", "desk:result-freezing", "desk:sheet-reopening",
        ),
        "commission_officer",
    ),
    **dict.fromkeys(
        ("desk:discussion", "desk:meeting-live", "desk:meeting-live-part"), f"{CITY} auditor expert"
    ),
    **dict.fromkeys(("desk:sheet", "desk:sheet-entry", "desk:sheet-submission", "desk:sheets"), "expert"),
    "portal:registered": f"{LEAD} outsider",
    "portal:word-upload": f"{LEAD} partner",
    **dict.fromkeys(("portal:word-picture", "portal:word-review"), "lead_writer"),
}  # fmt: skip
PAPERS = ("desk:letter",)
"""Pages that show a paper and the words that go into it, which are Chinese."""
OPENED_BY_LETTER = (
    "portal:sign-beside", "portal:sign-certificate", "portal:sign-file", "portal:sign-form", "portal:sign-paper", "portal:sign-statement",
)  # fmt: skip
"""Nobody's without the letter of the link; who has the address only is told so on `portal:sign`."""
POSTED = (
    "desk:objection-claim", "desk:objection-note", "desk:result-recording", "desk:result-sheet",
    "desk:claim", "desk:readers", "desk:list-score",
    "desk:batch-new", "desk:batch-retry", "desk:search-view-new", "portal:batch-new", "portal:batch-retry",
    "portal:search-view-new",
    "desk:checks", "desk:copy", "desk:electronic", "desk:package-retry", "desk:paper-picking", "desk:receiving", "desk:watchlist-columns",
    "desk:watchlist-confirmation", "desk:watchlist-discarding", "desk:plan-confirmation", "desk:plan-discarding",
    "desk:meeting-act", "desk:meeting-item", "desk:sheet-entry", "portal:field", "portal:links", "portal:sign-beside",
    "portal:presence", "portal:profile-taking", "ui:language", "ui:messages-read",
)  # fmt: skip


def expected(name: str, role: str) -> str:
    if name in PUBLIC.split():
        return "page"
    if name in ("portal:first-administrator", "portal:mailbox"):
        return "404"
    if name in OPENED_BY_LETTER:
        return "404"
    if role == "nobody":
        return "sign-in"
    if name in SIGNED_IN.split():
        return "page"
    if name in NOBODY.split():
        return "404"
    return "page" if role in ROLES_OF[name].split() else "404"


def session_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.above_database
def test_every_address_has_its_place_in_the_table(world: World) -> None:
    known = {*PUBLIC.split(), *SIGNED_IN.split(), *NOBODY.split(), *ROLES_OF, *OPENED_BY_LETTER}

    assert set(names(get_resolver().url_patterns)) == known


@pytest.mark.postgres
@pytest.mark.long(20)
@pytest.mark.django_db
def test_every_address_answers_on_postgresql_too(world: World) -> None:
    """Each is opened by the first who may; all roles, and every other test of a page, go through SQLite."""
    clients: dict[str, Client] = {}
    wrong, opened = [], 0
    for name, url in urls(world).items():
        role = next((role for role in ROLES if expected(name, role) == "page"), None)
        if role is None or name == "account_logout":
            continue
        if role not in clients:
            clients[role] = Client()
            clients[role].force_login(getattr(world.cast, role))
        answer = clients[role].post(url) if name in POSTED else clients[role].get(url)
        opened += 1
        if outcome(answer) != "page":
            wrong.append(f"{name}: {outcome(answer)}")

    assert wrong == []
    assert opened > 300


@pytest.mark.above_database
@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_role_sees_exactly_what_the_table_says_and_in_english(
    world: World, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        role != "outsider"
    ):  # The page of 404 is the same for all: it is drawn for one of them, not 4,000 times.
        monkeypatch.setattr(site, "handler404", lambda request, exception: HttpResponse(status=404))
    addresses = urls(world)
    known = english.content(world.call)
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = ENGLISH
    session = None
    wrong, chinese, pages = [], {}, 0
    for name, url in addresses.items():
        if role != "nobody" and (session is None or session_of(client) != session):
            # At first, and again when a page ended the session.
            client.force_login(getattr(world.cast, role))
            session = session_of(client)
        answer = client.post(url) if name in POSTED else client.get(url)
        if outcome(answer) != expected(name, role):
            wrong.append(f"{name}: {outcome(answer)}, not {expected(name, role)}")
        if shown(answer):
            pages += 1
            page = answer.content.decode()
            assert '<html lang="en">' in page or "<html" not in page, name
            if name not in PAPERS and (found := english.foreign(page, known + english.more(name))):
                chinese[name] = found

    assert wrong == []
    assert chinese == {}
    assert pages > 15
