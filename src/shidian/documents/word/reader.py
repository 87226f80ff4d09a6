"""Finds the answers in a Word file of the official form, whoever wrote it, and never guesses silently.

The labels are the anchors: the answer stands in the cell beside them, below them, or behind a colon. Everything that
belongs nowhere beyond doubt comes back as loose text with its place and the slots where it may belong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import BinaryIO

from shidian.core.said import say
from shidian.documents.word.claims import AROUND, COVER_DATE, OPINIONS, SIGNED, Claims, short
from shidian.documents.word.contents import (
    Block,
    Cell,
    Contents,
    Table,
    Text,
    answer_lines,
    contents,
    leftover,
)
from shidian.documents.word.form import Form, Part, Reading, Slot
from shidian.documents.word.labels import Labels
from shidian.documents.word.opening import open_docx
from shidian.documents.word.tables import Columns, Header, TableReader

__all__ = ["OPINIONS", "read"]


def read(file: BinaryIO, form: Form) -> Reading:
    """The answers that stand in a .docx; raises `opening.Unreadable` for a file that cannot be read at all."""
    return Reader(form, contents(open_docx(file))).read()


@dataclass(slots=True)
class Open:
    """A slot whose answer follows below; in a table its first `row` is certain, further rows are `extra`."""

    slot: Slot
    part: Part
    place: str
    pieces: list[str | Text]
    in_table: bool
    row: tuple[int, int] | None = None
    extra: list[str] = field(default_factory=list)

    @property
    def filled(self) -> bool:
        return any(piece.strip() if isinstance(piece, str) else True for piece in self.pieces)

    def text(self) -> str:
        """What was found for it; paragraphs that follow each other are read together."""
        found: list[str] = []
        for drawn, group in groupby(self.pieces, key=lambda piece: isinstance(piece, Text)):
            if drawn and self.slot.rich is not None:
                found.extend(
                    answer_lines([piece for piece in group if isinstance(piece, Text)], self.slot.rich)
                )
            else:
                found.extend(piece if isinstance(piece, str) else piece.text for piece in group)
        return "\n".join(found)

    @property
    def essay(self) -> bool:
        return self.slot.kind == "text"


class Reader:
    """One reading of one file: where it stands, and what it found so far."""

    def __init__(self, form: Form, held: Contents) -> None:
        self.form = form
        self.held = held
        self.labels = Labels(form)
        self.claims = Claims(form, self.labels, own=bool(held.marks.call))
        self.columns = Columns(form)
        self.part: Part | None = form.parts[0] if form.parts else None
        self.open: Open | None = None
        self.last: Slot | None = None
        self.rows_above: tuple[Header, int] | None = None
        """The last table of rows, and how many columns of the grid it has: it may go on in the next table."""

    def read(self) -> Reading:
        """Walk through everything once, then settle what was said twice."""
        self.blocks(self.held.blocks)
        self.close()
        for number, note in enumerate(self.held.notes, start=1):
            self.claims.lose(
                note, say("第 {number} 条脚注或尾注", number=number), say("脚注和尾注不属于任何一栏")
            )
        found = self.claims.settled()
        dropped = dict.fromkeys([*self.held.dropped, *self.claims.dropped()])
        loose = self.claims.loose[:300]
        pictures = {picture.name: picture.content for picture in self.held.pictures}
        return Reading(found, tuple(loose), tuple(dropped), self.held.marks, pictures)

    # Where the reading stands

    def named_part(self) -> str:
        """The section being read, in the words of a place."""
        if self.part is None or not self.part.title:
            return ""
        return (
            say("封面")
            if self.part.title == self.form.title
            else say("“{title}”", title=short(self.part.title))
        )

    def near(self) -> list[str]:
        """Slots near the place that is being read, the last one first."""
        found = [self.last.path] if self.last is not None and self.last.path else []
        if self.part is not None:
            found += [slot.path for slot in self.part.slots if slot.path]
        return found

    def enter(self, part: Part, place: str, *, in_table: bool = False) -> None:
        """A heading: its section follows; where a section asks one thing, the answer follows at once."""
        self.close()
        self.part, self.last, self.rows_above = part, None, None
        if len(part.slots) == 1 and part.slots[0].kind == "text":
            self.open = Open(part.slots[0], part, place, [], in_table)

    def begin(self, named: tuple[Part, Slot], place: str, *, in_table: bool = False) -> None:
        """A label whose answer follows below."""
        self.close()
        self.part, self.last = named
        self.open = Open(named[1], named[0], place, [], in_table)

    def close(self) -> None:
        """The answer that was being read is complete."""
        waiting, self.open = self.open, None
        if waiting is not None and waiting.slot.kind != "rows":
            extra = "\n".join(waiting.extra)
            self.claims.add(waiting.slot, waiting.part, waiting.text(), waiting.place, extra=extra)

    # Paragraphs

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Read paragraphs and tables in their order."""
        for block in blocks:
            if isinstance(block, Table):
                TableReader(self, block).read()
            elif block.boxed:
                self._boxed(block)
            elif block.text.strip(AROUND):
                self._paragraph(block)
            elif block.pictures:
                self._picture(block)
            elif self.open is not None and self.open.filled:
                self.open.pieces.append("")

    def _at(self, block: Text) -> str:
        return say("{part}第 {number} 段", part=self.named_part(), number=block.number)

    def _boxed(self, block: Text) -> None:
        # A text box floats: where its anchor stands says nothing about the cell it lies over.
        held, self.open = self.open, None
        text, place = block.text, self._at(block)
        words = self.labels.title(text) or self.labels.exact(text, self.part) or self.labels.is_known(text)
        if not words and not COVER_DATE.fullmatch(text) and not self.labelled(text, place, leftover([block])):
            reason = say("文本框里的文字不知道属于哪一栏")
            self.claims.lose(text, say("文本框（{place}附近）", place=place), reason, self.near())
        self.close()
        self.open = held

    def _picture(self, block: Text) -> None:
        waiting = self.open
        if waiting is not None and waiting.slot.rich is not None:
            waiting.pieces.append(block)
            self.claims.note(waiting.slot, leftover([block], waiting.slot.rich))
        else:
            self.claims.note(waiting.slot if waiting is not None else None, leftover([block]))

    def _paragraph(self, block: Text) -> None:
        text, place, waiting = block.text, self._at(block), self.open
        if part := self.labels.title(text):
            self.enter(part, place)
        elif (named := self.labels.exact(text, self.part)) and not self._mere_words(named):
            self.begin(named, place)
        elif self.labels.is_known(text) and not (waiting and waiting.essay and waiting.filled):
            self.close()
        elif waiting is not None and waiting.essay and not self.ends_essay(text):
            rich = waiting.slot.rich
            waiting.pieces.append(block if rich is not None else text)
            self.claims.note(waiting.slot, leftover([block], rich))
        elif not self.labelled(text, place, leftover([block])):
            self._unlabelled(block, place)

    def _unlabelled(self, block: Text, place: str) -> None:
        text, waiting = block.text, self.open
        if COVER_DATE.fullmatch(text) or SIGNED.match(text):
            self.claims.aside(text)
        elif waiting is not None and not waiting.filled:
            waiting.pieces.append(text)
            self.claims.note(waiting.slot, leftover([block]))
            self.close()
        else:
            self.claims.lose(text, place, say("这一段不在认得的标签后面"), self.near())

    def _mere_words(self, named: tuple[Part, Slot]) -> bool:
        """Inside an answer: a line that only happens to be the label of something else."""
        waiting = self.open
        if waiting is None or not waiting.essay:
            return False
        part, slot = named
        return self.claims.has(slot) or (part.key != waiting.part.key and slot.kind != "text")

    def ends_essay(self, text: str) -> bool:
        """True when a line in a long answer is the next label of its section with its answer."""
        waiting = self.open
        if waiting is None:
            return False
        matches = self.labels.inside(text, waiting.part)
        if not matches or matches[0].start != 0:
            return False
        found = matches[0]
        return (
            found.part.key == waiting.part.key
            and found.slot.path != waiting.slot.path
            and not self.claims.has(found.slot)
        )

    def labelled(self, text: str, place: str, looks: Counter[str], *, cell: Cell | None = None) -> bool:
        """Take a text apart that holds labels with their answers; False when it begins with something else.

        With one label, the rest of its `cell` is the answer with all that it shows.
        """
        matches = self.labels.inside(text, self.part)
        if not matches or text[: matches[0].start].strip(AROUND):
            return False
        self.close()
        ends = [match.start for match in matches[1:]] + [len(text)]
        for match, end in zip(matches, ends, strict=True):
            self.part, self.last = match.part, match.slot
            value = text[match.after : end].strip(AROUND)
            if len(matches) == 1 and cell is not None and match.slot.rich is not None:
                whole = cell.answer(match.slot.rich)
                if whole.startswith(text[: match.after]):
                    value = whole[match.after :].strip(AROUND)
                    looks = leftover(cell.blocks, match.slot.rich)
            self.claims.note(match.slot, looks)
            if match.slot.kind == "text" and len(matches) == 1:
                self.open = Open(match.slot, match.part, place, [value] if value else [], in_table=False)
            else:
                self.claims.add(match.slot, match.part, value, place)
        return True
