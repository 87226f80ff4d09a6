"""Files in pieces over the wire: the tus protocol 1.0.0, and what the page says of them."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from docx import Document

from shidian.applications.actions import freeze
from shidian.applications.attaching import announce
from shidian.documents import uploads
from shidian.documents.models import Upload
from shidian.ui import tus
from tests import steps
from tests.clamd import EICAR, clamd
from tests.portal.pages import at, signed_in, text_of

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings) -> None:
    settings.UPLOADS_ROOT, settings.PREVIEWS_ROOT = tmp_path / "uploads", tmp_path / "previews"


@pytest.fixture
def application(cast, call):
    return steps.start_filled(cast, call)


@pytest.fixture
def client(cast) -> Client:
    return signed_in(cast.lead_writer)


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def create(
    client: Client,
    application,
    length: int,
    name: str = "证书.pdf",
    slot: str = "support",
    body: bytes = b"",
    **more: str,
) -> Any:
    headers = (
        TUS
        | {"Upload-Length": str(length), "Upload-Metadata": metadata(filename=name, slot=slot, mark="m")}
        | more
    )
    return client.generic("POST", at("attachment-uploads", application), body, OCTETS, headers=headers)


def patch(client: Client, address: str, content: bytes, start: int, **more: str) -> Any:
    return client.patch(address, content, OCTETS, headers=TUS | {"Upload-Offset": str(start)} | more)


def test_a_file_goes_through_in_pieces(client, application) -> None:
    content = steps.pdf_bytes(2)

    made = create(client, application, len(content))
    address = made.headers["Location"]
    first = patch(client, address, content[:300], 0)
    asked = client.head(address, headers=TUS)
    last = patch(client, address, content[300:], 300)

    assert (made.status_code, first.status_code, asked.status_code, last.status_code) == (201, 204, 200, 204)
    assert first.headers["Upload-Offset"] == asked.headers["Upload-Offset"] == "300"
    assert asked.headers["Upload-Length"] == last.headers["Upload-Offset"] == str(len(content))
    assert asked.headers["Cache-Control"].startswith("no-store")
    assert "Upload-Expires" in made.headers
    assert client.get(address).json()["stands"] == "taken"
    row = application.attachments.get(slot="support")
    assert (row.file.name, row.file.sha256) == ("证书.pdf", hashlib.sha256(content).hexdigest())
    assert all(answer.headers["Tus-Resumable"] == "1.0.0" for answer in (made, first, asked, last))


def test_what_the_server_can_do_is_told(client, application) -> None:
    answer = client.options(at("attachment-uploads", application))

    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "expiration", "checksum",
    }  # fmt: skip
    assert answer.headers["Tus-Max-Size"] == "500000000"


def test_the_first_piece_may_come_with_the_creation(client, application) -> None:
    content = steps.pdf_bytes()

    made = create(client, application, len(content), body=content)

    assert (made.status_code, made.headers["Upload-Offset"]) == (201, str(len(content)))
    assert application.attachments.filter(slot="support").count() == 1


def test_wrong_requests_are_told_apart(client, application) -> None:
    address = create(client, application, 100).headers["Location"]
    creation = at("attachment-uploads", application)

    assert client.post(creation, headers={"Upload-Length": "1"}).status_code == 412
    assert client.post(creation, headers={"Tus-Resumable": "0.2"}).headers["Tus-Version"] == "1.0.0"
    assert client.post(creation, headers=TUS).status_code == 400
    assert create(client, application, 1, **{"Upload-Length": "-1"}).status_code == 400
    assert create(client, application, 1, **{"Upload-Defer-Length": "1"}).status_code == 400
    assert create(client, application, 1, **{"Upload-Metadata": "filename ###"}).status_code == 400
    assert create(client, application, 1, slot="nothing").status_code == 404
    assert patch(client, address, b"x", 5).status_code == 409
    assert patch(client, address, b"x" * 101, 0).status_code == 413
    assert client.patch(address, b"x", "text/plain", headers=TUS | {"Upload-Offset": "0"}).status_code == 415
    assert client.patch(address, b"x", OCTETS, headers=TUS).status_code == 400
    assert client.patch(address, b"x", OCTETS, headers={"Upload-Offset": "0"}).status_code == 412
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("name", "length", "status", "words"),
    [
        ("大.pdf", 600_000_000, 413, "超过上限"),
        ("空.pdf", 0, 422, "空的"),
        ("程序.exe", 10, 422, "这里只接收"),
    ],
)
def test_what_the_slot_does_not_take_is_refused_before_it_is_sent(
    client, application, name: str, length: int, status: int, words: str
) -> None:
    answer = create(client, application, length, name=name)

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_full_slot_counts_what_is_on_its_way(client, application) -> None:
    for _ in range(2):  # one of three lies there already
        assert create(client, application, 100, slot="registration").status_code == 201

    answer = create(client, application, 100, slot="registration")

    assert answer.status_code == 422
    assert "最多 3 个文件" in answer.content.decode()


def test_a_checksum_is_verified(client, application) -> None:
    content = steps.pdf_bytes()
    address = create(client, application, len(content)).headers["Location"]
    digest = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    wrong = base64.b64encode(b"x" * 20).decode()

    assert patch(client, address, content, 0, **{"Upload-Checksum": f"sha1 {wrong}"}).status_code == 460
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "0"
    assert patch(client, address, content, 0, **{"Upload-Checksum": f"md5 {digest}"}).status_code == 400
    assert patch(client, address, content, 0, **{"Upload-Checksum": f"sha1 {digest}"}).status_code == 204


def test_a_bad_file_is_told_with_its_reason_and_can_be_put_away(client, application) -> None:
    content = b"MZ" + b"\0" * 500
    address = create(client, application, len(content)).headers["Location"]

    answer = patch(client, address, content, 0)

    assert answer.status_code == 204  # all of it arrived; what it is, is another matter
    standing = client.get(address).json()
    assert (standing["stands"], standing["over"]) == ("refused", True)
    assert "Windows 程序" in standing["words"]
    assert "没有收下：这个文件实际上是 Windows 程序" in text_of(client.get(at("attachments", application)))
    assert client.head(address, headers=TUS).status_code == 410
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 404


def test_an_upload_belongs_to_the_one_who_began_it(client, application, cast) -> None:
    address = create(client, application, 100).headers["Location"]

    for person in (cast.lead_head, cast.heping_handler, cast.outsider):
        other = signed_in(person)
        assert other.head(address, headers=TUS).status_code == 404
        assert patch(other, address, b"x", 0).status_code == 404
        assert other.delete(address, headers=TUS).status_code == 404
    assert Upload.objects.count() == 1
    assert f"{cast.lead_writer.label}正在上传" in text_of(
        signed_in(cast.lead_head).get(at("attachments", application))
    )


def test_without_a_session_a_client_is_told_so_and_a_person_signs_in(client, application) -> None:
    address = create(client, application, 100).headers["Location"]

    told = Client().head(address, headers=TUS)
    asked = Client().get(address)

    assert told.status_code == 401
    assert asked.status_code == 302


def test_every_request_needs_the_token_of_the_session(application, cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.lead_writer)
    page = strict.get(at("attachments", application)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token

    refused = create(strict, application, 100)
    made = create(strict, application, 100, **{"X-CSRFToken": token[1]})

    assert refused.status_code == 403
    assert made.status_code == 201
    assert patch(strict, made.headers["Location"], b"x", 0).status_code == 403
    assert patch(strict, made.headers["Location"], b"x", 0, **{"X-CSRFToken": token[1]}).status_code == 204


def test_a_frozen_application_takes_nothing(cast, call) -> None:
    application = steps.frozen(cast, call)

    answer = create(signed_in(cast.lead_writer), application, 100)

    assert answer.status_code in (403, 422)
    assert "冻结" in answer.content.decode()


def test_a_draft_frozen_meanwhile_refuses_with_its_reason(client, application, cast) -> None:
    content = steps.pdf_bytes()
    address = create(client, application, len(content)).headers["Location"]
    freeze(application, by=cast.lead_head)

    patch(client, address, content, 0)

    assert "冻结" in client.get(address).json()["words"]
    assert application.attachments.filter(slot="support").count() == 0


def test_a_page_shows_what_stopped_and_lets_it_go_without_scripts(client, application) -> None:
    address = create(client, application, 1000).headers["Location"]
    patch(client, address, b"%PDF-" + b"x" * 495, 0)

    page = text_of(client.get(at("attachments", application)))
    answer = client.post(address, {})

    assert "没有传完，已收到 500 字节" in page
    assert "还能放 9 个" in page
    assert answer.status_code == 302
    assert Upload.objects.count() == 0


def test_pages_go_before_uploads(client, application, monkeypatch: pytest.MonkeyPatch) -> None:
    address = create(client, application, 100).headers["Location"]
    monkeypatch.setattr(tus, "_turns", threading.BoundedSemaphore(1))
    assert tus._turns.acquire(timeout=1)

    busy = patch(client, address, b"x", 0)
    tus._turns.release()

    assert busy.status_code == 503
    assert patch(client, address, b"x", 0).status_code == 204
    assert patch(client, address, b"x", 1).status_code == 204


def test_a_connection_that_breaks_keeps_what_came(application, cast) -> None:
    upload = _begun(application, cast)

    class Broken:
        sent = 0

        def read(self, size: int) -> bytes:
            if self.sent:
                raise OSError("gone")
            self.sent = 1
            return b"x" * 64

    with pytest.raises(OSError, match="gone"):
        uploads.receive(upload, Broken(), start=0, length=100)

    assert uploads.offset(upload) == 64


def _begun(application, cast) -> Upload:
    slot = next(each for each in application.call.definition.attachments if each.key == "support")
    return announce(application, slot, name="a.pdf", length=100, by=cast.lead_writer)


def test_a_plain_form_waits_for_the_scanner_too(client, application, tmp_path: Path, settings) -> None:
    settings.CLAMD = f"unix:{tmp_path / 'clamd'}"
    address = at("attachments", application)

    def post(content: bytes) -> str:
        file = io.BytesIO(content)
        file.name = "证书.pdf"
        return text_of(client.post(address, {"slot": "support", "files": [file]}, follow=True))

    held = post(steps.pdf_bytes())
    with clamd(tmp_path / "clamd"):
        infected = post(steps.pdf_bytes() + b"%" + EICAR + b"\n%%EOF\n")
        clean = post(steps.pdf_bytes(3))

    assert "等候病毒扫描：病毒扫描程序现在连不上" in held
    assert "没有收下：病毒扫描发现“Eicar-Test”" in infected
    assert "“支持文件”已收下 1 个文件" in clean
    assert [row.file.pages for row in application.attachments.filter(slot="support")] == [3]


def test_pages_are_drawn_for_those_who_may_see_the_file(client, application, cast) -> None:
    content = steps.pdf_bytes(2)
    create(client, application, len(content), body=content)
    row = application.attachments.get(slot="support")

    small = client.get(at("attachment-thumbnail", application, pk=row.pk))
    page = client.get(at("attachment-page", application, pk=row.pk, number=2))
    view = client.get(at("attachment-view", application, pk=row.pk) + "?page=2")

    for answer in (small, page):
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert b"".join(answer.streaming_content)[:3] == b"\xff\xd8\xff"
    assert "第 2 页，共 2 页" in text_of(view)
    assert client.get(at("attachment-page", application, pk=row.pk, number=3)).status_code == 404
    assert signed_in(cast.outsider).get(at("attachment-thumbnail", application, pk=row.pk)).status_code == 404


@pytest.mark.parametrize("asked", ["0", "99", "-1", "x", "９", "1" * 50])
def test_a_page_that_is_not_there_shows_the_nearest(client, application, asked: str) -> None:
    row = application.attachments.first()

    answer = client.get(at("attachment-view", application, pk=row.pk), {"page": asked})

    assert answer.status_code == 200


def test_a_document_without_pages_is_downloaded_and_never_shown(client, application) -> None:
    out = io.BytesIO()
    Document().save(out)
    create(client, application, len(out.getvalue()), name="说明.docx", body=out.getvalue())
    row = application.attachments.get(slot="support")

    file = client.get(at("attachment-file", application, pk=row.pk))

    assert client.get(at("attachment-view", application, pk=row.pk)).status_code == 404
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Content-Type"] == "application/octet-stream"
