"""A second digest beside SHA-256: made at freezing, shown, put into the package, and checked."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from shidian.applications import papers
from shidian.audit.protection import create_statements, drop_statements
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.digests import sm3_of_bytes
from shidian.dispatch.packages import write
from shidian.dispatch.verify import verify as verify_package
from shidian.documents.models import Document, DocumentVersion
from tests import steps
from tests.portal.pages import at, signed_in, text_of


@pytest.fixture(autouse=True)
def asked(db: None, settings: Any) -> None:
    settings.SECOND_DIGEST = "sm3"
    # Steps taken under another setting are not those that other tests begin with (tests/kept.py): after a row of our
    # own they are taken by their verbs, and not kept.
    Document.objects.create(kind="second", reference="digest")


def test_a_version_has_both_digests_and_shows_them(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    version = application.version
    assert version is not None
    assert (version.algorithm, version.second_algorithm) == ("sha256", "sm3")
    assert version.second_digest == sm3_of_bytes(version.content.encode())
    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentVersion.objects.filter(pk=version.pk).update(second_digest="0" * 64)

    client = signed_in(cast.lead_writer)
    arrival = application.lodgements.get()
    for page in (at("version", application, number=1), at("receipt", application, number=arrival.number)):
        shown = text_of(client.get(page))
        assert version.second_digest in shown and version.digest in shown
    with pikepdf.open(BytesIO(papers.receipt(arrival))) as receipt:
        assert len(receipt.pages) == 1


def test_without_the_setting_there_is_one_digest(cast: steps.Cast, call: Call, settings: Any) -> None:
    settings.SECOND_DIGEST = ""
    version = steps.frozen(cast, call).version

    assert version is not None and (version.second_digest, version.second_algorithm) == ("", "")
    assert verify().ok


@pytest.mark.parametrize("field", ["second_digest", "digest"])
def test_the_audit_finds_a_digest_that_does_not_fit(cast: steps.Cast, call: Call, field: str) -> None:
    version = steps.frozen(cast, call).version
    assert version is not None and verify().ok
    table = DocumentVersion._meta.db_table
    with connection.cursor() as cursor:
        for statement in drop_statements(connection.vendor, table):
            cursor.execute(statement)
        DocumentVersion.objects.filter(pk=version.pk).update(**{field: "0" * 64})
        for statement in create_statements(connection.vendor, table):
            cursor.execute(statement)

    assert any("内容与所记的摘要" in fault for fault in verify().faults)
    with pytest.raises(CommandError):
        call_command("audit", "verify")


def test_the_package_tells_both_and_is_verified(cast: steps.Cast, call: Call, tmp_path: Path) -> None:
    application, listed = steps.nominated(cast, call)
    path = tmp_path / "package.zip"
    write(listed, path)

    with zipfile.ZipFile(path) as archive:
        name = next(found for found in archive.namelist() if found.endswith("/digests.json"))
        told = json.loads(archive.read(name))["data.json"]
    version = DocumentVersion.objects.get(pk=application.version_id)
    assert told == {"sha256": version.digest, "sm3": version.second_digest}
    assert verify_package(path).ok
