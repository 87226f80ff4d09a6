"""Stored files, documents, and their immutable versions."""

from __future__ import annotations

from typing import Any, BinaryIO

import orjson
from django.db import models

from shidian.core.digests import short_code
from shidian.documents.storage import file_store


class StoredFile(models.Model):
    """A file as somebody gave it: content by its SHA-256 in the file store, the name as text. Never changed."""

    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=120)
    pages = models.PositiveIntegerField(null=True)
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name

    def open(self) -> BinaryIO:
        """Open the content for reading."""
        return file_store().open(self.sha256)


class Document(models.Model):
    """A thing that has versions: an application, a candidate list."""

    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=60)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "reference"), name="document_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class DocumentVersion(models.Model):
    """A frozen version: canonical JSON (RFC 8785) and its digest. Never changed.

    What is printed, signed, checked and sent refers to a version, never to the live record.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.TextField()
    digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=10, default="sha256")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("document", "number")
        constraints = (models.UniqueConstraint(fields=("document", "number"), name="version_number_once"),)

    def __str__(self) -> str:
        return f"{self.document.reference} {self.label}"

    @property
    def label(self) -> str:
        """The version as people read it: v3."""
        return f"v{self.number}"

    @property
    def code(self) -> str:
        """The short code of the digest: 7F3A-91C2."""
        return short_code(self.digest)

    @property
    def data(self) -> dict[str, Any]:
        """The content as values."""
        value: dict[str, Any] = orjson.loads(self.content)
        return value


class Print(models.Model):
    """A paper printed from a version, kept so that the same version always gives the same bytes. Never changed."""

    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="prints")
    paper = models.CharField(max_length=40)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("version", "paper"), name="print_once"),)

    def __str__(self) -> str:
        return f"{self.version} {self.paper}"


class Upload(models.Model):
    """A file on its way: what was announced, what came, what was found. Not evidence: it goes when it is over.

    `place` is where it shall go, in the words of whoever asked (`purpose`). How much has come is the length of the
    partial file on disk, so that a killed server knows as much as before. Facts with their times, and no state.
    """

    token = models.CharField(max_length=60, unique=True)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=40)
    place = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    mark = models.CharField(max_length=40, blank=True)  # tells two files of one name and size apart
    length = models.PositiveBigIntegerField()
    formats = models.CharField(max_length=200)
    max_bytes = models.PositiveBigIntegerField()
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField(null=True)
    inspected_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=120, blank=True)
    pages = models.PositiveIntegerField(null=True)
    held_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    said = models.JSONField(default=list)  # the same as `core.said` packs it, for other languages
    taken_at = models.DateTimeField(null=True)
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("purpose", "place"), name="upload_place"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(taken_at__isnull=True) | models.Q(refused_at__isnull=True),
                name="upload_ends_one_way",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_at__isnull=True) | models.Q(file__isnull=False),
                name="upload_taken_has_file",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.stands}"

    @property
    def stands(self) -> str:
        """Where it stands: uploading, checking, held (in quarantine until the scanner answers), refused, taken."""
        if self.taken_at:
            return "taken"
        if self.refused_at:
            return "refused"
        if self.held_at:
            return "held"
        return "checking" if self.received_at else "uploading"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return bool(self.taken_at or self.refused_at)
