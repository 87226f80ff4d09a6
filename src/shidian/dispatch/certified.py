"""A list sealed by certificate: its PDF signed elsewhere, checked, and kept in the place of a scan."""

from __future__ import annotations

from io import BytesIO

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.dispatch import rules
from shidian.dispatch.actions import seal
from shidian.dispatch.models import CandidateList
from shidian.dispatch.papers import list_pdf
from shidian.documents.actions import keep
from shidian.documents.certificates import checking, configured, holders
from shidian.documents.certificates.checking import Checked
from shidian.documents.certificates.trust import BadTrust, Trust

SIGNED = b"/ByteRange"


def is_signed(pdf: bytes) -> bool:
    """Whether a file looks like a PDF with a certificate's signature; `seal_by_certificate` checks it."""
    return pdf.startswith(b"%PDF") and SIGNED in pdf


def _trust() -> Trust:
    try:
        return configured.trusted()
    except BadTrust as bad:
        raise Invalid(str(bad), [("scan", str(bad))]) from None


def seal_by_certificate(
    listed: CandidateList, pdf: bytes, *, by: User, trusted: Trust | None = None
) -> list[Checked]:
    """Take the approved list's PDF, signed with a certificate of the office, as its seal; the signatures that it bears.

    `Invalid` says all that stands against it: another paper, changed after printing, no signature, one that does not
    hold, is not trusted, or is of another body. intake.Rejected when the file cannot be looked at.
    """
    require(rules.can_seal(by, listed))
    if listed.version is None:
        raise Invalid(_("先审批，再打印盖章。"))
    trust = trusted if trusted is not None else _trust()
    original = list_pdf(listed, listed.version)
    report = checking.check(
        pdf,
        original=checking.Original(original.sha256, original.size),
        expected=(),
        trust=trust,
        at=clock.now().astimezone(listed.call.zone),
    )
    found = [one for one in report.signatures if one.kind == "signature"]
    wrong = [finding.message for finding in report.findings if finding.severity == "error"]
    if not found and not wrong:
        wrong.append(_("文件里没有签名。"))
    unchecked = not trust.roots and configured.accepts_unchecked_chains()
    for one in found:
        wrong += [
            finding.message
            for finding in one.findings
            if finding.severity == "error" and not (unchecked and finding.code == "untrusted")
        ]
        other = (
            holders.differs_from(one.holder, name=listed.office.name, code="")
            if one.holder is not None
            else None
        )
        if other is not None and other.severity == "error":
            wrong.append(other.message)
    if wrong:
        told = list(dict.fromkeys(wrong))
        raise Invalid(told[0], [("scan", message) for message in told])
    file = keep(BytesIO(pdf), name=f"{listed.reference}-signed.pdf", media_type="application/pdf", by=by)
    seal(listed, file, by=by, signed_by=[one.holder.shown for one in found if one.holder is not None])
    return found
