"""Stored files, documents, and their immutable versions."""

from __future__ import annotations

from typing import Any, BinaryIO

import orjson
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText
from shidian.core.digests import short_code
from shidian.documents.states import READING
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

    def read(self) -> bytes:
        """The whole content, for files that may be held in memory."""
        with self.open() as file:
            return file.read()


class Document(models.Model):
    """A thing that has versions: an application, a candidate list."""

    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=60)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "reference"), name="document_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class DocumentVersion(models.Model):
    """A frozen version: canonical JSON (RFC 8785) and its digest, or two digests side by side. Never changed.

    What is printed, signed, checked and sent refers to a version, never to the live record.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.TextField()
    digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=10, default="sha256")
    second_digest = models.CharField(max_length=64, blank=True)
    second_algorithm = models.CharField(max_length=10, blank=True)
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


class Scan(models.Model):
    """A file that somebody threw into the inbox of a unit or of an office, whole and as it came. Never changed.

    Files of one `pile` were thrown in together, from one page.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        "organisations.Organisation", null=True, on_delete=models.PROTECT, related_name="scans"
    )
    office = models.ForeignKey(
        "organisations.Office", null=True, on_delete=models.PROTECT, related_name="scans"
    )
    pile = models.CharField(max_length=40, db_index=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(unit__isnull=True, office__isnull=False)
                | models.Q(unit__isnull=False, office__isnull=True),
                name="scan_in_one_inbox",
            ),
        )

    def __str__(self) -> str:
        return self.file.name

    @property
    def chain(self) -> str:
        """The chain of this scan's events."""
        return f"scan:{self.pk}"


class ScanReading(models.Model):
    """How far the reading of a scan has come. Not evidence: what was read stands in the pages."""

    MACHINE = READING

    scan = models.OneToOneField(Scan, on_delete=models.PROTECT, related_name="reading")
    state = models.CharField(max_length=20, default=READING.initial)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # 0: not known
    fault = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()  # of the last step
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=READING.states), name="reading_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.scan} {self.state}"

    @property
    def chain(self) -> str:
        """Its events stand on the chain of its scan."""
        return self.scan.chain

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in ("done", "failed")


class ScanPage(models.Model):
    """One page of a scan as the machine saw it: upright picture, mark, and what it was compared with. Never changed.

    `reference` to `sheet` are what a genuine mark says, or what a forged one claims; `version` is the frozen version
    that a genuine mark names, when there is one; `sheet` tells the own sheet of a party from the pages of the form. `finding` holds all that the reader told, as JSON.
    """

    class Found(models.TextChoices):
        """What the machine makes of a page."""

        MATCHED = "matched", gettext_lazy("页码真实，内容相同")
        DIFFERENT = "different", gettext_lazy("页码真实，内容与电子页不同")
        UNSURE = "unsure", gettext_lazy("页码真实，内容看不清")
        DRAFT = "draft", gettext_lazy("草稿")
        ASIDE = "aside", gettext_lazy("清单或者信封页")
        UNKNOWN = "unknown", gettext_lazy("没有这一版")
        FORGED = "forged", gettext_lazy("页码不是本系统印的")
        UNREADABLE = "unreadable", gettext_lazy("读不出页码")
        BLANK = "blank", gettext_lazy("空白背面")
        BROKEN = "broken", gettext_lazy("这一页打不开")

    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="pages")
    number = models.PositiveIntegerField()
    picture = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    found = models.CharField(max_length=12, choices=Found)
    mark = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    number_of_version = models.PositiveIntegerField(default=0)
    version = models.ForeignKey(DocumentVersion, null=True, on_delete=models.PROTECT, related_name="+")
    page = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    copy = models.PositiveIntegerField(default=0)
    party = models.PositiveIntegerField(default=0)
    sheet = models.BooleanField(default=False)
    finding = JSONText(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("scan", "number")
        constraints = (
            models.UniqueConstraint(fields=("scan", "number"), name="scan_page_once"),
            models.CheckConstraint(
                condition=models.Q(picture__isnull=False) | models.Q(found="broken"),
                name="scan_page_has_picture",
            ),
            models.CheckConstraint(
                condition=~models.Q(found="matched") | models.Q(version__isnull=False, page__gt=0),
                name="scan_page_matched_has_place",
            ),
        )

    def __str__(self) -> str:
        return _("{scan}第 {number} 页").format(scan=self.scan, number=self.number)

    @property
    def filing(self) -> PageFiling | None:
        """The filing that counts: the newest; the machine's, which comes with the page, is the oldest."""
        return max(self.filings.all(), key=lambda row: row.pk, default=None)


class PageFiling(models.Model):
    """Where a scanned page was filed, or that it was taken out again or set aside. Never changed.

    The newest one counts. `likeness` is what came of laying it on the printed page. `by` is nobody when the machine did it: the mark was genuine and the page looked like the printed one.
    """

    class Kind(models.TextChoices):
        FILED = "filed", gettext_lazy("已归好")
        TAKEN_BACK = "taken_back", gettext_lazy("取出")
        FOREIGN = "foreign", gettext_lazy("不是这里的")

    scanned = models.ForeignKey(ScanPage, on_delete=models.PROTECT, related_name="filings")
    kind = models.CharField(max_length=12, choices=Kind)
    version = models.ForeignKey(DocumentVersion, null=True, on_delete=models.PROTECT, related_name="filings")
    page = models.PositiveIntegerField(default=0)
    copy = models.PositiveIntegerField(default=0)
    party = models.PositiveIntegerField(default=0)
    sheet = models.BooleanField(default=False)
    likeness = JSONText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="filed", version__isnull=False, page__gt=0)
                | models.Q(kind__in=("taken_back", "foreign"), version__isnull=True, page=0),
                name="page_filing_has_place",
            ),
            models.UniqueConstraint(
                fields=("scanned",), condition=models.Q(by__isnull=True), name="page_filed_once_by_machine"
            ),
        )

    def __str__(self) -> str:
        return (
            f"{self.scanned}: {self.version} {self.page}" if self.version else f"{self.scanned}: {self.kind}"
        )


class SealBox(models.Model):
    """An opinion box cut out of a filed page, with what the machine saw at 盖章, 签名 and 日期 in it. Never changed.

    `party` is the position of the party in the round of the version. `seal_name` and `day_text` are what was read
    there, as advice only; `finding` holds all that the machine told.
    """

    class Part(models.TextChoices):
        SEAL = "seal", gettext_lazy("盖章")
        SIGNATURE = "signature", gettext_lazy("签名")
        DAY = "day", gettext_lazy("日期")

    class Seen(models.TextChoices):
        PRESENT = "present", gettext_lazy("有")
        ABSENT = "absent", gettext_lazy("没有")
        UNCLEAR = "unclear", gettext_lazy("看不清")

    scanned = models.ForeignKey(ScanPage, on_delete=models.PROTECT, related_name="boxes")
    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="+")
    party = models.PositiveIntegerField()
    picture = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    seal = models.CharField(max_length=10, choices=Seen)
    signature = models.CharField(max_length=10, choices=Seen)
    day = models.CharField(max_length=10, choices=Seen)
    seal_name = models.CharField(max_length=200, blank=True)
    day_text = models.CharField(max_length=60, blank=True)
    finding = JSONText(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("scanned", "party")
        constraints = (models.UniqueConstraint(fields=("scanned", "version", "party"), name="seal_box_once"),)

    def __str__(self) -> str:
        return f"{self.scanned} {self.party}"

    def judged(self, part: str) -> BoxJudgement | None:
        """What a person saw at a part of the box, the latest one that looked; None while nobody has."""
        rows = [row for row in self.judgements.all() if row.part == part]
        return max(rows, key=lambda row: row.pk, default=None)


class BoxJudgement(models.Model):
    """What a person saw at one part of a box. Never changed; the newest counts, beside what the machine saw."""

    box = models.ForeignKey(SealBox, on_delete=models.PROTECT, related_name="judgements")
    part = models.CharField(max_length=10, choices=SealBox.Part)
    seen = models.CharField(max_length=10, choices=SealBox.Seen)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    part__in=("seal", "signature", "day"), seen__in=("present", "absent", "unclear")
                ),
                name="box_judgement_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.box} {self.part}: {self.seen}"
