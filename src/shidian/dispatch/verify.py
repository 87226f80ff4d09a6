"""Checks a package without database, settings or network: `python -m shidian.dispatch.verify PACKAGE`.

Needs nothing but the standard library and `shidian.core`, so that a receiver can run it. Nothing is unpacked:
the archive is read once, front to back, with bounded memory.
"""

import argparse
import hashlib
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from shidian.core.digests import is_sha256, sha256_of_bytes, sm3_of_bytes
from shidian.core.zips import BadZip, Entry, is_bomb, is_unsafe_name, printable, read_chunks, read_entries
from shidian.dispatch.bag import DECLARATION, MANIFEST, TAG_MANIFEST

_REQUIRED = ("bagit.txt", MANIFEST)
_LONGEST_TAG_FILE = 256 << 20
_LONGEST_DIGESTS = 10_000
_MOST_ENTRIES = 2_000_000
_USAGE = """\
用法：python -m shidian.dispatch.verify 报送包.zip [--digest 清单摘要]
离线逐个核对报送包中的文件，列出被改动、缺失和多出的文件。
给出回执或报送函上的清单摘要时，同时核对清单本身。
结果：0 为通过，1 为未通过，2 为无法读取。
"""


def _sm3(content: bytes) -> str:
    """By the standard library where its OpenSSL has SM3, else by `cryptography`; ImportError where there is neither."""
    try:
        return hashlib.new("sm3", content).hexdigest()
    except ValueError:
        return sm3_of_bytes(content)


_DIGESTS: dict[str, Callable[[bytes], str]] = {"sha256": sha256_of_bytes, "sm3": _sm3}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; names are relative to the bag, payload names begin with `data/`.

    `digest` is the SHA-256 of the manifest: the one value to compare with the receipt. `renamed` pairs missing
    with added names of equal content; both also stand in `missing` and `added`. `unchecked` are second digests (SM3)
    that this machine cannot compute.
    """

    ok: bool
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchecked: tuple[str, ...] = ()
    files: int = 0
    payload_bytes: int = 0
    digest: str = ""

    def text(self) -> str:
        """Return the findings in Chinese, one a line, verdict first."""
        if self.ok:
            lines = [f"验证通过：{self.files} 个文件，共 {self.payload_bytes:,} 字节，与清单完全一致。"]
        else:
            lines = ["验证未通过。"]
        lines += [f"问题：{problem}。" for problem in self.problems]
        for title, names in (("被改动", self.changed), ("缺失", self.missing), ("多出", self.added)):
            if names:
                lines.append(f"{title}的文件（{len(names)} 个）：")
                lines += [f"  {printable(name)}" for name in names]
        lines += [f"疑似改名：{printable(old)} → {printable(new)}" for old, new in self.renamed]
        if self.unchecked:
            lines.append(f"这台机器不能计算 SM3，有 {len(self.unchecked)} 个 SM3 摘要没有核对。")
        if self.digest:
            lines.append(f"清单摘要（SHA-256）：{self.digest}")
        if self.ok:
            lines.append("请将清单摘要与回执或报送函上的摘要核对，二者一致才说明清单本身未被替换。")
        return "\n".join(lines)


def verify(path: Path, *, digest: str | None = None) -> Report:
    """Read the package at `path` and say whether it is complete and unchanged.

    Every payload file is measured against the manifest, every tag file against the tag manifest, the structure
    of the zip against itself. With `digest` (from the receipt) the manifest itself must be the one receipted;
    without it a package whose manifests were all rewritten consistently cannot be told from a true one.
    Never raises for what is in the file; OSError if it cannot be opened.
    """
    with Path(path).open("rb") as file:
        try:
            entries = read_entries(file, max_entries=_MOST_ENTRIES, tight=True)
        except BadZip as error:
            return Report(False, problems=(str(error),))
        return _Check(file, entries, digest).report()


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when the package is sound, 1 when it is not, 2 when it cannot be read."""
    parser = _Parser(add_help=False)
    parser.add_argument("package", type=Path)
    parser.add_argument("--digest")
    parser.add_argument("-h", "--help", action="help")
    options = parser.parse_args(arguments)
    try:
        report = verify(options.package, digest=options.digest)
    except OSError as error:
        sys.stderr.write(f"无法打开“{options.package}”：{_reason(error)}。\n")
        return 2
    sys.stdout.write(report.text() + "\n")
    return 0 if report.ok else 1


class _Parser(argparse.ArgumentParser):
    """Speaks Chinese where argparse would speak English."""

    def format_help(self) -> str:
        return _USAGE

    def error(self, message: str) -> NoReturn:
        self.exit(2, _USAGE)


class _Check:
    """One pass over the archive; findings gather in lists until `report`."""

    def __init__(self, file: BinaryIO, entries: list[Entry], expected: str | None) -> None:
        self._file = file
        self._expected = expected
        self._problems: list[str] = []
        self._changed: list[str] = []
        self._unchecked: list[str] = []
        self._found: dict[str, str | None] = {}
        self._sizes: dict[str, int] = {}
        self._root, self._entries = self._inside(entries)

    def report(self) -> Report:
        tags = self._read_tag_files()
        manifest = self._parse(MANIFEST, tags, payload=True)
        tag_manifest = self._parse(TAG_MANIFEST, tags, payload=False)
        for name, entry in self._entries.items():
            if name not in self._found:
                self._found[name] = self._digest_of(name, entry)
        self._check_declaration(tags)
        self._check_second_digests()
        if not manifest and MANIFEST in tags:
            self._problems.append(f"{MANIFEST} 中没有列出任何文件")
        listed = {**tag_manifest, **manifest}
        for name, sha256 in listed.items():
            if self._found.get(name, sha256) != sha256:
                self._changed.append(name)
        missing = [name for name in listed if name not in self._found]
        added = [name for name in self._found if name not in listed and name != TAG_MANIFEST]
        if TAG_MANIFEST not in tags:
            # Without it tag files cannot be told apart from strangers; name the gap once, not every file.
            added = [name for name in added if name.startswith("data/")]
        self._check_totals(tags.get("bag-info.txt"))
        digest = hashlib.sha256(tags[MANIFEST]).hexdigest() if MANIFEST in tags else ""
        if self._expected is not None and self._expected.strip().lower() != digest:
            self._problems.append(f"清单摘要与给定的摘要不一致（给定的是 {printable(self._expected)}）")
        gone = {listed[name]: name for name in missing}
        renamed = [(gone[sha256], name) for name in added if (sha256 := self._found[name] or "") in gone]
        changed = sorted(set(self._changed))
        payload = [name for name in self._found if name.startswith("data/")]
        return Report(
            ok=not (self._problems or changed or missing or added),
            changed=tuple(changed),
            missing=tuple(sorted(missing)),
            added=tuple(sorted(added)),
            problems=tuple(self._problems),
            renamed=tuple(sorted(renamed)),
            unchecked=tuple(self._unchecked),
            files=len(payload),
            payload_bytes=sum(self._sizes[name] for name in payload),
            digest=digest,
        )

    def _inside(self, entries: list[Entry]) -> tuple[str, dict[str, Entry]]:
        """Find the one folder of the bag: the one that holds bagit.txt, or the most files if none does."""
        counts: dict[str, int] = {}
        for entry in entries:
            root = entry.name.partition("/")[0]
            counts[root] = counts.get(root, 0) + (1 << 40 if entry.name == f"{root}/bagit.txt" else 1)
        root = max(counts, key=lambda name: (counts[name], name), default="")
        inside: dict[str, Entry] = {}
        for entry in entries:
            if entry.name.startswith(f"{root}/"):
                if not entry.is_directory:
                    inside[entry.name.removeprefix(f"{root}/")] = entry
            else:
                self._problems.append(f"“{printable(entry.name)}”不在报送包的文件夹内")
        return root, inside

    def _read_tag_files(self) -> dict[str, bytes]:
        tags: dict[str, bytes] = {}
        for name in (*_REQUIRED, TAG_MANIFEST, "bag-info.txt"):
            entry = self._entries.get(name)
            if entry is None:
                if name in _REQUIRED or name == TAG_MANIFEST:
                    self._problems.append(f"缺少 {name}")
                continue
            if entry.size > _LONGEST_TAG_FILE:
                self._problems.append(f"{name} 大得不正常，没有读取")
                self._found[name] = None
                self._sizes[name] = entry.size
                continue
            content = b"".join(self._content(name, entry))
            tags[name] = content
            self._found[name] = hashlib.sha256(content).hexdigest()
            self._sizes[name] = len(content)
        if "fetch.txt" in self._entries:
            self._problems.append("fetch.txt 要求从网络取文件，报送包必须自身完整")
        return tags

    def _digest_of(self, name: str, entry: Entry) -> str | None:
        digest = hashlib.sha256()
        self._sizes[name] = 0
        for piece in self._content(name, entry):
            digest.update(piece)
            self._sizes[name] += len(piece)
        return None if name in self._changed else digest.hexdigest()

    def _content(self, name: str, entry: Entry) -> Iterator[bytes]:
        """Yield the content as far as it can be had; damage marks the file as changed."""
        if is_bomb(entry.size, entry.compressed):
            self._problems.append(
                f"“{printable(name)}”解压后会膨胀到 {entry.size:,} 字节，疑似压缩炸弹，没有展开"
            )
            self._changed.append(name)
            return
        try:
            yield from read_chunks(self._file, entry)
        except (BadZip, zlib.error):
            self._changed.append(name)

    def _parse(self, manifest: str, tags: dict[str, bytes], *, payload: bool) -> dict[str, str]:
        """Return digest by name; every line that is not `digest  path` is a problem with its number."""
        listed: dict[str, str] = {}
        try:
            lines = tags.get(manifest, b"").decode("utf-8").split("\n")
        except UnicodeDecodeError:
            self._problems.append(f"{manifest} 不是 UTF-8 文本")
            return listed
        if lines[-1] == "":  # what follows the last line break
            lines.pop()
        for number, line in enumerate(lines, 1):
            digest, _, rest = line.partition(" ")
            name = _decode_path(rest.lstrip(" \t*").removesuffix("\r"))
            digest = digest.lower()
            if not is_sha256(digest) or is_unsafe_name(name) or payload != name.startswith("data/"):
                self._problems.append(f"{manifest} 第 {number} 行不是有效的清单行")
            elif listed.setdefault(name, digest) != digest:
                self._problems.append(f"{manifest} 第 {number} 行与前面对“{printable(name)}”的记录矛盾")
        return listed

    def _check_second_digests(self) -> None:
        """Compare the digests of every digests.json with the files that stand beside it."""
        for name, entry in self._entries.items():
            folder, _, last = name.rpartition("/")
            if last != "digests.json" or name in self._changed or entry.size > _LONGEST_DIGESTS:
                continue
            try:
                told: dict[str, dict[str, str]] = json.loads(b"".join(self._content(name, entry)))
                for file, digests in told.items():
                    for algorithm, digest in digests.items():
                        self._check_digest(f"{folder}/{file}", algorithm, digest)
            except (ValueError, AttributeError, TypeError):
                self._problems.append(f"“{printable(name)}”读不出来")

    def _check_digest(self, name: str, algorithm: str, digest: str) -> None:
        entry = self._entries.get(name)
        known = _DIGESTS.get(algorithm)
        if entry is None or known is None or entry.size > _LONGEST_TAG_FILE:
            self._problems.append(f"“{printable(name)}”的 {printable(algorithm.upper())} 摘要不能核对")
            return
        try:
            found = known(b"".join(self._content(name, entry)))
        except ImportError:
            self._unchecked.append(name)
            return
        if found != digest:
            self._problems.append(f"“{printable(name)}”与所记的 {algorithm.upper()} 摘要不一致")

    def _check_declaration(self, tags: dict[str, bytes]) -> None:
        declaration = tags.get("bagit.txt")
        if declaration is not None and declaration.replace(b"\r\n", b"\n").rstrip() != DECLARATION.rstrip():
            self._problems.append("bagit.txt 的内容不是本系统认识的声明")

    def _check_totals(self, info: bytes | None) -> None:
        """Compare Payload-Oxum with what is there."""
        for line in (info or b"").decode("utf-8", "replace").splitlines():
            label, _, value = line.partition(":")
            if label.strip().lower() == "payload-oxum":
                payload = [size for name, size in self._sizes.items() if name.startswith("data/")]
                if value.strip() != f"{sum(payload)}.{len(payload)}":
                    self._problems.append("文件总数或总字节数与 bag-info.txt 中的 Payload-Oxum 不一致")


def _decode_path(path: str) -> str:
    """Undo the three escapes of a manifest path (RFC 8493 2.1.3)."""
    for escape, char in (("%0A", "\n"), ("%0a", "\n"), ("%0D", "\r"), ("%0d", "\r"), ("%25", "%")):
        path = path.replace(escape, char)
    return path


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "没有这个文件"
    if isinstance(error, PermissionError):
        return "没有读取权限"
    if isinstance(error, IsADirectoryError):
        return "这是一个文件夹，不是报送包文件"
    return "读取时出错"


if __name__ == "__main__":
    sys.exit(main())
