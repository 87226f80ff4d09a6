"""What the writer and the reader need to know of a form: its blocks as they stand on paper, and its labels.

Plain values without any rule about a particular form. A path ("section.field") names an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["line", "text", "rows", "names"]
"""One line; paragraphs; rows of a table; the names of several bodies."""

Look = Literal["", "code", "postcode", "phone", "email"]
"""What the text of a slot must look like, so that an answer in the wrong cell is noticed."""

Values = Mapping[str, Any]
"""By path: text for lines and paragraphs, a list of rows (by column key) for rows, a list of text for names."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a long answer writes a table and a picture as lines of its text, and how large a table may be."""

    table: Callable[[Sequence[Sequence[str]], bool], list[str]]
    picture: Callable[[str, str], str]
    most_columns: int
    most_rows: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of a long answer; with a `level` it is a numbered item, and hangs behind its `lead`."""

    text: str
    level: int = 0
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Inset:
    """A table in a long answer."""

    rows: tuple[tuple[str, ...], ...]
    header: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in a long answer; `line` is what stands there where the picture is not to be had."""

    name: str
    caption: str
    line: str


@dataclass(frozen=True, slots=True)
class LongAnswer:
    """A long answer: its text, and what Word shows of it."""

    text: str
    pieces: tuple[Passage | Inset | Drawing, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A picture as JPEG with its size in pixels."""

    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of rows; `aliases` are other headings that people give it."""

    key: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one answer: found by its label or one of the `aliases`.

    `blank` are the words which stand in the empty box (“省（市）    县（区）”); `shown_as` is the name on the screen. With `rich` the
    answer may hold tables and pictures.
    """

    path: str
    label: str
    kind: Kind = "line"
    aliases: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    blank: tuple[str, ...] = ()
    look: Look = ""
    shown_as: str = ""
    rich: Grammar | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form; its title is the context in which labels are understood."""

    key: str
    title: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the cover. A `period` has its own way to stay blank; a `source` path is shown as well, not asked."""

    label: str
    path: str
    blank: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: words that are printed, or the box of an answer. `height` in millimetres is for empty boxes."""

    span: int = 1
    label: str = ""
    path: str = ""
    blank: str = ""
    height: float = 0
    left: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with merged cells; `widths` of its columns in millimetres."""

    title: str
    widths: tuple[float, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class RowsTable:
    """A table whose rows are one answer; at least `least` rows are printed."""

    title: str
    path: str
    widths: tuple[float, ...]
    heads: tuple[str, ...]
    keys: tuple[str, ...]
    least: int = 6


@dataclass(frozen=True, slots=True)
class Box:
    """A box in which a body agrees. `path` holds the name(s); `fixed` is a name that the call gives."""

    label: str
    path: str = ""
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Opinions:
    """The page of opinions: its title, the lines of each box, the boxes in their order."""

    title: str
    lines: tuple[str, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form. `parts` are for reading, the rest for printing; `known` is text of the form that is no answer."""

    title: str
    parts: tuple[Part, ...]
    top: str = ""
    cover: tuple[Line, ...] = ()
    cover_date: str = ""
    instructions_title: str = ""
    instructions: tuple[str, ...] = ()
    blocks: tuple[Grid | RowsTable, ...] = ()
    opinions: Opinions | None = None
    known: tuple[str, ...] = ()

    def slot(self, path: str) -> Slot | None:
        """The slot of a path, or None."""
        return next((slot for part in self.parts for slot in part.slots if slot.path == path), None)


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a file came from; travels in docProps/custom.xml."""

    call: str = ""
    reference: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that was recognised beyond doubt. `value`: text, rows or names; `empty` when its box stands blank."""

    path: str
    value: Any
    place: str

    @property
    def empty(self) -> bool:
        return not self.value


@dataclass(frozen=True, slots=True)
class Loose:
    """Text that belongs to no slot beyond doubt. `candidates` are paths where it may belong, the likeliest first."""

    text: str
    place: str
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was found in a file: `dropped` says in words what the form has no place for.

    `pictures` are those of the file, by the names under which long answers show them.
    """

    found: dict[str, Found]
    loose: tuple[Loose, ...]
    dropped: tuple[str, ...]
    marks: Marks
    pictures: Mapping[str, bytes] = field(default_factory=dict)
