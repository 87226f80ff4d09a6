"""Parses one uploaded file to the bottom, in a process that may crash, stall or run out of memory.

`serve` is the kept worker: it has the libraries loaded and forks a child for each file; the child limits itself,
judges and dies. `check` is the judgement itself. Nothing here writes, and nothing of Django is imported.
"""

import base64
import gc
import io
import json
import os
import re
import resource
import signal
import socket
import sys
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn
from xml.parsers import expat

import pikepdf
import PIL.TiffImagePlugin  # noqa: F401 (not among those that preinit loads)
from PIL import Image, ImageOps

from shidian.core.compound import STREAM, BadCompound, Compound, Part
from shidian.core.said import pack, say
from shidian.core.zips import (
    STORED,
    BadZip,
    Entry,
    ends_with_zip,
    is_bomb,
    printable,
    read_chunks,
    read_entries,
)
from shidian.documents.intake import HEAD, WALL_SECONDS, Rejected, check_extension, kind_by_start, polyglot

# A3 at 600 dpi is 70 million pixels; four bytes each while decoding.
MOST_PIXELS = 120_000_000
LONGEST_SIDE = 30_000
MOST_PAGES = 3000
MOST_OBJECTS = 2_000_000
MOST_DEPTH = 100
LARGEST_STREAM = 256 << 20
LARGEST_STREAMS = 3 << 30
LARGEST_OOXML = 512 << 20
LARGEST_XML = 128 << 20
LARGEST_ARCHIVE = 2 << 30
LARGEST_MEMBER = 128 << 20
DEEPEST_ARCHIVE = 2
MOST_PARTS = 10_000
MEMORY = 1536 << 20
_SLICE = 256 << 10
_CPU_SECONDS = 20
_LONGEST_QUESTION = 64 << 20

Answer = Callable[[BinaryIO, dict[str, Any]], dict[str, Any]]

_REEXPORT = say("请用原来的软件打开，重新导出或“打印为 PDF”后再上传。")
_RESCAN = say("请重新扫描、拍照或导出后再上传。")


def check(file: BinaryIO, kind: str, *, archive: bool = False) -> dict[str, Any]:
    """Return `{"kind", "pages"}` of a file that begins as `kind`, or raise Rejected.

    With `archive` a plain zip may be meant, and everything in it is checked too.
    """
    match kind:
        case "pdf":
            return {"kind": "pdf", "pages": _check_pdf(file)}
        case "zip":
            return {"kind": _check_zip(file, depth=1 if archive else 0), "pages": None}
        case "ole":
            return {"kind": _check_compound(file), "pages": None}
        case _:
            return {"kind": kind, "pages": _check_image(file, kind)}


# --- PDF ---------------------------------------------------------------------------------------------------------

_ACTIONS = {
    "/JavaScript": ("pdf_javascript", say("含有 JavaScript 脚本")),
    "/Launch": ("pdf_launch", say("含有启动其他程序的动作")),
    "/ImportData": ("pdf_action", say("含有导入外部数据的动作")),
    "/SubmitForm": ("pdf_action", say("含有向网上提交数据的动作")),
    "/Rendition": ("pdf_media", say("含有多媒体内容")),
    "/Movie": ("pdf_media", say("含有多媒体内容")),
    "/Sound": ("pdf_media", say("含有多媒体内容")),
    "/GoToE": ("pdf_embedded", say("含有打开内嵌文件的动作")),
    "/RichMediaExecute": ("pdf_media", say("含有多媒体内容")),
}
_ANNOTATIONS = {
    "/RichMedia": ("pdf_media", say("含有多媒体内容")),
    "/Screen": ("pdf_media", say("含有多媒体内容")),
    "/Movie": ("pdf_media", say("含有多媒体内容")),
    "/Sound": ("pdf_media", say("含有多媒体内容")),
    "/3D": ("pdf_media", say("含有三维模型")),
    "/FileAttachment": ("pdf_embedded", say("含有附件文件")),
}
# What may happen by itself when a page or the document opens: showing a place, nothing else.
_HARMLESS_ACTIONS = {"/GoTo", "/Thread"}
# What pikepdf raises on a damaged file; a RuntimeError comes from qpdf itself, for a tree of pages it cannot put right.
_UNREADABLE = (pikepdf.PdfError, RuntimeError)


def _check_pdf(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2048))
    complete = b"%%EOF" in file.read()
    file.seek(0)
    try:
        pdf = _open_pdf(file, complete)
        with pdf:
            _walk_pdf(pdf)
            pages = len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise _encrypted() from error
    except (*_UNREADABLE, ValueError, TypeError, KeyError) as error:
        raise _damaged_pdf() from error
    if not pages:
        raise Rejected("damaged", say("PDF 中没有任何页面。{reexport}", reexport=_REEXPORT))
    if pages > MOST_PAGES:
        raise Rejected(
            "too_many_pages",
            say(
                "PDF 有 {pages} 页，超过上限 {most_pages} 页。请拆分成几个文件后再上传。",
                pages=pages,
                most_pages=MOST_PAGES,
            ),
        )
    return pages


def _open_pdf(file: BinaryIO, complete: bool) -> pikepdf.Pdf:
    try:
        return pikepdf.open(file, attempt_recovery=False)
    except pikepdf.PasswordError:
        raise
    except _UNREADABLE:
        # Many scanners write slightly wrong offsets; a file whose end is missing has lost pages.
        if not complete:
            raise
        file.seek(0)
        return pikepdf.open(file, attempt_recovery=True)


def _walk_pdf(pdf: pikepdf.Pdf) -> None:
    """Look at every dictionary of the file, reachable or not, however deep it lies in direct objects."""
    if pdf.is_encrypted:
        raise _encrypted()
    seen = 0
    unpacked = 0
    for root in pdf.objects:
        waiting: list[tuple[object, int]] = [(root, 0)]
        while waiting:
            item, depth = waiting.pop()
            seen += 1
            if seen > MOST_OBJECTS or depth > MOST_DEPTH:
                raise Rejected(
                    "too_complex", say("PDF 的内部结构过于复杂，无法检查完。{reexport}", reexport=_REEXPORT)
                )
            if isinstance(item, pikepdf.Stream):
                _check_dictionary(item)
                unpacked += _check_stream(item)
                if unpacked > LARGEST_STREAMS:
                    raise _pdf_bomb()
                children = [item.get(key) for key in item.keys()]  # noqa: SIM118 (a PDF object, not a dict)
            elif isinstance(item, pikepdf.Dictionary):
                _check_dictionary(item)
                children = [item.get(key) for key in item.keys()]  # noqa: SIM118
            elif isinstance(item, pikepdf.Array):
                children = list(item)
            else:
                continue
            # Indirect objects come by themselves; following them would go in circles.
            waiting += [(child, depth + 1) for child in children if _is_direct_container(child)]


def _is_direct_container(child: object) -> bool:
    return isinstance(child, pikepdf.Dictionary | pikepdf.Array) and not child.is_indirect


def _check_dictionary(item: pikepdf.Object) -> None:
    suspects = _CHECKS.keys() & item.keys()
    for key, check_value in _CHECKS.items() if suspects else ():
        if key in suspects:
            check_value(item, item.get(key))


def _check_action(_item: pikepdf.Object, kind: object) -> None:
    if found := _ACTIONS.get(_name(kind)):
        raise _active(*found)


def _check_annotation(item: pikepdf.Object, subtype: object) -> None:
    if "/Rect" in item and (found := _ANNOTATIONS.get(_name(subtype))):
        raise _active(*found)


def _check_script(_item: pikepdf.Object, script: object) -> None:
    # A font or picture may by chance be called /JS; it is then no string and no stream.
    if isinstance(script, str | pikepdf.String | pikepdf.Stream):
        raise _active(*_ACTIONS["/JavaScript"])


def _check_scripts(_item: pikepdf.Object, tree: object) -> None:
    if isinstance(tree, pikepdf.Dictionary):
        raise _active(*_ACTIONS["/JavaScript"])


def _check_form(_item: pikepdf.Object, xfa: object) -> None:
    if isinstance(xfa, pikepdf.Array | pikepdf.Stream):
        raise _active("pdf_xfa", say("是动态表单（XFA）"))


def _check_embedded(_item: pikepdf.Object, tree: object) -> None:
    if not _is_empty(tree):
        raise _active("pdf_embedded", say("含有附件文件"))


def _check_file(specification: pikepdf.Object, streams: object) -> None:
    """Refuse an embedded file, but for data in JSON: the forms that this system prints carry their own."""
    names = [str(specification.get(key, "")) for key in ("/F", "/UF") if key in specification]
    is_data = bool(names) and all(name.lower().endswith(".json") for name in names)
    if not (is_data and isinstance(streams, pikepdf.Dictionary)):
        _check_embedded(specification, streams)
        return
    for key in streams.keys():  # noqa: SIM118
        content = streams.get(key)
        if not (
            isinstance(content, pikepdf.Stream) and _name(content.get("/Subtype")) == "/application/json"
        ):
            _check_embedded(specification, streams)


def _check_media(_item: pikepdf.Object, _content: object) -> None:
    raise _active(*_ANNOTATIONS["/RichMedia"])


def _check_external(item: pikepdf.Object, _target: object) -> None:
    if isinstance(item, pikepdf.Stream):
        raise _active("pdf_external", say("引用了外部文件的内容"))


def _check_opening(_item: pikepdf.Object, action: object) -> None:
    _check_automatic(action)


def _check_triggers(_item: pikepdf.Object, triggers: object) -> None:
    if isinstance(triggers, pikepdf.Dictionary):
        for trigger in triggers.keys():  # noqa: SIM118
            _check_automatic(triggers.get(trigger))


_CHECKS: dict[str, Callable[[pikepdf.Object, object], None]] = {
    "/S": _check_action,
    "/JS": _check_script,
    "/JavaScript": _check_scripts,
    "/Subtype": _check_annotation,
    "/XFA": _check_form,
    "/EF": _check_file,
    "/Collection": _check_embedded,
    "/RichMediaContent": _check_media,
    "/RichMediaSettings": _check_media,
    "/F": _check_external,
    "/OpenAction": _check_opening,
    "/AA": _check_triggers,
}


def _is_empty(tree: object) -> bool:
    """Say whether a name tree or a file specification's /EF holds nothing (some writers leave an empty one)."""
    if not isinstance(tree, pikepdf.Dictionary):
        return True
    values = [tree.get(key) for key in tree.keys()]  # noqa: SIM118
    return all(isinstance(value, pikepdf.Array) and len(list(value)) == 0 for value in values)


def _check_automatic(action: object) -> None:
    """Refuse an action that would run by itself; a destination (array, name, string) only shows a place."""
    for _ in range(100):
        if not isinstance(action, pikepdf.Dictionary):
            return
        kind = _name(action.get("/S"))
        if kind in _ACTIONS:
            raise _active(*_ACTIONS[kind])
        if "/S" in action and kind not in _HARMLESS_ACTIONS:
            raise _active("pdf_action", say("打开时会自动执行动作"))
        following = action.get("/Next")
        if isinstance(following, pikepdf.Array):
            for each in list(following)[:100]:
                _check_automatic(each)
            return
        action = following


def _name(value: object) -> str:
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _check_stream(stream: pikepdf.Stream) -> int:
    """Return how far a stream unpacks, in constant memory; refuse what no page could need."""
    width, height = stream.get("/Width"), stream.get("/Height")
    if _name(stream.get("/Subtype")) == "/Image" and isinstance(width, int) and isinstance(height, int):
        check_pixels(width, height, say("PDF 中的一幅图片"))
    filters = stream.get("/Filter")
    names = [_name(each) for each in filters] if isinstance(filters, pikepdf.Array) else [_name(filters)]
    size = 0
    if names[0] in ("/FlateDecode", "/Fl"):
        again = sum(1 for name in names[1:] if name in ("/FlateDecode", "/Fl"))
        pieces: Iterable[bytes] = [stream.read_raw_bytes()]
        for _ in range(1 + again):
            pieces = _inflate(pieces)
        for piece in pieces:
            size += len(piece)
            if size > LARGEST_STREAM:
                raise _pdf_bomb()
    elif any(
        name in ("/LZWDecode", "/LZW", "/RunLengthDecode", "/RL", "/FlateDecode", "/Fl") for name in names
    ):
        # Rare today: qpdf unpacks them whole, within the memory this process has.
        with suppress(pikepdf.PdfError):
            size = len(stream.read_bytes())
        if size > LARGEST_STREAM:
            raise _pdf_bomb()
    return size


def _inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    # A damaged stream is the reader's trouble (pages show blank), not a danger: what came before it counts.
    with suppress(zlib.error):
        for piece in pieces:
            # In slices: what is not used up yet is copied at each step, so a large piece would cost its square.
            for at in range(0, len(piece), _SLICE):
                waiting = piece[at : at + _SLICE]
                while waiting and not inflate.eof:
                    yield inflate.decompress(waiting, 1 << 20)
                    waiting = inflate.unconsumed_tail
        while not inflate.eof and (rest := inflate.decompress(b"", 1 << 20)):
            yield rest


def _encrypted() -> Rejected:
    return Rejected(
        "encrypted",
        say(
            "PDF 设有密码或权限限制，受理机构无法正常查看和归档。"
            "请用 PDF 软件取消密码和限制，或用浏览器打开后“打印为 PDF”，再上传。"
        ),
    )


def _damaged_pdf() -> Rejected:
    return Rejected(
        "damaged", say("PDF 文件不完整或已损坏。请先确认它能正常打开；{reexport}", reexport=_REEXPORT)
    )


def _pdf_bomb() -> Rejected:
    return Rejected("bomb", say("PDF 中的内容解压后大得不正常，不能接收。{reexport}", reexport=_REEXPORT))


def _active(code: str, what: str) -> Rejected:
    return Rejected(
        code,
        say(
            "PDF {what}，出于安全考虑不能接收。请用浏览器或 PDF 阅读器打开，“打印为 PDF”后再上传。", what=what
        ),
    )


# --- images ------------------------------------------------------------------------------------------------------


def check_pixels(width: int, height: int, what: str) -> None:
    if width > LONGEST_SIDE or height > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise Rejected(
            "dimensions",
            say(
                "{what}尺寸过大（{width:,} × {height:,} 像素），"
                "上限为单边 {longest_side:,} 像素、总计 {most_pixels:,} 万像素。请用 200 至 300 DPI 重新扫描后再上传。",
                what=what,
                width=width,
                height=height,
                longest_side=LONGEST_SIDE,
                most_pixels=MOST_PIXELS // 10000,
            ),
        )


def _check_frames(frames: int) -> None:
    if frames > MOST_PAGES:
        raise Rejected(
            "too_many_pages",
            say(
                "图片有 {frames} 页，超过上限 {most_pages} 页。请拆分后再上传。",
                frames=frames,
                most_pages=MOST_PAGES,
            ),
        )


def _check_image(file: BinaryIO, kind: str) -> int:
    """Decode every pixel of every frame, because a cut image shows its fault only at the end."""
    label = {"jpeg": "JPEG", "png": "PNG", "tiff": "TIFF"}[kind]
    damaged = say(
        "{label} 图片不完整或已损坏（可能没有传完或没有保存完）。{rescan}", label=label, rescan=_RESCAN
    )
    # Our own limits are checked first and are lower than Pillow's.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file.seek(0)
            with Image.open(file, formats=[label]) as image:
                check_pixels(*image.size, say("图片"))
                image.verify()
            file.seek(0)
            with Image.open(file, formats=[label]) as image:
                frames = getattr(image, "n_frames", 1) if kind == "tiff" else 1
                _check_frames(frames)
                for frame in range(frames):
                    if frame:
                        image.seek(frame)
                    check_pixels(*image.size, say("图片"))
                    # A JPEG decoded at an eighth reads every byte of the file and needs 1/64 of the memory.
                    image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
                    image.load()
    except Rejected:
        raise
    except MemoryError as error:
        raise Rejected("too_complex", say("图片太大，无法检查。{rescan}", rescan=_RESCAN)) from error
    except Exception as error:  # Pillow's readers raise whatever the broken bytes lead them to
        raise Rejected("damaged", damaged) from error
    return frames


# --- DOCX, XLSX --------------------------------------------------------------------------------------------------

_MAIN = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_HYPERLINKS = {
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/hyperlink",
}
_SUSPECT_PARTS = (
    (re.compile(r"vbaproject|vbadata|/macrosheets/|/dialogsheets/", re.IGNORECASE), "macro"),
    (re.compile(r"/activex/", re.IGNORECASE), "activex"),
    (re.compile(r"/embeddings/|oleobject|/afchunk", re.IGNORECASE), "embedded"),
)
_SUSPECT_TYPES = (
    (re.compile(r"macro|vbaproject", re.IGNORECASE), "macro"),
    (re.compile(r"activex|ms-office\.control", re.IGNORECASE), "activex"),
    (re.compile(r"oleobject|ms-package", re.IGNORECASE), "embedded"),
)
_SUSPECT_LINKS = (
    (
        re.compile(r"/(vbaproject|wordvbadata|xlmacrosheet|xlintlmacrosheet|dialogsheet)$", re.IGNORECASE),
        "macro",
    ),
    (re.compile(r"/(control|activexcontrolbinary)$", re.IGNORECASE), "activex"),
    (re.compile(r"/(oleobject|package|afchunk|subdocument)$", re.IGNORECASE), "embedded"),
)
_DDE = re.compile(r"(^|\s)DDE(AUTO)?(\s|$)", re.IGNORECASE)
_INCLUDE = re.compile(r"(^|\s)INCLUDE(TEXT|PICTURE)\s+\"?(\w+:)?[/\\]{2}", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_OTHER_ZIPS = (
    ("OFD.xml", "ofd", say("OFD 版式文件"), say("请用 OFD 阅读器打开，另存或“打印为 PDF”后再上传。")),
    (
        "META-INF/MANIFEST.MF",
        "program",
        say("Java 程序包"),
        say("出于安全考虑不接收程序文件。请确认选对了文件。"),
    ),
    (
        "AndroidManifest.xml",
        "program",
        say("安卓应用"),
        say("出于安全考虑不接收程序文件。请确认选对了文件。"),
    ),
    ("mimetype", "opendocument", say("OpenDocument 文档"), say("请另存为 .docx、.xlsx 或 PDF 后再上传。")),
)


def _check_zip(file: BinaryIO, *, depth: int) -> str:
    """An Office file; or, where archives are taken (`depth` says how deep they lie), an archive of sound files."""
    try:
        entries = read_entries(file, max_entries=MOST_PARTS, legacy_names="gb18030" if depth else "")
        if any(entry.name == "[Content_Types].xml" for entry in entries):
            _check_sizes(entries, LARGEST_OOXML)
            return _Ooxml(file, entries).check()
        names = {entry.name for entry in entries}
        if not depth or any(mark in names for mark, _, _, _ in _OTHER_ZIPS):
            raise _other_zip(names)
        _check_sizes(entries, LARGEST_ARCHIVE)
        _check_archive(file, entries, depth)
    except BadZip as error:
        raise _bad_zip(error) from error
    except expat.ExpatError as error:
        raise Rejected(
            "damaged", say("文档内部的数据已损坏。请用 Word 或 WPS 打开，另存后再上传。")
        ) from error
    return "zip"


def _check_sizes(entries: list[Entry], largest: int) -> None:
    """Judge by the declared sizes; `read_chunks` lets no entry grow beyond what it declared."""
    folded = [entry.name.casefold() for entry in entries]
    if len(set(folded)) != len(folded):
        raise BadZip("duplicate", say("压缩包里有两个只差大小写的同名文件"))
    total = sum(entry.size for entry in entries)
    packed = sum(entry.compressed for entry in entries)
    if (
        total > largest
        or is_bomb(total, packed)
        or any(is_bomb(each.size, each.compressed) for each in entries)
    ):
        raise Rejected(
            "bomb", say("文件解压后大得不正常（疑似压缩炸弹），不能接收。请用原来的软件打开，另存后再上传。")
        )


def _other_zip(names: set[str]) -> Rejected:
    for mark, code, label, advice in _OTHER_ZIPS:
        if mark in names:
            return Rejected(
                code, say("这个文件实际上是{label}，与要求的格式不符。{advice}", label=label, advice=advice)
            )
    return Rejected("archive", say("这个文件实际上是普通压缩包（ZIP）。请先解压，再逐个上传其中的文件。"))


def _bad_zip(error: BadZip) -> Rejected:
    if error.code == "encrypted":
        return Rejected(
            "encrypted", say("压缩包设有密码，无法查看和归档。请取消密码，再逐个上传其中的文件。")
        )
    if error.code in ("truncated", "not_zip"):
        return Rejected(
            "damaged",
            say(
                "文件不完整（可能没有传完）：{error}。请确认原文件能正常打开，再重新上传。", error=error.said
            ),
        )
    if error.code in ("damaged", "trailing"):
        return Rejected(
            "damaged",
            say(
                "文件已损坏或被改动：{error}。请用 Word、Excel 或 WPS 打开，另存后再上传。", error=error.said
            ),
        )
    return Rejected(
        error.code,
        say("文件的内部结构不安全：{error}。请用 Word、Excel 或 WPS 打开，另存后再上传。", error=error.said),
    )


def _external(target: str) -> Rejected:
    return Rejected(
        "external",
        say(
            "文档引用了外部内容（{printable}），例如远程模板、链接的图片或其他工作簿。请在 Word 或 Excel 中断开链接、改用默认模板后另存，或另存为 PDF，再上传。",
            printable=printable(target),
        ),
    )


class _Ooxml:
    """One Office file: its parts are read once, in the order of their bytes."""

    def __init__(self, file: BinaryIO, entries: list[Entry]) -> None:
        self._file = file
        self._entries = [entry for entry in entries if not entry.is_directory]
        self._types: dict[str, str] = {}
        self._main = ""

    def check(self) -> str:
        for entry in self._entries:
            self._refuse_if(_SUSPECT_PARTS, "/" + entry.name)
        for entry in self._entries:
            name = entry.name.casefold()
            if name.endswith((".xml", ".rels", ".vml")):
                self._check_xml(entry, parse=not name.endswith(".vml"))
            else:
                for _ in read_chunks(self._file, entry):
                    pass
        main = "/" + self._main.lstrip("/").casefold()
        kind = _MAIN.get(self._types.get(main) or self._types.get(f"*.{main.rpartition('.')[2]}", ""))
        if kind is None:
            raise Rejected(
                "ooxml_kind",
                say(
                    "这个文件不是普通的 Word 文档或 Excel 表格（可能是模板、演示文稿或其他类型）。"
                    "请用原来的软件打开，另存为 .docx、.xlsx 或 PDF 后再上传。"
                ),
            )
        return kind

    def _check_xml(self, entry: Entry, *, parse: bool) -> None:
        if entry.size > LARGEST_XML:
            raise Rejected(
                "bomb", say("文件中的数据表或正文大得不正常，不能接收。请拆分成几个文件后再上传。")
            )
        chunks = read_chunks(self._file, entry)
        content = b"".join(chunks)
        # UTF-16 hides a DOCTYPE from a plain search; without the zero bytes it reads like ASCII.
        if _DOCTYPE.search(content) or _DOCTYPE.search(content.replace(b"\x00", b"")):
            raise Rejected(
                "doctype",
                say(
                    "文档内部含有 DOCTYPE 或实体声明，不能接收。请用 Word、Excel 或 WPS 打开，另存后再上传。"
                ),
            )
        if not parse or not content:
            return
        reader = _XmlReader(self, entry.name)
        reader.parse(content)

    def link(self, target: str, kind: str, mode: str, part: str) -> None:
        """Judge one relationship of `part`."""
        self._refuse_if(_SUSPECT_LINKS, kind)
        outside = mode == "External" or "://" in target or target.startswith(("//", "\\\\", "file:"))
        if outside and kind not in _HYPERLINKS:
            raise _external(target)
        if part == "_rels/.rels" and kind.endswith("/officeDocument"):
            self._main = target

    def content_type(self, part: str, content_type: str) -> None:
        self._refuse_if(_SUSPECT_TYPES, content_type)
        self._types[part.casefold()] = content_type

    def field_code(self, code: str) -> None:
        if _DDE.search(code):
            raise Rejected(
                "dde", say("文档中含有调用其他程序的域（DDE），不能接收。请删除该域，或另存为 PDF 后再上传。")
            )

        if _INCLUDE.search(code):
            raise _external(code.strip())

    def _refuse_if(self, suspects: tuple[tuple[re.Pattern[str], str], ...], text: str) -> None:
        for pattern, code in suspects:
            if pattern.search(text):
                raise Rejected(code, _REFUSED_PARTS[code])


_REFUSED_PARTS = {
    "macro": say(
        "文件中含有宏，出于安全考虑不能接收。请用 Word、Excel 或 WPS 另存为不含宏的 .docx、.xlsx 或 PDF 后再上传。"
    ),
    "activex": say(
        "文件中含有 ActiveX 控件，出于安全考虑不能接收。请删除控件后另存，或另存为 PDF 后再上传。"
    ),
    "embedded": say(
        "文件中嵌入了其他文件或对象（例如嵌入的表格、图表数据）。"
        "请把它们改成图片或单独上传，或另存为 PDF 后再上传。"
    ),
}


class _XmlReader:
    """Reads what matters of one part: relationships, content types, field codes; the rest must be well formed."""

    def __init__(self, package: _Ooxml, part: str) -> None:
        self._package = package
        self._part = part
        self._codes: list[str] = []
        self._in_code = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def parse(self, content: bytes) -> None:
        self._parser.Parse(content, True)
        # Word lets a field code be spread over any number of runs.
        self._package.field_code("".join(self._codes))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "Relationship" and self._part.casefold().endswith(".rels"):
            self._package.link(
                attributes.get("Target", ""),
                attributes.get("Type", ""),
                attributes.get("TargetMode", "Internal"),
                self._part,
            )
        elif local in ("Override", "Default") and self._part == "[Content_Types].xml":
            part = attributes.get("PartName") or f"*.{attributes.get('Extension', '')}"
            self._package.content_type(part, attributes.get("ContentType", ""))
        elif local == "instrText":
            self._in_code = True
        elif local == "fldSimple":
            for attribute, value in attributes.items():
                if attribute.rpartition(" ")[2] == "instr":
                    self._package.field_code(value)
        elif local == "ddeLink":
            self._package.field_code("DDE")
        elif local == "fldChar":
            self._codes.append(" ")

    def _end(self, name: str) -> None:
        if name.endswith(" instrText"):
            self._in_code = False

    def _text(self, text: str) -> None:
        if self._in_code:
            self._codes.append(text)


# --- archives ----------------------------------------------------------------------------------------------------

_MEMBERS = ("pdf", "jpeg", "png", "tiff", "docx", "xlsx", "doc", "xls", "zip")
_PLAIN = (".txt", ".csv", ".md")
# What macOS puts beside the files: its notes on them, and on the folder.
_MAC_NOTES = (b"\x00\x05\x16\x07", b"\x00\x00\x00\x01Bud1")


class _Window(io.RawIOBase):
    """A part of a file, read as if it were a file: what lies unpacked in an archive needs no memory."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._start + self._at)
        piece = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _check_archive(file: BinaryIO, entries: list[Entry], depth: int) -> None:
    """Check every member to the bottom, as if it had been uploaded by itself; the refusal names it."""
    files = [entry for entry in entries if not entry.is_directory]
    if not files:
        raise Rejected("empty", say("压缩包里没有文件。请确认选对了文件，再重新上传。"))
    for entry in files:
        try:
            _check_member(file, entry, depth)
        except Rejected as error:
            raise Rejected(
                error.code,
                say("压缩包里的“{printable}”：{error}", printable=printable(entry.name), error=error.said),
            ) from error


def _check_member(file: BinaryIO, entry: Entry, depth: int) -> None:
    if entry.method == STORED:
        for _ in read_chunks(file, entry):
            pass
        member: BinaryIO = io.BufferedReader(_Window(file, entry.data_start, entry.size))
    elif entry.size <= LARGEST_MEMBER:
        member = io.BytesIO(b"".join(read_chunks(file, entry)))
    else:
        raise Rejected(
            "member",
            say(
                "解压后超过 {largest_member} MB，无法在压缩包里检查。请把它单独上传。",
                largest_member=LARGEST_MEMBER >> 20,
            ),
        )
    head = member.read(HEAD)
    if not head or head.startswith(_MAC_NOTES):
        return
    try:
        kind = kind_by_start(head, _MEMBERS)
    except Rejected as error:
        if error.code == "text" and entry.name.lower().endswith(_PLAIN):
            return
        raise
    if kind == "zip":
        kind = _check_zip(member, depth=depth + 1) if depth < DEEPEST_ARCHIVE else _check_deepest(member)
    elif ends_with_zip(member):
        raise polyglot(kind)
    else:
        member.seek(0)
        kind = str(check(member, kind)["kind"])
    check_extension(entry.name, kind)


def _check_deepest(member: BinaryIO) -> str:
    """An Office file is no further level; a plain archive is."""
    try:
        return _check_zip(member, depth=0)
    except Rejected as error:
        if error.code == "archive":
            raise Rejected(
                "nested",
                say(
                    "压缩包套了 {deepest_archive} 层，不能接收。请解压里层的压缩包后重新打包再上传。",
                    deepest_archive=DEEPEST_ARCHIVE + 1,
                ),
            ) from error
        raise


# --- DOC, XLS ----------------------------------------------------------------------------------------------------

_AS_NEW = say("请用 Word、Excel 或 WPS 打开，另存为 .docx、.xlsx 或 PDF 后再上传。")
_MACRO_PARTS = {"macros", "vba", "_vba_project", "_vba_project_cur", "_vba_project_cur2"}
_ENCRYPTED_PARTS = {"encryptedpackage", "encryptioninfo", "\x06dataspaces"}
_OBJECT_PART = re.compile(r"^(mbd[0-9a-f]{4,}|\x01ole10native|package)$", re.IGNORECASE)
_CONTROL_PART = re.compile(r"^\x03?ocx", re.IGNORECASE)
# A field begins with 0x13; Word keeps text in one byte a character, or in two.
_DDE_FIELD = re.compile(
    rb"\x13(\s|\\)*DDE(AUTO)?\s|\x13\x00(\s\x00)*D\x00D\x00E\x00(A\x00U\x00T\x00O\x00)?\s\x00", re.IGNORECASE
)
_FILEPASS, _BOUNDSHEET, _SHEET_END = 0x2F, 0x85, 0x0A
_MACRO_SHEETS = {1, 6}


def _check_compound(file: BinaryIO) -> str:
    """Word 97, Excel 97 and what WPS writes: no macros, no embedded files, no controls, no password, no DDE."""
    try:
        found = Compound(file)
        for part in found.parts:
            _check_part(found, part)
        tops = {part.name.casefold(): part for part in found.parts if len(part.path) == 1}
        if document := tops.get("worddocument"):
            _check_word(found, document)
            return "doc"
        if book := tops.get("workbook") or tops.get("book"):
            _check_book(found, book)
            return "xls"
    except BadCompound as error:
        raise Rejected(
            "damaged", say("文件不完整或已损坏。请先确认它能正常打开。{as_new}", as_new=_AS_NEW)
        ) from error
    raise Rejected(
        "ole_kind",
        say(
            "这个文件不是 Word 文档或 Excel 表格（可能是演示文稿、邮件、安装包或其他类型）。"
            "请用原来的软件打开，另存为 PDF 后再上传。"
        ),
    )


def _check_part(found: Compound, part: Part) -> None:
    name = part.name.casefold()
    if name in _ENCRYPTED_PARTS:
        raise _locked_document()
    if name in _MACRO_PARTS:
        raise Rejected("macro", _REFUSED_PARTS["macro"])
    if _CONTROL_PART.match(name):
        raise Rejected("activex", _REFUSED_PARTS["activex"])
    if _OBJECT_PART.match(name) or (len(part.path) > 1 and part.path[0].casefold() == "objectpool"):
        raise Rejected("embedded", _REFUSED_PARTS["embedded"])
    if part.kind == STREAM:  # a chain that is cut or runs in a circle shows only when it is walked
        for _ in found.read(part):
            pass


def _check_word(found: Compound, document: Part) -> None:
    head = b"".join(found.read(document, 64))
    if len(head) < 12 or head[:2] not in (b"\xec\xa5", b"\xdc\xa5"):
        raise BadCompound("no Word document")
    if int.from_bytes(head[10:12], "little") & 0x0100:
        raise _locked_document()
    before = b""
    for piece in found.read(document):
        if _DDE_FIELD.search(before + piece):
            raise Rejected(
                "dde", say("文档中含有调用其他程序的域（DDE），不能接收。请删除该域，或另存为 PDF 后再上传。")
            )
        before = piece[-64:]


def _check_book(found: Compound, book: Part) -> None:
    """Walk the records of the workbook's first part, where sheets are listed and a password is announced."""
    waiting = bytearray()
    for piece in found.read(book):
        waiting += piece
        while len(waiting) >= 4:
            kind, length = int.from_bytes(waiting[:2], "little"), int.from_bytes(waiting[2:4], "little")
            if len(waiting) < 4 + length:
                break
            record = bytes(waiting[4 : 4 + length])
            del waiting[: 4 + length]
            if kind == _SHEET_END:
                return
            if kind == _FILEPASS:
                raise _locked_document()
            if kind == _BOUNDSHEET and length > 5 and record[5] in _MACRO_SHEETS:
                raise Rejected("macro", _REFUSED_PARTS["macro"])
    raise BadCompound("the workbook does not end")


def _locked_document() -> Rejected:
    return Rejected(
        "encrypted", say("文档设有打开密码，受理机构无法查看和归档。请取消密码后另存，或另存为 PDF，再上传。")
    )


# --- pictures of pages -------------------------------------------------------------------------------------------


def draw(file: BinaryIO, kind: str, *, page: int, width: int) -> bytes:
    """A page (from 1) as JPEG, `width` pixels wide at most; IndexError when there is no such page."""
    if kind == "pdf":
        image = _draw_pdf(file, page, width)
    else:
        Image.MAX_IMAGE_PIXELS = None
        file.seek(0)
        with Image.open(file) as opened:
            if page > getattr(opened, "n_frames", 1):
                raise IndexError(page)
            opened.seek(page - 1)
            check_pixels(*opened.size, say("图片"))
            opened.thumbnail((width, width * _LONGEST_PICTURE), reducing_gap=2.0)
            image = ImageOps.exif_transpose(opened)
    if image.mode in ("RGBA", "LA", "P", "PA"):
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "white")
        image.paste(clear, mask=clear.getchannel("A"))
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=82, progressive=True)
    return out.getvalue()


def _draw_pdf(file: BinaryIO, page: int, width: int) -> Image.Image:
    import pypdfium2

    document = pypdfium2.PdfDocument(file)
    if not 1 <= page <= len(document):
        raise IndexError(page)
    sheet = document[page - 1]
    wide, high = sheet.get_size()
    # A page may be a strip a kilometre long, or as thin as a hair.
    scale = min(width / max(wide, 1), width * _LONGEST_PICTURE / max(high, 1))
    drawn: Image.Image = sheet.render(scale=max(scale, 0.001)).to_pil()
    return drawn


_LONGEST_PICTURE = 4


# --- the process -------------------------------------------------------------------------------------------------


def serve(answer: Answer | None = None, *, memory: int = MEMORY) -> None:
    """Take files from standard input (a socket) until it closes; each goes to a child of its own, which answers.

    A child has `memory` bytes of address space.
    """
    control = socket.socket(fileno=os.dup(0))
    os.setsid()  # Ctrl-C in the server's terminal is not for us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What is loaded here, no child has to load.
    Image.preinit()
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        if len(descriptors) == 2 and os.fork() == 0:
            _judge(control, answer or _answer, memory, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _judge(
    control: socket.socket, answer_to: Answer, memory: int, file_descriptor: int, answer_descriptor: int
) -> NoReturn:
    """Be the child: limit this process, judge one file, answer, die."""
    try:
        control.close()
        _limit(memory)
        with socket.socket(fileno=answer_descriptor) as caller, open(file_descriptor, "rb") as file:
            asked = json.loads(caller.makefile("rb").readline(_LONGEST_QUESTION))
            caller.sendall(b"+")
            _limit_time(asked["seconds"])
            try:
                answer = answer_to(file, asked)
            except Rejected as error:
                answer = {"code": error.code, "said": pack(error.said)}
            except MemoryError:
                os._exit(1)
            caller.sendall(json.dumps(answer).encode())
    except BaseException:  # noqa: BLE001  # a child must never return into the loop
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _answer(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    if "page" not in asked:
        return check(file, asked["kind"], archive=asked.get("archive", False))
    try:
        drawn = draw(file, asked["kind"], page=asked["page"], width=asked["width"])
    except MemoryError:
        raise
    except Exception as error:  # what was sound for one reader may still trouble another
        raise Rejected("no_picture", say("这一页画不出来。请下载后查看。")) from error
    return {"picture": base64.b64encode(drawn).decode()}


def _limit_time(seconds: int) -> None:
    """Time by the size of the file; the soft limit on the processor ends the process, as the alarm does."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    most = seconds * _CPU_SECONDS // WALL_SECONDS
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))


def _limit(memory: int) -> None:
    for what, most in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_AS, memory),
    ):
        # macOS has no limit on address space; the others hold everywhere.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
