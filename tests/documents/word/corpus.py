"""At least sixty Word files of the official form: our own as programs and people give them back, and others' own.

Made when they are needed; nothing but names and answers is kept. `make` gives the bytes, `office` says how often
LibreOffice has to turn a file into another format first.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, cast

import docx

from shidian.applications import word_form
from shidian.applications.word_pictures import Album
from shidian.calls import packages
from shidian.calls.packages import Package
from shidian.documents.word.form import Marks
from shidian.documents.word.writer import write
from shidian.questionnaires import prose
from tests.documents.word import breaking as b
from tests.documents.word import foreign
from tests.documents.word.people import PICTURES, RICH, UNITS, Unit

PACKAGE = Path(__file__).parents[3] / "calls" / "tianjin-2023-smps10"
PINNED = datetime(2023, 7, 10, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One file: what it is called, whose it is, what stands in it."""

    name: str
    origin: Literal["own", "foreign"]
    unit: Unit
    base: Callable[[], bytes]
    formats: tuple[str, ...] = ()
    suffix: str = "docx"

    def make(self) -> bytes:
        """The bytes of the file, through LibreOffice where it is a conversion."""
        content, extension = self.base(), "docx"
        for format_ in self.formats:
            content, extension = office(content, extension, format_), format_.partition(":")[0]
        return content


_UNITS = {**UNITS, "rich": RICH}


@cache
def package() -> Package:
    return packages.read(PACKAGE)


@cache
def own(unit: str) -> bytes:
    """Our own file of a unit."""
    held = word_form.values(package(), _UNITS[unit].answers)
    marks = Marks("tianjin-2023-smps10", "TJ10-0001", "")
    foot = "TJ10-0001  ·  草稿"
    return write(word_form.form_of(package()), held, marks=marks, foot=foot, pinned=PINNED, pictures=PICTURES)


@cache
def office(content: bytes, extension: str, to: str) -> bytes:
    """A file as LibreOffice saves it in another format."""
    return office_all([(content, extension)], to)[0]


def office_all(files: Sequence[tuple[bytes, str]], to: str) -> list[bytes]:
    """Files, each with what it is, as LibreOffice saves them in another format; it is started once for all of them."""
    with tempfile.TemporaryDirectory(prefix="corpus-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        given = [folder / f"{number}.{extension}" for number, (_, extension) in enumerate(files)]
        for path, (content, _) in zip(given, files, strict=True):
            path.write_bytes(content)
        profile = Path(tempfile.gettempdir()) / "corpus-profile"
        out = folder / "out"
        command = [
            "soffice",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            to,
            "--outdir",
            str(out),
            *map(str, given),
        ]
        with profile.with_suffix(".lock").open("w") as lock:
            flock(lock, LOCK_EX)  # two at once in one profile: the second gives up
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        return [next(out.glob(f"{path.stem}.*")).read_bytes() for path in given]


def resaved(content: bytes) -> bytes:
    """The file as python-docx saves it."""
    out = BytesIO()
    docx.Document(BytesIO(content)).save(out)
    return out.getvalue()


_CHANGES: dict[str, tuple[b.Change, ...]] = {
    "runs-split": (b.split_runs,),
    "content-controls": (b.wrap_in_controls,),
    "bold-red": (b.bold_and_red,),
    "tracked": (b.track_insertions,),
    "own-heading": (b.insert_heading,),
    "text-box": (b.text_box,),
    "reordered": (b.reorder_sections,),
    "answer-cell-split": (b.split_answer_cell("单位名称"), b.split_answer_cell("联系电话")),
    "answer-row-split": (b.split_answer_row("业务范围"), b.split_answer_row("标准化工作自我评价")),
    "continuation-row": (b.continuation_row("现状及与试点应具备条件符合性"),),
    "relabelled": (
        b.relabel(
            ("单位名称", "单 位 名 称："), ("邮编", "邮  编"), ("电子邮箱", "E-mail"), ("组织机构代码", "统一社会信用代码"),
            ("法人注册地址", "法人注册地址（省市区）"),
        ),
    ),
    "extra-row": (b.extra_fact_row,),
    "label-in-cell": (b.merge_label_into_answer("单位地址"), b.merge_label_into_answer("业务范围")),
    "plan-split": (b.split_plan_table,),
    "plan-header-twice": (b.repeat_plan_header,),
    "plan-numbered": (b.number_plan,),
    "plan-swapped": (b.swap_plan_columns,),
    "headings-gone": (b.drop_headings,),
    "picture": (b.picture,),
    "word-marks": (b.tail_of_page_marks,),
    "blank-lines": (b.spaces_around,),
    "much-at-once": (b.split_runs, b.split_plan_table, b.insert_heading, b.tail_of_page_marks, b.spaces_around),
}  # fmt: skip
_FORMATS = {
    "odt": ("odt",), "doc": ("doc",), "rtf": ("rtf",), "fodt": ("fodt",), "lo-docx": ("docx",), "ott": ("ott",),
    "word2003xml": ("xml:MS Word 2003 XML",), "odt-doc": ("odt", "doc"), "doc-odt-docx": ("doc", "odt", "docx"),
    "dotx": ("dotx",),
}  # fmt: skip


def _own(unit: str, *changes: b.Change) -> Callable[[], bytes]:
    return lambda: b.changed(own(unit), *changes) if changes else own(unit)


def _foreign(unit: str, layout: str, style: str) -> Callable[[], bytes]:
    def make() -> bytes:
        return foreign.docx_bytes(foreign.LAYOUTS[layout](_UNITS[unit], foreign.STYLES[style]))

    return make


def cases() -> Iterator[Case]:
    """Every file of the corpus, always in the same order."""
    for name, unit in UNITS.items():
        yield Case(f"own-{name}", "own", unit, _own(name))
        yield Case(f"own-{name}-python-docx", "own", unit, lambda name=name: resaved(own(name)))  # type: ignore[misc]
    for number, (name, changes) in enumerate(_CHANGES.items()):
        chosen = ("rescue", "rare")[number % 2]
        if name in ("answer-row-split", "continuation-row"):
            chosen = "rescue"
        yield Case(f"own-{chosen}-{name}", "own", UNITS[chosen], _own(chosen, *changes))
    for name, formats in _FORMATS.items():
        suffix = formats[-1].partition(":")[0]
        yield Case(f"own-rescue-{name}", "own", UNITS["rescue"], _own("rescue"), formats, suffix)
    for name in ("odt", "doc", "rtf"):
        yield Case(f"own-rare-{name}", "own", UNITS["rare"], _own("rare"), _FORMATS[name], name)
    yield Case("own-rare-wps", "own", UNITS["rare"], _own("rare"), ("doc",), "wps")
    for layout in foreign.LAYOUTS:
        for name in UNITS:
            yield Case(f"foreign-{layout}-{name}", "foreign", UNITS[name], _foreign(name, layout, "plain"))
    for number, style in enumerate(list(foreign.STYLES)[1:]):
        for layout in ("one-table", "several-tables", "no-tables"):
            name = ("rescue", "rare")[number % 2]
            make = _foreign(name, layout, style)
            yield Case(f"foreign-{layout}-{style}", "foreign", UNITS[name], make)
    for layout, formats in (
        ("one-table", ("doc",)), ("one-table", ("odt",)), ("several-tables", ("rtf",)), ("several-tables", ("doc",)),
        ("no-tables", ("odt",)), ("same-cell", ("doc",)), ("one-table", ("odt", "docx")), ("labels-above", ("rtf",)),
    ):  # fmt: skip
        name = f"foreign-{layout}-{'-'.join(formats)}"
        yield Case(
            name, "foreign", UNITS["rescue"], _foreign("rescue", layout, "underlined"), formats, formats[-1]
        )
    yield from _rich()


def _rich() -> Iterator[Case]:
    """Long answers with tables and pictures, as they come back from programs, and as others draw them."""
    yield Case("own-rich", "own", RICH, _own("rich"))
    yield Case("own-rich-python-docx", "own", RICH, lambda: resaved(own("rich")))
    for name in (
        "runs-split",
        "content-controls",
        "tracked",
        "text-box",
        "reordered",
        "plan-split",
        "blank-lines",
    ):
        yield Case(f"own-rich-{name}", "own", RICH, _own("rich", *_CHANGES[name]))
    for name in ("odt", "doc", "rtf", "lo-docx", "odt-doc"):
        suffix = _FORMATS[name][-1]
        yield Case(f"own-rich-{name}", "own", RICH, _own("rich"), _FORMATS[name], suffix)
    for layout in ("one-table", "several-tables"):
        for style in ("plain", "spaced", "starred"):
            make = _foreign("rich", layout, style)
            yield Case(f"foreign-rich-{layout}-{style}", "foreign", RICH, make)
    for layout, format_ in (("one-table", "doc"), ("several-tables", "odt"), ("several-tables", "rtf")):
        make = _foreign("rich", layout, "plain")
        yield Case(f"foreign-rich-{layout}-{format_}", "foreign", RICH, make, (format_,), format_)


class _Album:
    """Stands for the pictures of an application: the same content is the same picture."""

    def __init__(self, given: Mapping[str, bytes]) -> None:
        known = {picture.content: name for name, picture in PICTURES.items()}
        self.names = {name: known.get(content, name) for name, content in given.items()}

    def placed(self, text: str, _field: str) -> str:
        parsed = prose.parse(text)
        lines = text.split("\n")
        for picture in parsed.pictures:
            lines[picture.line] = prose.picture_line(
                self.names.get(picture.name, picture.name), picture.caption
            )
        return "\n".join(lines)

    def left_out(self) -> list[str]:
        return []


# Measuring


@dataclass
class Outcome:
    """How a file was read: fields that were there, found, found exactly; answers put into a wrong field."""

    case: Case
    there: int
    found: list[str]
    exact: list[str]
    missing: list[str]
    unlike: dict[str, Any]
    wrong: list[str]
    loose: int


def expected(unit: Unit) -> dict[str, Any]:
    """The answers that stand on the paper; of other bodies only the names."""
    return {path: value for path, value in unit.values.items() if value not in ("", [])}


def measure(case: Case, content: bytes) -> Outcome:
    """Read a file as an upload into an empty application, and compare with what its writer meant."""
    from shidian.documents.word.taking import take

    return measure_docx(case, take(BytesIO(content), name=f"file.{case.suffix}").docx)


def measure_docx(case: Case, content: bytes) -> Outcome:
    """The same of a file that was taken and is .docx."""
    from shidian.documents.word.reader import read

    reading = read(BytesIO(content), word_form.form_of(package()))
    album = cast(Album, _Album(reading.pictures))
    compared = word_form.compare(package(), reading, {}, album=album)
    wanted = expected(case.unit)
    got = {entry.path: entry.value for entry in compared.proposed if not entry.empty}
    found = [path for path in wanted if path in got]
    exact = [path for path in found if got[path] == wanted[path]]
    unlike = {path: got[path] for path in found if path not in exact}
    wrong = [path for path in got if path not in wanted]
    wrong += [path for path in unlike if _holds_another(path, unlike[path], wanted)]
    missing = [path for path in wanted if path not in got]
    return Outcome(case, len(wanted), found, exact, missing, unlike, wrong, len(compared.loose))


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [line.strip() for line in value.split("\n") if len(line.strip()) >= 5]
    if isinstance(value, list):
        return [text for row in value for text in _words_of(row)]
    return []


def _words_of(row: Any) -> list[str]:
    return [line for text in (row.values() if isinstance(row, dict) else [row]) for line in _words(str(text))]


def _holds_another(path: str, value: Any, wanted: dict[str, Any]) -> bool:
    """True when a value holds words that belong to another field and not to its own."""
    mine = str(wanted[path])
    text = str(value)
    return any(
        words in text and words not in mine
        for other, held in wanted.items()
        if other != path
        for words in _words(held)
    )
