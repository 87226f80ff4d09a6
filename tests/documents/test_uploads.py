"""Files in pieces: nothing that came is lost, nothing is taken unseen, everything that is over goes away."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shidian.accounts.models import User
from shidian.core.errors import NotNow, Stale
from shidian.documents import uploads
from shidian.documents.intake import Rejected
from shidian.documents.models import StoredFile, Upload
from shidian.documents.storage import file_store
from tests import steps
from tests.clamd import EICAR, clamd

PURPOSE = "tests"
handed: list[Upload] = []
refusing: list[str] = []


def _take(upload: Upload) -> None:
    if refusing:
        raise NotNow(refusing[0])
    handed.append(upload)


uploads.taken.register(PURPOSE, _take)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings) -> Iterator[None]:
    settings.FILES_ROOT, settings.UPLOADS_ROOT = tmp_path / "files", tmp_path / "uploads"
    settings.PREVIEWS_ROOT = tmp_path / "previews"
    handed.clear()
    refusing.clear()
    yield


@pytest.fixture
def person(db, clock_at) -> User:
    return steps.make_user("uploader", "上传的人")


def begin(person: User, content: bytes, name: str = "证书.pdf", **other: object) -> Upload:
    announced = {"formats": ["pdf", "zip"], "max_bytes": 30_000_000, "length": len(content)} | other
    return uploads.begin(owner=person, purpose=PURPOSE, place="here", name=name, **announced)  # type: ignore[arg-type]


def send(upload: Upload, content: bytes, start: int = 0, **other: object) -> int:
    return uploads.receive(upload, io.BytesIO(content), start=start, length=len(content), **other)  # type: ignore[arg-type]


def test_a_file_in_pieces_is_inspected_kept_and_handed_over(person: User) -> None:
    content = steps.pdf_bytes(3)
    upload = begin(person, content)

    assert send(upload, content[:500]) == 500
    assert (uploads.offset(upload), upload.stands) == (500, "uploading")
    assert "没有传完" in uploads.words(upload)
    send(upload, content[500:], start=500)

    upload.refresh_from_db()
    assert upload.stands == "taken"
    assert [each.pk for each in handed] == [upload.pk]
    assert upload.file is not None
    assert (upload.file.sha256, upload.file.pages, upload.file.name) == (
        hashlib.sha256(content).hexdigest(),
        3,
        "证书.pdf",
    )
    assert file_store().path(upload.file.sha256).read_bytes() == content
    assert not uploads.part(upload).exists()


def test_the_same_content_is_kept_once(person: User) -> None:
    content = steps.pdf_bytes()
    for _ in range(2):
        send(begin(person, content), content)

    rows = list(StoredFile.objects.all())
    assert len(rows) == 2
    assert len({row.sha256 for row in rows}) == 1
    assert [path for path in Path(file_store()._root).rglob("*") if path.is_file()] == [
        file_store().path(rows[0].sha256)
    ]


def test_how_far_it_came_is_read_from_the_disk(person: User) -> None:
    content = steps.pdf_bytes()
    upload = begin(person, content)
    # A server that was killed has written, and told nobody.
    with uploads.part(upload).open("ab") as file:
        file.write(content)

    uploads.finish(Upload.objects.get(pk=upload.pk))

    upload.refresh_from_db()
    assert upload.stands == "taken"


@pytest.mark.parametrize(
    ("name", "other", "code"),
    [
        ("a.pdf", {"length": 0}, "empty"),
        ("a.pdf", {"length": 30_000_001}, "too_large"),
        ("a.exe", {}, "format"),
        ("a.docx", {}, "format"),
    ],
)
def test_what_will_be_refused_is_refused_before_it_is_sent(
    person: User, name: str, other: dict[str, int], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        begin(person, b"x" * 10, name, **other)

    assert caught.value.code == code
    assert Upload.objects.count() == 0


def test_nobody_fills_the_disk_with_beginnings(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    begin(person, b"x")
    begin(person, b"x")

    with pytest.raises(NotNow, match="没有传完的文件太多"):
        begin(person, b"x")

    begin(steps.make_user("other", "另一个人"), b"x")


def test_a_full_disk_is_told_before(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_SPARE", 10**18)

    with pytest.raises(NotNow, match="磁盘空间不够"):
        begin(person, b"x")


def test_a_piece_at_another_place_is_not_written(person: User) -> None:
    upload = begin(person, b"x" * 100)
    send(upload, b"x" * 10)

    for start in (0, 5, 20):
        with pytest.raises(Stale):
            send(upload, b"y", start=start)

    assert uploads.offset(upload) == 10


def test_more_than_announced_is_not_written(person: User) -> None:
    upload = begin(person, b"x" * 10)

    with pytest.raises(Rejected, match="还长"):
        send(upload, b"x" * 11)

    assert uploads.offset(upload) == 0


def test_a_piece_that_ends_early_keeps_what_came(person: User) -> None:
    upload = begin(person, b"x" * 100)

    assert uploads.receive(upload, io.BytesIO(b"x" * 7), start=0, length=100) == 7
    assert uploads.offset(upload) == 7


def test_a_piece_with_a_wrong_digest_leaves_nothing(person: User) -> None:
    upload = begin(person, b"x" * 100)

    with pytest.raises(uploads.WrongDigest):
        send(upload, b"x" * 10, digest=("sha256", b"wrong"))
    right = hashlib.sha1(b"x" * 10, usedforsecurity=False).digest()
    send(upload, b"x" * 10, digest=("sha1", right))

    assert uploads.offset(upload) == 10


def test_two_senders_at_once_never_mix(person: User) -> None:
    content = os.urandom(5_000_000)
    upload = begin(person, content, name="a.zip")
    begun = threading.Barrier(2)
    results: list[object] = []

    def run() -> None:
        begun.wait()
        try:
            with uploads.part(upload).open("r+b") as file:
                results.append(uploads._append(file, io.BytesIO(content), 0, len(content)))
        except Stale as stale:
            results.append(stale)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(isinstance(each, Stale) for each in results) == [False, True]
    assert uploads.part(upload).read_bytes() == content


def test_a_bad_file_is_refused_with_its_reason_and_goes(person: User) -> None:
    content = steps.pdf_bytes()[:-200]
    upload = begin(person, content)

    send(upload, content)

    upload.refresh_from_db()
    assert (upload.stands, upload.code) == ("refused", "damaged")
    assert "请" in uploads.words(upload)
    assert not uploads.part(upload).exists()
    assert StoredFile.objects.count() == 0
    with pytest.raises(NotNow):
        send(upload, b"more")


def test_whoever_asked_may_still_refuse(person: User) -> None:
    refusing.append("已经放满。")
    content = steps.pdf_bytes()
    upload = begin(person, content)

    send(upload, content)

    upload.refresh_from_db()
    assert upload.stands == "refused"
    assert "已经放满" in upload.reason
    assert StoredFile.objects.count() == 0


def test_large_files_are_looked_at_by_the_worker(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(uploads, "async_task", lambda *told: asked.append(told))
    content = steps.pdf_bytes()
    upload = begin(person, content)

    send(upload, content)

    upload.refresh_from_db()
    assert upload.stands == "checking"
    assert asked == [("shidian.documents.uploads.settle", upload.pk)]
    uploads.settle(upload.pk)
    uploads.settle(upload.pk)  # the task of a killed worker is handed out again
    assert len(handed) == 1


def test_settling_goes_on_where_a_killed_worker_stopped(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    monkeypatch.setattr(uploads, "async_task", lambda *told: None)
    content = steps.pdf_bytes()
    upload = begin(person, content)
    send(upload, content)
    upload.refresh_from_db()
    uploads._inspect(upload, uploads.part(upload))
    file_store().adopt(uploads.part(upload), upload.sha256)  # moved, and then killed

    uploads.settle(upload.pk)

    assert len(handed) == 1


def test_what_was_forgotten_is_settled_and_what_expired_goes(
    person: User, monkeypatch: pytest.MonkeyPatch, clock_at
) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    monkeypatch.setattr(uploads, "async_task", lambda *told: None)
    content = steps.pdf_bytes()
    upload = begin(person, content)
    send(upload, content)
    half = begin(person, content)
    send(half, content[:10])

    clock_at(2023, 7, 3, 10, 6)
    uploads.tend()
    assert len(handed) == 1
    assert Upload.objects.count() == 2
    clock_at(2023, 7, 12)
    uploads.tend()

    assert Upload.objects.count() == 0
    assert not uploads.part(half).exists()
    assert StoredFile.objects.count() == 1


def test_giving_up_removes_it(person: User) -> None:
    upload = begin(person, b"x" * 10)
    send(upload, b"x")

    uploads.abandon(upload)

    assert not uploads.part(upload).exists()
    assert Upload.objects.count() == 0
    with pytest.raises(NotNow, match="取消或者过期"):
        send(upload, b"x", start=1)


def test_a_file_is_held_until_the_scanner_says_that_it_is_clean(
    person: User, tmp_path: Path, settings, clock_at
) -> None:
    settings.CLAMD = f"unix:{tmp_path / 'clamd'}"
    content = steps.pdf_bytes()
    upload = begin(person, content)

    send(upload, content)

    upload.refresh_from_db()
    assert upload.stands == "held"
    assert "隔离保存" in uploads.words(upload)
    assert "连不上" in uploads.words(upload)
    assert StoredFile.objects.count() == 0
    assert not file_store().exists(upload.sha256)
    clock_at(2023, 7, 3, 10, 2)
    with clamd(tmp_path / "clamd") as seen:
        uploads.tend()
    upload.refresh_from_db()
    assert upload.stands == "taken"
    assert seen == [content]


def test_an_infected_file_is_refused_and_gone(person: User, tmp_path: Path, settings) -> None:
    settings.CLAMD = f"unix:{tmp_path / 'clamd'}"
    content = steps.pdf_bytes() + b"%" + EICAR + b"\n%%EOF\n"
    upload = begin(person, content)

    with clamd(tmp_path / "clamd"):
        send(upload, content)

    upload.refresh_from_db()
    assert (upload.stands, upload.code) == ("refused", "infected")
    assert "Eicar-Test" in uploads.words(upload)
    assert not uploads.part(upload).exists()
    assert handed == []


def test_held_files_do_not_expire_while_they_wait(person: User, tmp_path: Path, settings, clock_at) -> None:
    settings.CLAMD = f"unix:{tmp_path / 'clamd'}"
    content = steps.pdf_bytes()
    upload = begin(person, content)
    send(upload, content)

    for day in (7, 11, 15):
        clock_at(2023, 7, day)
        uploads.tend()

    upload.refresh_from_db()
    assert upload.stands == "held"
    assert uploads.part(upload).exists()


def test_the_daily_sweep_leaves_what_is_known(person: User) -> None:
    upload = begin(person, b"x" * 10)
    stray = uploads.part(upload).with_name("stray.part")
    stray.write_bytes(b"x")
    for path in (stray, uploads.part(upload)):
        os.utime(path, (1, 1))

    uploads.sweep()

    assert not stray.exists()
    assert uploads.part(upload).exists()
