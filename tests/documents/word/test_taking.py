"""Files of every kind: what they are by content, what is left unread, and why some cannot be read."""

from __future__ import annotations

import copy
import subprocess
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from shidian.applications import word_form
from shidian.documents.word import conversion
from shidian.documents.word.conversion import to_docx
from shidian.documents.word.opening import Unreadable
from shidian.documents.word.reader import read
from shidian.documents.word.taking import take
from tests.documents.word import breaking as b
from tests.documents.word import corpus


def refused(content: bytes, name: str = "申请书.docx") -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        taken = take(BytesIO(content), name=name)
        read(BytesIO(taken.docx), word_form.form_of(corpus.package()))
    assert "。" in str(caught.value)
    return caught.value


def zipped(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    return b.changed(corpus.own("rescue"), extra={name: content})


def test_an_empty_file_says_so() -> None:
    assert refused(b"").code == "empty"


def test_a_file_over_the_limit_says_so() -> None:
    with pytest.raises(Unreadable, match="超过上限 1 KB"):
        take(BytesIO(b"x" * 2000), name="a.docx", max_bytes=1000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"<html><body>x</body></html>", "html"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "unknown"),
        ("纯文本".encode(), "unknown"),
        (b"PK\x03\x04 cut off", "damaged"),
        (zipped({"a.txt": b"x"}), "archive"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "not_word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
    ],
)
def test_what_is_no_word_file_is_told_what_it_is(content: bytes, code: str) -> None:
    assert refused(content).code == code


def test_a_locked_odt_says_how_to_unlock_it() -> None:
    content = zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>",
        }
    )

    assert "取消密码" in str(refused(content))


def test_a_zip_bomb_is_not_opened() -> None:
    started = time.monotonic()

    assert refused(with_part("word/media/x.xml", bytes(300_000_000))).code == "bomb"
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_not_unfolded(encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'

    assert refused(with_part("word/document.xml", bomb.encode(encoding))).code == "doctype"


def test_damaged_xml_says_so() -> None:
    assert refused(with_part("word/document.xml", b"<w:document><w:body>")).code == "damaged"


def test_macros_and_embedded_files_are_named_and_the_text_is_read() -> None:
    taken = take(BytesIO(with_part("word/vbaProject.bin", b"macro")), name="申请书.docm")

    found = read(BytesIO(taken.docx), word_form.form_of(corpus.package()))

    assert taken.dropped == ("宏（没有运行，也没有保留）",)
    assert found.found["lead.unit_name"].value == "和平区示范应急服务中心"


def test_a_name_that_says_something_else_does_not_matter() -> None:
    taken = take(BytesIO(corpus.own("rescue")), name="申请书.doc")

    assert not taken.converted
    assert taken.dropped == ()


def test_more_rows_than_the_limit_are_read_and_cut_there() -> None:
    def grow(root: Any) -> None:
        row = b.plan_table(root).findall(b.tag("tr"))[2]
        for _ in range(5_500):
            row.addnext(copy.deepcopy(row))

    started = time.monotonic()
    got = read(BytesIO(b.changed(corpus.own("rescue"), grow)), word_form.form_of(corpus.package()))

    assert len(got.found["plan.plan"].value) == 5000
    assert any(loose.candidates == ("plan.plan",) for loose in got.loose)
    assert time.monotonic() - started < 60


def test_a_huge_cell_is_read() -> None:
    def grow(root: Any) -> None:
        cell = b.after(b.cell_of(root, "业务范围"))
        for _ in range(5000):
            cell.append(b.paragraph("很长的一段文字，" * 20))

    got = read(BytesIO(b.changed(corpus.own("rescue"), grow)), word_form.form_of(corpus.package()))

    assert len(got.found["lead.business_scope"].value) > 800_000


def test_deep_nesting_ends() -> None:
    def nest(root: Any) -> None:
        cell = b.after(b.cell_of(root, "业务范围"))
        for _ in range(200):
            table = b.etree.SubElement(cell, b.tag("tbl"))
            cell = b.etree.SubElement(b.etree.SubElement(table, b.tag("tr")), b.tag("tc"))
        cell.append(b.paragraph("最里面"))

    got = read(BytesIO(b.changed(corpus.own("rescue"), nest)), word_form.form_of(corpus.package()))

    assert any("嵌套过深" in line for line in got.dropped)


def test_without_libreoffice_docx_works_and_others_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert take(BytesIO(corpus.own("rescue")), name="a.docx").label.startswith("Word 文档")
    error = refused(b"{\\rtf1 x}", "a.rtf")
    assert error.code == "no_converter"
    assert (
        str(error)
        == "这台服务器没有安装 LibreOffice，暂时只能读 .docx；请用 Word 或 WPS 另存为 .docx 再上传。"
    )


def test_an_rtf_is_converted_and_leaves_nothing_behind(
    office: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    content = b"{\\rtf1\\ansi\\ansicpg936 {\\object\\objemb x}\\u21333?\\u20301?\\par}"

    taken = take(BytesIO(content), name="a.rtf")

    assert taken.converted
    assert taken.dropped == ("嵌入的其他文件或对象",)
    assert "单位" in read_text(taken.docx)
    assert list(tmp_path.iterdir()) == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in running


def read_text(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return archive.read("word/document.xml").decode()


def test_a_conversion_that_takes_too_long_is_stopped(office: str) -> None:
    with pytest.raises(Unreadable, match="没有转换完") as caught:
        to_docx(b"{\\rtf1 x}", "rtf", seconds=0.05)

    assert caught.value.code == "too_complex"


def test_libreoffice_cannot_reach_the_network(office: str) -> None:
    alone = conversion._alone()
    if not alone:
        pytest.skip("this system does not let a plain user take the network away")

    seen = subprocess.run([*alone, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True).stdout

    assert {line.partition(":")[0].strip() for line in seen.splitlines()[2:]} == {"lo"}
