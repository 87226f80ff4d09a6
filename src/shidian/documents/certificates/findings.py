"""What is wrong with a certificate, a signature or a signed file, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shidian.core.errors import Refused

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; `code` is for programs, `message` says what it means and what to do.

    An error means that the signature does not count; a warning wants a person to look; a note is for the record.
    """

    code: str
    message: str
    severity: Severity = "error"


class Unusable(Refused):
    """It cannot be signed with this, or not now; `code` is for programs, `reason` says what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
