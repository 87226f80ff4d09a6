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
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from shidian.accounts.links import encode, invitation
from shidian.accounts.models import User
from shidian.applications import sharing, word_form
from shidian.applications.actions import attach
from shidian.applications.attaching import announce
from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here, round_of
from shidian.calls.models import Call
from shidian.core.digests import sha256_of_bytes
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import CandidateList, PaperCopy
from shidian.organisations.links import head_token
from shidian.portal.views.word import keep_upload
from shidian.signoffs.models import Signature
from tests import steps
from tests.kept import kept

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


@pytest.fixture
def world(cast: steps.Cast, call: Call) -> World:
    return populated(cast, call)


@kept
def populated(cast: steps.Cast, call: Call) -> World:
    nominated, city_list = steps.nominated(cast, call)
    district_list = CandidateList.objects.get(office=cast.heping)
    copy = dispatch.count_copy(call, cast.institute, nominated, 1, by=cast.institute_clerk)
    earlier = steps.start_filled(cast, call)
    draft = steps.start_filled(cast, call, source=earlier)
    sharing.give(draft, "plan", to=cast.partner, by=cast.lead_writer)
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
    )


def names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


def outcome(client: Client, url: str, *, posted: bool) -> str:
    answer = client.post(url) if posted else client.get(url)
    if answer.status_code == 302 and answer.headers["Location"].startswith(reverse("account_login")):
        return "sign-in"
    if answer.status_code == 401:
        return "sign-in"
    # Told what is wrong, or why not: the address is there for this person.
    return "page" if answer.status_code in (200, 302, 400, 403, 409, 422) else str(answer.status_code)


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
    lodged = {"reference": world.lodged.reference}
    draft = {"reference": world.draft.reference}
    here = {"call": call.key, "office": cast.heping.key}
    registry = {"call": call.key, "reference": world.nominated.reference}
    listed = {"reference": world.district_list.reference}
    last = {"reference": world.city_list.reference}
    document = docx.Document(BytesIO(word_form.draft_docx(world.draft)))
    document.add_picture(BytesIO(steps.png_bytes()))
    document.save(filled := BytesIO())
    word = keep_upload(filled, "申请书.docx", world.draft, cast.lead_writer)
    watchlist = {"pk": steps.watchlist(cast).pk}
    arguments: dict[str, dict[str, Any]] = {
        "account_reset_password_from_key": {"uidb36": "1", "key": "abc-def"},
        "desk:account": {"pk": cast.expert.pk},
        "desk:applications": here,
        "desk:applications-xlsx": here,
        "desk:approval": listed,
        "desk:attachment": {**lodged, "version": world.lodged.version.label, "number": 1},
        "desk:copy": registry,
        "desk:copy-void": {"call": call.key, "pk": world.copy.pk},
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
        "desk:office": {"key": cast.heping.key},
        "desk:opinion": {**lodged, "party": waiting.pk},
        "desk:overview": {"call": call.key},
        "desk:overview-xlsx": {"call": call.key},
        "desk:package": last,
        "desk:package-progress": last,
        "desk:package-retry": last,
        "desk:package-zip": last,
        "desk:proposal": here,
        "desk:reactivation": {"pk": cast.expert.pk},
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
        "portal:attachment-file": {**draft, "pk": attachment.pk},
        "portal:attachment-page": {**draft, "pk": attachment.pk, "number": 1},
        "portal:attachment-removal": {**draft, "pk": attachment.pk},
        "portal:attachment-thumbnail": {**draft, "pk": attachment.pk},
        "portal:attachment-upload": {**draft, "token": upload.token},
        "portal:attachment-uploads": draft,
        "portal:attachment-view": {**draft, "pk": attachment.pk},
        "portal:attachments": draft,
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
        "portal:version-form": {**lodged, "number": 1},
        "portal:word-picture": {**draft, "token": word, "sha256": sha256_of_bytes(steps.png_bytes())},
        "portal:word-review": {**draft, "token": word},
        "portal:word-upload": draft,
        "portal:word-version": {**lodged, "number": 1},
        "public:call": {"key": call.key},
        "public:call-form": {"key": call.key},
        "public:call-form-word": {"key": call.key},
        "public:call-notice": {"key": call.key},
        "ui:counties": {"province": "120000"},
        "ui:industries": {},
        "ui:language": {},
    }  # fmt: skip
    found = {}
    for name in sorted(set(names(get_resolver().url_patterns))):
        plain = name in arguments or not _wants_reference(name)
        found[name] = reverse(name, kwargs=arguments.get(name, {}) if plain else lodged)
    return found


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
PUBLIC = """
    account_email account_inactive account_login account_logout account_reset_password account_reset_password_done
    account_reset_password_from_key account_reset_password_from_key_done account_set_password account_signup home
    portal:head-confirmation portal:invitation portal:register portal:session public:accessibility public:call public:call-form
    public:call-form-word
    public:call-notice public:help public:help-applicant public:help-official public:home ui:counties
    ui:industries ui:language
"""
SIGNED_IN = """
    account account_change_password account_reauthenticate mfa_activate_totp mfa_authenticate
    mfa_generate_recovery_codes mfa_index mfa_reauthenticate portal:applications portal:call-start portal:signed-in
    usersessions_list
"""
NOBODY = """
    mfa_deactivate_totp mfa_download_recovery_codes mfa_view_recovery_codes portal:first-administrator portal:mailbox
"""
"""Not there in this world: nobody has a second factor, there are accounts already, it is no demonstration."""

ROLES_OF: dict[str, str] = {
    "desk:home": f"{HEPING} other_handler sector_officer {REGISTRY} {CITY} auditor",
    # What lies at the district is seen by the district alone, and by the auditor.
    **dict.fromkeys(
        ("desk:application", "desk:attachment", "desk:form", "desk:history", "desk:scan"), f"{HEPING} auditor"
    ),
    **dict.fromkeys(
        (
            "desk:applications", "desk:applications-xlsx", "desk:approval", "desk:checks", "desk:decline",
            "desk:dispatch", "desk:list", "desk:list-draft-pdf", "desk:list-draft-xlsx", "desk:opinion",
            "desk:proposal", "desk:recommendation", "desk:return", "desk:revocation", "desk:seal",
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
    "desk:package-retry": CITY,
    **dict.fromkeys(
        ("desk:watchlists", "desk:watchlist-new", *WATCHLIST.split()), f"{CITY} administrator"
    ),
    **dict.fromkeys(("desk:overview", "desk:overview-xlsx"), f"{REGISTRY} {CITY} auditor"),
    **dict.fromkeys(
        (
            "desk:copy", "desk:copy-void", "desk:electronic", "desk:registry", "desk:registry-pdf",
            "desk:registry-xlsx",
        ),
        REGISTRY,
    ),
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
            "portal:application", "portal:form", "portal:history", "portal:receipt", "portal:receipt-pdf",
            "portal:scan", "portal:version", "portal:version-file", "portal:version-form", "portal:word-form",
            "portal:word-version",
        ),
        f"{LEAD} {HEPING} auditor",
    ),
    **dict.fromkeys(
        (
            "portal:lodgement", "portal:opinion", "portal:reopening", "portal:unit",
            "portal:unit-profile", "portal:withdrawal",
        ),
        LEAD,
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
    "portal:registered": f"{LEAD} outsider",
    "portal:word-upload": f"{LEAD} partner",
    **dict.fromkeys(("portal:word-picture", "portal:word-review"), "lead_writer"),
}  # fmt: skip
POSTED = (
    "desk:checks", "desk:copy", "desk:electronic", "desk:package-retry", "desk:watchlist-columns",
    "desk:watchlist-confirmation", "desk:watchlist-discarding", "portal:field",
    "portal:presence", "portal:profile-taking", "ui:language",
)  # fmt: skip


def expected(name: str, role: str) -> str:
    if name in PUBLIC.split():
        return "page"
    if name in ("portal:first-administrator", "portal:mailbox"):
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


def test_every_address_has_its_place_in_the_table(world: World) -> None:
    known = {*PUBLIC.split(), *SIGNED_IN.split(), *NOBODY.split(), *ROLES_OF}

    assert set(names(get_resolver().url_patterns)) == known


@pytest.mark.above_database
@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_role_sees_exactly_what_the_table_says(world: World, role: str) -> None:
    client = Client()
    session = None
    wrong = []
    for name, url in urls(world).items():
        if role != "nobody" and (session is None or session_of(client) != session):
            # At first, and again when a page ended the session.
            client.force_login(getattr(world.cast, role))
            session = session_of(client)
        seen = outcome(client, url, posted=name in POSTED)
        if seen != expected(name, role):
            wrong.append(f"{name}: {seen}, not {expected(name, role)}")

    assert wrong == []
