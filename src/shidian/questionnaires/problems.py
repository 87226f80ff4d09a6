"""What a check finds: a sentence that says what to do, where, how bad, and under which name it stays known."""

from dataclasses import dataclass

from shidian.questionnaires.definition import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be corrected (error) or considered (warning); `anchor` is the id of the control it is about.

    `code` stays the same while the wording of a message changes, so that a reason can be bound to it:
    `section.field:kind`, with `[row].column` after the field for a cell; the key of a rule of the call package, with
    `[row]` for a rule of rows.
    """

    section: str
    field: str
    anchor: str
    message: str
    severity: Severity = "error"
    code: str = ""
