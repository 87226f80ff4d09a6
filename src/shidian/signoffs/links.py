"""One-time links: by a token in a letter and a code by a second channel, a party without an account signs once.

Neither secret is ever kept. Whoever writes the letter makes the token, gives its digest to the database and the token to
the letter; so it is in no queue, no event and no log. See decision 17.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from shidian.accounts.models import User
from shidian.audit.actions import Actor, record
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.core.language import chinese
from shidian.organisations.codes.contacts import check_email, normalise_email, normalise_phone
from shidian.signoffs import rules
from shidian.signoffs.actions import Evidence, record_signature, revoke_links
from shidian.signoffs.contacts import channel_of, contact_of, masked
from shidian.signoffs.hooks import code_wanted, link_made
from shidian.signoffs.models import Contact, Link, LinkStep, Party, Round, Signature
from shidian.signoffs.queries import asked, standing
from shidian.signoffs.terms import Terms

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
TRIES = 5
"""Of one code; then another one has to be sent."""
CODE_PAUSE = timedelta(seconds=60)
CODES_AN_HOUR = 5
PROVEN_FOR = timedelta(hours=2)
"""So long after the right code its holder may read and decide."""

Kind = LinkStep.Kind
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who acts by a link: a person without an account, by the name given."""

    label: str
    pk: None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever came by a link, with the step that proved it and the address of the request."""

    link: Link
    proof: LinkStep
    address: str | None


@transaction.atomic
def give_contact(
    party: Party, *, email: str, by: User, name: str = "", mobile: str = "", second_email: str = ""
) -> Contact:
    """Say where a party is written to, for the first time or instead of a wrong address; nothing frozen changes.

    Links that went to another address, or whose code went there, are revoked. Refused (`Invalid`, each at its field) for
    what is no address and no mobile number.
    """
    email, second_email = normalise_email(email).lower(), normalise_email(second_email).lower()
    mobile = normalise_phone(mobile).replace("-", "")
    problems = [
        (field, fault)
        for field, address in (("email", email), ("second_email", second_email))
        if (address or field == "email") and (fault := check_email(address))
    ]
    if mobile and not _MOBILE.fullmatch(mobile):
        problems.append(("mobile", _("“{mobile}”不是手机号码，请填 11 位手机号。").format(mobile=mobile)))
    if problems:
        raise Invalid(problems[0][1], problems)
    before = contact_of(party)
    contact = Contact.objects.create(
        party=party,
        name=name.strip(),
        email=email,
        mobile=mobile,
        second_email=second_email,
        at=clock.now(),
        by=by,
    )
    if before is not None and (before.email, before.mobile, before.second_email) != (
        email,
        mobile,
        second_email,
    ):
        revoke_links([party], by=by)
    record(
        "signoff.addressed",
        party.round.chain,
        by=by,
        detail={"label": party.label, "name": party.name, "role": party.role, "to": masked(email)},
    )
    return contact


@transaction.atomic
def make_link(party: Party, *, by: Actor, letter: bool = True) -> Link:
    """Make a link for a party and have it sent to its contact; earlier links of the party are revoked.

    With `letter` false whoever asks writes the letter itself. Refused (`NotNow`) without a contact, for a party that has
    agreed and for one whose turn has not come; refused (`Stale`) once the round is void.
    """
    round_ = Round.objects.select_for_update().get(pk=party.round_id)
    _require_waiting(round_, party)
    contact = contact_of(party)
    if contact is None:
        raise NotNow(_("还没有{party}“{name}”的邮箱，请先填写。").format(party=party.label, name=party.name))
    revoke_links([party], by=by)
    at = clock.now()
    link = Link.objects.create(
        party=party,
        contact=contact,
        key=secrets.token_urlsafe(12),
        channel=channel_of(contact),
        made_at=at,
        made_by_id=by.pk,
        expires_at=at + timedelta(days=Terms.stored(round_.terms).link_days),
    )
    record(
        "signoff.link_made",
        round_.chain,
        by=by,
        detail={
            **_named(party),
            "to": masked(contact.email),
            "channel": chinese(Link.Channel(link.channel).label),
            "until": link.expires_at.isoformat(timespec="seconds"),
            "link": link.key,
        },
    )
    if letter:
        link_made.call("letters", link)
    return link


def _named(party: Party) -> dict[str, Any]:
    return {
        "label": party.label,
        "name": party.name,
        "role": party.role,
        "version": party.round.version.label,
    }


def _require_waiting(round_: Round, party: Party) -> None:
    if round_.state == "void":
        raise Stale(_("申请内容已有新版本，这一版的会签已失效。"))
    everybody = asked(round_)
    here = next(each for each in everybody if each.pk == party.pk)
    if here.has_agreed:
        raise NotNow(_("{party}“{party_2}”已经同意这一版。").format(party=party.label, party_2=party.name))
    require(rules.is_their_turn(here, everybody))


@transaction.atomic
def revoke(link: Link, *, by: Actor) -> None:
    """Make a link useless. Refused (`NotNow`) when it is of no use any more."""
    link = _locked(link)
    if not standing(link).alive:
        raise NotNow(_("这个链接已经不能用了：{words}。").format(words=standing(link).words))
    LinkStep.objects.create(link=link, kind=Kind.REVOKED, at=clock.now(), by_id=by.pk)
    detail = {**_named(link.party), "to": masked(link.contact.email), "link": link.key}
    record("signoff.link_revoked", link.party.round.chain, by=by, detail=detail)


def _locked(link: Link) -> Link:
    rows = Link.objects.select_for_update(of=("self",)).select_related("party__round__version", "contact")
    return rows.get(pk=link.pk)


# The token


@sensitive_variables()
def issue_token(link: Link) -> str:
    """A new token of a link, known to the caller alone: it goes into the letter and nowhere else."""
    token = secrets.token_urlsafe(32)
    LinkStep.objects.create(link=link, kind=Kind.SENT, at=clock.now(), digest=_token_digest(token))
    return token


def note_unsent(link: Link, kind: LinkStep.Kind) -> None:
    """The letter (`UNSENT`) or the code (`CODE_UNSENT`) did not leave the house."""
    LinkStep.objects.create(link=link, kind=kind, at=clock.now())


@sensitive_variables()
def _token_digest(token: str) -> str:
    return sha256_of_bytes(token.encode())


@sensitive_variables()
def find_link(token: str) -> Link | None:
    """The link of a token, in whatever state; None for what is no token of ours."""
    digest = _token_digest(token)
    rows = LinkStep.objects.filter(kind=Kind.SENT, digest=digest).select_related("link")
    step = rows.first()
    return step.link if step is not None and constant_time_compare(step.digest, digest) else None


def note_opened(link: Link, *, address: str | None) -> None:
    """Keep that a link was opened, the first time."""
    if not link.steps.filter(kind=Kind.OPENED).exists():
        LinkStep.objects.create(link=link, kind=Kind.OPENED, at=clock.now(), address=address)


# The code


@sensitive_variables()
def _code_digest(link: Link, code: str) -> str:
    return salted_hmac("shidian.signoffs.code", f"{link.pk}:{code}", algorithm="sha256").hexdigest()


@transaction.atomic
def ask_code(link: Link, *, address: str | None) -> None:
    """Have a code sent by the second channel.

    Refused (`NotNow`) for a link that is of no use, within a minute of the last one, and beyond five in an hour.
    """
    link = _locked(link)
    _require_alive(link)
    now = clock.now()
    asked_at = list(
        link.steps.filter(kind=Kind.CODE_ASKED, at__gt=now - timedelta(hours=1)).values_list("at", flat=True)
    )
    if asked_at and asked_at[-1] > now - CODE_PAUSE:
        raise NotNow(_("验证码刚刚发过，请等一分钟再要。"))
    if len(asked_at) >= CODES_AN_HOUR:
        raise NotNow(_("一小时内最多发 {count} 次验证码，请过一会儿再要。").format(count=CODES_AN_HOUR))
    LinkStep.objects.create(link=link, kind=Kind.CODE_ASKED, at=now, address=address)
    code_wanted.call("letters", link)


@sensitive_variables()
def issue_code(link: Link) -> str:
    """A new code of a link, known to the caller alone; the one before is worth nothing from now on."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    LinkStep.objects.create(link=link, kind=Kind.CODE_SENT, at=clock.now(), digest=_code_digest(link, code))
    return code


@sensitive_variables()
@transaction.atomic
def try_code(link: Link, code: str, *, address: str | None) -> tuple[LinkStep | None, str]:
    """Try a code: the step that proves it, or why it was not taken. A wrong try is kept and counts.

    A code holds for ten minutes and five tries; after twenty wrong tries in all the link is dead.
    """
    link = _locked(link)
    _require_alive(link)
    now = clock.now()
    steps = list(link.steps.all())
    sent = next((step for step in reversed(steps) if step.kind == Kind.CODE_SENT), None)
    if sent is None:
        return None, _("验证码还没有发出，请先要验证码。")
    since = steps[steps.index(sent) + 1 :]
    if any(step.kind == Kind.CODE_RIGHT for step in since):
        return None, _("这个验证码已经用过，请重新要一个。")
    wrong = sum(step.kind == Kind.CODE_WRONG for step in since)
    if wrong >= TRIES:
        return None, _("这个验证码已经错了 {count} 次，不能再用，请重新要一个。").format(count=TRIES)
    if sent.at + CODE_LASTS <= now:
        return None, _("验证码已过期（10 分钟内有效），请重新要一个。")
    given = "".join(code.split())
    if constant_time_compare(_code_digest(link, given), sent.digest):
        return LinkStep.objects.create(link=link, kind=Kind.CODE_RIGHT, at=now, address=address), ""
    LinkStep.objects.create(link=link, kind=Kind.CODE_WRONG, at=now, address=address)
    left = TRIES - wrong - 1
    if left:
        return None, _("验证码不对，还可以试 {left} 次。").format(left=left)
    return None, _("验证码不对，已经错了 {count} 次，请重新要一个。").format(count=TRIES)


def proof_of(link: Link, step: int | None) -> LinkStep | None:
    """The step by which the holder of a link proved itself, as long as that holds; None when it has to do so (again)."""
    if step is None:
        return None
    rows = LinkStep.objects.filter(pk=step, link=link, kind=Kind.CODE_RIGHT)
    return rows.filter(at__gt=clock.now() - PROVEN_FOR).first()


# Another link of the same person


def beside(link: Link) -> list[Link]:
    """The usable links of other parties of the same round that went to the same address and whose code goes to the same place.

    Whoever holds one of them holds the others: the same letters and the same codes reach the same person.
    """
    rows = Link.objects.filter(
        party__round=link.party.round_id, contact__email=link.contact.email, channel=link.channel
    ).exclude(party=link.party_id)
    rows = rows.select_related("party__round__version", "contact").prefetch_related("steps")
    return [
        each
        for each in rows.order_by("party__position", "pk")
        if each.code_goes_to == link.code_goes_to and standing(each).alive
    ]


def go_beside(holder: Holder, key: str) -> Link | None:
    """The link beside the holder's own, as opened by it; None for a key that is none, and for a link that was taken away.

    Its token is not told, and its code is still to be given: so nobody to whom one letter was passed on gets further.
    """
    own = standing(holder.link)
    proven = proof_of(holder.link, holder.proof.pk) is not None
    if not proven or not (own.alive or own.key == "decided"):
        return None
    found = next((each for each in beside(holder.link) if each.key == key), None)
    if found is not None:
        note_opened(found, address=holder.address)
    return found


def _require_alive(link: Link) -> None:
    found = standing(link)
    if not found.alive:
        raise NotNow(_("这个链接不能再用：{words}。").format(words=found.words))


# The decision


def hold(holder: Holder) -> tuple[Link, dict[str, Any]]:
    """Lock the link of its holder, within the caller's transaction, and say how it was proved, for the signature.

    Refused (`NotNow`) for a link that was used, revoked, replaced or is too old, or whose code was given too long ago.
    """
    link = _locked(holder.link)
    _require_alive(link)
    proven = proof_of(link, holder.proof.pk)
    if proven is None:
        raise NotNow(_("验证已过期，请重新输入验证码。"))
    return link, {
        "link": link.key,
        "to": masked(link.contact.email),
        "channel": link.channel,
        "code_to": masked(link.code_goes_to),
        "code_at": proven.at.isoformat(timespec="seconds"),
        "address": holder.address,
    }


@transaction.atomic
def decide(
    holder: Holder,
    *,
    decision: Signature.Decision,
    signatory: str,
    capacity: str = "",
    opinion: str = "",
    place: str = "",
    today: date,
) -> Signature:
    """Record the opinion of the party by its link; the link signs nothing after it.

    Refused as `hold` and `record_signature` refuse.
    """
    link, proof = hold(holder)
    return record_signature(
        link.party,
        by=Signatory(signatory),
        decision=decision,
        signatory=signatory,
        signed_on=today,
        capacity=capacity,
        opinion=opinion,
        place=place,
        link=link,
        evidence=Evidence(Signature.Means.SCREEN, proof=proof),
    )


def receipt_of(link: Link) -> Signature | None:
    """What was decided by a link, as long as the link shows it: until it expires."""
    step = link.steps.filter(kind=Kind.DECIDED).select_related("signature__party__round__version").first()
    return step.signature if step is not None and link.expires_at > clock.now() else None
