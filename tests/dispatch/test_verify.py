"""The package as it is received: whatever was done to it is found and named."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.core.zips import read_entries
from shidian.dispatch import verify as verifying
from shidian.dispatch.bag import BagWriter
from shidian.dispatch.verify import Report, main, verify
from tests.zip_samples import overlapping

SOURCES = Path(__file__).parents[2] / "src"
PAYLOAD = {
    "备选项目清单.xlsx": b"PK sheet" * 50,
    "申请书/TJ10-0001 社区应急.pdf": b"%PDF" + bytes(range(256)) * 8,
    "申请书/TJ10-0001-盖章页.jpg": b"\xff\xd8\xff" + bytes(range(256)) * 8,
    "数据/TJ10-0001.json": b'{"name": "a"}' * 100,
}
Content = dict[str, bytes]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "国家包.zip"
    with BagWriter(path, root="TJ10") as bag:
        for name, data in PAYLOAD.items():
            bag.add(name, data)
        bag.close()
    return path


def altered(package: Path, target: Path, change: Callable[[Content], object]) -> Path:
    """Unpack, let `change` work on the files (names within the bag), pack again with another program."""
    with zipfile.ZipFile(package) as archive:
        content = {name.removeprefix("TJ10/"): archive.read(name) for name in archive.namelist()}
    change(content)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name if name.startswith("../") else f"TJ10/{name}", data)
    return target


def test_an_untouched_package_is_sound(package: Path) -> None:
    report = verify(package)

    manifest = zipfile.ZipFile(package).read("TJ10/manifest-sha256.txt")
    assert report == Report(
        ok=True,
        files=4,
        payload_bytes=sum(map(len, PAYLOAD.values())),
        digest=hashlib.sha256(manifest).hexdigest(),
    )
    assert report.text().startswith("验证通过：4 个文件")


def test_a_package_packed_again_by_another_program_is_sound(package: Path, tmp_path: Path) -> None:
    assert verify(altered(package, tmp_path / "again.zip", lambda content: None)).ok


@settings(max_examples=60)
@given(st.data())
def test_any_flipped_byte_of_any_payload_is_reported_by_name(
    package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(package.read_bytes())
    with package.open("rb") as file:
        entries = [entry for entry in read_entries(file) if entry.name.startswith("TJ10/data/")]
    entry = data.draw(st.sampled_from(entries))
    last = entry.data_start + entry.compressed - 1
    if entry.method == zipfile.ZIP_DEFLATED:  # the last byte of a deflated stream may be padding
        last -= 1
    at = data.draw(st.integers(entry.data_start, last))
    damaged[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("flip") / "package.zip"
    path.write_bytes(damaged)

    report = verify(path)

    assert not report.ok
    assert report.changed == (entry.name.removeprefix("TJ10/"),)
    assert (report.missing, report.added) == ((), ())
    assert entry.name.removeprefix("TJ10/") in report.text()


@settings(max_examples=60)
@given(st.data())
def test_any_changed_payload_with_a_correct_checksum_is_reported_by_name(
    package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([f"data/{name}" for name in PAYLOAD]))
    at = data.draw(st.integers(0, len(PAYLOAD[name.removeprefix("data/")]) - 1))
    flip = data.draw(st.integers(1, 255))

    def change(content: Content) -> None:
        changed = bytearray(content[name])
        changed[at] ^= flip
        content[name] = bytes(changed)

    report = verify(altered(package, tmp_path_factory.mktemp("change") / "package.zip", change))

    assert (report.ok, report.changed, report.missing, report.added) == (False, (name,), (), ())


@settings(max_examples=150)
@given(st.data())
def test_no_flipped_byte_anywhere_makes_verify_fail_or_lie(
    package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Headers hold times and attributes that no digest covers; then every file must still be what it was."""
    damaged = bytearray(package.read_bytes())
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("any") / "package.zip"
    path.write_bytes(damaged)

    report = verify(path)

    if report.ok:
        with zipfile.ZipFile(path) as archive:
            assert {name: archive.read(f"TJ10/data/{name}") for name in PAYLOAD} == PAYLOAD


def test_a_header_that_reads_the_name_otherwise_is_found(package: Path, tmp_path: Path) -> None:
    """Without its UTF-8 mark a local header names another file to programs that believe it."""
    damaged = bytearray(package.read_bytes())
    at = damaged.index("申请书".encode())
    flags = damaged.rindex(b"PK\x03\x04", 0, at) + 6
    damaged[flags + 1] ^= 0x08
    path = tmp_path / "package.zip"
    path.write_bytes(damaged)

    report = verify(path)

    assert not report.ok
    assert "文件头与压缩包目录不一致" in report.problems[0]


@settings(max_examples=60)
@given(st.data())
def test_no_truncation_is_sound(
    package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = package.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "package.zip"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])

    report = verify(path)

    assert not report.ok
    assert len(report.problems) == 1


def test_a_removed_file_is_named(package: Path, tmp_path: Path) -> None:
    name = "data/备选项目清单.xlsx"

    report = verify(altered(package, tmp_path / "p.zip", lambda content: content.pop(name)))

    assert (report.changed, report.missing, report.added) == ((), (name,), ())
    assert "缺失的文件（1 个）：\n  data/备选项目清单.xlsx" in report.text()


def test_an_added_file_is_named(package: Path, tmp_path: Path) -> None:
    name = "data/申请书/多出.pdf"

    report = verify(altered(package, tmp_path / "p.zip", lambda content: content.update({name: b"new"})))

    assert (report.changed, report.missing, report.added) == ((), (), (name,))


def test_a_renamed_file_is_missing_added_and_recognised(package: Path, tmp_path: Path) -> None:
    old, new = "data/数据/TJ10-0001.json", "data/数据/TJ10-0002.json"

    report = verify(
        altered(package, tmp_path / "p.zip", lambda content: content.update({new: content.pop(old)}))
    )

    assert (report.missing, report.added, report.renamed) == ((old,), (new,), ((old, new),))
    assert f"疑似改名：{old} → {new}" in report.text()


def test_two_files_that_changed_places_are_both_changed(package: Path, tmp_path: Path) -> None:
    one, two = "data/申请书/TJ10-0001 社区应急.pdf", "data/申请书/TJ10-0001-盖章页.jpg"

    def swap(content: Content) -> None:
        content[one], content[two] = content[two], content[one]

    report = verify(altered(package, tmp_path / "p.zip", swap))

    assert report.changed == (one, two)


def test_a_stranger_beside_the_tag_files_is_named(package: Path, tmp_path: Path) -> None:
    report = verify(
        altered(package, tmp_path / "p.zip", lambda content: content.update({"readme.txt": b"hello"}))
    )

    assert report.added == ("readme.txt",)


@pytest.mark.parametrize(
    "name", ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
)
def test_an_edited_tag_file_is_found(package: Path, tmp_path: Path, name: str) -> None:
    report = verify(
        altered(package, tmp_path / "p.zip", lambda content: content.update({name: content[name] + b"x"}))
    )

    assert not report.ok
    if name != "tagmanifest-sha256.txt":
        assert name in report.changed
    else:
        assert any("tagmanifest-sha256.txt" in problem for problem in report.problems)


@pytest.mark.parametrize(
    "name", ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
)
def test_a_removed_tag_file_is_found(package: Path, tmp_path: Path, name: str) -> None:
    report = verify(altered(package, tmp_path / "p.zip", lambda content: content.pop(name)))

    assert not report.ok
    assert name in report.text()


def test_an_edited_manifest_line_is_found_and_both_places_are_named(package: Path, tmp_path: Path) -> None:
    name = "data/备选项目清单.xlsx"

    def edit(content: Content) -> None:
        lines = content["manifest-sha256.txt"].decode().splitlines()
        lines = ["0" * 64 + line[64:] if line.endswith(name) else line for line in lines]
        content["manifest-sha256.txt"] = ("\n".join(lines) + "\n").encode()

    report = verify(altered(package, tmp_path / "p.zip", edit))

    assert report.changed == (name, "manifest-sha256.txt")


def test_a_manifest_line_that_is_none_is_reported_with_its_number(package: Path, tmp_path: Path) -> None:
    def edit(content: Content) -> None:
        content["manifest-sha256.txt"] += b"not a line\n" + b"0" * 64 + b"  ../../etc/passwd\n"

    report = verify(altered(package, tmp_path / "p.zip", edit))

    assert "manifest-sha256.txt 第 5 行不是有效的清单行" in report.problems
    assert "manifest-sha256.txt 第 6 行不是有效的清单行" in report.problems


def rewrite_consistently(content: Content) -> None:
    """Do what a forger would: change a file, then every manifest and the totals with it."""
    content["data/备选项目清单.xlsx"] = b"forged"
    payload = {name: data for name, data in content.items() if name.startswith("data/")}
    content["manifest-sha256.txt"] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in payload.items()
    ).encode()
    total = sum(map(len, payload.values()))
    content["bag-info.txt"] = f"Payload-Oxum: {total}.{len(payload)}\n".encode()
    content["tagmanifest-sha256.txt"] = "".join(
        f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n"
        for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    ).encode()


def test_only_the_digest_of_the_receipt_unmasks_a_consistent_forgery(package: Path, tmp_path: Path) -> None:
    digest = verify(package).digest
    forged = altered(package, tmp_path / "p.zip", rewrite_consistently)

    assert verify(forged).ok
    assert not verify(forged, digest=digest).ok
    assert "清单摘要与给定的摘要不一致" in verify(forged, digest=digest).text()
    assert verify(package, digest=digest.upper()).ok


def test_wrong_totals_are_reported(package: Path, tmp_path: Path) -> None:
    def edit(content: Content) -> None:
        rewrite_consistently(content)
        content["bag-info.txt"] = b"Payload-Oxum: 1.1\n"

    report = verify(altered(package, tmp_path / "p.zip", edit))

    assert any("Payload-Oxum" in problem for problem in report.problems)


def test_files_to_be_fetched_from_elsewhere_are_refused(package: Path, tmp_path: Path) -> None:
    report = verify(
        altered(
            package, tmp_path / "p.zip", lambda content: content.update({"fetch.txt": b"https://x - data/y"})
        )
    )

    assert any("fetch.txt" in problem for problem in report.problems)


def test_a_duplicate_entry_is_reported(package: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(package.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("TJ10/data/备选项目清单.xlsx", b"another")

    assert verify(path).problems == ("压缩包里有两个同名文件“TJ10/data/备选项目清单.xlsx”",)


@pytest.mark.parametrize("name", ["elsewhere.txt", "TJ11/data/a.pdf"])
def test_an_entry_beside_the_bag_is_reported(package: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(package.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"beside")

    assert verify(path).problems == (f"“{name}”不在报送包的文件夹内",)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/passwd", "TJ10/../../evil", "TJ10/data/..\\evil", "C:/evil"]
)
def test_an_entry_that_would_leave_its_folder_is_reported(package: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(package.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"evil")

    (problem,) = verify(path).problems
    assert problem.startswith("压缩包里有不安全的文件路径")


def test_overlapping_entries_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(overlapping("TJ10/data/a", "TJ10/data/b"))

    (problem,) = verify(path).problems
    assert problem == "压缩包里的“TJ10/data/b”与另一个文件重叠"


@pytest.mark.parametrize("where", ["before", "between", "behind"])
def test_bytes_hidden_around_the_entries_are_reported(package: Path, tmp_path: Path, where: str) -> None:
    whole = package.read_bytes()
    with package.open("rb") as file:
        second = read_entries(file)[1].offset
    path = tmp_path / "p.zip"
    hidden = b"hidden"
    path.write_bytes({
        "before": hidden + whole, "between": whole[:second] + hidden + whole[second:], "behind": whole + hidden,
    }[where])  # fmt: skip

    assert not verify(path).ok


def test_hidden_bytes_with_a_corrected_directory_are_reported(package: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(b"hidden" + package.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:  # writes a fresh directory with right offsets
        archive.comment = b""
        archive.writestr("TJ10/x", b"")

    (problem,) = verify(path).problems
    assert "藏有多余的内容" in problem


def test_a_bomb_is_reported_and_not_unpacked(package: Path, tmp_path: Path) -> None:
    name = "data/备选项目清单.xlsx"
    before = set(tmp_path.parent.rglob("*"))
    path = altered(package, tmp_path / "p.zip", lambda content: content.update({name: bytes(64 << 20)}))

    report = verify(path)

    assert report.changed == (name,)
    assert any("疑似压缩炸弹" in problem for problem in report.problems)
    assert set(tmp_path.parent.rglob("*")) - before == {path}


def test_an_entry_that_unpacks_to_more_than_it_says_is_changed(package: Path, tmp_path: Path) -> None:
    """The sizes in both headers lie; the reader stops at what was declared."""
    path = altered(
        package, tmp_path / "p.zip", lambda content: content.update({"data/x.json": b"0" * 5_000_000})
    )
    real, lie = struct.pack("<I", 5_000_000), struct.pack("<I", 5_000)
    path.write_bytes(path.read_bytes().replace(real, lie))

    report = verify(path)

    assert "data/x.json" in report.added
    assert not report.ok


@pytest.mark.parametrize("data", [b"", b"hello", b"PK", b"%PDF-1.7" + b"x" * 100, b"\x00" * 5000])
def test_what_is_no_zip_is_reported(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)

    report = verify(path)

    assert not report.ok
    assert len(report.problems) == 1


def test_a_zip_that_is_no_bag_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/file.txt", b"")

    assert "缺少 bagit.txt" in verify(path).problems


def test_an_empty_zip_is_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w"):
        pass

    assert "缺少 bagit.txt" in verify(tmp_path / "p.zip").problems


def test_command_line_answers_in_chinese_with_an_exit_code(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = altered(package, tmp_path / "p.zip", lambda content: content.pop("data/备选项目清单.xlsx"))

    assert main([str(package)]) == 0
    assert capsys.readouterr().out.startswith("验证通过")
    assert main([str(changed)]) == 1
    assert "data/备选项目清单.xlsx" in capsys.readouterr().out
    assert main([str(package), "--digest", "0" * 64]) == 1
    assert "不一致" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing.zip")]) == 2
    assert "没有这个文件" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "文件夹" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert capsys.readouterr().err.startswith("用法：")


def test_it_runs_without_django_settings_and_imports_no_django(package: Path) -> None:
    program = (
        "import sys; from shidian.dispatch import verify; code = verify.main(sys.argv[1:]);"
        "foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)"
        " - {'shidian', '__main__', '__mp_main__'};"
        "print(sorted(name for name in foreign if not name.startswith('_'))); sys.exit(code)"
    )
    environment = {"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    isolated = [sys.executable, "-S"]  # without site-packages nothing else can be found at all

    seen = subprocess.run(
        [*isolated, "-c", program, package],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    ran = subprocess.run(
        [*isolated, "-m", "shidian.dispatch.verify", package], env=environment, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip

    assert (seen.returncode, seen.stdout.splitlines()[-1]) == (0, "[]"), seen.stderr
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("验证通过")


def test_second_digests_are_checked_where_they_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'{"a":1}'
    sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # of b"abc" (GB/T 32905, A.1)
    right = {"sha256": hashlib.sha256(b"abc").hexdigest(), "sm3": sm3}
    cases = [
        (b"abc", right, ""),
        (data, {"sm3": sm3}, "SM3 摘要不一致"),
        (data, {"sha256": "0" * 64}, "SHA256 摘要不一致"),
        (data, {"md5": "0" * 32}, "MD5 摘要不能核对"),
        (data, "junk", "读不出来"),
    ]
    for number, (content, told, problem) in enumerate(cases):
        path = tmp_path / f"{number}.zip"
        with BagWriter(path, root="R") as bag:
            bag.add("applications/1/data.json", content)
            bag.add("applications/1/digests.json", json.dumps({"data.json": told}).encode())
            bag.close()
        report = verify(path)
        assert report.ok is not bool(problem)
        assert problem in report.text()

    def missing(content: bytes) -> str:
        raise ImportError

    monkeypatch.setitem(verifying._DIGESTS, "sm3", missing)
    report = verify(tmp_path / "0.zip")
    assert report.ok and "没有核对" in report.text()
