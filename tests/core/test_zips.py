"""Zip structure: what `zipfile` writes is read, what nobody honest writes is refused, what we write all can read."""

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.core.zips import (
    STORED,
    BadZip,
    ZipWriter,
    ends_with_zip,
    is_bomb,
    is_unsafe_name,
    printable,
    read_chunks,
    read_entries,
)
from tests.zip_samples import overlapping


def made(content: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return out.getvalue()


def content_of(data: bytes) -> dict[str, bytes]:
    file = io.BytesIO(data)
    return {entry.name: b"".join(read_chunks(file, entry, 7)) for entry in read_entries(file)}


def code_of(data: bytes, **options: bool) -> str:
    with pytest.raises(BadZip) as caught:
        read_entries(io.BytesIO(data), **options)
    return caught.value.code


@given(
    st.dictionaries(
        st.from_regex(r"[a-z字]{1,6}(/[a-z]{1,3})?", fullmatch=True), st.binary(max_size=200), max_size=4
    )
)
def test_what_zipfile_writes_is_read(content: dict[str, bytes]) -> None:
    assert content_of(made(content)) == content
    assert content_of(made(content, zipfile.ZIP_STORED)) == content


def test_what_zipfile_streams_with_descriptors_is_read() -> None:
    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *args: int) -> int:
            raise io.UnsupportedOperation

        tell = seek

    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"a" * 1000)
        archive.writestr("b.txt", b"b" * 1000)

    assert content_of(out.getvalue()) == {"a.txt": b"a" * 1000, "b.txt": b"b" * 1000}
    assert len(read_entries(io.BytesIO(out.getvalue()), tight=True)) == 2


def test_forced_zip64_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a.txt", "w", force_zip64=True) as entry:
        entry.write(b"hello")

    assert content_of(out.getvalue()) == {"a.txt": b"hello"}


def test_five_gigabytes_are_written_as_zip64() -> None:
    """The data itself is not kept; the headers around it are what must be right."""

    class Counting:
        def __init__(self) -> None:
            self.at, self.kept = 0, {}

        def write(self, data: bytes | memoryview) -> None:
            if len(data) < 1000:
                self.kept[self.at] = bytes(data)
            self.at += len(data)

    size = 5 << 30
    block = bytes(1 << 26)
    sink = Counting()
    writer = ZipWriter(sink, datetime(2023, 7, 31, tzinfo=UTC))
    writer.add("big.bin", (block for _ in range(80)), method=STORED, crc=1, size=size, compressed=size)
    writer.add("after.bin", [b"x"], method=STORED, crc=zlib.crc32(b"x"), size=1, compressed=1)
    writer.finish()

    class Sparse(io.RawIOBase):
        position = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.position = offset + (sink.at if whence == 2 else self.position if whence == 1 else 0)
            return self.position

        def tell(self) -> int:
            return self.position

        def read(self, length: int = -1) -> bytes:
            end = sink.at if length < 0 else min(sink.at, self.position + length)
            out = bytearray(end - self.position)
            for start, data in sink.kept.items():
                for at in range(max(start, self.position), min(start + len(data), end)):
                    out[at - self.position] = data[at - start]
            self.position = end
            return bytes(out)

    ours = {entry.name: (entry.size, entry.offset) for entry in read_entries(Sparse(), tight=True)}
    with zipfile.ZipFile(Sparse()) as archive:
        theirs = {entry.filename: (entry.file_size, entry.header_offset) for entry in archive.infolist()}
        assert archive.read("after.bin") == b"x"
    assert ours == theirs
    assert ours["big.bin"] == (size, 0)
    assert ours["after.bin"][1] > size


def test_announced_and_real_length_must_agree() -> None:
    writer = ZipWriter(io.BytesIO(), datetime(2023, 7, 31, tzinfo=UTC))

    with pytest.raises(ValueError, match="announced"):
        writer.add("a", [b"abc"], method=STORED, crc=0, size=4, compressed=4)


def test_years_outside_the_format_are_refused() -> None:
    with pytest.raises(ValueError, match="1980"):
        ZipWriter(io.BytesIO(), datetime(1979, 1, 1, tzinfo=UTC))


def test_structure_that_lies_is_refused() -> None:
    whole = made({"a.txt": b"a" * 100, "b.txt": b"b" * 100}, zipfile.ZIP_STORED)
    directory = whole.index(b"PK\x01\x02")

    assert code_of(b"") == "not_zip"
    assert code_of(b"x" * 1000) == "not_zip"
    assert code_of(whole[:-30]) == "truncated"
    assert code_of(whole + b"x" * 30) == "not_zip" or code_of(whole + b"x" * 30) == "truncated"
    assert code_of(b"x" * 30 + whole) == "damaged"
    assert code_of(overlapping("a", "b")) == "overlap"
    assert code_of(whole.replace(b"a.txt", b"b.txt")) == "duplicate"
    assert code_of(whole[:directory] + whole[directory:].replace(b"a.txt", b"c.txt")) == "mismatch"
    assert (
        code_of(whole[:directory] + whole[directory:].replace(b"PK\x01\x02", b"PK\x01\x03", 1)) == "damaged"
    )
    assert code_of(made({"../a": b""})) == "unsafe_name"


def test_a_comment_is_refused_as_trailing_content() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"")
        archive.comment = b"hidden"

    assert code_of(out.getvalue()) == "trailing"


def test_too_many_entries_are_refused_before_they_are_read() -> None:
    data = made({f"{number}": b"" for number in range(11)})

    with pytest.raises(BadZip) as caught:
        read_entries(io.BytesIO(data), max_entries=10)

    assert caught.value.code == "too_many"


def test_other_methods_and_encryption_are_refused() -> None:
    assert code_of(made({"a": b"a" * 100}, zipfile.ZIP_LZMA)) == "method"
    encrypted = bytearray(made({"a": b"a"}))
    encrypted[6] |= 1
    encrypted[bytes(encrypted).index(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(encrypted)) == "encrypted"


@pytest.mark.parametrize("size", [5, 500])
def test_content_longer_or_shorter_than_declared_is_refused(size: int) -> None:
    data = made({"a": b"a" * 50})
    real, lie = struct.pack("<I", 50), struct.pack("<I", size)
    file = io.BytesIO(data.replace(real, lie))
    (entry,) = read_entries(file)

    pieces: list[bytes] = []
    with pytest.raises(BadZip, match="比目录中写的大" if size < 50 else "长度"):
        pieces.extend(read_chunks(file, entry, 10))

    assert sum(map(len, pieces)) <= min(size, 50)


def test_a_zip_at_the_end_of_something_else_is_seen() -> None:
    archive = made({"a": b"a"})

    assert ends_with_zip(io.BytesIO(archive))
    assert ends_with_zip(io.BytesIO(b"%PDF" * 100 + archive))
    assert not ends_with_zip(io.BytesIO(b"%PDF" * 100))
    assert not ends_with_zip(io.BytesIO(b"PK\x05\x06"))
    assert not ends_with_zip(io.BytesIO(b""))


def test_unsafe_names() -> None:
    unsafe = ["", "/a", "..", "a/../b", "a//b", "./a", "a\\b", "c:a", "a\x00", "a\n"]

    assert all(map(is_unsafe_name, unsafe))
    assert not any(map(is_unsafe_name, ["a", "a/b", "文件夹/文件.pdf", "a..b", "文件夹/"]))


def test_only_large_and_monotonous_content_is_a_bomb() -> None:
    assert is_bomb(100 << 20, 100 << 10)
    assert not is_bomb(100 << 20, 1 << 20)
    assert not is_bomb(1 << 20, 1)


def test_names_in_messages_show_what_is_hidden_in_them() -> None:
    assert printable("a\x1b\u202eb") == "a\\u001b\\u202eb"
    assert printable("字" * 200) == "字" * 119 + "…"
