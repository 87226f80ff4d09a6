"""Archives: taken where a slot takes them, and everything in them looked at as if it had come by itself."""

from __future__ import annotations

import io
import zipfile
import zlib

import pikepdf
import pytest
from pikepdf import Dictionary, Name, String
from PIL import Image

from shidian.documents import intake_worker
from shidian.documents.intake import Inspected, Rejected, inspect
from tests.ole_samples import word
from tests.zip_samples import overlapping


def pdf(script: bool = False) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    if script:
        document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(out, "PNG")
    return out.getvalue()


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def look(data: bytes, formats: tuple[str, ...] = ("pdf", "zip"), name: str = "材料.zip") -> Inspected:
    return inspect(io.BytesIO(data), name=name, formats=formats, max_bytes=50_000_000)


def refusal(data: bytes, formats: tuple[str, ...] = ("pdf", "zip")) -> Rejected:
    with pytest.raises(Rejected) as caught:
        look(data, formats)
    assert "请" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_sound_files_is_taken(method: int) -> None:
    inner = archive({"照片/一.png": png()}, method)
    files = {
        "证书.pdf": pdf(),
        "目录/": b"",
        "目录/说明.txt": "说明".encode(),
        "旧.doc": word(),
        "里层.zip": inner,
    }

    assert look(archive(files, method)).media_type == "application/zip"


def test_names_as_a_chinese_windows_writes_them_are_taken() -> None:
    data = archive({"AAAA.pdf": pdf()}).replace(b"AAAA", "证书".encode("gb18030"))

    assert look(data).extension == "zip"


def test_what_macos_adds_is_no_reason_to_refuse() -> None:
    files = {
        "证书.pdf": pdf(),
        "__MACOSX/._证书.pdf": b"\x00\x05\x16\x07" + b"\0" * 50,
        ".DS_Store": b"\0\0\0\x01Bud1",
    }

    assert look(archive(files)).extension == "zip"


def test_where_archives_are_not_taken_they_are_refused_as_before() -> None:
    assert refusal(archive({"a.pdf": pdf()}), ("pdf",)).code == "archive"


@pytest.mark.parametrize(
    ("files", "code", "named"),
    [
        ({"好.pdf": pdf(), "坏.pdf": pdf(script=True)}, "pdf_javascript", "坏.pdf"),
        ({"目录/a.exe": b"MZ" + b"\0" * 100}, "program", "目录/a.exe"),
        ({"a.pdf": b"MZ" + b"\0" * 100}, "program", "a.pdf"),
        ({"a.pdf.exe": pdf()}, "extension", "a.pdf.exe"),
        ({"a.html": b"<!doctype html><script>"}, "html", "a.html"),
        ({"a.bat": b"del *.*"}, "text", "a.bat"),
        ({"a.doc": word(more={"Macros/VBA/x": b"y"})}, "macro", "a.doc"),
        ({"图.png": png()[:-20]}, "damaged", "图.png"),
        ({"里.zip": archive({"坏.pdf": pdf(script=True)})}, "pdf_javascript", "里.zip"),
        ({"里.zip": archive({"再里.zip": archive({"a.pdf": pdf()})})}, "nested", "再里.zip"),
        ({"a.rar": b"Rar!\x1a\x07\x00"}, "archive", "a.rar"),
        ({"图.png": png() + archive({"x": b"y"})}, "polyglot", "图.png"),
    ],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_one_bad_member_refuses_the_archive_by_name(
    files: dict[str, bytes], code: str, named: str, method: int
) -> None:
    found = refusal(archive(files, method))

    assert found.code == code
    assert f"“{named}”" in str(found)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (archive({}), "empty"),
        (archive({"a.txt": b"0" * (40 << 20)}), "bomb"),
        (archive({"../a.pdf": pdf()}), "unsafe_name"),
        (archive({"META-INF/MANIFEST.MF": b"x", "A.class": b"y"}), "program"),
        (overlapping("a.pdf", "b.pdf"), "overlap"),
        (archive({"a.pdf": pdf()})[:-30], "damaged"),
    ],
)
def test_archives_that_lie_or_swell_are_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_a_large_packed_member_asks_to_come_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_worker, "LARGEST_MEMBER", 1000)
    packed = archive({"a.png": b"\x89PNG\r\n\x1a\n" + zlib.compress(b"1") * 500})

    with pytest.raises(Rejected) as caught:
        intake_worker.check(io.BytesIO(packed), "zip", archive=True)

    assert caught.value.code == "member"
