"""Word 97, Excel 97 and WPS: taken where a slot takes them, refused for what they carry."""

from __future__ import annotations

import io
import zipfile

import pytest

from shidian.documents.intake import Inspected, Rejected, inspect
from tests.ole_samples import book, compound, sheet, word

TAKEN = ("pdf", "doc", "xls")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "hidden")
    return out.getvalue()


def look(data: bytes, name: str = "", formats: tuple[str, ...] = TAKEN) -> Inspected:
    return inspect(io.BytesIO(data), name=name, formats=formats, max_bytes=10_000_000)


def refusal(data: bytes, name: str = "", formats: tuple[str, ...] = TAKEN) -> Rejected:
    with pytest.raises(Rejected) as caught:
        look(data, name, formats)
    assert str(caught.value).endswith("。")
    assert "请" in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (word(), "说明.doc", "doc"),
        (word(), "说明.wps", "doc"),
        (word(b"x" * 20_000), "", "doc"),
        (book(sheet()), "表.xls", "xls"),
        (book(sheet(), sheet()), "表.et", "xls"),
    ],
)
def test_sound_files_are_taken(data: bytes, name: str, kind: str) -> None:
    assert look(data, name).extension == kind


def test_they_are_refused_as_before_where_they_are_not_taken() -> None:
    assert refusal(word(), formats=("pdf", "docx")).code == "office97"


def test_one_kind_is_not_the_other() -> None:
    assert refusal(word(), formats=("xls",)).code == "format"
    assert refusal(word(), "表.xls").code == "extension"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (word(more={"Macros/VBA/ThisDocument": b"Attribute VB_Name"}), "macro"),
        (word(more={"Macros/PROJECT": b"ID="}), "macro"),
        (book(sheet(), more={"_VBA_PROJECT_CUR/VBA/dir": b"x"}), "macro"),
        (book(sheet(), sheet(kind=1)), "macro"),
        (word(more={"ObjectPool/_1234/\x01Ole10Native": b"MZ"}), "embedded"),
        (book(sheet(), more={"MBD0012AB34/Package": b"PK"}), "embedded"),
        (word(more={"\x03OCXNAME": b"Button"}), "activex"),
        (word(encrypted=True), "encrypted"),
        (book((0x2F, b"\x01\0"), sheet()), "encrypted"),
        (compound({"EncryptionInfo": b"x" * 5000, "EncryptedPackage": b"y" * 5000}), "encrypted"),
        (word(b"\x13 DDEAUTO c:\\\\windows\\\\cmd.exe \x14"), "dde"),
        (word("\x13 DDE excel 表".encode("utf-16-le")), "dde"),
        (word(b"z" * 508 + b"\x13 DDEAUTO cmd \x14"), "dde"),
        (compound({"PowerPoint Document": b"p" * 5000}), "ole_kind"),
        (word()[:2000], "damaged"),
        (compound({"WordDocument": b"not a document" * 500}), "damaged"),
        (compound({"Workbook": b"\xff" * 5000}), "damaged"),
        (word() + archive(), "polyglot"),
    ],
)
def test_what_does_harm_is_refused_for_its_own_reason(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_a_document_about_dde_is_fine() -> None:
    assert look(word(b"DDEAUTO is a field of Word.")).extension == "doc"
