"""Finds the answers in a Word file of the official form, whoever wrote it, and never guesses silently.

The labels are the anchors: the answer stands in the cell beside them, below them, or behind a colon. Everything that
belongs nowhere beyond doubt comes back as loose text with its place and the slots where it may belong.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from shidian.documents.word.contents import Block, Cell, Contents, Table, Text, contents, lines, texts
from shidian.documents.word.form import Column, Form, Found, Loose, Part, Reading, Slot
from shidian.documents.word.labels import Labels, first_title, plain, same, variants
from shidian.documents.word.opening import open_docx

MOST_ROWS = 5000
MOST_LOOSE = 300
OPINIONS = "opinions"
_UNDERLINES = re.compile(r"[_＿]{2,}|^[_＿]+|[_＿]+$")
_AROUND = " \t\u3000_＿\n"
_SIGNED = re.compile(r"\s*(?:单位)?(?:负责人|法定代表人)\s*[（(]?\s*签[名字章]")
_DAY = re.compile(
    r"\s*(?:[0-9]{0,4}|[〇零一二三四五六七八九]{0,4})\s*年\s*\S{0,3}\s*月\s*(?:\S{0,3}\s*日)?\s*"
)
_COVER_DATE = re.compile(
    r"\s*[0-9０-９]{0,4}[\s_]*年[\s_]*[0-9０-９]{0,2}[\s_]*月[\s_]*(?:[0-9０-９]{0,2}[\s_]*日)?\s*"
)
_NAMES = re.compile(r"[、，,；;\n]+")
_SERIAL = re.compile(r"[0-9０-９（()）.．、]{0,5}")

_UNLABELLED = "这一格（段）前面没有认得的标签"


@dataclass(slots=True)
class _Claim:
    slot: Slot
    part: Part
    value: Any
    place: str


@dataclass(slots=True)
class _Open:
    """A slot whose answer follows below."""

    slot: Slot
    part: Part
    place: str
    pieces: list[str]
    in_table: bool

    @property
    def filled(self) -> bool:
        return any(piece.strip() for piece in self.pieces)


def read(file: BinaryIO, form: Form) -> Reading:
    """The answers that stand in a .docx; raises `opening.Unreadable` for a file that cannot be read at all."""
    return Reader(form, contents(open_docx(file))).read()


class Reader:
    """One reading of one file."""

    def __init__(self, form: Form, held: Contents) -> None:
        self.form = form
        self.held = held
        self.labels = Labels(form)
        self.part: Part | None = form.parts[0] if form.parts else None
        self.open: _Open | None = None
        self.claims: list[_Claim] = []
        self.loose: list[Loose] = []
        self.looks: dict[str, Counter[str]] = {}
        self.last: Slot | None = None
        self.own = bool(held.marks.call)
        self.table_of_rows: tuple[Slot, Part, int, dict[str, list[tuple[int, int]]]] | None = None
        self.headers = {
            slot.path: {
                column.key: {key for label in (column.label, *column.aliases) for key in variants(label)}
                for column in slot.columns
            }
            for part in form.parts
            for slot in part.slots
            if slot.kind == "rows"
        }

    def read(self) -> Reading:
        """Walk through everything once, then settle what was said twice."""
        self._blocks(self.held.blocks)
        self._close()
        for number, note in enumerate(self.held.notes, start=1):
            self._lose(note, f"第 {number} 条脚注或尾注", "脚注和尾注不属于任何一栏")
        found = self._settle()
        return Reading(found, tuple(self.loose[:MOST_LOOSE]), tuple(self._dropped()), self.held.marks)

    # Paragraphs

    def _blocks(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if isinstance(block, Table):
                self._table(block)
            elif block.boxed:
                self._boxed(block)
            else:
                self._paragraph(block)

    def _boxed(self, block: Text) -> None:
        # A text box floats: where its anchor stands says nothing about the cell it lies over.
        held, self.open = self.open, None
        if not self._labelled(block.text, self._at(block), block.looks) and not self.labels.is_known(
            block.text
        ):
            if not self._is_words(block.text):
                self._lose(
                    block.text,
                    f"文本框（{self._at(block)}附近）",
                    "文本框里的文字不知道属于哪一栏",
                    self._near(),
                )
        self.open = held

    def _is_words(self, text: str) -> bool:
        """Words of the form that stand alone: a label or heading without an answer, the day of the cover."""
        return bool(
            self.labels.title(text) or self.labels.exact(text, self.part) or _COVER_DATE.fullmatch(text)
        )

    def _at(self, block: Text) -> str:
        where = f"第 {block.number} 段"
        return (
            f"“{self._short(self.part.title)}”{where}" if self.part is not None and self.part.title else where
        )

    def _short(self, text: str) -> str:
        return text if len(text) <= 16 else f"{text[:15]}…"

    def _paragraph(self, block: Text) -> None:
        text = block.text
        if not text.strip(_AROUND):
            if self.open is not None and self.open.filled:
                self.open.pieces.append("")
            return
        place = self._at(block)
        waiting = self.open
        essay = waiting is not None and waiting.slot.kind == "text"
        if part := self.labels.title(text):
            self._enter(part, place)
            return
        named = self.labels.exact(text, self.part)
        if named and not (essay and self._mere_words(named)):
            self._begin(named, place)
            return
        if self.labels.is_known(text) and not (essay and waiting is not None and waiting.filled):
            self._close()
            return
        if essay and waiting is not None:
            matches = self.labels.inside(text, waiting.part)
            if not (
                matches and matches[0].start == 0 and self._next_in(waiting, matches[0].part, matches[0].slot)
            ):
                waiting.pieces.append(text)
                self._note(waiting.slot, block.looks)
                return
        if self._labelled(text, place, block.looks):
            return
        if _COVER_DATE.fullmatch(text) or _SIGNED.match(text):
            self._aside(text)
            return
        if waiting is not None and not waiting.filled:
            waiting.pieces.append(text)
            self._note(waiting.slot, block.looks)
            self._close()
            return
        self._lose(text, place, "这一段不在认得的标签后面", self._near())

    def _mere_words(self, named: tuple[Part, Slot]) -> bool:
        """Inside an answer: a line that only happens to be the label of something else."""
        waiting = self.open
        assert waiting is not None
        part, slot = named
        if any(claim.slot.path == slot.path and claim.value for claim in self.claims):
            return True
        return part.key != waiting.part.key and slot.kind != "text"

    def _next_in(self, waiting: _Open, part: Part, slot: Slot) -> bool:
        taken = any(claim.slot.path == slot.path and claim.value for claim in self.claims)
        return part.key == waiting.part.key and slot.path != waiting.slot.path and not taken

    def _enter(self, part: Part, place: str) -> None:
        """A heading: what follows is its section; where a section asks one thing, the answer follows at once."""
        self._close()
        self.part, self.last, self.table_of_rows = part, None, None
        if len(part.slots) == 1 and part.slots[0].kind == "text":
            self.open = _Open(part.slots[0], part, place, [], in_table=False)

    def _begin(self, named: tuple[Part, Slot], place: str, *, in_table: bool = False) -> None:
        self._close()
        self.part, self.last = named[0], named[1]
        self.open = _Open(named[1], named[0], place, [], in_table)

    def _close(self) -> None:
        waiting, self.open = self.open, None
        if waiting is not None and waiting.slot.kind != "rows":
            self._claim(waiting.slot, waiting.part, "\n".join(waiting.pieces), waiting.place)

    def _labelled(self, text: str, place: str, looks: Counter[str]) -> bool:
        """Take a text apart that holds labels with their answers; False when it begins with something else."""
        matches = self.labels.inside(text, self.part)
        if not matches or text[: matches[0].start].strip(_AROUND):
            return False
        self._close()
        ends = [match.start for match in matches[1:]] + [len(text)]
        for match, end in zip(matches, ends, strict=True):
            self.part, self.last = match.part, match.slot
            self._note(match.slot, looks)
            value = text[match.after : end].strip(_AROUND)
            if match.slot.kind == "text" and len(matches) == 1:
                self.open = _Open(match.slot, match.part, place, [value] if value else [], in_table=False)
            else:
                self._claim(match.slot, match.part, value, place)
        return True

    # Tables

    def _table(self, table: Table) -> None:
        grid: dict[tuple[int, int], Cell] = {}
        for cell in table.cells:
            for row in range(cell.row, cell.row + cell.rows):
                for column in range(cell.column, cell.last):
                    grid.setdefault((row, column), cell)
        taken: set[int] = set()
        beside: dict[int, tuple[Slot, Part, int]] = {}
        row = 0
        if self.open is not None and not self.open.filled:
            self.open.in_table = True
        elif self.open is not None:
            self._close()
        if self.table_of_rows and self._goes_on(table):
            row = self._rows(
                table, grid, 0, self.table_of_rows[0], self.table_of_rows[1], self.table_of_rows[3]
            )
        while row < table.rows:
            cells = [cell for cell in table.cells if cell.row == row]
            if header := self._header(cells):
                self._close()
                slot, part, columns = header
                self.part = part
                until = max(cell.row + cell.rows for cell in cells)
                row = self._rows(table, grid, until, slot, part, columns)
                self.table_of_rows = (slot, part, table.columns, columns)
                beside = {}
                continue
            beside = self._row(table, grid, cells, taken, beside)
            row += 1
        if self.open is not None and self.open.filled:
            self._close()

    def _row(
        self,
        table: Table,
        grid: dict[tuple[int, int], Cell],
        cells: list[Cell],
        taken: set[int],
        beside: dict[int, tuple[Slot, Part, int]],
    ) -> dict[int, tuple[Slot, Part, int]]:
        """Read one row; returns the answers it holds by their column, so that a row below may go on with them."""
        now: dict[int, tuple[Slot, Part, int]] = {}
        cells = [cell for cell in cells if id(cell) not in taken]
        if self._is_row_of_labels(table, grid, cells):
            return self._below(grid, cells, taken)
        labelled = False
        for cell in cells:
            if id(cell) in taken:
                continue
            text = cell.text()
            place = self._where(table, cell)
            if heading := first_title(self.labels, text.split("\n")):
                self._enter(heading[0], place)
                if self.open is not None:
                    self.open.in_table = True
                rest = "\n".join(text.split("\n")[heading[1] :])
                if rest.strip(_AROUND):
                    self._under_title(rest, place, cell)
                labelled = True
            elif named := self.labels.exact(text, self.part):
                labelled = True
                self._label_cell(table, grid, cell, named, taken, now)
            elif not text.strip(_AROUND):
                self._pictures(cell)
            elif self._inner(cell, text, place):
                labelled = True
            elif not self._unlabelled(table, cell, cells, text, place, beside, labelled):
                self._lose(text, place, _UNLABELLED, self._guess(table, grid, cell))
        return now or ({} if labelled else beside)

    def _under_title(self, rest: str, place: str, cell: Cell) -> None:
        if self.open is not None:
            self.open.pieces.append(rest)
            self._note(self.open.slot, _looks(cell))
        elif not self._labelled(rest, place, _looks(cell)):
            self._lose(rest, place, "标题下面的文字不知道属于哪一栏", self._near())

    def _is_row_of_labels(self, table: Table, grid: dict[tuple[int, int], Cell], cells: list[Cell]) -> bool:
        """A row of nothing but labels above a row of answers."""
        if len(cells) < 2 or any(cell.rows > 1 for cell in cells):
            return False
        if not all(self.labels.exact(cell.text(), self.part) for cell in cells):
            return False
        under = [grid.get((cell.row + 1, cell.column)) for cell in cells]
        return all(
            below is not None
            and below.column == cell.column
            and below.last == cell.last
            and not self.labels.exact(below.text(), self.part)
            and not self.labels.title(below.text())
            for cell, below in zip(cells, under, strict=True)
        )

    def _below(
        self, grid: dict[tuple[int, int], Cell], cells: list[Cell], taken: set[int]
    ) -> dict[int, tuple[Slot, Part, int]]:
        self._close()
        for cell in cells:
            named = self.labels.exact(cell.text(), self.part)
            under = grid[cell.row + 1, cell.column]
            assert named is not None
            taken.add(id(under))
            self.part, self.last = named
            self._claim(named[1], named[0], under.text(), f"第 {cell.row + 2} 行第 {cell.column + 1} 格")
            self._note(named[1], _looks(under))
        return {}

    def _label_cell(
        self,
        table: Table,
        grid: dict[tuple[int, int], Cell],
        cell: Cell,
        named: tuple[Part, Slot],
        taken: set[int],
        now: dict[int, tuple[Slot, Part, int]],
    ) -> None:
        part, slot = named
        self._close()
        self.part, self.last = part, slot
        place = self._where(table, cell)
        right: list[list[Cell]] = []
        stop = table.columns
        for row in range(cell.row, cell.row + cell.rows):
            line: list[Cell] = []
            column = cell.last
            while column < stop:
                beside = grid.get((row, column))
                if beside is None:
                    column += 1
                    continue
                if id(beside) not in {id(each) for each in line}:
                    text = beside.text()
                    if row == cell.row and beside.row == row and self._is_label(text):
                        stop = beside.column
                        break
                    if beside.row == row and id(beside) not in taken:
                        line.append(beside)
                column = beside.last
            right.append(line)
        flat = [each for line in right for each in line]
        if not flat:
            if stop == table.columns and not any(
                (cell.row, column) in grid for column in range(cell.last, stop)
            ):
                # Nothing stands beside it: the answer comes below.
                self.open = _Open(slot, part, place, [], in_table=True)
            else:
                self._claim(slot, part, "", place)
            return
        filled = [[each for each in line if each.text().strip(_AROUND)] for line in right]
        for each in flat:
            taken.add(id(each))
            self._pictures(each, slot)
        now[flat[0].column] = (slot, part, flat[0].last)
        if len(flat) > 1 and any(len(line) > 1 for line in filled) and not slot.blank:
            text = "\n".join(each.text() for line in filled for each in line)
            self._lose(
                text, place, f"“{slot.shown_as or slot.label}”后面有几格文字，不能确定都属于它", [slot.path]
            )
            return
        if any(self._form_inside(each) for line in filled for each in line):
            for line in filled:
                for each in line:
                    self._blocks(each.blocks)
            return
        between = "\n" if not slot.blank else " "
        text = "\n".join(between.join(each.text() for each in line) for line in filled)
        for line in filled:
            for each in line:
                self._note(slot, _looks(each))
                self._flattened(slot, each)
        self._claim(slot, part, text, place)

    def _is_label(self, text: str) -> bool:
        if self.labels.exact(text, self.part) or self.labels.title(text):
            return True
        matches = self.labels.inside(text, self.part)
        return bool(matches) and not text[: matches[0].start].strip(_AROUND)

    def _form_inside(self, cell: Cell) -> bool:
        """A table in a cell that is itself a piece of the form."""
        return any(
            self.labels.exact(each.text(), self.part) or self._header([each])
            for block in cell.blocks
            if isinstance(block, Table)
            for each in block.cells
        )

    def _inner(self, cell: Cell, text: str, place: str) -> bool:
        """A cell that holds a label and its answer, or a table with labels."""
        if any(isinstance(block, Table) for block in cell.blocks) and self._form_inside(cell):
            self._blocks(cell.blocks)
            if self.open is not None and self.open.filled:
                self._close()
            return True
        if self.open is not None and self.open.slot.kind == "text" and self.open.in_table:
            # The box of an answer: only a label of this section may end it.
            matches = self.labels.inside(text, self.part)
            if not (
                matches
                and matches[0].start == 0
                and self._next_in(self.open, matches[0].part, matches[0].slot)
            ):
                return False
        rows = text.split("\n")
        head = ""
        for number, row in enumerate(rows[:-1] if len(rows) > 1 else [], start=1):
            head += row
            named = self.labels.exact(head, self.part)
            if named and not self._longer(head, rows[number:]):
                self._close()
                self.part, self.last = named
                self._note(named[1], _looks(cell))
                self._claim(named[1], named[0], "\n".join(rows[number:]), place)
                return True
            if number >= 4:
                break
        if self._labelled(text, place, _looks(cell)):
            self._close()
            return True
        return False

    def _longer(self, head: str, rest: list[str]) -> bool:
        """True when the label goes on in the next line: 法定代表人 / （负责人）."""
        return bool(rest) and self.labels.exact(head + rest[0], self.part) is not None

    def _unlabelled(
        self,
        table: Table,
        cell: Cell,
        cells: list[Cell],
        text: str,
        place: str,
        beside: dict[int, tuple[Slot, Part, int]],
        labelled: bool,
    ) -> bool:
        """Text without a label: the open box, or one more row of an answer above it."""
        if self.open is not None and not labelled:
            waiting = self.open
            if waiting.slot.kind == "text" or (len(cells) == 1 and not waiting.filled):
                if len([each for each in cells if each.text().strip()]) > 1:
                    self._more(waiting.slot, "格子里的表格变成了文字行")
                waiting.pieces.append(text)
                self._note(waiting.slot, _looks(cell))
                self._flattened(waiting.slot, cell)
                return True
        if not labelled and cell.column in beside:
            slot, _, last = beside[cell.column]
            first = cells[0]
            if first is not cell and not first.text().strip(_AROUND) and cell.last == last:
                for claim in reversed(self.claims):
                    if claim.slot is slot and isinstance(claim.value, str):
                        claim.value = f"{claim.value}\n{text}" if claim.value else text
                        self._note(slot, _looks(cell))
                        return True
        if self.labels.is_known(text) or _COVER_DATE.fullmatch(text):
            return True
        if _SIGNED.match(text):
            self._aside(text)
            return True
        return False

    def _guess(self, table: Table, grid: dict[tuple[int, int], Cell], cell: Cell) -> list[str]:
        """Where a loose cell may belong: what the cell before it almost says, else what is near."""
        left = grid.get((cell.row, cell.column - 1))
        found = [slot.path for slot in self.labels.alike(left.text(), self.part)] if left is not None else []
        return [*found, *self._near()]

    def _where(self, table: Table, cell: Cell) -> str:
        where = f"第 {table.number} 个表第 {cell.row + 1} 行第 {cell.column + 1} 格"
        return (
            f"“{self._short(self.part.title)}”{where}" if self.part is not None and self.part.title else where
        )

    # Rows

    def _header(self, cells: list[Cell]) -> tuple[Slot, Part, dict[str, list[tuple[int, int]]]] | None:
        filled = [cell for cell in cells if cell.text().strip(_AROUND)]
        best: tuple[int, Slot, Part, dict[str, list[tuple[int, int]]]] | None = None
        for part in self.form.parts:
            for slot in part.slots:
                keys = self.headers.get(slot.path)
                if not keys:
                    continue
                columns: dict[str, list[tuple[int, int]]] = {}
                matched = 0
                for cell in filled:
                    text = cell.text()
                    forms = {plain(text), plain(text.replace("\n", ""))}
                    key = next((key for key, known in keys.items() if forms & known), None)
                    if key is not None:
                        columns.setdefault(key, []).append((cell.column, cell.last))
                        matched += 1
                here = self.part is not None and part.key == self.part.key
                enough = len(columns) >= min(2, len(keys)) and matched * 2 > len(filled)
                if enough and (here or len(columns) == len(keys)):
                    score = len(columns) * 2 + here
                    if best is None or score > best[0]:
                        best = (score, slot, part, columns)
        return best[1:] if best else None

    def _goes_on(self, table: Table) -> bool:
        """A table that goes on after a page: the same columns, no label of its own."""
        assert self.table_of_rows is not None
        slot, part, columns, _ = self.table_of_rows
        if (
            table.columns != columns
            or self.part is None
            or self.part.key != part.key
            or self.open is not None
        ):
            return False
        return not any(self._is_label(cell.text()) for cell in table.cells if cell.text().strip(_AROUND))

    def _rows(
        self,
        table: Table,
        grid: dict[tuple[int, int], Cell],
        row: int,
        slot: Slot,
        part: Part,
        columns: dict[str, list[tuple[int, int]]],
    ) -> int:
        """Read the rows under a header until a heading or a label; returns the first row that is none of them."""
        found: list[dict[str, str]] = []
        others: list[str] = []
        place = f"“{self._short(part.title)}”第 {table.number} 个表"
        mapped = [span for spans in columns.values() for span in spans]
        while row < table.rows:
            cells = _distinct(grid.get((row, column)) for column in range(table.columns))
            fresh = [cell for cell in cells if cell.row == row]
            texts_here = [cell.text() for cell in fresh if cell.text().strip(_AROUND)]
            if self._ends_rows(fresh, texts_here):
                break
            row += 1
            if self._header(fresh):
                continue
            if not texts_here:
                continue
            wide = [
                cell
                for cell in fresh
                if cell.text().strip(_AROUND) and sum(_overlap(cell, span) for span in mapped) > 1 and len(mapped) > 1
                and len({key for key, spans in columns.items() if any(_overlap(cell, span) for span in spans)}) > 1
            ]  # fmt: skip
            if wide:
                text = "　".join(texts_here)
                self._lose(text, f"{place}第 {row} 行", "这一行的格子合并过，分不清各列", [slot.path])
                continue
            line: dict[str, str] = {}
            for key, spans in columns.items():
                pieces = [cell for span in spans for cell in cells if _overlap(cell, span)]
                between = "；" if len(spans) > 1 else "\n"
                line[key] = between.join(
                    dict.fromkeys(self._tidy(cell.text()) for cell in pieces if cell.text().strip(_AROUND))
                )
                for cell in pieces:
                    if cell.row == row - 1:
                        self._note(slot, _looks(cell))
            others += [
                cell.text()
                for cell in fresh
                if not any(_overlap(cell, span) for span in mapped)
                and not _SERIAL.fullmatch(cell.text().strip())
            ]
            filled = [key for key, text in line.items() if text]
            if not filled:
                continue
            if self._continues(filled, slot, found):
                found[-1][filled[0]] += f"\n{line[filled[0]]}"
            elif len(found) < MOST_ROWS:
                found.append(line)
            else:
                others.append("　".join(line.values()))
        if others:
            self._lose("\n".join(others), place, "表里多出来的列", [slot.path])
        self._claim(slot, part, found, place)
        return row

    def _continues(self, filled: list[str], slot: Slot, found: list[dict[str, str]]) -> bool:
        """A row of which only one middle column is filled goes on with the one above; not so in our own files."""
        if self.own or len(filled) != 1 or not found or len(slot.columns) < 3:
            return False
        key = filled[0]
        return key not in (slot.columns[0].key, slot.columns[-1].key) and bool(found[-1].get(key))

    def _ends_rows(self, fresh: list[Cell], texts_here: list[str]) -> bool:
        if not texts_here:
            return False
        first = texts_here[0]
        if self.labels.title(first) or first_title(self.labels, first.split("\n")):
            return True
        # One long cell, or a label at the start of the row, is no row of this table.
        named = self.labels.exact(first, self.part)
        return named is not None and (len(fresh) == 1 or len(texts_here) <= 2)

    # Settling

    def _claim(self, slot: Slot, part: Part, value: Any, place: str) -> None:
        if not slot.path:
            return
        if isinstance(value, str):
            value = self._value(slot, part, value, place)
            if value is None:
                return
        self.claims.append(_Claim(slot, part, value, place))

    def _value(self, slot: Slot, part: Part, text: str, place: str) -> Any:
        """The answer in a text, or None when it went to the loose ones."""
        text = self._tidy(text)
        if part.key == OPINIONS:
            text = self._opinion(text)
        if any(same(text, blank) or plain(text) == plain(blank) for blank in slot.blank):
            text = ""
        if not text:
            return [] if slot.kind == "names" else ""
        if self._mixed(slot, part, text):
            self._lose(text, place, f"“{slot.shown_as or slot.label}”一栏里混有别的标签", [slot.path])
            return None
        if slot.kind == "line" and not slot.blank:
            text = _one_line(text)
            if not _plausible(slot, text):
                self._lose(
                    text, place, f"看起来不像“{slot.shown_as or slot.label}”", [slot.path, *self._near()]
                )
                return None
        if slot.kind == "names":
            return self._names(part, text)
        return text

    def _names(self, part: Part, text: str) -> list[str]:
        if part.key == OPINIONS and self.own:
            return [_one_line(text)]
        pieces = [piece.strip(_AROUND) for piece in _NAMES.split(text) if piece.strip(_AROUND)]
        whole = _one_line(text)
        # A long name that was broken into lines is one name.
        return pieces if all(len(piece) >= 4 for piece in pieces) else [whole]

    def _opinion(self, text: str) -> str:
        kept = []
        rows = text.split("\n")
        for number, row in enumerate(rows):
            if _SIGNED.match(row) or (_DAY.fullmatch(row) and plain(row)):
                rest = "\n".join(rows[number:])
                if len(plain(rest)) > len(plain("负责人（签名）年月日")):
                    self._aside(rest)
                break
            kept.append(row)
        return "\n".join(kept).strip(_AROUND)

    def _mixed(self, slot: Slot, part: Part, text: str) -> bool:
        """Cells that were merged: the label of another answer stands in this one."""
        rows = [row for row in text.split("\n") if row.strip()]
        own_words = {plain(each) for each in (slot.label, *slot.aliases)}
        for row in rows:
            named = self.labels.exact(row, part) if len(plain(row)) >= 2 else None
            if (
                named
                and named[0].key == part.key
                and named[1].path != slot.path
                and plain(row) not in own_words
            ):
                return True
        if self.labels.another_inside(text, slot.path):
            return True
        if slot.kind == "text":
            return False
        return any(match.slot.path != slot.path for match in self.labels.inside(text, part))

    def _tidy(self, text: str) -> str:
        rows = [_UNDERLINES.sub("", row).rstrip(_AROUND) for row in text.split("\n")]
        if not self.own:
            rows = [row.lstrip(" \t\u3000") for row in rows]
        while rows and not rows[0].strip():
            rows.pop(0)
        while rows and not rows[-1].strip():
            rows.pop()
        return "\n".join(rows)

    def _settle(self) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for path in dict.fromkeys(claim.slot.path for claim in self.claims):
            claims = [claim for claim in self.claims if claim.slot.path == path]
            kind = claims[0].slot.kind
            if kind == "rows":
                rows = [row for claim in claims for row in claim.value]
                found[path] = Found(path, rows, claims[0].place)
            elif kind == "names":
                self._settle_names(path, claims, found)
            else:
                self._settle_text(path, claims, found)
        return found

    def _settle_text(self, path: str, claims: list[_Claim], found: dict[str, Found]) -> None:
        filled = [claim for claim in claims if claim.value]
        if not filled:
            found[path] = Found(path, "", claims[0].place)
        elif all(same(claim.value, filled[0].value) for claim in filled[1:]):
            best = max(filled, key=lambda claim: claim.value.count("\n"))
            found[path] = Found(path, best.value, best.place)
        else:
            for claim in filled:
                self._lose(claim.value, claim.place, "同一项内容在文件里有两种写法", [path])

    def _settle_names(self, path: str, claims: list[_Claim], found: dict[str, Found]) -> None:
        boxes = [name for claim in claims if claim.part.key == OPINIONS for name in claim.value]
        cover: list[str] = next(
            (claim.value for claim in claims if claim.part.key != OPINIONS and claim.value), []
        )
        boxes = list(dict.fromkeys(boxes))
        agreed = same("、".join(boxes), "、".join(cover)) or (set(boxes) <= set(cover) and len(boxes) <= 1)
        if not boxes or not cover or agreed:
            chosen = (
                boxes
                if len(boxes) >= len(cover) or not cover or same("、".join(boxes), "、".join(cover))
                else cover
            )
            found[path] = Found(path, chosen, claims[0].place)
            return
        for names, place in ((cover, "封面"), (boxes, "意见栏")):
            self._lose("、".join(names), place, "封面和意见栏写的单位不一样", [path])

    # What is left over

    def _lose(self, text: str, place: str, reason: str, candidates: Sequence[str] = ()) -> None:
        tidy = self._tidy(text)
        if plain(tidy):
            self.loose.append(Loose(tidy, place, reason, tuple(dict.fromkeys(candidates))[:8]))

    def _near(self) -> list[str]:
        found = [self.last.path] if self.last is not None and self.last.path else []
        if self.part is not None:
            found += [slot.path for slot in self.part.slots if slot.path]
        return found

    def _aside(self, text: str) -> None:
        words = " ".join(text.split())
        if len(plain(words)) > len(plain("负责人（签名）")) and not _COVER_DATE.fullmatch(words):
            self.looks.setdefault("", Counter())[f"意见栏里的签名和日期“{self._short(words)}”"] += 1

    def _note(self, slot: Slot, looks: Counter[str]) -> None:
        if looks:
            self.looks.setdefault(slot.shown_as or slot.label, Counter()).update(looks)

    def _more(self, slot: Slot, words: str) -> None:
        self.looks.setdefault(slot.shown_as or slot.label, Counter())[words] += 1

    def _flattened(self, slot: Slot, cell: Cell) -> None:
        if any(isinstance(block, Table) for block in cell.blocks):
            self._more(slot, "格子里的表格（变成了文字行）")

    def _pictures(self, cell: Cell, slot: Slot | None = None) -> None:
        looks = _looks(cell)
        if looks and not cell.text().strip(_AROUND):
            self.looks.setdefault((slot.shown_as or slot.label) if slot else "", Counter()).update(looks)

    def _dropped(self) -> list[str]:
        found = list(self.held.dropped)
        for name, looks in self.looks.items():
            for what, count in looks.items():
                if name:
                    found.append(f"“{name}”里的{what}{f' {count} 处' if count > 1 else ''}")
                else:
                    found.append(what)
        return list(dict.fromkeys(found))


def _looks(cell: Cell) -> Counter[str]:
    total: Counter[str] = Counter()
    for text in texts(cell.blocks):
        total.update(text.looks)
    return total


def _distinct(cells: Any) -> list[Cell]:
    found: dict[int, Cell] = {id(cell): cell for cell in cells if cell is not None}
    return list(found.values())


def _overlap(cell: Cell, span: tuple[int, int]) -> bool:
    return cell.column < span[1] and cell.last > span[0]


def _one_line(text: str) -> str:
    """Lines put together: Chinese without a gap, words with one."""
    whole = ""
    for row in text.split("\n"):
        piece = row.strip(_AROUND)
        if whole and piece and whole[-1].isascii() and piece[0].isascii():
            whole += " "
        whole += piece
    return whole


def _plausible(slot: Slot, text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    match slot.look:
        case "email":
            return "@" in unicodedata.normalize("NFKC", text) or len(text) <= 4
        case "phone":
            return digits >= 5 or len(text) <= 4
        case "postcode":
            return (digits >= 3 and len(text) <= 20 and "@" not in text) or len(text) <= 4
        case "code":
            return (
                sum(char.isalnum() and char.isascii() for char in unicodedata.normalize("NFKC", text)) >= 6
                or len(text) <= 4
            )
        case _:
            return True


__all__ = ["Column", "Reader", "lines", "read"]
