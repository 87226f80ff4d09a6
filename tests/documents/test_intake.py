"""What an upload really is: good files of each kind pass, every hostile sample is refused for its own reason."""

import hashlib
import io
import os
import struct
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

import pikepdf
import pytest
import typst
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, StreamDecodeLevel, String
from PIL import Image

from shidian.documents import intake, intake_worker
from shidian.documents.intake import Inspected, Rejected, format_size, inspect, safe_name
from tests.zip_samples import overlapping, zeros

ALL = ("pdf", "jpeg", "png", "tiff", "docx", "xlsx")
MEGABYTE = 1_000_000


def look(data: bytes, name: str = "", formats: tuple[str, ...] = ALL, most: int = 50 * MEGABYTE) -> Inspected:
    return inspect(io.BytesIO(data), name=name, formats=formats, max_bytes=most)


def refusal(
    data: bytes, name: str = "", formats: tuple[str, ...] = ALL, most: int = 50 * MEGABYTE
) -> Rejected:
    with pytest.raises(Rejected) as caught:
        look(data, name, formats, most)
    message = str(caught.value)
    # Every refusal is a Chinese sentence that also says what to do.
    assert message.endswith("。")
    assert "请" in message
    return caught.value


# --- samples ---


def pdf(
    change: Callable[[pikepdf.Pdf], object] = lambda document: None, pages: int = 2, **options: object
) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    change(document)
    out = io.BytesIO()
    if "encryption" not in options:  # streams stay packed as the sample has them
        options |= {"stream_decode_level": StreamDecodeLevel.none, "compress_streams": False}
    document.save(out, **options)
    return out.getvalue()


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (400, 300), **options: object) -> bytes:
    image = Image.effect_noise(size, 80).convert(mode)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def types(main: str = WORD, part: str = "/word/document.xml", more: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="{part}" ContentType="{main}"/>'
        f"{more}</Types>"
    )


def rels(*links: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="r{n}" Type="{kind}" Target="{target}" TargetMode="{mode}"/>'
        for n, (kind, target, mode) in enumerate(links)
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def document(body: str = "<w:p><w:r><w:t>申请书 𬭎𠅤㛃</w:t></w:r></w:p>") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'


def docx(more: dict[str, str | bytes] | None = None) -> bytes:
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": types(),
        "_rels/.rels": rels((f"{OFFICE}/officeDocument", "word/document.xml", "Internal")),
        "word/document.xml": document(),
        "word/_rels/document.xml.rels": rels((f"{OFFICE}/hyperlink", "https://www.sac.gov.cn/", "External")),
        **(more or {}),
    }
    return zipped(parts)


def xlsx(more: dict[str, str | bytes] | None = None) -> bytes:
    return zipped({
        "[Content_Types].xml": types(EXCEL, "/xl/workbook.xml"),
        "_rels/.rels": rels((f"{OFFICE}/officeDocument", "/xl/workbook.xml", "Internal")),
        "xl/workbook.xml": '<?xml version="1.0"?><workbook/>',
        **(more or {}),
    })  # fmt: skip


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook() -> bytes:
    """A workbook as a common program writes it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("经费")
    sheet.write_string(0, 0, "设备费")
    sheet.write_url(1, 0, "https://www.sac.gov.cn/")
    sheet.insert_image(2, 0, "a.png", {"image_data": io.BytesIO(picture("PNG"))})
    book.close()
    return out.getvalue()


def typeset() -> bytes:
    return typst.compile(
        b'= Form\n#link("https://www.sac.gov.cn/")[link]\n#pagebreak()\ntext', pdf_standards="a-3b"
    )


class Endless(io.RawIOBase):
    """An upload of a given length that exists only while it is read."""

    def __init__(self, length: int, *, seekable: bool) -> None:
        self._length, self._at, self._seekable, self.taken = length, 0, seekable, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (self._length if whence == os.SEEK_END else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "the upload was asked for as a whole"
        piece = b"%PDF-1.7"[self._at : self._at + size] or b"x" * max(0, min(size, self._length - self._at))
        self._at += len(piece)
        self.taken += len(piece)
        return piece


# --- good files ---


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (pdf(pages=3), "申请书.pdf", ("application/pdf", "pdf", 3)),
        (pdf(), "扫描件.PDF", ("application/pdf", "pdf", 2)),
        (pdf(linearize=True), "a.pdf", ("application/pdf", "pdf", 2)),
        (
            pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate),
            "没有扩展名",
            ("application/pdf", "pdf", 2),
        ),
        (picture("JPEG"), "盖章页 𬭎𠅤㛃.jpeg", ("image/jpeg", "jpg", 1)),
        (picture("JPEG", "CMYK"), "a.jpg", ("image/jpeg", "jpg", 1)),
        (picture("JPEG", "L", progressive=True), "a.jfif", ("image/jpeg", "jpg", 1)),
        (picture("PNG"), "a.png", ("image/png", "png", 1)),
        (picture("PNG", "1"), "a.png", ("image/png", "png", 1)),
        (picture("PNG", "RGBA"), "a.png", ("image/png", "png", 1)),
        (picture("TIFF", compression="tiff_lzw"), "a.tif", ("image/tiff", "tif", 1)),
        (
            picture("TIFF", save_all=True, append_images=[Image.new("L", (50, 50))]),
            "a.tiff",
            ("image/tiff", "tif", 2),
        ),
        (docx(), "第一.二部分.docx", (intake.FORMATS["docx"].media_type, "docx", None)),
        (workbook(), "经费 预算.xlsx", (intake.FORMATS["xlsx"].media_type, "xlsx", None)),
        (typeset(), "正式表格.pdf", ("application/pdf", "pdf", 2)),
        (xlsx(), "a.xlsx", (intake.FORMATS["xlsx"].media_type, "xlsx", None)),
    ],
)
def test_a_good_file_is_recognised(data: bytes, name: str, expected: tuple[str, str, int | None]) -> None:
    found = look(data, name)

    assert (found.media_type, found.extension, found.pages) == expected
    assert found.size == len(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_the_file_stands_at_its_beginning_afterwards() -> None:
    file = io.BytesIO(pdf())
    file.seek(5)

    inspect(file, name="a.pdf", formats=["pdf"], max_bytes=MEGABYTE)

    assert file.tell() == 0


def test_a_real_file_and_a_file_of_exactly_the_limit_pass(tmp_path: Path) -> None:
    data = pdf()
    (tmp_path / "a.pdf").write_bytes(data)

    with (tmp_path / "a.pdf").open("rb") as file:
        assert inspect(file, name="a.pdf", formats=["pdf"], max_bytes=len(data)).size == len(data)


def test_a_pdf_with_slightly_wrong_offsets_passes() -> None:
    shifted = pdf(object_stream_mode=pikepdf.ObjectStreamMode.disable).replace(
        b"startxref\n", b"startxref\n1"
    )

    assert look(shifted, "scanner.pdf").pages == 2


# --- size ---


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"", "a.pdf").code == "empty"


@pytest.mark.parametrize("seekable", [True, False])
def test_an_upload_of_200_mb_is_refused_while_it_is_read(seekable: bool) -> None:
    upload = Endless(200 * MEGABYTE, seekable=seekable)
    tracemalloc.start()

    with pytest.raises(Rejected) as caught:
        inspect(upload, name="a.pdf", formats=ALL, max_bytes=50 * MEGABYTE)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert "上限 50 MB" in str(caught.value)
    assert ("200 MB" if seekable else "读到 50.1 MB 时仍未结束") in str(caught.value)
    assert upload.taken == (0 if seekable else 50 * MEGABYTE + 1)
    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 字节"), (999, "999 字节"), (1000, "1 KB"), (50 * MEGABYTE, "50 MB"), (50 * MEGABYTE + 1, "50.1 MB"),
     (1500 * MEGABYTE, "1.5 GB")],
)  # fmt: skip
def test_sizes_are_written_rounded_up(size: int, text: str) -> None:
    assert format_size(size) == text


# --- other kinds under a wrong name ---


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (b"MZ\x90\x00" + bytes(200), "program", "Windows 程序"),
        (b"\x7fELF\x02\x01" + bytes(200), "program", "Linux 程序"),
        (b"\xcf\xfa\xed\xfe" + bytes(200), "program", "macOS 程序"),
        (b"#!/bin/sh\nrm -rf /\n", "program", "脚本程序"),
        (b"@echo off\r\ndel *.*\r\n", "text", "脚本"),
        ("全是文字。".encode(), "text", "纯文本"),
        ("全是文字。".encode("gb18030"), "text", "纯文本"),
        (b"<!DOCTYPE html><html><script>alert(1)</script>", "html", "HTML"),
        (b"\xef\xbb\xbf \n<HTML><body>", "html", "HTML"),
        ("<html><body>".encode("utf-16"), "html", "HTML"),
        (b"<!-- %PDF-1.4 --><html><body>", "html", "HTML"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "svg", "SVG"),
        (b'<?xml version="1.0"?><invoice/>', "text", "XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "office97", "旧版 Office"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "archive", "RAR"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), "image", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(100), "media", "视频"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100), "image", "WebP"),
        (b"GIF89a" + bytes(100), "image", "GIF"),
        (b"junk\x00\x01\n%PDF-1.7\n" + pdf(), "damaged", "多余"),
        (bytes(range(130, 138)).join([b"\x00\x01\x02"] * 9), "unknown", "认不出"),
        (zipped({"a.txt": "x"}), "archive", "压缩包"),
        (zipped({"OFD.xml": "<x/>"}), "ofd", "OFD"),
        (zipped({"META-INF/MANIFEST.MF": "x"}), "program", "Java"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "opendocument", "OpenDocument"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(data: bytes, code: str, word: str) -> None:
    refused = refusal(data, "申请书.pdf")

    assert refused.code == code
    assert word in str(refused)


def test_a_kind_that_is_not_wanted_here_is_refused_with_what_is() -> None:
    refused = refusal(picture("PNG"), "a.png", ("pdf", "jpeg"))

    assert refused.code == "format"
    assert str(refused) == "这是 PNG 图片，这里只接收 PDF 文件、JPEG 图片。请转换格式后再上传。"


def test_a_word_file_where_only_sheets_are_wanted_is_refused() -> None:
    assert refusal(docx(), "a.docx", ("xlsx",)).code == "format"


def test_a_name_that_contradicts_the_content_is_refused() -> None:
    refused = refusal(picture("JPEG"), "盖章页.pdf")

    assert refused.code == "extension"
    assert "“.pdf”结尾，内容却是 JPEG 图片" in str(refused)
    assert "改为“.jpg”" in str(refused)


@pytest.mark.parametrize("sample", [pdf(), picture("JPEG"), picture("PNG")])
def test_a_picture_that_is_also_an_archive_is_refused(sample: bytes) -> None:
    assert refusal(sample + zipped({"a.txt": "hidden"})).code == "polyglot"


# --- PDF ---


def with_root(key: str, value: Callable[[pikepdf.Pdf], object]) -> bytes:
    return pdf(lambda document: document.Root.__setitem__(key, value(document)))


def javascript(document: pikepdf.Pdf) -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def annotated(**annotation: object) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        page = document.pages[0].obj
        page.Annots = Array([Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), **annotation)])

    return pdf(change)


def attached(document: pikepdf.Pdf) -> None:
    document.attachments["a.exe"] = pikepdf.AttachedFileSpec(document, b"MZ", filename="a.exe")


def external_stream(document: pikepdf.Pdf) -> object:
    stream = document.make_stream(b"")
    stream.F = String("/etc/passwd")
    return stream


HOSTILE_PDFS = {
    "javascript when it opens": (lambda: with_root("/OpenAction", javascript), "pdf_javascript"),
    "javascript in a name tree": (
        lambda: with_root("/Names", lambda d: Dictionary(JavaScript=Dictionary(Names=Array([String("a"), javascript(d)])))),
        "pdf_javascript",
    ),
    "javascript in nested direct objects": (
        lambda: with_root("/Deep", lambda d: Array([Dictionary(A=Array([1, Dictionary(B=Dictionary(C=javascript(d)))]))])),
        "pdf_javascript",
    ),
    "javascript as a stream": (lambda: with_root("/X", lambda d: Dictionary(JS=d.make_stream(b"app.alert(1)"))), "pdf_javascript"),
    "javascript behind a link": (lambda: annotated(Subtype=Name.Link, A=Dictionary(S=Name.JavaScript, JS=String("x"))), "pdf_javascript"),
    "javascript after a harmless action": (
        lambda: with_root("/OpenAction", lambda d: Dictionary(S=Name.GoTo, D=Array([0]), Next=javascript(d))),
        "pdf_javascript",
    ),
    "launch": (lambda: with_root("/OpenAction", lambda d: Dictionary(S=Name.Launch, F=String("cmd.exe"))), "pdf_launch"),
    "launch behind a link": (lambda: annotated(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=String("x"))), "pdf_launch"),
    "a page that calls home": (
        lambda: pdf(lambda d: d.pages[0].obj.__setitem__("/AA", Dictionary(O=Dictionary(S=Name.URI, URI=String("http://x"))))),
        "pdf_action",
    ),
    "a document that opens a website": (
        lambda: with_root("/OpenAction", lambda d: Dictionary(S=Name.URI, URI=String("http://x"))), "pdf_action",
    ),
    "a form that sends": (lambda: annotated(Subtype=Name.Link, A=Dictionary(S=Name.SubmitForm)), "pdf_action"),
    "XFA": (lambda: with_root("/AcroForm", lambda d: Dictionary(XFA=d.make_stream(b"<x/>"), Fields=Array([]))), "pdf_xfa"),
    "an attachment": (lambda: pdf(attached), "pdf_embedded"),
    "an attachment as annotation": (lambda: annotated(Subtype=Name.FileAttachment), "pdf_embedded"),
    "rich media": (lambda: annotated(Subtype=Name.RichMedia), "pdf_media"),
    "a film": (lambda: annotated(Subtype=Name.Screen), "pdf_media"),
    "content from another file": (lambda: with_root("/X", external_stream), "pdf_external"),
    "no page": (lambda: pdf(pages=0), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_PDFS)
def test_a_pdf_with_active_or_foreign_content_is_refused(what: str) -> None:
    sample, code = HOSTILE_PDFS[what]

    assert refusal(sample(), "a.pdf").code == code


@pytest.mark.parametrize("name", ["application.json", "a.exe"])
def test_only_data_may_be_embedded(name: str) -> None:
    def embed(document: pikepdf.Pdf) -> None:
        document.attachments[name] = pikepdf.AttachedFileSpec(
            document, b"{}", filename=name, mime_type="application/json"
        )

    if name.endswith(".json"):
        assert look(pdf(embed), "a.pdf").media_type == "application/pdf"
    else:
        assert refusal(pdf(embed), "a.pdf").code == "pdf_embedded"


def test_javascript_in_an_object_that_nothing_refers_to_is_found() -> None:
    clean = pdf(object_stream_mode=pikepdf.ObjectStreamMode.disable, pages=1)
    with pikepdf.open(io.BytesIO(clean)) as document:
        number = len(document.objects) + 1
    hidden = f"{number} 0 obj\n<</S/JavaScript/J#53(app.alert\\(1\\))>>\nendobj\n".encode()
    start = len(clean)
    table = f"xref\n{number} 1\n{start:010} 00000 n \n".encode()
    old = clean.rpartition(b"startxref\n")[2].split()[0].decode()
    trailer = clean.rpartition(b"trailer ")[2].partition(b" >>")[0].decode()
    trailer = trailer.replace(f"/Size {number}", f"/Size {number + 1} /Prev {old}")
    end = f"trailer {trailer} >>\nstartxref\n{start + len(hidden)}\n%%EOF\n".encode()

    assert refusal(clean + hidden + table + end, "a.pdf").code == "pdf_javascript"


@pytest.mark.parametrize("password", ["secret", ""])
def test_an_encrypted_pdf_is_refused_with_or_without_a_password_to_open(password: str) -> None:
    refused = refusal(pdf(encryption=pikepdf.Encryption(owner="owner", user=password)), "a.pdf")

    assert refused.code == "encrypted"
    assert "打印为 PDF" in str(refused)


HARMLESS_PDFS = {
    "opens at a page": lambda: with_root("/OpenAction", lambda d: Array([d.pages[1].obj, Name.Fit])),
    "opens at a page by action": lambda: with_root("/OpenAction", lambda d: Dictionary(S=Name.GoTo, D=Array([d.pages[1].obj, Name.Fit]))),
    "a link to a website": lambda: annotated(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("https://www.sac.gov.cn/"))),
    "a form": lambda: with_root("/AcroForm", lambda d: Dictionary(Fields=Array([]))),
    "a font called JS": lambda: pdf(lambda d: d.pages[0].obj.__setitem__(
        "/Resources", Dictionary(Font=Dictionary(JS=Dictionary(Type=Name.Font, Subtype=Name.Type1))))),
    "structure elements": lambda: with_root("/StructTreeRoot", lambda d: Dictionary(K=Dictionary(S=Name.Document))),
    "an empty list of attachments": lambda: with_root("/Names", lambda d: Dictionary(EmbeddedFiles=Dictionary(Names=Array([])))),
}  # fmt: skip


@pytest.mark.parametrize("what", HARMLESS_PDFS)
def test_a_pdf_with_harmless_features_passes(what: str) -> None:
    assert look(HARMLESS_PDFS[what](), "a.pdf").pages == 2


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_pdf_is_refused(share: float) -> None:
    whole = pdf(lambda d: d.Root.__setitem__("/X", d.make_stream(os.urandom(20_000))), pages=5)

    assert refusal(whole[: int(len(whole) * share)], "a.pdf").code == "damaged"


def test_a_stream_that_unpacks_to_300_mb_is_refused() -> None:
    packed = zeros(300 * MEGABYTE)

    def bomb(document: pikepdf.Pdf) -> pikepdf.Stream:
        stream = document.make_stream(b"")
        stream.write(packed, filter=Name.FlateDecode)
        return stream

    assert refusal(with_root("/X", bomb), "a.pdf").code == "bomb"


def test_a_stream_packed_twice_is_unpacked_twice() -> None:
    twice = zlib.compress(zeros(300 * MEGABYTE))

    def bomb(document: pikepdf.Pdf) -> pikepdf.Stream:
        stream = document.make_stream(b"")
        stream.write(twice, filter=Array([Name.FlateDecode, Name.FlateDecode]))
        return stream

    assert refusal(with_root("/X", bomb), "a.pdf").code == "bomb"


def test_an_absurdly_large_picture_in_a_pdf_is_refused() -> None:
    def absurd(document: pikepdf.Pdf) -> pikepdf.Stream:
        stream = document.make_stream(b"x")
        stream.Subtype, stream.Width, stream.Height = Name.Image, 100_000, 100_000
        return stream

    assert refusal(with_root("/X", absurd), "a.pdf").code == "dimensions"


def test_nesting_without_end_is_refused() -> None:
    deep = b"[" * 5000 + b"]" * 5000

    refused = refusal(pdf().replace(b"/Type /Catalog", b"/Type /Catalog /X " + deep), "a.pdf")

    assert refused.code in ("damaged", "too_complex")


# --- images ---


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.99])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    whole = picture(kind)

    refused = refusal(whole[: int(len(whole) * share)], f"a.{kind.lower()}")

    assert refused.code == "damaged"
    assert kind in str(refused)


def test_a_png_with_a_damaged_block_is_refused() -> None:
    damaged = bytearray(picture("PNG"))
    damaged[len(damaged) // 2] ^= 1

    assert refusal(bytes(damaged), "a.png").code == "damaged"


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    data = zeros((1 + width // 8) * height)
    header = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_png_of_60000_by_60000_is_refused_before_it_is_decoded() -> None:
    sample = png_of(60_000, 60_000)
    assert len(sample) < MEGABYTE
    began = time.monotonic()

    refused = refusal(sample, "a.png")

    assert refused.code == "dimensions"
    assert "60,000 × 60,000" in str(refused)
    assert time.monotonic() - began < 5


def test_a_long_thin_picture_is_refused() -> None:
    assert refusal(png_of(64, 40_000), "a.png").code == "dimensions"


# --- DOCX, XLSX ---


def test_a_docm_renamed_docx_is_refused() -> None:
    macro = "application/vnd.ms-word.document.macroEnabled.main+xml"
    sample = docx({"[Content_Types].xml": types(macro), "word/vbaProject.bin": b"\xd0\xcf\x11\xe0"})

    refused = refusal(sample, "申请书.docx")

    assert refused.code == "macro"
    assert "宏" in str(refused)


HOSTILE_DOCUMENTS = {
    "a macro project under another name": (
        lambda: docx({"word/_rels/document.xml.rels": rels(
            ("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "picture.bin", "Internal"))}),
        "macro",
    ),
    "a macro type only": (
        lambda: docx({"[Content_Types].xml": types("application/vnd.ms-word.document.macroEnabled.main+xml")}), "macro",
    ),
    "an Excel 4 macro sheet": (lambda: xlsx({"xl/macrosheets/sheet1.xml": "<x/>"}), "macro"),
    "a remote template": (
        lambda: docx({"word/_rels/settings.xml.rels": rels((f"{OFFICE}/attachedTemplate", "http://evil/x.dotm", "External"))}),
        "external",
    ),
    "a remote template that calls itself internal": (
        lambda: docx({"word/_rels/settings.xml.rels": rels((f"{OFFICE}/attachedTemplate", "http://evil/x.dotm", "Internal"))}),
        "external",
    ),
    "a template on a file server": (
        lambda: docx({"word/_rels/settings.xml.rels": rels((f"{OFFICE}/attachedTemplate", "\\\\evil\\x.dotm", "External"))}),
        "external",
    ),
    "a linked picture": (
        lambda: docx({"word/_rels/document.xml.rels": rels((f"{OFFICE}/image", "https://evil/pixel.png", "External"))}),
        "external",
    ),
    "a linked workbook": (
        lambda: xlsx({"xl/externalLinks/_rels/x.xml.rels": rels((f"{OFFICE}/externalLinkPath", "other.xlsx", "External"))}),
        "external",
    ),
    "a picture field from elsewhere": (
        lambda: docx({"word/document.xml": document(
            '<w:p><w:r><w:instrText>INCLUDEPICTURE "https://evil/x.png"</w:instrText></w:r></w:p>')}),
        "external",
    ),
    "an embedded file": (lambda: docx({"word/embeddings/oleObject1.bin": b"\xd0\xcf"}), "embedded"),
    "an embedded page": (
        lambda: docx({"word/_rels/document.xml.rels": rels((f"{OFFICE}/aFChunk", "chunk.html", "Internal"))}), "embedded",
    ),
    "an ActiveX control": (lambda: docx({"word/activeX/activeX1.xml": "<x/>"}), "activex"),
    "a DOCTYPE": (lambda: docx({"word/styles.xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "doctype"),
    "a DOCTYPE in UTF-16": (lambda: docx({"word/styles.xml": "<!DOCTYPE x><x/>".encode("utf-16")}), "doctype"),
    "a DDE field": (
        lambda: docx({"word/document.xml": document('<w:p><w:r><w:instrText>DDEAUTO c:\\cmd.exe "/k"</w:instrText></w:r></w:p>')}),
        "dde",
    ),
    "a DDE field in two runs": (
        lambda: docx({"word/document.xml": document(
            "<w:r><w:instrText> DDE</w:instrText></w:r><w:r><w:instrText>AUTO c:\\cmd.exe</w:instrText></w:r>")}),
        "dde",
    ),
    "a simple DDE field": (
        lambda: docx({"word/document.xml": document('<w:fldSimple w:instr="DDE cmd x"/>')}), "dde",
    ),
    "a DDE link of a sheet": (
        lambda: xlsx({"xl/externalLinks/externalLink1.xml": '<externalLink xmlns="urn:x"><ddeLink/></externalLink>'}), "dde",
    ),
    "a template": (lambda: docx({"[Content_Types].xml": types(WORD.replace("document.main", "template.main"))}), "ooxml_kind"),
    "broken XML": (lambda: docx({"word/document.xml": "<w:document>"}), "damaged"),
    "a path out of the folder": (lambda: docx({"../evil.txt": "x"}), "unsafe_name"),
    "one part twice but for case": (lambda: docx({"WORD/document.xml": document()}), "duplicate"),
    "too many parts": (lambda: docx({f"word/{n}.bin": b"" for n in range(10_001)}), "too_many"),
    "a bomb": (lambda: docx({"word/media/a.bin": bytes(100 * MEGABYTE)}), "bomb"),
    "a bomb of XML": (lambda: docx({"word/document.xml": b"<x>" + b" " * (140 * MEGABYTE) + b"</x>"}), "bomb"),
}  # fmt: skip


@cache
def hostile(what: str) -> tuple[bytes, str]:
    sample, code = {**HOSTILE_PDFS, **HOSTILE_DOCUMENTS}[what]
    return sample(), code


@pytest.mark.parametrize("what", HOSTILE_DOCUMENTS)
def test_a_document_with_dangerous_content_is_refused(what: str) -> None:
    data, code = hostile(what)

    assert refusal(data, "a.xlsx" if b"xl/" in data else "a.docx").code == code


def test_overlapping_entries_are_refused() -> None:
    assert refusal(overlapping("word/media/a.bin", "[Content_Types].xml"), "a.docx").code == "overlap"


def test_a_truncated_document_is_refused() -> None:
    whole = docx({"word/media/image1.bin": os.urandom(5000)})

    assert refusal(whole[:3000], "a.docx").code == "damaged"


def test_a_damaged_part_is_refused() -> None:
    picture_data = os.urandom(5000)
    whole = bytearray(docx({"word/media/image1.bin": picture_data}))
    whole[bytes(whole).index(picture_data[:100]) + 50] ^= 1

    assert refusal(bytes(whole), "a.docx").code == "damaged"


def test_an_encrypted_archive_is_refused() -> None:
    whole = bytearray(zipped({"a.txt": "x"}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1

    assert refusal(bytes(whole), "a.docx").code == "encrypted"


# --- the process ---


@pytest.mark.parametrize("what", [*HOSTILE_PDFS, *HOSTILE_DOCUMENTS])
def test_the_judgement_does_not_depend_on_the_process(what: str) -> None:
    sample, code = hostile(what)

    with pytest.raises(Rejected) as caught:
        intake_worker.check(io.BytesIO(sample), "pdf" if what in HOSTILE_PDFS else "zip")

    assert caught.value.code == code


def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_one_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "_SOURCES", Path(__file__).parents[2])
    inspector = intake.Inspector("tests.documents.greedy_worker")
    with TemporaryFile() as file:
        try:
            with pytest.raises(Rejected) as refused:
                inspector.inspect(file, "pdf", 0, takes=1 << 30)
            assert refused.value.code == "too_complex"

            assert inspector.inspect(file, "pdf", 0, takes=1)["pages"] == 1
        finally:
            inspector.stop()


def test_a_killed_worker_is_replaced() -> None:
    look(pdf(), "a.pdf")
    before = intake._inspector._pid
    os.kill(before, 9)

    assert look(pdf(), "a.pdf").pages == 2
    assert intake._inspector._pid != before


def test_a_child_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is told to wait for its question; the caller does not wait for ever."""
    monkeypatch.setattr(intake, "WALL_SECONDS", -4.5)
    endless = pdf(lambda d: d.Root.__setitem__("/X", Array([Dictionary(A=n) for n in range(200_000)])))

    assert refusal(endless, "a.pdf").code == "too_complex"


def test_several_threads_are_served_at_once() -> None:
    samples = [pdf(pages=pages) for pages in range(1, 9)]
    found: dict[int, int | None] = {}

    def ask(number: int) -> None:
        found[number] = look(samples[number], "a.pdf").pages

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: number + 1 for number in range(8)}


def test_a_forked_process_gets_a_worker_of_its_own() -> None:
    look(pdf(), "a.pdf")
    ours = intake._inspector._pid
    child = os.fork()
    if child == 0:
        answered = look(pdf(), "a.pdf").pages == 2 and intake._inspector._pid != ours
        intake._inspector.stop()
        os._exit(0 if answered else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert look(pdf(), "a.pdf").pages == 2
    assert intake._inspector._pid == ours


def test_a_tree_of_pages_that_cannot_be_put_right_is_refused() -> None:
    broken = pdf(pages=2).replace(b"/Count", b".Count").replace(b"[ 3 0 R", b"[!3 0 R")
    assert refusal(broken, "a.pdf").code == "damaged"


@settings(max_examples=60)
@given(st.data())
def test_no_damage_makes_the_judgement_itself_fail(data: st.DataObject) -> None:
    """Any flipped bytes in any good file: it is judged good or refused, nothing else ever escapes."""
    kind, sample = data.draw(
        st.sampled_from([("pdf", pdf()), ("jpeg", SMALL_JPEG), ("png", SMALL_PNG), ("zip", docx())])
    )
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        found = intake_worker.check(io.BytesIO(damaged), kind)
    except Rejected as refused:
        assert "请" in str(refused)
    else:
        assert found["kind"] in ALL


SMALL_JPEG = picture("JPEG", size=(40, 30))
SMALL_PNG = picture("PNG", size=(40, 30))


# --- names ---


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("申请书（终稿） v2.pdf", "申请书（终稿） v2.pdf"),
        ("𬭎𠅤㛃.pdf", "𬭎𠅤㛃.pdf"),
        ("C:\\Users\\王\\桌面\\扫描件.jpg", "扫描件.jpg"),
        ("../../etc/passwd", "passwd"),
        ("a/b\\c.pdf", "c.pdf"),
        ("文件夹/", "文件夹"),
        ("a\x00b\r\n\x1bc\u202efdp.exe", "abcfdp.exe"),
        ('什么<是>:"试|点"?*.pdf', "什么＜是＞：＂试｜点＂？＊.pdf"),
        ("  很多   空格 .pdf", "很多 空格.pdf"),
        ("...", "未命名"),
        ("", "未命名"),
        (".pdf", "未命名.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("\udcff坏.pdf", "坏.pdf"),
    ],
)
def test_names_are_made_safe_and_stay_readable(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_are_cut_between_characters_and_keep_their_extension() -> None:
    safe = safe_name("标" * 500 + ".pdf")

    assert safe == "标" * 65 + ".pdf"
    assert len(safe.encode()) <= 200


@given(st.text(max_size=400))
def test_a_safe_name_is_safe_whatever_it_was(name: str) -> None:
    safe = safe_name(name)

    assert safe
    assert len(safe.encode()) <= 204
    assert not set(safe) & set('/\\<>:"|?*\x00\n')
    assert safe_name(safe) == safe


def test_a_large_stream_is_not_copied_at_every_step() -> None:
    content = os.urandom(20_000_000)
    packed = zlib.compress(content, 0)

    tracemalloc.start()
    size = sum(len(piece) for piece in intake_worker._inflate([packed]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert size == len(content)
    assert peak < 4_000_000  # the rest of the input was copied at each megabyte of output: 30 s for 200 MB
