"""Whose turn it is in a round, and who may not sign for two."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from shidian.core.verdict import YES, Verdict, not_now
from shidian.signoffs.models import Party
from shidian.signoffs.terms import Terms


def is_their_turn(party: Party, everybody: Sequence[Party]) -> Verdict:
    """A party is asked when everybody of an earlier step has agreed; which step is whose is call data."""
    waiting = [each for each in everybody if each.step < party.step and not each.has_agreed]
    if waiting:
        names = _("、").join(
            _("{party}“{party_2}”").format(party=each.label, party_2=each.name) for each in waiting
        )
        return not_now(_("按本批的次序，要等{names}先同意。").format(names=names))
    return YES


def same_person(party: Party, signatory: str, everybody: Sequence[Party], terms: Terms) -> str:
    """Why this person may not sign for this party too; "" when it may.

    One person signs for one body, unless the terms allow more; for roles that the terms keep separate not even for the
    same body. Names are compared without blanks.
    """
    for other in everybody:
        signature = other.signature
        if other.pk == party.pk or signature is None or _plain(signature.signatory) != _plain(signatory):
            continue
        apart = any(party.role in roles and other.role in roles for roles in terms.separate)
        if (apart and party.role != other.role) or (other.name != party.name and not terms.one_person):
            return _("{who}已经代表{label}“{name}”签名，同一个人不能再代表{this}签名。").format(
                who=signatory, label=other.label, name=other.name, this=party.label
            )
    return ""


def _plain(name: str) -> str:
    return "".join(name.split())
