"""Lists, what the institute counted, and packages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.dispatch.states import LIST, PACKAGE


class CandidateList(models.Model):
    """An office's ranked list of what it recommends; one at a time is open, later ones are supplements."""

    MACHINE = LIST

    reference = models.CharField(gettext_lazy("清单编号"), max_length=60, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="lists")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="lists")
    stage = models.CharField(max_length=40)
    state = models.CharField(max_length=20, default=LIST.initial)
    version = models.ForeignKey(
        "documents.DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    sealed_scan = models.ForeignKey(
        "documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    dispatched_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=LIST.states), name="list_state_known"),
            models.UniqueConstraint(
                fields=("call", "office"), condition=~models.Q(state="dispatched"), name="list_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(proposed_by__isnull=True)
                | models.Q(confirmed_by__isnull=True)
                | ~models.Q(proposed_by=models.F("confirmed_by")),
                name="list_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="dispatched") | models.Q(sealed_scan__isnull=False),
                name="list_dispatched_has_scan",
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def chain(self) -> str:
        """The chain of this list's events."""
        return f"list:{self.reference}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class ListItem(models.Model):
    """One application on a list, at its rank, in the version that arrived."""

    list = models.ForeignKey(CandidateList, on_delete=models.PROTECT, related_name="items")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="list_items"
    )
    rank = models.PositiveIntegerField()
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("list", "rank")
        constraints = (models.UniqueConstraint(fields=("list", "application"), name="list_item_once"),)

    def __str__(self) -> str:
        return f"{self.list} {self.rank} {self.application}"


class PaperCopy(models.Model):
    """One paper copy that arrived at the registry, counted by a person; `copy` is 1 to the number the call wants.

    A copy counted by mistake is struck out by a later `PaperCopyVoid`, never deleted.
    """

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="paper_copies"
    )
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    copy = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.application} {self.copy}"


class PaperCopyVoid(models.Model):
    """A copy that was counted by mistake."""

    paper_copy = models.OneToOneField(PaperCopy, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.paper_copy} {self.reason}"


class ElectronicMaterial(models.Model):
    """The electronic material of one version was compared with the system's and found there."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="electronic"
    )
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("application", "version"), name="electronic_once"),)

    def __str__(self) -> str:
        return f"{self.application} {self.version}"


class Package(models.Model):
    """The package of a list dispatched at the last stage: one zip with everything, and its manifest of digests."""

    MACHINE = PACKAGE

    list = models.OneToOneField(CandidateList, on_delete=models.PROTECT, related_name="package")
    state = models.CharField(max_length=20, default=PACKAGE.initial)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    file = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    manifest_digest = models.CharField(max_length=64, blank=True)
    fault = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=PACKAGE.states), name="package_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(file__isnull=False),
                name="package_ready_has_file",
            ),
        )

    def __str__(self) -> str:
        return f"{self.list} {self.state}"

    @property
    def chain(self) -> str:
        """The package's events stand on its list's chain."""
        return self.list.chain
