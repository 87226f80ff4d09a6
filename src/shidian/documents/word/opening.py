"""Opens a .docx with distrust: no bombs, no entities, nothing from outside; says what in it is never read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from lxml import etree

from shidian.core.said import say
from shidian.core.zips import BadZip, Entry, is_bomb, read_chunks, read_entries

MOST_PARTS = 10_000
LARGEST_PART = 48 << 20
LARGEST_TOTAL = 512 << 20
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_NEVER_READ = (
    (re.compile(r"vbaproject|vbadata", re.IGNORECASE), say("宏（没有运行，也没有保留）")),
    (re.compile(r"/activex/", re.IGNORECASE), say("ActiveX 控件")),
    (re.compile(r"/embeddings/|/oleobject", re.IGNORECASE), say("嵌入的其他文件")),
    (re.compile(r"/afchunk|\.(mht|htm|html|rtf)$", re.IGNORECASE), say("嵌入的其他格式的内容")),
)
_LINK = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Unreadable(Exception):
    """The file cannot be read; `said` says why and what to do, `code` is for programs."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = said


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of a Word file that hold text, parsed; None where a file has no such part."""

    document: Any
    numbering: Any
    styles: Any
    footnotes: Any
    endnotes: Any
    comments: Any
    custom: Any
    never_read: tuple[str, ...]
    links: Mapping[str, str]
    """The parts that hold pictures, by what the document calls them."""
    media: Callable[[str, int], bytes]
    """The content of such a part, or nothing: it is not there, damaged or larger. Only while the file is open."""


def open_docx(file: BinaryIO) -> Opened:
    """Read the parts of a .docx, .docm or .dotx; Unreadable names the fault and what to do."""
    try:
        entries = {
            entry.name: entry
            for entry in read_entries(file, max_entries=MOST_PARTS)
            if not entry.is_directory
        }
        if sum(entry.size for entry in entries.values()) > LARGEST_TOTAL or any(
            is_bomb(entry.size, entry.compressed) for entry in entries.values()
        ):
            raise _bomb()
        if "[Content_Types].xml" not in entries:
            raise Unreadable("not_word", say("这个压缩包里没有 Word 文档。请直接上传 Word 文件，不要压缩。"))
        never_read = tuple(
            words for pattern, words in _NEVER_READ if any(pattern.search("/" + name) for name in entries)
        )
        main = _main_part(file, entries)
        folder = main.rpartition("/")[0]
        document = _parse(file, entries.get(main))
        if document is None:
            raise Unreadable(
                "not_word",
                say(
                    "这个文件里没有 Word 正文（可能是表格或演示文稿）。请上传用 Word 或 WPS 文字填写的申请书。"
                ),
            )
        near = {
            name: _parse(file, entries.get(f"{folder}/{name}.xml" if folder else f"{name}.xml"), needed=False)
            for name in ("numbering", "styles", "footnotes", "endnotes", "comments")
        }
        custom = _parse(file, entries.get("docProps/custom.xml"), needed=False)
        if any(
            _outside(file, entry) for name, entry in entries.items() if name.endswith("document.xml.rels")
        ):
            never_read += (say("指向文件以外的图片、模板或对象"),)
        links = _pictures(file, entries, main)
    except BadZip as error:
        raise _bad_zip(error) from error

    def media(part: str, most: int) -> bytes:
        entry = entries.get(part)
        try:
            return b"".join(read_chunks(file, entry)) if entry is not None and entry.size <= most else b""
        except BadZip:
            return b""

    return Opened(document=document, custom=custom, never_read=never_read, links=links, media=media, **near)


def _main_part(file: BinaryIO, entries: dict[str, Entry]) -> str:
    links = _parse(file, entries.get("_rels/.rels"), needed=False)
    if links is not None:
        for link in links.iter(_LINK):
            if link.get("Type", "").endswith("/officeDocument"):
                return str(link.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _pictures(file: BinaryIO, entries: dict[str, Entry], main: str) -> dict[str, str]:
    folder, _slash, name = main.rpartition("/")
    links = _parse(file, entries.get(posixpath.join(folder, "_rels", f"{name}.rels")), needed=False)
    found = {}
    for link in links.iter(_LINK) if links is not None else ():
        if link.get("Type", "").endswith("/image") and link.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))
            found[str(link.get("Id", ""))] = target.lstrip("/")
    return found


def _outside(file: BinaryIO, entry: Entry) -> bool:
    links = _parse(file, entry, needed=False)
    return links is not None and any(
        link.get("TargetMode") == "External" and not link.get("Type", "").endswith("/hyperlink")
        for link in links.iter(_LINK)
    )


def _parse(file: BinaryIO, entry: Entry | None, *, needed: bool = True) -> Any:
    if entry is None:
        return None
    if entry.size > LARGEST_PART:
        raise _bomb()
    content = b"".join(read_chunks(file, entry))
    # UTF-16 hides a DOCTYPE from a plain search; without the zero bytes it reads like ASCII.
    if _DOCTYPE.search(content[:4096]) or _DOCTYPE.search(content[:8192].replace(b"\x00", b"")):
        raise Unreadable(
            "doctype",
            say(
                "文档内部含有不该有的声明（DOCTYPE），不能读取。请用 Word 或 WPS 打开，另存为 .docx 后再上传。"
            ),
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.parse(BytesIO(content), parser).getroot()
    except etree.XMLSyntaxError as error:
        if not needed:
            return None
        raise Unreadable(
            "damaged", say("文档内部的数据已损坏。请用 Word 或 WPS 打开，另存为 .docx 后再上传。")
        ) from error


def _bomb() -> Unreadable:
    return Unreadable(
        "bomb",
        say("文件解压后大得不正常，不能读取。请用 Word 或 WPS 打开，删去多余的图片和空行，另存后再上传。"),
    )


def _bad_zip(error: BadZip) -> Unreadable:
    if error.code == "encrypted":
        return Unreadable(
            "encrypted", say("文件设有密码，读不出来。请在 Word 或 WPS 中取消密码，另存后再上传。")
        )
    return Unreadable(
        "damaged",
        say(
            "文件不完整或已损坏：{error}。请确认它能用 Word 或 WPS 打开，另存为 .docx 后再上传。",
            error=error.said,
        ),
    )
