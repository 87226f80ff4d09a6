"""What is wrong with a certificate, a signature or a signed file, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator

from shidian.core.errors import Refused
from shidian.core.said import pack, unpacked

Severity = Literal["error", "warning", "note"]


def _taken(value: Any) -> str:
    return value if isinstance(value, str) else unpacked(value)


Text = Annotated[str, PlainValidator(_taken), PlainSerializer(pack, when_used="json")]
"""A text of `core.said` that keeps its template and values on the way out of another process."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; `code` is for programs, `message` says what it means and what to do.

    An error means that the signature does not count; a warning wants a person to look; a note is for the record.
    """

    code: str
    message: Text
    severity: Severity = "error"


class Unusable(Refused):
    """It cannot be signed with this, or not now; `code` is for programs, `reason` says what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
