"""Takes in whatever people call a Word file: says what it is by its content, and what in it is left unread.

The structural checks of uploads come first. What they refuse as dangerous is not needed for reading, so the text is
still read and the danger named; what cannot be read at all gets its reason and what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from shidian.core import compound
from shidian.core.said import say
from shidian.core.zips import BadZip, is_bomb, read_chunks, read_entries
from shidian.documents.intake import Rejected, format_size, inspect
from shidian.documents.word.conversion import to_docx
from shidian.documents.word.opening import LARGEST_TOTAL, MOST_PARTS, Unreadable

MAX_BYTES = 30_000_000
LARGEST_MANIFEST = 5_000_000
ACCEPT = ".docx,.doc,.wps,.odt,.rtf,.docm,.dotx,.fodt"

_SAVE_AS = say("请用 Word 或 WPS 打开，另存为 .docx 再上传。")
_DANGERS = {
    "macro": say("宏（没有运行，也没有保留）"),
    "activex": say("ActiveX 控件"),
    "embedded": say("嵌入的其他文件或对象"),
    "external": say("指向文件以外的内容（没有读取）"),
    "dde": say("调用其他程序的域（没有执行）"),
    "ooxml_kind": "",
    "extension": "",
}
"""Refusals of the intake that do not stand against reading the text, and what is then left out."""
_LOCKED = say("文件设有打开密码，读不出来。请在 Word 或 WPS 中取消密码，另存后再上传。")
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_TEXT = b"application/vnd.oasis.opendocument.text"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as .docx. `label` says what it was, `converted` whether LibreOffice had to read it."""

    docx: bytes
    label: str
    converted: bool
    dropped: tuple[str, ...]


def take(file: BinaryIO, *, name: str, max_bytes: int = MAX_BYTES) -> Taken:
    """Read an upload of any of these formats: .docx, .doc, .wps, .odt, .rtf (also .docm, .dotx, .fodt, Word XML).

    Unreadable says why not and what to do: empty, too large, locked by a password, damaged, of another kind, or in
    need of LibreOffice where there is none.
    """
    file.seek(0)
    content = file.read(max_bytes + 1)
    if not content:
        raise Unreadable("empty", say("文件是空的（0 字节）。请检查原文件能否正常打开，再重新上传。"))
    if len(content) > max_bytes:
        raise Unreadable(
            "too_large",
            say("文件超过上限 {size}。请删去或压缩其中的图片，另存后再上传。", size=format_size(max_bytes)),
        )
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(content, name)
    if content.startswith(compound.MAGIC):
        return _old_word(content, name)
    if content.startswith(b"{\\rtf"):
        dropped = (say("嵌入的其他文件或对象"),) if b"\\object" in content else ()
        return Taken(to_docx(content, "rtf"), say("RTF 文档（.rtf）"), True, dropped)
    return _plain(content)


def _zip(content: bytes, name: str) -> Taken:
    file = BytesIO(content)
    try:
        entries = {entry.name: entry for entry in read_entries(file, max_entries=MOST_PARTS)}
        total = sum(entry.size for entry in entries.values())
        if total > LARGEST_TOTAL or any(is_bomb(entry.size, entry.compressed) for entry in entries.values()):
            raise Unreadable(
                "bomb",
                say("文件解压后大得不正常，不能读取。请删去多余的图片和空行，另存后再上传。"),
            )
        kind = entries.get("mimetype")
        if kind is not None and kind.size < 200:
            what = b"".join(read_chunks(file, kind)).strip()
            if not what.startswith(_TEXT):
                raise Unreadable(
                    "not_word",
                    say(
                        "{wrong}{advice}",
                        wrong=say("这个文件不是文字文档（可能是表格或演示文稿）。"),
                        advice=_SAVE_AS,
                    ),
                )
            manifest = entries.get("META-INF/manifest.xml")
            listed = manifest is not None and manifest.size < LARGEST_MANIFEST
            if (
                manifest is not None
                and listed
                and b"encryption-data" in b"".join(read_chunks(file, manifest))
            ):
                raise Unreadable("encrypted", _LOCKED)
            macros = any(entry.startswith(("Basic/", "Scripts/")) for entry in entries)
            objects = any(entry.startswith("Object ") for entry in entries)
            dropped = (
                *([say("宏（没有运行，也没有保留）")] if macros else []),
                *([say("嵌入的其他文件或对象")] if objects else []),
            )
            return Taken(to_docx(content, "odt"), say("OpenDocument 文档（.odt）"), True, dropped)
    except BadZip as error:
        if error.code == "encrypted":
            raise Unreadable("encrypted", _LOCKED) from error
        raise Unreadable(
            "damaged", say("文件不完整或已损坏：{error}。{advice}", error=error.said, advice=_SAVE_AS)
        ) from error
    return Taken(content, say("Word 文档（.docx）"), False, _inspected(content, name, "docx"))


def _inspected(content: bytes, name: str, kind: str) -> tuple[str, ...]:
    """What the intake finds dangerous in a file that can be read all the same; its other refusals stand."""
    try:
        inspect(BytesIO(content), name=name, formats=(kind,), max_bytes=len(content))
    except Rejected as rejected:
        if rejected.code in _DANGERS:
            return (_DANGERS[rejected.code],) if _DANGERS[rejected.code] else ()
        if rejected.code == "encrypted":
            raise Unreadable("encrypted", _LOCKED) from rejected
        if rejected.code == "busy":
            raise Unreadable("busy", rejected.said) from rejected
        words = {
            "doctype": say("文档内部含有不该有的声明（DOCTYPE），不能读取。"),
            "archive": say("这是普通的压缩包，不是 Word 文件。请先解压。"),
            "opendocument": say("这个文件不是文字文档。"),
        }.get(rejected.code, say("文件不完整或已损坏，读不出来。"))
        raise Unreadable(rejected.code, say("{wrong}{advice}", wrong=words, advice=_SAVE_AS)) from rejected
    return ()


def _old_word(content: bytes, name: str) -> Taken:
    try:
        names = {part.name.casefold() for part in compound.Compound(BytesIO(content)).parts}
    except compound.BadCompound as error:
        raise Unreadable(
            "damaged", say("{wrong}{advice}", wrong=say("文件不完整或已损坏。"), advice=_SAVE_AS)
        ) from error
    if {"encryptedpackage", "encryptioninfo"} & names:
        raise Unreadable("encrypted", _LOCKED)
    if "worddocument" not in names:
        raise Unreadable(
            "not_word",
            say(
                "{wrong}{advice}",
                wrong=say("这个文件不是 Word 或 WPS 文字文档（可能是表格、演示文稿或邮件）。"),
                advice=_SAVE_AS,
            ),
        )
    dropped = _inspected(content, name, "doc")
    return Taken(to_docx(content, "doc"), say("旧版 Word 或 WPS 文档（.doc、.wps）"), True, dropped)


def _plain(content: bytes) -> Taken:
    head = content[:4096].replace(b"\x00", b"")
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith(b"<?xml"):
        if _DOCTYPE.search(content) or _DOCTYPE.search(content.replace(b"\x00", b"")):
            raise Unreadable(
                "doctype",
                say(
                    "{wrong}{advice}",
                    wrong=say("文档内部含有不该有的声明（DOCTYPE），不能读取。"),
                    advice=_SAVE_AS,
                ),
            )
        if b"office:document" in head and _TEXT in head:
            return Taken(to_docx(content, "fodt"), say("OpenDocument 单文件（.fodt）"), True, ())
        if b"w:wordDocument" in head or b"pkg:package" in head:
            return Taken(to_docx(content, "xml"), say("Word XML 文档（.xml）"), True, ())
    if content.startswith(b"%PDF-"):
        what = say(
            "这是 PDF 文件，其中的文字不能可靠地对回各栏。请上传填写用的 Word 文件（.docx、.doc、.wps、.odt、.rtf）。"
        )
        raise Unreadable("pdf", what)
    if re.search(rb"<(!doctype\s+html|html|head|body|table|meta)|^MIME-Version:", head, re.IGNORECASE):
        raise Unreadable(
            "html",
            say(
                "{wrong}{advice}",
                wrong=say("这个文件其实是网页格式（有的软件存出的 .doc 也是这样），不能读取。"),
                advice=_SAVE_AS,
            ),
        )
    raise Unreadable(
        "unknown",
        say(
            "{wrong}{advice}",
            wrong=say("这不是 Word、WPS、OpenDocument 或 RTF 文档，或者已损坏。"),
            advice=_SAVE_AS,
        ),
    )
