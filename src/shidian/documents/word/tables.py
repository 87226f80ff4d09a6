"""Tables of a form: label cells with their answers beside, below or inside them, and tables whose rows are one answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shidian.core.said import say
from shidian.documents.word.claims import AROUND, COVER_DATE, SIGNED, short
from shidian.documents.word.contents import Cell, Table, leftover
from shidian.documents.word.form import Form, Part, Slot
from shidian.documents.word.labels import first_title, plain, variants

if TYPE_CHECKING:
    from shidian.documents.word.reader import Reader

MOST_ROWS = 5000
_LABEL_LINES = 4
_SERIAL = re.compile(r"[0-9０-９（()）.．、]{0,5}")
_UNLABELLED = say("这一格前面没有认得的标签")

Span = tuple[int, int]
"""Columns of the grid, from and until."""


@dataclass(frozen=True, slots=True)
class Header:
    """The row of headings over a table of rows: which columns of the grid hold which column of the answer."""

    slot: Slot
    part: Part
    columns: dict[str, list[Span]]

    def spans(self) -> list[Span]:
        """All columns of the grid that it knows."""
        return [span for spans in self.columns.values() for span in spans]

    def keys_under(self, cell: Cell) -> set[str]:
        """The columns of the answer over which a cell lies."""
        return {key for key, spans in self.columns.items() if any(_overlap(cell, span) for span in spans)}


class Columns:
    """Recognises the headings of tables of rows."""

    def __init__(self, form: Form) -> None:
        self._known = [
            (
                part,
                slot,
                {
                    column.key: {key for label in (column.label, *column.aliases) for key in variants(label)}
                    for column in slot.columns
                },
            )
            for part in form.parts
            for slot in part.slots
            if slot.kind == "rows"
        ]

    def header(self, cells: list[Cell], here: Part | None) -> Header | None:
        """The header that these cells are: most of them headings of one answer; in another section, all of them."""
        filled = [cell for cell in cells if cell.text().strip(AROUND)]
        best: tuple[int, Header] | None = None
        for part, slot, known in self._known:
            columns: dict[str, list[Span]] = {}
            for cell in filled:
                words = plain(cell.text())
                key = next((key for key, forms in known.items() if words in forms), None)
                if key is not None:
                    columns.setdefault(key, []).append((cell.column, cell.last))
            matched = sum(map(len, columns.values()))
            mine = here is not None and part.key == here.key
            enough = len(columns) >= min(2, len(known)) and matched * 2 > len(filled)
            score = len(columns) * 2 + mine
            if enough and (mine or len(columns) == len(known)) and (best is None or score > best[0]):
                best = (score, Header(slot, part, columns))
        return best[1] if best else None


@dataclass(slots=True)
class _Above:
    """The answers of the row above by their column, so that a row below may go on with them."""

    answers: dict[int, tuple[Slot, int]] = field(default_factory=dict)


class TableReader:
    """One reading of one table."""

    def __init__(self, reader: Reader, table: Table) -> None:
        self.reader, self.table = reader, table
        self.labels, self.claims = reader.labels, reader.claims
        self.taken: set[int] = set()
        self.rows: list[list[Cell]] = [[] for _ in range(table.rows)]
        self.grid: dict[tuple[int, int], Cell] = {}
        for cell in table.cells:
            self.rows[cell.row].append(cell)
            for row in range(cell.row, cell.row + cell.rows):
                for column in range(cell.column, cell.last):
                    self.grid.setdefault((row, column), cell)

    def read(self) -> None:
        """Read all rows; an answer that began above the table may stand in it, and one that began in it ends with it."""
        reader, row, above = self.reader, 0, _Above()
        if reader.open is not None and not reader.open.filled:
            reader.open.in_table = True
        else:
            reader.close()
        if reader.rows_above is not None and self._goes_on(*reader.rows_above):
            row = self._answer_rows(0, reader.rows_above[0])
        while row < self.table.rows:
            cells = self.rows[row]
            header = reader.columns.header(cells, reader.part)
            if header is not None:
                reader.close()
                reader.part, above = header.part, _Above()
                row = self._answer_rows(max(cell.row + cell.rows for cell in cells), header)
                reader.rows_above = (header, self.table.columns)
                continue
            above = self._row([cell for cell in cells if id(cell) not in self.taken], above)
            row += 1
        if reader.open is not None and reader.open.filled:
            reader.close()

    def _where(self, cell: Cell) -> str:
        named = self.reader.named_part()
        return say(
            "{part}第 {table} 个表第 {row} 行第 {column} 格",
            part=named,
            table=self.table.number,
            row=cell.row + 1,
            column=cell.column + 1,
        )

    def _is_label(self, text: str, *, besides: Slot | None = None) -> bool:
        """True for a label or heading, alone or with its answer; a slot's own label beside it is an answer."""
        named = self.labels.exact(text, self.reader.part)
        if named is not None or self.labels.title(text):
            return named is None or named[1] is not besides
        matches = self.labels.inside(text, self.reader.part)
        return bool(matches) and not text[: matches[0].start].strip(AROUND)

    # A row of labels and answers

    def _row(self, cells: list[Cell], above: _Above) -> _Above:
        if self._labels_alone(cells):
            self._answers_below(cells)
            return _Above()
        now, labelled = _Above(), False
        for cell in cells:
            if id(cell) not in self.taken:
                labelled = self._cell(cell, cells, above, now, labelled=labelled) or labelled
        return now if now.answers or labelled else above

    def _cell(self, cell: Cell, cells: list[Cell], above: _Above, now: _Above, *, labelled: bool) -> bool:
        """Read one cell; True when it is a heading or a label."""
        if not labelled and self._is_awaited(cell) and self._in_open_box(cell, cells):
            return False
        text, place = cell.text(), self._where(cell)
        if heading := first_title(self.labels, text.split("\n")):
            self.reader.close()
            self.reader.part = heading[0]
            place = self._where(cell)
            self.reader.enter(heading[0], place, in_table=True)
            self._under_title(heading[1], place, cell)
            return True
        if named := self.labels.exact(text, self.reader.part):
            if self._doubted(named, text, place, alone=len(cells) == 1):
                return False
            self._label(cell, named, now)
            return True
        if not text.strip(AROUND):
            self.claims.note(None, leftover(cell.blocks))
            return False
        if self._label_inside(cell, text, place):
            return True
        going_on = not labelled and (
            self._in_open_box(cell, cells) or self._goes_on_below(cell, cells, above)
        )
        if not going_on and not self._is_furniture(text):
            self.claims.lose(text, place, _UNLABELLED, self._guesses(cell))
        return False

    def _doubted(self, named: tuple[Part, Slot], text: str, place: str, *, alone: bool) -> bool:
        """In a file of ours, the label of another section alone in the box of an awaited answer: a person says what it is."""
        waiting = self.reader.open
        if waiting is None or waiting.filled or not (self.claims.own and waiting.in_table and alone):
            return False
        if named[0].key == waiting.part.key:
            return False
        name = waiting.slot.shown_as or waiting.slot.label
        self.claims.lose(text, place, say("“{name}”一栏里混有别的标签", name=name), [waiting.slot.path])
        return True

    def _is_awaited(self, cell: Cell) -> bool:
        """The box of a long answer that begins with a table or a picture: what stands in it is no label."""
        waiting = self.reader.open
        return (
            waiting is not None
            and waiting.slot.rich is not None
            and waiting.in_table
            and not waiting.filled
            and cell.begins_without_text()
        )

    def _under_title(self, taken: int, place: str, cell: Cell) -> None:
        """What stands in a cell under the heading in its first lines."""
        reader = self.reader
        grammar = reader.open.slot.rich if reader.open is not None else None
        rest = "\n".join(cell.answer(grammar).split("\n")[taken:])
        if not rest.strip(AROUND):
            self.claims.note(None, leftover(cell.blocks))
        elif reader.open is not None:
            reader.open.pieces.append(rest)
            reader.open.row = (self.table.number, cell.row)
            self.claims.note(reader.open.slot, leftover(cell.blocks, grammar))
        elif not reader.labelled(rest, place, leftover(cell.blocks)):
            self.claims.lose(rest, place, say("标题下面的文字不知道属于哪一栏"), reader.near())

    def _labels_alone(self, cells: list[Cell]) -> bool:
        """A row of nothing but labels above a row of answers."""
        if len(cells) < 2 or any(cell.rows > 1 for cell in cells):
            return False
        part = self.reader.part
        for cell in cells:
            under = self.grid.get((cell.row + 1, cell.column))
            if under is None or (under.column, under.last) != (cell.column, cell.last):
                return False
            text = under.text()
            if (
                not self.labels.exact(cell.text(), part)
                or self.labels.exact(text, part)
                or self.labels.title(text)
            ):
                return False
        return True

    def _answers_below(self, cells: list[Cell]) -> None:
        self.reader.close()
        for cell in cells:
            named = self.labels.exact(cell.text(), self.reader.part)
            under = self.grid[cell.row + 1, cell.column]
            if named is not None:
                self.taken.add(id(under))
                self.reader.part, self.reader.last = named
                self.claims.note(named[1], leftover(under.blocks, named[1].rich))
                self.claims.add(named[1], named[0], under.answer(named[1].rich), self._where(under))

    # A label cell

    def _label(self, cell: Cell, named: tuple[Part, Slot], now: _Above) -> None:
        """The answer beside a label: all cells up to the next label; below it, where none stands beside."""
        part, slot = named
        reader, place = self.reader, self._where(cell)
        reader.close()
        reader.part, reader.last = named
        lines, edge = self._beside(cell, slot)
        flat = [each for line in lines for each in line]
        if not flat:
            if edge:
                reader.begin(named, place, in_table=True)
            else:
                self.claims.add(slot, part, "", place)
            return
        self.taken.update(id(each) for each in flat)
        now.answers[flat[0].column] = (slot, flat[0].last)
        filled = [[each for each in line if each.answer(slot.rich).strip(AROUND)] for line in lines]
        answers = [each for line in filled for each in line]
        for each in flat:
            self.claims.note(slot, leftover(each.blocks, slot.rich))
        if any(len(line) > 1 for line in filled) and not slot.blank:
            reason = say("“{name}”后面有几格文字，不能确定都属于它", name=slot.shown_as or slot.label)
            for each in answers:
                self.claims.lose(each.text(), self._where(each), reason, self._guesses(each))
        elif slot.rich is None and any(self._form_inside(each) for each in answers):
            for each in answers:
                reader.blocks(each.blocks)
        else:
            text = "\n".join(" ".join(each.answer(slot.rich) for each in line) for line in filled)
            for each in answers:
                self._flattened(slot, each)
            self.claims.add(slot, part, text, place)

    def _beside(self, cell: Cell, slot: Slot) -> tuple[list[list[Cell]], bool]:
        """The cells to the right of a label, row by row; and whether it reaches to the edge of the table."""
        lines: list[list[Cell]] = []
        stop = self.table.columns
        for row in range(cell.row, cell.row + cell.rows):
            line: list[Cell] = []
            for each in _distinct(self.grid.get((row, column)) for column in range(cell.last, stop)):
                drawn = slot.rich is not None and each.begins_without_text()
                if each.row == row == cell.row and not drawn and self._is_label(each.text(), besides=slot):
                    stop = each.column
                    break
                if each.row == row and id(each) not in self.taken:
                    line.append(each)
            lines.append(line)
        edge = stop == self.table.columns and not any(
            (cell.row, column) in self.grid for column in range(cell.last, stop)
        )
        return lines, edge

    # Cells without a label before them

    def _form_inside(self, cell: Cell) -> bool:
        """A table in a cell that is itself a piece of the form."""
        part = self.reader.part
        return any(
            self.labels.exact(each.text(), part) or self.labels.title(each.text())
            for block in cell.blocks
            if isinstance(block, Table)
            for each in block.cells
        )

    def _label_inside(self, cell: Cell, text: str, place: str) -> bool:
        """A cell that holds a label and its answer, or a table with labels."""
        reader = self.reader
        essay = reader.open is not None and reader.open.slot.rich is not None and reader.open.in_table
        if not essay and self._form_inside(cell):
            reader.blocks(cell.blocks)
            if reader.open is not None and reader.open.filled:
                reader.close()
            return True
        waiting = reader.open
        if waiting is not None and waiting.essay and waiting.in_table and not reader.ends_essay(text):
            return False
        if found := self._label_above(text.split("\n")):
            named, taken = found
            reader.close()
            reader.part, reader.last = named
            grammar = named[1].rich
            self.claims.note(named[1], leftover(cell.blocks, grammar))
            answer = "\n".join(cell.answer(grammar).split("\n")[taken:])
            self.claims.add(named[1], named[0], answer, place)
            return True
        if reader.labelled(text, place, leftover(cell.blocks), cell=cell):
            reader.close()
            return True
        return False

    def _label_above(self, rows: list[str]) -> tuple[tuple[Part, Slot], int] | None:
        """The label in the first lines of a cell, and how many they are; the answer stands in the others."""
        head, found = "", None
        for number, row in enumerate(rows[:-1][:_LABEL_LINES], start=1):
            head += row
            # The longest label counts: 法定代表人 / （负责人）.
            if named := self.labels.exact(head, self.reader.part):
                found = named, number
        return found

    def _in_open_box(self, cell: Cell, cells: list[Cell]) -> bool:
        """The box of an answer whose label or heading stands above."""
        waiting = self.reader.open
        if waiting is None or not (waiting.essay or (len(cells) == 1 and not waiting.filled)):
            return False
        if sum(1 for each in cells if each.text().strip(AROUND)) > 1:
            self.claims.note(waiting.slot, Counter([say("格子里的表格（变成了文字行）")]))
        row = (self.table.number, cell.row)
        first = waiting.row is None or waiting.row == row
        waiting.row = row if first else waiting.row
        (waiting.pieces if first else waiting.extra).append(cell.answer(waiting.slot.rich))
        self.claims.note(waiting.slot, leftover(cell.blocks, waiting.slot.rich))
        self._flattened(waiting.slot, cell)
        return True

    def _goes_on_below(self, cell: Cell, cells: list[Cell], above: _Above) -> bool:
        """One more row of the answer above it: the cell under the label is empty."""
        slot, last = above.answers.get(cell.column, (None, 0))
        first = cells[0]
        if slot is None or cell.last != last or first is cell or first.text().strip(AROUND):
            return False
        self.claims.note(slot, leftover(cell.blocks, slot.rich))
        return self.claims.go_on(slot, cell.answer(slot.rich))

    def _is_furniture(self, text: str) -> bool:
        if SIGNED.match(text):
            self.claims.aside(text)
            return True
        return self.labels.is_known(text) or COVER_DATE.fullmatch(text) is not None

    def _guesses(self, cell: Cell) -> list[str]:
        """Where a loose cell may belong: what the cell before it almost says, else what is near."""
        left = self.grid.get((cell.row, cell.column - 1))
        alike = self.labels.alike(left.text(), self.reader.part) if left is not None else []
        return [*(slot.path for slot in alike), *self.reader.near()]

    def _flattened(self, slot: Slot, cell: Cell) -> None:
        tables = [block for block in cell.blocks if isinstance(block, Table)]
        kept = slot.rich is not None and all(table.fits(slot.rich) for table in tables)
        if tables and not kept:
            self.claims.note(slot, Counter([say("格子里的表格（变成了文字行）")]))

    # Rows that are one answer

    def _goes_on(self, header: Header, columns: int) -> bool:
        """A table that goes on after a page: the same columns, no label of its own."""
        reader = self.reader
        here = reader.part is not None and reader.part.key == header.part.key
        if self.table.columns != columns or not here or reader.open is not None:
            return False
        return not any(
            self._is_label(text) for cell in self.table.cells if (text := cell.text()).strip(AROUND)
        )

    def _answer_rows(self, row: int, header: Header) -> int:
        """Read the rows under a header until a heading or a label; returns the first row that is none of them."""
        place = say("“{title}”第 {table} 个表", title=short(header.part.title), table=self.table.number)
        found: list[dict[str, str]] = []
        others: list[str] = []
        while row < self.table.rows and not self._ends_rows(self.rows[row]):
            fresh = self.rows[row]
            row += 1
            filled = [cell for cell in fresh if cell.text().strip(AROUND)]
            if not filled or self.reader.columns.header(fresh, header.part):
                continue
            if any(len(header.keys_under(cell)) > 1 for cell in filled):
                text = "　".join(cell.text() for cell in filled)
                self.claims.lose(
                    text,
                    say("{place}第 {row} 行", place=place, row=row),
                    say("这一行的格子合并过，分不清各列"),
                    [header.slot.path],
                )
                continue
            others += [
                cell.text()
                for cell in filled
                if not header.keys_under(cell) and not _SERIAL.fullmatch(cell.text().strip())
            ]
            self._take_row(row - 1, header, found, others)
        if others:
            self.claims.lose("\n".join(others), place, say("表里多出来的列"), [header.slot.path])
        self.claims.add(header.slot, header.part, found, place)
        return row

    def _take_row(self, row: int, header: Header, found: list[dict[str, str]], others: list[str]) -> None:
        line: dict[str, str] = {}
        cells = list(_distinct(self.grid.get((row, column)) for column in range(self.table.columns)))
        for key, spans in header.columns.items():
            pieces = [cell for span in spans for cell in cells if _overlap(cell, span)]
            words = [self.claims.tidy(cell.text()) for cell in pieces if cell.text().strip(AROUND)]
            line[key] = ("；" if len(spans) > 1 else "\n").join(dict.fromkeys(words))
            for cell in pieces:
                if cell.row == row:
                    self.claims.note(header.slot, leftover(cell.blocks))
        filled = [key for key, text in line.items() if text]
        if self._continues(filled, header.slot, found):
            found[-1][filled[0]] += f"\n{line[filled[0]]}"
        elif filled and len(found) < MOST_ROWS:
            found.append(line)
        elif filled:
            others.append("　".join(line.values()))

    def _continues(self, filled: list[str], slot: Slot, found: list[dict[str, str]]) -> bool:
        """A row of which only one middle column is filled goes on with the one above; not so in our own files."""
        if self.claims.own or len(filled) != 1 or not found or len(slot.columns) < 3:
            return False
        key = filled[0]
        return key not in (slot.columns[0].key, slot.columns[-1].key) and bool(found[-1].get(key))

    def _ends_rows(self, cells: list[Cell]) -> bool:
        words = [text for cell in cells if (text := cell.text()).strip(AROUND)]
        if not words:
            return False
        if first_title(self.labels, words[0].split("\n")):
            return True
        # A label alone, or with one answer, is no row of this table.
        named = self.labels.exact(words[0], self.reader.part)
        return named is not None and (len(cells) == 1 or len(words) <= 2)


def _distinct(cells: Iterable[Cell | None]) -> Iterator[Cell]:
    seen: set[int] = set()
    for cell in cells:
        if cell is not None and id(cell) not in seen:
            seen.add(id(cell))
            yield cell


def _overlap(cell: Cell, span: Span) -> bool:
    return cell.column < span[1] and cell.last > span[0]
