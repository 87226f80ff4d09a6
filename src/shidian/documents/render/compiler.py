"""Compiles a Typst template and plain data into one archival, tagged PDF (PDF/A with PDF/UA-1).

What a template may rely on: `json(bytes(sys.inputs.data))` is the data, `json(bytes(sys.inputs.fonts))` maps the
roles title, song, hei, kai and fang to lists of font families, `datetime.today()` is the pinned day. Files that a
template reads or imports come from the folder `templates` beside this module and from nowhere else; `marks.typ` there
draws the marks of the pages.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import typst

from shidian.core.errors import Invalid
from shidian.core.said import listed, say
from shidian.documents.render.pictures import framed

FONTS = Path(__file__).parent.parent / "fonts"
TEMPLATES = Path(__file__).parent / "templates"

Standard = Literal["a-2a", "a-2b", "a-2u", "a-3a", "a-3b", "a-3u"]
STANDARDS: tuple[Standard, ...] = get_args(Standard)

# Families a unit may hold a licence for; when its own folder has one, it comes before ours.
LICENSED = {
    "title": (
        "FZXiaoBiaoSong-B05S",
        "FZXiaoBiaoSong-B05",
        "方正小标宋简体",
        "方正小标宋_GBK",
    ),
    "song": ("SimSun", "NSimSun", "宋体", "新宋体"),
    "hei": ("SimHei", "黑体", "FZHei-B01S"),
    "kai": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体"),
    "fang": ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋"),
}
SHIPPED = {
    "title": "Shidian Song",
    "song": "Shidian Song",
    "hei": "Shidian Hei",
    "kai": "Shidian Kai",
    "fang": "Shidian FangSong",
}
FALLBACK = ("Shidian Song", "Shidian Hei")

ATTACHMENTS = b"""
#for file in json(bytes(sys.inputs.attachments)) {
  pdf.attach(file.name, bytes(file.content), relationship: "source", mime-type: file.type, description: file.name)
}
"""
MEDIA_TYPES = {
    ".json": "application/json",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
}

UNPRINTABLE = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
MAIN = "main.typ"
MARKED = "marks/pages.json"
MARK = "marks/{}.json"
PLACE = re.compile(r"main\.typ:(\d+):")


class PaperError(Invalid):
    """A paper that cannot be printed; `message` says why, for people.

    `characters` are those that no font has; `field` is the dotted path of the value in the data that holds the first
    of them ("answers.lead.unit_name", "rows.3.2"), when it was found there; `detail` is what the typesetter said, for
    the author of a template.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        characters: tuple[str, ...] = (),
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.characters = characters
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.message, self.field, self.characters, self.detail)


def _rebuild(message: str, field: str | None, characters: tuple[str, ...], detail: str) -> PaperError:
    return PaperError(message, field=field, characters=characters, detail=detail)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a paper once its pages are made: how many, and the <box> entries (each with its `page`)."""

    pages: int
    boxes: list[dict[str, Any]]


Marking = Callable[[Layout], Sequence[Mapping[str, str]]]
"""Gives the mark of every page: `T` and `B` (SVG, for the corners), `text` and `note` (for the foot)."""


@dataclass(frozen=True)
class Fonts:
    """The fonts of one set-up: what ships with the project, and a unit's own folder, which is searched first."""

    loaded: typst.Fonts
    roles: str


@lru_cache(maxsize=8)
def load_fonts(extra: Path | None = None) -> Fonts:
    """Opens the shipped fonts and those of `extra` once for this process."""
    if extra is not None and not extra.is_dir():
        raise PaperError("字体文件夹不存在或不是文件夹，请检查字体文件夹的设置。")
    folders = [FONTS] if extra is None else [extra, FONTS]
    loaded = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    present = set(loaded.families())
    roles = {
        role: list(dict.fromkeys([name for name in LICENSED[role] if name in present] + [ours, *FALLBACK]))
        for role, ours in SHIPPED.items()
    }
    return Fonts(loaded, json.dumps(roles, ensure_ascii=False))


# A typst compiler borrowed by two threads at once raises "Already borrowed".
_of_this_thread = threading.local()


def _compiler(extra: Path | None) -> typst.Compiler:
    compilers: dict[Path | None, typst.Compiler] = _of_this_thread.__dict__.setdefault("compilers", {})
    if extra not in compilers:
        compilers[extra] = _new_compiler(b"", {}, extra)
    return compilers[extra]


def default_template(name: str) -> bytes:
    """The project's own template of this name: candidate_list, receipt or registration."""
    return (TEMPLATES / f"{name}.typ").read_bytes()


def compile_paper(
    template: bytes,
    data: Mapping[str, Any],
    *,
    pinned: datetime,
    standard: Standard = "a-3b",
    attach: Mapping[str, bytes] | None = None,
    pictures: Mapping[str, bytes] | None = None,
    marking: Marking | None = None,
    extra_fonts: Path | None = None,
) -> bytes:
    """Prints `template` with `data` and returns the PDF.

    `data` is handed over as one JSON value and never read as markup. The PDF follows `standard` (one of STANDARDS)
    and PDF/UA-1, carries `attach` (file name to content; PDF/A-3 only) as its source, and is dated `pinned`, which
    must know its time zone: the same arguments give the same bytes on any machine. `pictures` are JPEG by the path under
    which the template finds them ("pictures/1.svg", see `framed`); they never touch the disk. `marking` is asked once the
    pages are made, and its marks stand where the template has `marks.typ` draw them.

    Refused with PaperError: a character that no font has (named, with its place in the data), a template that does
    not compile or wants a package, an attachment that the standard does not allow.
    """
    if marking is not None:
        setting = Setting(
            template,
            data,
            pinned=pinned,
            standard=standard,
            attach=attach,
            pictures=pictures,
            extra_fonts=extra_fonts,
        )
        return setting.printed(marking)
    source, inputs = _prepare(
        template,
        data,
        standard=standard,
        pinned=pinned,
        attach=attach or {},
        extra=extra_fonts,
    )
    return _pdf(_compiler(extra_fonts), _sources(source, pictures), data, standard, pinned, sys_inputs=inputs)


class Setting:
    """A paper whose pages are made once and printed any number of times with other marks; for one thread.

    The arguments are those of `compile_paper`, and so are the refusals.
    """

    def __init__(
        self,
        template: bytes,
        data: Mapping[str, Any],
        *,
        pinned: datetime,
        standard: Standard = "a-3b",
        attach: Mapping[str, bytes] | None = None,
        pictures: Mapping[str, bytes] | None = None,
        extra_fonts: Path | None = None,
    ) -> None:
        source, inputs = _prepare(
            template, data, standard=standard, pinned=pinned, attach=attach or {}, extra=extra_fonts
        )
        self._data, self._standard, self._pinned = data, standard, pinned
        self._files = _sources(source, pictures)
        # typst remembers pages from one pass to the next only while its inputs stay the same object.
        self._compiler = _new_compiler(self._files, inputs, extra_fonts)
        try:
            found = json.loads(self._compiler.query("selector(<page>).or(<box>)", field="value"))
        except typst.TypstError as error:
            raise _explain(error, data) from error
        boxes = [value for value in found if isinstance(value, dict)]
        self.layout = Layout(len(found) - len(boxes), boxes)

    def printed(self, marking: Marking) -> bytes:
        """The PDF with these marks; the same marks give the same bytes."""
        files = self._files | _marks(marking(self.layout))
        return _pdf(self._compiler, files, self._data, self._standard, self._pinned)


def _pdf(
    compiler: typst.Compiler,
    files: Any,
    data: Mapping[str, Any],
    standard: Standard,
    pinned: datetime,
    **inputs: Any,
) -> bytes:
    try:
        output = compiler.compile(
            files,
            format="pdf",
            pdf_standards=[standard, "ua-1"],
            timestamp=int(pinned.timestamp()),
            **inputs,
        )
    except typst.TypstError as error:
        raise _explain(error, data) from error
    pdf = cast("bytes", output)
    # Signatures appended later need the end-of-file mark on a line of its own.
    return pdf if pdf.endswith(b"\n") else pdf + b"\n"


def _new_compiler(files: Any, inputs: dict[str, str], extra: Path | None) -> typst.Compiler:
    return typst.Compiler(
        input=files,
        root=TEMPLATES,
        font_paths=load_fonts(extra).loaded,
        sys_inputs=inputs,
        # Nothing is fetched: packages would come from the network.
        package_path=TEMPLATES / "packages",
        package_cache_path=TEMPLATES / "packages",
    )


def query_paper(
    template: bytes,
    data: Mapping[str, Any],
    selector: str,
    *,
    pinned: datetime,
    pictures: Mapping[str, bytes] | None = None,
    extra_fonts: Path | None = None,
) -> list[dict[str, Any]]:
    """The values of all `metadata` elements of the printed paper with the label `selector`, for example "<box>"."""
    source, inputs = _prepare(template, data, standard="a-3b", pinned=pinned, attach={}, extra=extra_fonts)
    try:
        found = _new_compiler(_sources(source, pictures), inputs, extra_fonts).query(selector, field="value")
    except typst.TypstError as error:
        raise _explain(error, data) from error
    return cast("list[dict[str, Any]]", json.loads(found))


def _sources(template: bytes, pictures: Mapping[str, bytes] | None) -> Any:
    # typst takes a folder from memory like this; its stubs do not say so yet.
    framed_pictures = {path: framed(content) for path, content in (pictures or {}).items()}
    return {MAIN: template} | _marks(()) | framed_pictures


def _marks(marks: Sequence[Mapping[str, str]]) -> dict[str, bytes]:
    """A file for each page: typst lays out again only what read a file that has changed."""
    each = {MARK.format(page): json.dumps(mark).encode() for page, mark in enumerate(marks, start=1)}
    return {MARKED: str(len(marks)).encode()} | each


def _prepare(
    template: bytes,
    data: Mapping[str, Any],
    *,
    standard: Standard,
    pinned: datetime,
    attach: Mapping[str, bytes],
    extra: Path | None,
) -> tuple[bytes, dict[str, str]]:
    if standard not in STANDARDS:
        raise PaperError(f"不支持的存档格式：{standard}。")
    if pinned.tzinfo is None:
        raise ValueError("pinned needs a time zone")
    if b'"@' in template:
        raise PaperError("打印模板不能引用外部程序包。")
    inputs = {
        "data": json.dumps(data, ensure_ascii=False),
        "fonts": load_fonts(extra).roles,
    }
    if not attach:
        return template, inputs
    if not standard.startswith("a-3"):
        raise PaperError("只有 PDF/A-3 格式可以附带数据文件。")
    inputs["attachments"] = json.dumps(
        [_attachment(name, attach[name]) for name in sorted(attach)], ensure_ascii=False
    )
    return template + ATTACHMENTS, inputs


def _attachment(name: str, content: bytes) -> dict[str, Any]:
    try:
        value: str | list[int] = content.decode()
    except UnicodeDecodeError:
        value = list(content)
    return {
        "name": name,
        "content": value,
        "type": MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"),
    }


def _explain(error: typst.TypstError, data: Mapping[str, Any]) -> PaperError:
    """The refusal that a person can act on."""
    diagnostic = str(getattr(error, "diagnostic", "")) or str(error)
    missing = _missing_characters(diagnostic)
    if not missing:
        place = PLACE.search(diagnostic)
        line = say("第 {line} 行", line=place[1]) if place else say("未知位置")
        return PaperError(say("打印模板有误（{line}），请联系系统管理员。", line=line), detail=diagnostic)
    names = listed(
        [say("{character}（{code}）", character=_shown(each), code=f"U+{ord(each):04X}") for each in missing]
    )
    return PaperError(
        say(
            "没有字体含有字符{names}，无法打印。请改用其他写法，或在字体文件夹中加入含有该字符的字体。",
            names=names,
        ),
        field=next((path for path, text in _texts(data) if missing[0] in text), None),
        characters=missing,
        detail=diagnostic,
    )


def _missing_characters(diagnostic: str) -> tuple[str, ...]:
    """The characters that Typst could not draw, in order, each once."""
    found = "".join(ESCAPE.sub(_unescape, text) for text in UNPRINTABLE.findall(diagnostic))
    characters = tuple(dict.fromkeys(found))
    # A combining mark that is missing takes its base character with it into the complaint.
    return tuple(character for character in characters if not _is_common(character)) or characters


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else PLAIN_ESCAPES.get(match[2], match[2])


def _is_common(character: str) -> bool:
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        return False
    return character >= " "


def _shown(character: str) -> str:
    return f"“{character}”" if character.isprintable() else ""


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside a JSON value with its dotted path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _texts(part, f"{path}.{number}" if path else str(number))
