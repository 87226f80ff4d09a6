"""What a bound questionnaire consists of: fields, their controls and rows, as values without any rule."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from shidian.questionnaires import prose

from .options import Option, OptionGroup

# Fields that hold a sentence at most have no counter until they get long.
COUNTED_FROM = 300
# Twelfths: columns of a rows table get their share of the width by one of twelve classes.
SHARES = 12
# Height of a long text inside a row and of one on its own.
ROW_LINES = 3
FIELD_LINES = 8


def is_counted(kind: str, max_chars: int | None) -> bool:
    """Whether a control shows how many characters are written."""
    return bool(max_chars and (kind == "textarea" or max_chars >= COUNTED_FROM))


class Finding(Protocol):
    """What a page needs of a problem found by the checks."""

    @property
    def field(self) -> str: ...
    @property
    def anchor(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def severity(self) -> str: ...


@dataclass(frozen=True)
class Control:
    """One input, textarea or select. `kind`: input, textarea or select; `wrong` and `warnings` are its own problems.

    `filter`: a select that may be too long to look through. `search`: an input whose answer is found in a long list.
    """

    name: str
    id: str
    label: str
    kind: str
    value: str = ""
    required: bool = False
    input_type: str = "text"
    inputmode: str = "text"
    autocomplete: str = "off"
    css: str = ""
    lines: int = ROW_LINES
    max_chars: int | None = None
    share: int = SHARES
    wrong: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    described: str = ""
    groups: tuple[OptionGroup, ...] = ()
    filter: bool = False
    search: bool = False
    rich: bool = False
    pictures: str = ""  # what the editor of a rich text needs for its pictures, as JSON
    readonly: bool = False  # a cell of a row that is not open

    @property
    def count(self) -> int:
        """Characters written, as the counter shows them."""
        return prose.length(self.value) if self.rich else len(self.value)

    @property
    def counted(self) -> bool:
        """Whether a counter is shown."""
        return is_counted(self.kind, self.max_chars)


@dataclass(frozen=True)
class ScreenRow:
    """One row of a rows table; `no` counts from 1 and is part of the control names."""

    no: int
    cells: tuple[Control, ...]
    blank: bool
    locked: bool = False

    @property
    def wrong(self) -> bool:
        """Whether any of its cells has an error."""
        return any(cell.wrong for cell in self.cells)


@dataclass(frozen=True)
class Evidence:
    """Where the files for a question lie, and how many there are."""

    label: str
    url: str
    count: int


@dataclass(frozen=True)
class ScreenField:
    """A field ready for `ui/components/field.html`.

    `layout` is control (one), composite (several), choices (radios) or rows. `heading` is set on the first field of a
    group. `shows` is the path of a field that is there only when earlier answers call for it, `hidden` while they do not;
    a heading of nothing but such fields names them all. `explain` is shown when the answer is not `qualifies`; `template_row` is the row that the browser copies.
    `above` names the classes above an answer out of a long list, `offers` are those that may be meant by what is in none.
    """

    key: str
    id: str
    type: str
    layout: str
    label: str
    official: str
    hint: str
    required: bool
    heading: str
    wrong: tuple[str, ...]
    warnings: tuple[str, ...]
    described: str
    locked: bool
    value: Any = None
    controls: tuple[Control, ...] = ()
    groups: tuple[OptionGroup, ...] = ()
    explain: str = ""
    qualifies: str = ""
    above: str = ""
    offers: tuple[Option, ...] = ()
    heads: tuple[Control, ...] = ()
    rows: tuple[ScreenRow, ...] = ()
    template_row: ScreenRow | None = None
    max_rows: int | None = None
    text: str = ""
    evidence: Evidence | None = None
    shows: str = ""
    hidden: bool = False
    heading_shows: str = ""
    heading_hidden: bool = False
    blocks: str = ""  # a locked rich answer to be read, as safe markup
    remarks: str = ""  # markup at the end of the field, made safe by whoever puts it here
    problems: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def disqualifies(self) -> bool:
        """Whether the answer given is the one that does not qualify."""
        return bool(self.qualifies and self.value in ("yes", "no") and self.value != self.qualifies)
