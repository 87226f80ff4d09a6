"""How one party of a round is reached: its address, its link, reminders, and who may sign for it.

The lead opens this page before it hands in, the office that holds the application where an opinion is due next; views
of the portal and of the desk bring the application, the party and a `Frame`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import rules, signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.applications.signing import asked_since, due_gates, next_reminder
from shidian.core.errors import Invalid, NotNow
from shidian.core.language import day_words, in_words
from shidian.documents.intake import Rejected, safe_name
from shidian.documents.models import StoredFile
from shidian.notifications.queries import broken
from shidian.signoffs.contacts import contact_of, contacts_of, masked
from shidian.signoffs.mandates import ended_of, mandates_of
from shidian.signoffs.models import Contact, Mandate, Party, Round
from shidian.signoffs.queries import asked, links_of, living, standing
from shidian.signoffs.rules import is_their_turn

from .kept import keep, ticket
from .kept import kept as kept_scan
from .party_forms import ContactForm, MandateEndForm, MandateForm
from .templatetags.ui import cn_day
from .uploads import refused as upload_refused

_CONTACT = ("name", "email", "mobile", "second_email")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page stands: the template that it extends, its crumbs, and the addresses it leads to.

    `board` shows all parties, `opinion` records one on paper, `mandate` is the file of a mandate.
    """

    template: str
    crumbs: Sequence[tuple[str, str]]
    board: str
    opinion: str
    mandate: Callable[[int], str]


# --- on the board ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Board:
    """The parties of a round with what is known of reaching them: contacts by body, addresses that mail does not reach."""

    round: Round
    everybody: Sequence[Party]
    contacts: Mapping[tuple[str, str, str], Contact]
    unreached: Collection[str]

    @classmethod
    def of(cls, round_: Round, everybody: Sequence[Party]) -> Board:
        """The board of a round; its parties come with signatures and reminders."""
        contacts = contacts_of(round_)
        return cls(round_, everybody, contacts, broken(contact.email for contact in contacts.values()))


def waited_for(application: Application, everybody: Sequence[Party]) -> dict[int, dict[str, Any]]:
    """Of `everybody` in a round those that the office holding an application waits for, each as `waiting` has it, by key.

    They come with their signatures; nobody is waited for in a round that is void or has been followed by another.
    """
    round_ = round_of(application)
    if application.state != "lodged" or round_ is None or round_.state == "void":
        return {}
    due = due_gates(application)
    present = [party for party in everybody if party.round_id == round_.pk]
    prefetch_related_objects(present, "reminders")
    board = Board.of(round_, present)
    return {
        party.pk: waiting(application, party, board)
        for party in board.everybody
        if party.gate in due and party.signature is None
    }


def waiting(application: Application, party: Party, board: Board) -> dict[str, Any]:
    """A party that has not said anything yet: by what channel, since when, how its link stands, the reminders.

    As a row of a board: `kind` and `word` of its state, `how` in words, and what one press does (`actions`).
    """
    turn = is_their_turn(party, board.everybody)
    if not turn:
        return {"kind": "idle", "word": _("还没轮到"), "how": turn.reason, "code": ""}
    contact, links = board.contacts.get(party.body), links_of(party)
    link = links[0] if links else None
    stands = standing(link) if link else None
    since = asked_since(application, party, board.everybody, board.round)
    if link is None or stands is None or stands.key == "revoked":
        how = [_("纸质意见页"), _("{cn_day}起等候").format(cn_day=cn_day(since))]
        if stands is not None:
            how.append(stands.words)
    else:
        how = [
            _("链接寄往 {to}").format(to=masked(link.contact.email)),
            _("验证码走{channel}").format(channel=link.get_channel_display()),
            _("{cn_day}起等候").format(cn_day=cn_day(since)),
            stands.words,
        ]
        if stands.alive:
            how.append(_("{until}前有效").format(until=cn_day(link.expires_at)))
    last = max(party.reminders.all(), key=lambda row: row.pk, default=None)
    if last is not None:
        how.append(_("{day}提醒过").format(day=cn_day(last.at)))
    following = next_reminder(application, party, board.round)
    if following is not None:
        how.append(_("下次提醒 {day}").format(day=cn_day(following)))
    row = {
        "kind": "stop" if stands is not None and stands.tone == "stop" else "wait",
        "word": _("等对方"),
        "how": _("，").join(how),
        "contact": contact,
        "actions": _presses(contact, alive=stands is not None and stands.alive),
    }
    if contact is not None and contact.email in board.unreached:
        row |= {"kind": "stop", "word": _("邮件没有送到")}
    return row


def _presses(contact: Contact | None, *, alive: bool) -> list[dict[str, str]]:
    """What one press does from the board: posts to the page of the party."""
    if contact is None:
        return []
    if alive:
        return [{"do": "remind", "label": _("提醒")}, {"do": "revoke", "label": _("作废链接")}]
    return [{"do": "send", "label": _("寄链接")}, {"do": "remind", "label": _("提醒")}]


# --- the page of one party -------------------------------------------------------------------------------------------


def party_page(
    request: HttpRequest, application: Application, party: Party, *, by: User, frame: Frame
) -> HttpResponse:
    """Everything about reaching one party; each button is a post of its own and comes back here."""
    allowed = rules.can_reach(by, application, party)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    contact = contact_of(party)
    contact_form = ContactForm(
        request.POST if do == "contact" else None, initial=_known(application, party, contact)
    )
    mandate_form = MandateForm(request.POST if do == "mandate" else None)
    mandates = mandates_of(party)
    standing_ones = {str(row.pk): row for row in mandates if ended_of(row) is None}
    end_form = MandateEndForm(
        request.POST if do == "end" else None,
        mandates=[(pk, _mandate_words(row)) for pk, row in standing_ones.items()],
    )
    kept: StoredFile | None = None
    done = refused = ""
    if request.method == "POST":
        try:
            if do == "contact":
                done = _contact(application, party, contact_form, by)
            elif do == "mandate":
                kept, done = _mandate(request, application, party, mandate_form, by)
            elif do == "end":
                done = _end(application, standing_ones, end_form, by)
            else:
                done = _press(do, application, party, by)
        except NotNow as fault:
            refused = fault.reason
    if done:
        messages.success(request, done)
        return redirect(frame.board if request.POST.get("back") == "board" else request.path)
    links = links_of(party)
    rows: list[dict[str, Any]] = [
        {"link": link, "standing": standing(link), "to": masked(link.contact.email)} for link in links
    ]
    context = {
        "frame": frame.template,
        "crumbs": frame.crumbs,
        "opinion_url": frame.opinion,
        "application": application,
        "party": party,
        "version": party.round.version,
        "allowed": allowed,
        "refused": refused,
        "contact": contact,
        "broken": broken([contact.email]).get(contact.email) if contact else None,
        "sms": bool(settings.SMS),
        "contact_form": contact_form,
        "mandate_form": mandate_form,
        "mandates": [
            {"mandate": row, "ended": ended_of(row), "url": frame.mandate(row.pk)} for row in mandates
        ],
        "end_form": end_form if standing_ones and rules.can_attest(by, application, party) else None,
        "kept": kept,
        "token": ticket(kept, by=by, place=request.path),
        "links": rows,
        "living": next((row for row in rows if row["standing"].alive), None),
        "since": asked_since(application, party, asked(party.round), party.round),
        "reminders": party.reminders.order_by("-pk"),
        "next": _next_reminder(application, party),
        "form_problems": [
            *(contact_form.problems() if contact_form.is_bound else []),
            *(mandate_form.problems() if mandate_form.is_bound else []),
            *(end_form.problems() if end_form.is_bound else []),
        ],
    }
    return render(request, "ui/parties/party.html", context)


def _next_reminder(application: Application, party: Party) -> date | None:
    """The day of the next reminder by the system to a party that is waited for; None for the others."""
    if party.pk not in {each.pk for each in signing.waited_for(application)}:
        return None
    return next_reminder(application, party, party.round)


def _known(application: Application, party: Party, contact: Contact | None) -> dict[str, str]:
    if contact is not None:
        return {name: getattr(contact, name) for name in _CONTACT}
    return signing.suggested_contact(application, party)


def _contact(application: Application, party: Party, form: ContactForm, user: User) -> str:
    if not form.is_valid():
        return ""
    try:
        contact = signing.give_contact(application, party, by=user, **form.cleaned_data)
    except Invalid as invalid:
        for name, message in invalid.problems:
            form.add_error(name, message)
        return ""
    return _("会签地址已保存：{to}。寄往原地址、还没有用过的链接已作废。").format(to=masked(contact.email))


def _mandate(
    request: HttpRequest, application: Application, party: Party, form: MandateForm, user: User
) -> tuple[StoredFile | None, str]:
    kept, fault = _scan(request, user)
    valid = form.is_valid()
    if fault:
        form.add_error("scan", fault)
    if not valid or kept is None or fault:
        return kept, ""
    data = {name: value for name, value in form.cleaned_data.items() if name != "scan"}
    try:
        given = signing.give_mandate(application, party, file=kept, by=user, **data)
    except Invalid as invalid:
        for name, message in invalid.problems:
            form.add_error(name, message)
        return kept, ""
    return kept, _("委托书已登记：{delegate} 在 {since} 至 {until} 可以代为签名。").format(
        delegate=given.delegate, since=given.since, until=given.until
    )


def _mandate_words(mandate: Mandate) -> str:
    return _("{given_by}委托{delegate}，{since}至{until}").format(
        given_by=mandate.given_by,
        delegate=mandate.delegate,
        since=day_words(mandate.since),
        until=day_words(mandate.until),
    )


def _end(application: Application, mandates: Mapping[str, Mandate], form: MandateEndForm, user: User) -> str:
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    mandate = mandates[data["mandate"]]
    try:
        signing.end_mandate(application, mandate, from_day=data["from_day"], reason=data["reason"], by=user)
    except Invalid as invalid:
        for name, message in invalid.problems:
            form.add_error(name, message)
        return ""
    return _("委托已收回：{delegate} 自 {day} 起不能代为签名。").format(
        delegate=mandate.delegate, day=day_words(data["from_day"])
    )


def _scan(request: HttpRequest, user: User) -> tuple[StoredFile | None, str]:
    """The file of this post: a new one goes before one that was kept; or what is wrong with it."""
    kept = kept_scan(request.POST.get("kept", ""), by=user, place=request.path)
    if why := upload_refused(request):
        return kept, why
    given = request.FILES.get("scan")
    if given is None:
        return kept, "" if kept else _("请选择委托书的扫描件或者照片")
    try:
        return keep(given, by=user), ""
    except Rejected as rejected:
        return kept, _("“{name}”没有收下：{rejected}").format(
            name=safe_name(given.name or ""), rejected=in_words(rejected.said)
        )


def _press(do: str, application: Application, party: Party, user: User) -> str:
    if do == "send":
        link = signing.send_link(application, party, by=user)
        return _("会签链接正在寄往 {to}，以前的链接已作废。").format(to=masked(link.contact.email))
    if do == "remind":
        reminder = signing.remind(application, party, by=user)
        return _("提醒正在寄往 {to}。").format(to=masked(reminder.email))
    if do == "revoke":
        usable = living(party)
        if usable is None:
            raise NotNow(_("没有可以作废的链接。"))
        signing.revoke_link(application, usable, by=user)
        return _("链接已作废，拿到它的人不能再用。")
    raise Http404
