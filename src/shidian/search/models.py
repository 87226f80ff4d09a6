"""What is found: an application as one audience sees it; views that people keep; and verbs done to many at once.

Nothing here is evidence: entries are made anew from the applications at any time (`indexing`).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText

COUNTED = ("call", "state", "stage", "here", "region", "area")
NARROWED = (*COUNTED, "arrived_at", "application", "lodgement", "is_latest")


class Entry(models.Model):
    """An application as one office may read it, or (without office) as those who work on it do.

    An office's is the version that arrived there last; what the lead writes afterwards is in the lead's own entry alone.
    Its key is that of its row in the index of words (`engine`), so that the newest come first without sorting. What one
    narrows and counts by is copied here from the application, so that one index answers it; where an application stands
    is copied in the transaction that changes it (`indexing.follow`).
    """

    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, related_name="entries"
    )
    office = models.ForeignKey(
        "organisations.Office", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    lodgement = models.ForeignKey(
        "applications.Lodgement", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    is_latest = models.BooleanField(default=False)  # of the offices' entries the one that arrived last
    title = models.CharField(max_length=200, blank=True)
    area = models.CharField(max_length=200, blank=True)
    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="+", db_index=False)
    reference = models.CharField(max_length=40)
    unit = models.CharField(max_length=120)  # the lead's name
    region = models.CharField(max_length=6, blank=True)  # the lead's
    state = models.CharField(max_length=20)
    stage = models.CharField(max_length=40, blank=True)
    here = models.ForeignKey(
        "organisations.Office", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )  # where the application lies
    arrived_at = models.DateTimeField()
    indexed_at = models.DateTimeField()
    # The texts last: a database reads a row as far as it must.
    heads = models.TextField(blank=True)  # title and numbers
    units = models.TextField(blank=True)
    remarks = models.TextField(blank=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application", "office"), name="entry_of_office_once"),
            models.UniqueConstraint(
                fields=("application",), condition=models.Q(office__isnull=True), name="entry_of_lead_once"
            ),
        )
        indexes = (
            # All that a search narrows and counts by: the texts make the rows themselves slow to pass over.
            models.Index(fields=("office", "id", *NARROWED), name="entry_office"),
            models.Index(
                fields=("id", *NARROWED),
                condition=models.Q(office__isnull=False, is_latest=True),
                name="entry_latest",
            ),
            models.Index(fields=("office", *COUNTED), name="entry_counted"),
            models.Index(
                fields=COUNTED,
                condition=models.Q(office__isnull=False, is_latest=True),
                name="entry_counted_latest",
            ),
            models.Index(fields=("office", "arrived_at", "id"), name="entry_arrived"),
            models.Index(fields=("office", "reference", "id"), name="entry_by_reference"),
            models.Index(fields=("office", "title", "id"), name="entry_by_title"),
            models.Index(fields=("office", "unit", "id"), name="entry_by_unit"),
            models.Index(fields=("lodgement",), name="entry_lodgement"),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} @ {self.office or '-'}"

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """What is searched, by columns of the index."""
        return (self.heads, self.units, self.remarks, self.body)


class SavedView(models.Model):
    """A query with its columns and its order under a name; of one person, or shared with an office or a unit.

    Everybody of the office or unit uses it, its owner alone changes it.
    """

    class Space(models.TextChoices):
        PORTAL = "portal", gettext_lazy("申请")
        DESK = "desk", gettext_lazy("工作台")

    space = models.CharField(max_length=10, choices=Space.choices)
    name = models.CharField(gettext_lazy("名称"), max_length=40)
    query = models.CharField(gettext_lazy("查询"), max_length=500, blank=True)
    columns = JSONText(default=list)
    sort = models.CharField(gettext_lazy("排序"), max_length=20, blank=True)
    owner = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    office = models.ForeignKey("organisations.Office", null=True, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey(
        "organisations.Organisation", null=True, on_delete=models.CASCADE, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(office__isnull=True) | models.Q(unit__isnull=True),
                name="view_shared_with_one",
            ),
            models.UniqueConstraint(fields=("owner", "space", "name"), name="view_name_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        """Whether others use it too."""
        return self.office_id is not None or self.unit_id is not None


class Batch(models.Model):
    """One verb for many applications, each by itself; asked for by one person."""

    action = models.CharField(max_length=30)
    given = JSONText(default=dict)  # what the verb needs besides the application
    space = models.CharField(max_length=10, choices=SavedView.Space.choices)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    file = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.action} {self.at:%F %T}"


class BatchRow(models.Model):
    """What became of one application of a batch."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", gettext_lazy("等待")
        DONE = "done", gettext_lazy("已办")
        REFUSED = "refused", gettext_lazy("没有办")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("batch", "application"), name="batch_row_once"),)

    def __str__(self) -> str:
        return f"{self.application.reference} {self.outcome}"
