"""The package as it is written: BagIt in a zip that every tool can read."""

import hashlib
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.core.zips import is_portable_name
from shidian.dispatch.bag import BagError, BagFile, BagWriter
from shidian.dispatch.verify import verify
from shidian.documents.intake import safe_name

NOON = datetime(2023, 7, 31, 12, 30, 44, tzinfo=UTC)
MEGABYTE = 1 << 20


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_bag_holds_payload_declaration_information_and_manifests(tmp_path: Path) -> None:
    path = tmp_path / "TJ10.zip"
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(b"\xff\xd8\xff scan")

    with BagWriter(
        path, root="天津-第十批", stamp=NOON, info={"Source-Organization": "市场监管委\n（示例）"}
    ) as bag:
        bag.add("申请书/TJ10-0001/承担单位盖章页.jpg", scan)
        bag.add("数据.json", b'{"a": 1}')
        bag.add("100%.txt", iter([b"a", b"", b"b"]))
        written = bag.close()

    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        content = {name.removeprefix("天津-第十批/"): archive.read(name) for name in archive.namelist()}
    manifest = "".join(
        f"{sha256(data)}  data/{name}\n"
        for name, data in (
            ("100%25.txt", b"ab"),
            ("数据.json", b'{"a": 1}'),
            ("申请书/TJ10-0001/承担单位盖章页.jpg", scan.read_bytes()),
        )
    ).encode()
    assert content == {
        "data/申请书/TJ10-0001/承担单位盖章页.jpg": scan.read_bytes(),
        "data/数据.json": b'{"a": 1}',
        "data/100%.txt": b"ab",
        "bag-info.txt": "Source-Organization: 市场监管委 （示例）\nBagging-Date: 2023-07-31\nPayload-Oxum: 18.3\n".encode(),
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "manifest-sha256.txt": manifest,
        "tagmanifest-sha256.txt": "".join(
            f"{sha256(content[name])}  {name}\n"
            for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
        ).encode(),
    }
    assert written.digest == sha256(manifest)
    assert written.sha256 == sha256(path.read_bytes())
    assert written.payload_bytes == 18
    assert written.files[0] == BagFile("100%.txt", 2, sha256(b"ab"))
    assert verify(path).ok


def test_already_compressed_files_are_stored_and_text_is_deflated(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    names = ["a.jpg", "a.pdf", "a.png", "a.xlsx", "a.zip", "a.bin", "a.json", "a.XML", "a.txt"]

    with BagWriter(path) as bag:
        for name in names:
            bag.add(name, b"x" * 1000)
        bag.close()

    with zipfile.ZipFile(path) as archive:
        methods = {name: archive.getinfo(f"bag/data/{name}").compress_type for name in names}
    stored, deflated = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
    assert [methods[name] for name in names] == [stored] * 6 + [deflated] * 3


def test_every_kind_of_source_and_size_gives_its_content(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    # Around the size at which a source no longer fits into one buffer.
    sizes = [0, 1, 65_535, 65_536, 4 * MEGABYTE - 1, 4 * MEGABYTE, 4 * MEGABYTE + 1, 9 * MEGABYTE + 7]
    expected: dict[str, str] = {}
    with BagWriter(path) as bag:
        for size in sizes:
            data = hashlib.shake_128(b"%d" % size).digest(size)
            (tmp_path / "source").write_bytes(data)
            # Packing takes most of the time, and the largest size adds nothing to it.
            for extension in ("jpg", "json") if size < 9 * MEGABYTE else ("jpg",):
                bag.add(f"{size}/path.{extension}", tmp_path / "source")
                bag.add(f"{size}/bytes.{extension}", data)
                bag.add(
                    f"{size}/chunks.{extension}", (data[at : at + 999_983] for at in range(0, size, 999_983))
                )
                expected |= {
                    f"{size}/{kind}.{extension}": sha256(data) for kind in ("path", "bytes", "chunks")
                }
        written = bag.close()

    assert {file.name: file.sha256 for file in written.files} == expected
    with zipfile.ZipFile(path) as archive:
        for name, digest in expected.items():
            assert sha256(archive.read(f"bag/data/{name}")) == digest
    assert written.sha256 == sha256(path.read_bytes())
    assert verify(path).ok


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("one.zip", "two.zip"):
        with BagWriter(tmp_path / name, root="bag", stamp=NOON) as bag:
            bag.add("清单.json", b"[]" * 5000)
            bag.add("扫描件.jpg", (bytes([n]) * 100_000 for n in range(60)))
            digests.add(bag.close().sha256)

    assert len(digests) == 1
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_manifest_digest_does_not_depend_on_order_or_time(tmp_path: Path) -> None:
    digests = set()
    for name, order in (("one", "ab"), ("two", "ba")):
        stamp = NOON.replace(hour=len(digests))
        with BagWriter(tmp_path / name, root="bag", stamp=stamp) as bag:
            for letter in order:
                bag.add(f"{letter}.txt", letter.encode())
            digests.add(bag.close().digest)

    assert len(digests) == 1


def test_entries_carry_the_given_time(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag.zip", stamp=NOON) as bag:
        bag.add("a.txt", b"a")
        bag.close()

    with zipfile.ZipFile(tmp_path / "bag.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 7, 31, 12, 30, 44)}


def test_many_entries_need_zip64_and_stay_readable(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with BagWriter(path) as bag:
        for number in range(66_000):
            bag.add(f"{number}.bin", b"")
        bag.close()

    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 66_004
    report = verify(path)
    assert report.ok
    assert report.files == 66_000


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "../a", "a/../b", "a//b", "a\\b", "C:/a", "a\nb", "a\x00", "a:b", "a?", "a.", "a ", "con.txt",
     "e\u0301", "字" * 100, "/".join(["a"] * 600)],
)  # fmt: skip
def test_names_that_do_not_travel_are_refused(tmp_path: Path, name: str) -> None:
    with BagWriter(tmp_path / "bag.zip") as bag:
        with pytest.raises(BagError):
            bag.add(name, b"")
        bag.add("good.txt", b"the bag goes on")
        bag.close()

    assert verify(tmp_path / "bag.zip").files == 1


@given(st.text(max_size=300))
def test_every_safe_name_can_go_into_a_bag(name: str) -> None:
    assert is_portable_name(safe_name(name))


def test_one_name_is_used_once_whatever_its_case(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag.zip") as bag:
        bag.add("Scan.jpg", b"")
        with pytest.raises(BagError, match="one name"):
            bag.add("scan.JPG", b"")


def test_a_closed_bag_takes_nothing(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag.zip") as bag:
        bag.close()
        with pytest.raises(BagError, match="closed"):
            bag.add("a", b"")
        with pytest.raises(BagError, match="closed"):
            bag.close()


def test_leaving_without_close_leaves_nothing(tmp_path: Path) -> None:
    threads = threading.active_count()

    with pytest.raises(RuntimeError, match="stop"), BagWriter(tmp_path / "bag.zip") as bag:
        bag.add("a.jpg", b"a" * MEGABYTE)
        raise RuntimeError("stop")

    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_a_source_that_breaks_ends_the_bag(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (5 * MEGABYTE)
        raise OSError("disk")

    with BagWriter(tmp_path / "bag.zip") as bag:
        with pytest.raises(OSError, match="disk"):
            bag.add("a.jpg", broken())
        with pytest.raises(BagError, match="closed"):
            bag.close()

    assert list(tmp_path.iterdir()) == []


class ChangingFile(type(Path())):
    """A file that somebody overwrites whenever it is opened."""

    def open(self, *args: object, **kwargs: object) -> IO[bytes]:
        before = Path(self).read_bytes()
        Path(self).write_bytes(hashlib.sha256(before).digest() * 200_000)
        return Path(self).open("rb", buffering=0)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.jpg").write_bytes(b"first")

    with BagWriter(tmp_path / "bag.zip") as bag, pytest.raises(BagError, match="changed while"):
        bag.add("scan.jpg", ChangingFile(tmp_path / "scan.jpg"))

    assert not (tmp_path / "bag.zip").exists()


def test_an_old_package_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    path.write_bytes(b"old")

    with BagWriter(path) as bag:
        bag.add("a", b"a")
        assert path.read_bytes() == b"old"
        bag.close()

    assert verify(path).ok
    assert list(tmp_path.iterdir()) == [path]


def test_monotonous_text_does_not_look_like_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with BagWriter(path) as bag:
        bag.add("a.txt", (b"0" * MEGABYTE for _ in range(20)))
        bag.close()

    assert verify(path).ok


def test_memory_does_not_grow_with_the_package(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from shidian.dispatch.bag import BagWriter
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM:")).split()[1]) // 1024
with BagWriter(Path(sys.argv[1])) as bag:
    bag.add("small.jpg", b"x")
    before = peak()
    for kind in ("jpg", "json"):
        bag.add("big." + kind, (bytes([n]) * 1000000 for n in range(100)))
    bag.add("path.jpg", Path(sys.argv[2]))
    bag.close()
    print(peak() - before)
"""
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100_000_000)
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "bag.zip", source],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")}, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert int(done.stdout) < 80


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z字文]{1,8}(/[a-z]{1,4})?\.(json|pdf)", fullmatch=True), st.binary(), max_size=5
    )
)
def test_any_content_comes_back(tmp_path_factory: pytest.TempPathFactory, content: dict[str, bytes]) -> None:
    path = tmp_path_factory.mktemp("bag") / "bag.zip"
    with BagWriter(path) as bag:
        for name, data in content.items():
            bag.add(name, data)
        bag.close()

    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(f"bag/data/{name}") for name in content} == content
