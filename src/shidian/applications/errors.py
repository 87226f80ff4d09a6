"""What is refused with applications, beyond the refusals of the system."""

from __future__ import annotations

from collections.abc import Sequence

from shidian.core.errors import Refused, Stale
from shidian.documents.certificates.findings import Finding


class Overtaken(Stale):
    """Somebody else signed the same paper meanwhile: what was made has to be made again on top of theirs."""


class NotSound(Refused):
    """A signed PDF cannot be taken; `findings` say all that stands against it, each with what to do.

    `confirmable`: nothing stands against it but that the certificate names another unit, which a person may confirm.
    """

    def __init__(self, findings: Sequence[Finding], *, confirmable: bool = False) -> None:
        super().__init__(findings[0].message)
        self.findings = list(findings)
        self.confirmable = confirmable
