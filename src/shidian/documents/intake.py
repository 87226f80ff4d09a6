"""Says what an uploaded file really is, by its structure and never by its name, or refuses it with a reason.

Here: size, digest, the first bytes, the name. Everything that parses runs in `intake_worker`, in a process of its
own with limits on memory and time: one worker is kept and forks a child for each file (measured: 5 to 9 ms a
small file, against 160 to 380 ms for starting a process that has to import the libraries).
"""

import atexit
import base64
import hashlib
import json
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from shidian.core import compound
from shidian.core.digests import CHUNK
from shidian.core.said import listed, pack, say, unpacked
from shidian.core.zips import ends_with_zip, is_portable_name

WALL_SECONDS = 30
_BYTES_A_SECOND = 5_000_000
_AT_ONCE = 2
_WAIT_FOR_TURN = 60.0
_LONGEST_NAME = 200
_SOURCES = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    # What a child frees it uses again, and in large pages where there are some: of the time for comparing a page, a
    # third went into fetching memory from the system. Other systems than glibc do not look at this.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=32000000"
    ":glibc.malloc.trim_threshold=1000000000:glibc.malloc.top_pad=64000000",
}


class Rejected(Exception):
    """The file cannot be taken; `said` says what is wrong and what to do, `code` is for programs."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = said


class InspectionUnavailable(RuntimeError):
    """The inspector itself does not run: a fault of the installation, not of the file."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is: `extension` without dot, `pages` for PDF and TIFF, 1 for other images, else None."""

    media_type: str
    extension: str
    size: int
    sha256: str
    pages: int | None


@dataclass(frozen=True, slots=True)
class _Format:
    media_type: str
    extensions: tuple[str, ...]
    label: str

    @property
    def spaced(self) -> str:
        return spaced(self.label)


FORMATS = {
    "pdf": _Format("application/pdf", ("pdf",), say("PDF 文件")),
    "jpeg": _Format("image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), say("JPEG 图片")),
    "png": _Format("image/png", ("png",), say("PNG 图片")),
    "tiff": _Format("image/tiff", ("tif", "tiff"), say("TIFF 图片")),
    "docx": _Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ("docx",),
        say("Word 文档（.docx）"),
    ),
    "xlsx": _Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ("xlsx",),
        say("Excel 表格（.xlsx）"),
    ),
    "doc": _Format("application/msword", ("doc", "wps"), say("旧版 Word 或 WPS 文档（.doc、.wps）")),
    "xls": _Format("application/vnd.ms-excel", ("xls", "et"), say("旧版 Excel 或 WPS 表格（.xls、.et）")),
    "zip": _Format("application/zip", ("zip",), say("ZIP 压缩包")),
}

# What a file begins with, what it is then called, and what its owner can do; most dangerous first.
_PROGRAM = say(
    "出于安全考虑不接收程序文件。请确认选对了文件；若文件来历不明，请勿打开，并联系本单位信息技术人员。"
)
_AS_PDF = say("请用原来的软件打开，另存为 PDF 后再上传。")
_AS_JPEG = say("请先转换为 JPEG 图片再上传。")
_UNPACK = say("请先解压，再逐个上传其中的文件。")
_KNOWN_STARTS: tuple[tuple[bytes, str, str, str], ...] = (
    (b"MZ", "program", say("Windows 程序"), _PROGRAM),
    (b"\x7fELF", "program", say("Linux 程序"), _PROGRAM),
    (b"\xfe\xed\xfa\xce", "program", say("macOS 程序"), _PROGRAM),
    (b"\xfe\xed\xfa\xcf", "program", say("macOS 程序"), _PROGRAM),
    (b"\xce\xfa\xed\xfe", "program", say("macOS 程序"), _PROGRAM),
    (b"\xcf\xfa\xed\xfe", "program", say("macOS 程序"), _PROGRAM),
    (b"\xca\xfe\xba\xbe", "program", say("程序"), _PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "program", say("Windows 快捷方式"), _PROGRAM),
    (b"#!", "program", say("脚本程序"), _PROGRAM),
    (compound.MAGIC, "office97", say("旧版 Office 或 WPS 文档，或设有打开密码的文档"), _AS_PDF),
    (b"{\\rtf", "rtf", say("RTF 文档"), _AS_PDF),
    (b"%!PS", "postscript", say("PostScript 文件"), _AS_PDF),
    (b"Rar!", "archive", say("RAR 压缩包"), _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "archive", say("7z 压缩包"), _UNPACK),
    (b"\x1f\x8b", "archive", say("gzip 压缩包"), _UNPACK),
    (b"BZh", "archive", say("bzip2 压缩包"), _UNPACK),
    (b"\xfd7zXZ\x00", "archive", say("xz 压缩包"), _UNPACK),
    (b"MSCF", "archive", say("CAB 压缩包"), _UNPACK),
    (b"GIF8", "image", say("GIF 图片"), _AS_JPEG),
    (b"BM", "image", say("BMP 图片"), _AS_JPEG),
    (b"\x00\x00\x00\x0cjP  ", "image", say("JPEG 2000 图片"), _AS_JPEG),
)
_BRANDS = {
    b"heic": say("HEIC 照片"), b"heix": say("HEIC 照片"), b"mif1": say("HEIC 照片"), b"msf1": say("HEIC 照片"), b"avif": say("AVIF 图片"),
}  # fmt: skip
_HTML = re.compile(
    rb"<(!doctype\s+html|html|head|body|script|iframe|meta|title|h1|div|table|a\s)", re.IGNORECASE
)
_SVG = re.compile(rb"<(!doctype\s+)?svg", re.IGNORECASE)


def inspect(file: BinaryIO, *, name: str, formats: Collection[str], max_bytes: int) -> Inspected:
    """Read `file` to its end (or to `max_bytes`) and return what it is; afterwards it stands at its beginning.

    `formats` are keys of FORMATS. Refuses with Rejected: an empty or too large file, a kind not in `formats`, a
    name whose extension says something else than the content, and everything that `intake_worker` refuses
    (damaged, encrypted, active content, macros, bombs, absurd dimensions). Memory does not grow with the file.
    """
    with tempfile.TemporaryFile(prefix="shidian-intake-") as copy:
        sha256, size = _copy(file, copy, max_bytes)
        found = _inspected(cast(BinaryIO, copy), sha256, size, name, formats)
    if file.seekable():
        file.seek(0)
    return found


def inspect_kept(path: Path, *, name: str, formats: Collection[str], max_bytes: int) -> Inspected:
    """The same for a file that nobody else can write to any more: read where it lies, without a copy."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size > max_bytes:
            raise too_large(size, max_bytes)
        if size == 0:
            raise _empty()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _inspected(file, sha256, size, name, formats)


def _inspected(file: BinaryIO, sha256: str, size: int, name: str, formats: Collection[str]) -> Inspected:
    file.seek(0)
    kind = kind_by_start(file.read(HEAD), formats)
    if kind not in ("zip", "ole"):
        _check_allowed(kind, formats)
    # Polyglots: a picture or PDF that is also an archive would pass every check of one of its two natures.
    if kind != "zip" and ends_with_zip(file):
        raise polyglot(kind)
    found = _inspector.inspect(file, kind, size, archive="zip" in formats)
    kind = str(found["kind"])
    _check_allowed(kind, formats)
    check_extension(name, kind)
    known = FORMATS[kind]
    return Inspected(known.media_type, known.extensions[0], size, sha256, found["pages"])


def picture(path: Path, media_type: str, *, page: int, width: int) -> bytes | None:
    """A page of a kept PDF or picture as JPEG, `width` pixels wide at most; None when it cannot be drawn.

    Drawn in the same kind of limited process that inspects files; Rejected ("busy") when no turn came.
    """
    kind = next((key for key, known in FORMATS.items() if known.media_type == media_type), "")
    if kind not in ("pdf", "jpeg", "png", "tiff"):
        return None
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        try:
            answer = _inspector.inspect(file, kind, size, page=page, width=width)
        except Rejected as error:
            if error.code == "busy":
                raise
            return None
    return base64.b64decode(answer["picture"])


def safe_name(name: str) -> str:
    """Return a file name to keep and to show: Chinese stays, paths, controls and hidden marks go.

    The result is in normal form C, at most 200 bytes of UTF-8 (the extension is kept), never empty, and can be
    unpacked on Windows, macOS and Linux.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode("utf-8"))
    text = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    # Cf holds the marks that turn text around: "申请书\u202efdp.exe" must not look like a PDF.
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    text = " ".join(text.translate(_FULL_WIDTH).split()).rstrip(". ")
    stem, dot, extension = text.rpartition(".")
    if not dot or not re.fullmatch(r"[0-9A-Za-z]{1,10}", extension):
        stem, extension = text, ""
    suffix = f".{extension}" if extension else ""
    stem = _cut(stem, _LONGEST_NAME - len(suffix)).strip(". ") or "未命名"
    kept = unicodedata.normalize("NFC", stem + suffix)
    return kept if is_portable_name(kept) else f"_{kept}"


def format_size(size: int) -> str:
    """Return a size as people read it (1 MB is a million bytes), rounded up: over a limit never looks like it."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)):
        if size >= factor:
            tenths = -(-size * 10 // factor)
            return f"{tenths // 10} {unit}" if tenths % 10 == 0 else f"{tenths / 10:.1f} {unit}"
    return say("{size} 字节", size=size)


_FULL_WIDTH = str.maketrans('<>:"|?*', "＜＞：＂｜？＊")


def spaced(label: str) -> str:
    """Set off a Latin beginning from the Chinese before it."""
    return say(" {label}", label=label) if label[:1].isascii() else label


def _cut(text: str, most_bytes: int) -> str:
    return text.encode("utf-8")[:most_bytes].decode("utf-8", "ignore")


def _copy(file: BinaryIO, copy: IO[bytes], max_bytes: int) -> tuple[str, int]:
    """Copy what will be judged, so that nobody can exchange it meanwhile; return digest and size."""
    limit = format_size(max_bytes)
    if file.seekable():
        known = file.seek(0, os.SEEK_END)
        file.seek(0)
        if known > max_bytes:
            raise too_large(known, max_bytes)
    digest = hashlib.sha256()
    size = 0
    while piece := file.read(min(CHUNK, max_bytes - size + 1)):
        size += len(piece)
        if size > max_bytes:
            raise _shrink(
                say(
                    "文件超过上限 {limit}（读到 {size} 时仍未结束，已停止接收）。",
                    limit=limit,
                    size=format_size(size),
                )
            )
        digest.update(piece)
        copy.write(piece)
    if size == 0:
        raise _empty()
    copy.flush()
    return digest.hexdigest(), size


def _empty() -> Rejected:
    return Rejected("empty", say("文件是空的（0 字节）。请检查原文件能否正常打开，再重新上传。"))


def too_large(size: int, max_bytes: int) -> Rejected:
    """The refusal of a file of `size` bytes where `max_bytes` are taken."""
    return _shrink(
        say("文件大小为 {size}，超过上限 {size_2}。", size=format_size(size), size_2=format_size(max_bytes))
    )


def polyglot(kind: str) -> Rejected:
    """The refusal of a file of `kind` that is an archive as well."""
    label = say("旧版文档") if kind == "ole" else FORMATS[kind].spaced
    return Rejected(
        "polyglot",
        say("这个{label}的末尾藏有一个压缩包，不能接收。请用原来的软件重新导出后再上传。", label=label),
    )


def _shrink(what: str) -> Rejected:
    return Rejected(
        "too_large",
        say("{what}请降低扫描分辨率（建议 200 至 300 DPI）、压缩图片或拆分成几个文件后再上传。", what=what),
    )


HEAD = 4096


_FORMAT_STARTS = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)


def kind_by_start(head: bytes, formats: Collection[str]) -> str:
    """Return the format that a file with this beginning is, or refuse it by its name.

    "zip" stands for any zip, "ole" for a compound file where `formats` takes one.
    """
    for start, kind in _FORMAT_STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(compound.MAGIC) and {"doc", "xls"} & set(formats):
        return "ole"
    for start, code, label, advice in _KNOWN_STARTS:
        if head.startswith(start):
            raise Rejected(
                code,
                say(
                    "这个文件实际上是{label}，与要求的格式不符。{advice}", label=spaced(label), advice=advice
                ),
            )
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        raise Rejected(
            "image", say("这个文件实际上是 WebP 图片，与要求的格式不符。{as_jpeg}", as_jpeg=_AS_JPEG)
        )
    if head[4:8] == b"ftyp":
        picture = _BRANDS.get(head[8:12])
        label = picture or say("视频或音频")
        advice = _AS_JPEG if picture else say("请确认选对了文件。")
        raise Rejected(
            "image" if picture else "media",
            say("这个文件实际上是{label}，与要求的格式不符。{advice}", label=spaced(label), advice=advice),
        )
    raise _refuse_text_or_unknown(head)


def _refuse_text_or_unknown(head: bytes) -> Rejected:
    plain = head.replace(b"\x00", b"") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    begins = plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x0c")
    if begins.startswith(b"<"):
        if _SVG.search(begins):
            return Rejected(
                "svg",
                say("这个文件实际上是 SVG 图形（其中可以含有脚本），不能接收。{as_pdf}", as_pdf=_AS_PDF),
            )
        if _HTML.search(begins):
            return Rejected(
                "html",
                say("这个文件实际上是网页（HTML），不能接收。请在浏览器中打开后“打印为 PDF”，再上传 PDF。"),
            )
        return Rejected("text", say("这个文件实际上是 XML 文本，与要求的格式不符。{as_pdf}", as_pdf=_AS_PDF))
    if b"%PDF-" in head[:1024]:
        return Rejected(
            "damaged", say("PDF 文件开头有多余的内容。请用 PDF 阅读器打开，另存或“打印为 PDF”后再上传。")
        )
    if b"\x00" not in plain and not any(byte < 9 or 13 < byte < 27 for byte in plain):
        return Rejected(
            "text", say("这个文件实际上是纯文本或脚本，与要求的格式不符。{as_pdf}", as_pdf=_AS_PDF)
        )
    return Rejected(
        "unknown",
        say("认不出这个文件的格式，它可能已损坏。请检查原文件能否正常打开，重新导出或扫描后再上传。"),
    )


def _check_allowed(kind: str, formats: Collection[str]) -> None:
    if kind not in formats:
        wanted = listed([FORMATS[key].label for key in FORMATS if key in formats])
        raise Rejected(
            "format",
            say(
                "这是{spaced}，这里只接收{wanted}。请转换格式后再上传。",
                spaced=FORMATS[kind].spaced,
                wanted=spaced(wanted),
            ),
        )


def check_extension(name: str, kind: str) -> None:
    """Refuse a name that says something else; a name without extension says nothing and is fine."""
    _rest, dot, extension = safe_name(name).rpartition(".")
    known = FORMATS[kind]
    if dot and re.fullmatch(r"[0-9A-Za-z]{1,10}", extension) and extension.lower() not in known.extensions:
        raise Rejected(
            "extension",
            say(
                "文件名以“.{extension}”结尾，内容却是{spaced}。请确认选对了文件，把文件名的结尾改为“.{extensions}”后再上传。",
                extension=extension,
                spaced=known.spaced,
                extensions=known.extensions[0],
            ),
        )


def patience(size: int) -> int:
    """How many seconds a file of `size` bytes may be looked at."""
    return WALL_SECONDS + size // _BYTES_A_SECOND


def _reap(pid: int) -> None:
    """Wait for a worker whose socket is closed; end it if it does not go by itself."""
    with suppress(ChildProcessError, ProcessLookupError):
        for _rest in range(100):
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Inspector:
    """The worker process, started when first needed, again when it died, and anew in a forked process.

    `worker` is a module with a function `serve`: see `intake_worker`.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        self._control: socket.socket | None = None
        self._pid = 0
        self._owner = 0

    def inspect(self, copy: IO[bytes], kind: str, size: int, **options: Any) -> dict[str, Any]:
        """Return what the worker found, or raise the Rejected it answered with."""
        asked = {"kind": kind, "seconds": patience(size), **options}
        if not self._turn.acquire(timeout=_WAIT_FOR_TURN):
            raise Rejected("busy", say("当前上传检查较多，没有轮到这个文件。请稍等一分钟后再上传。"))
        try:
            answer = self._ask(copy, asked) or self._ask(copy, asked)
        finally:
            self._turn.release()
        if answer is None:
            raise InspectionUnavailable("the file inspector does not start")
        if "code" in answer:
            raise Rejected(answer["code"], unpacked(answer["said"]))
        return answer

    def _ask(self, copy: IO[bytes], asked: dict[str, Any]) -> dict[str, Any] | None:
        """Hand the file to a fresh child; None when there was no worker to take it."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    self._send([copy.fileno(), theirs.fileno()])
                except OSError:
                    self.stop()
                    return None
            ours.settimeout(asked["seconds"] + 5)
            try:
                ours.sendall(json.dumps(asked).encode() + b"\n")
                received = b""
                while piece := ours.recv(65536):
                    received += piece
            except TimeoutError:
                received = b"+"
            except OSError:
                received = b""
        if not received:
            self.stop()
            return None
        # The child says "+" when it begins; one that begins and does not answer was stopped by its limits.
        if received == b"+":
            return {
                "code": "too_complex",
                "said": pack(
                    say(
                        "这个文件结构过于复杂或已损坏，无法在限定的时间和内存内检查完。"
                        "请用原来的软件打开，“打印为 PDF”或重新扫描后再上传。"
                    )
                ),
            }
        found: dict[str, Any] = json.loads(received[1:])
        return found

    def _send(self, descriptors: list[int]) -> None:
        with self._lock:
            if self._control is None or self._owner != os.getpid():
                self._control = self._start()
            socket.send_fds(self._control, [b"f"], descriptors)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        command = "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module; import_module(sys.argv[2]).serve()"
        with theirs:
            # posix_spawn, not fork: web processes have threads. Standard input is the only thing handed over.
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-c", command, str(_SOURCES), self._worker],
                _ENVIRONMENT,
                file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)],
            )
        self._owner = os.getpid()
        return ours

    def stop(self) -> None:
        """End the worker of this process, if there is one; the next file starts another."""
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
                if self._owner == os.getpid():
                    _reap(self._pid)


_inspector = Inspector("shidian.documents.intake_worker")
atexit.register(_inspector.stop)
