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
    reason = models.CharField(max_length=500, blank=True)  # why a supplement is sent; empty for a first list

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


class ListChange(models.Model):
    """What a supplement changes of the lists that were sent before it: an application withdrawn, or corrected.

    `place` is the new place among everything that is effective then, `remark` the new remark; None leaves it. Written
    while the supplement is prepared; its frozen version is the evidence.
    """

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw", gettext_lazy("撤下")
        CORRECT = "correct", gettext_lazy("更正")

    list = models.ForeignKey(CandidateList, on_delete=models.PROTECT, related_name="changes")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="list_changes"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    place = models.PositiveIntegerField(null=True)
    remark = models.CharField(max_length=200, null=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ("list", "pk")
        constraints = (
            models.UniqueConstraint(fields=("list", "application"), name="list_change_once"),
            models.CheckConstraint(
                condition=models.Q(kind="withdraw")
                | models.Q(place__isnull=False)
                | models.Q(remark__isnull=False),
                name="list_correction_says_what",
            ),
        )

    def __str__(self) -> str:
        return f"{self.list} {self.kind} {self.application}"


class Letter(models.Model):
    """The cover letter of a list (推荐函、报送函) as its handler wrote it; the list's frozen version is the evidence.

    `count` is how many the list held when it was written. The same number is not given twice by one office.
    """

    list = models.OneToOneField(CandidateList, on_delete=models.PROTECT, related_name="letter")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="letters")
    number = models.CharField(gettext_lazy("发文字号"), max_length=60, blank=True)
    title = models.CharField(max_length=200)
    addressee = models.CharField(max_length=120)
    body = models.TextField()
    copy_to = models.CharField(max_length=200, blank=True)
    count = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("office", "number"), condition=~models.Q(number=""), name="letter_number_once"
            ),
        )

    def __str__(self) -> str:
        return self.number or self.title


class QuotaWaiver(models.Model):
    """More than the quota may be sent: up to `count`, by whom and why. Never changed.

    `scope` is the quota that is waived: "" for all together, or the key of an area of the first level.
    """

    list = models.ForeignKey(CandidateList, on_delete=models.PROTECT, related_name="waivers")
    scope = models.CharField(max_length=40, blank=True)
    maximum = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    file = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=models.Q(count__gt=models.F("maximum")), name="waiver_is_over"),
        )

    def __str__(self) -> str:
        return f"{self.list} {self.scope} {self.count}"


class PaperCopy(models.Model):
    """One paper copy that a person had in hand; `copy` is its number among all that the call plans.

    Those of the plan that is counted come first (`calls.queries.planned_copies`). A copy counted by mistake is struck out by a later `PaperCopyVoid`, never deleted.
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

    @property
    def key(self) -> str:
        """How forms and addresses name it: reference, number, version."""
        return f"{self.application.reference}:{self.copy}:{self.version.number}"


class PaperCopyVoid(models.Model):
    """A copy that was counted by mistake."""

    paper_copy = models.OneToOneField(PaperCopy, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.paper_copy} {self.reason}"


class PaperPlace(models.Model):
    """Where a counted copy went: the newest row says where it is now. Rows are added, never changed.

    `office` wrote the row; the copy lies there unless it was handed on. `to` is the name of whoever has it now, `holder`
    the key of the holder in the call's plan when it is one of them; `slip` the scan of what they signed.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", gettext_lazy("收到")
        SHELVED = "shelved", gettext_lazy("存放")
        HANDED = "handed", gettext_lazy("交出")
        TAKEN_BACK = "taken_back", gettext_lazy("收回")

    paper_copy = models.ForeignKey(PaperCopy, on_delete=models.PROTECT, related_name="places")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shelf = models.CharField(gettext_lazy("存放位置"), max_length=60, blank=True)
    holder = models.CharField(max_length=40, blank=True)
    to = models.CharField(gettext_lazy("交给"), max_length=120, blank=True)
    note = models.CharField(max_length=200, blank=True)
    slip = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=("received", "shelved", "handed", "taken_back")),
                name="paper_place_kind_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="shelved") | ~models.Q(shelf=""), name="paper_shelved_has_shelf"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="handed") | ~models.Q(to=""), name="paper_handed_to_somebody"
            ),
        )

    def __str__(self) -> str:
        return f"{self.paper_copy} {self.kind}"


class PaperReceipt(models.Model):
    """The slip for copies that were received together from one office; what it says is its frozen version."""

    number = models.CharField(gettext_lazy("回执编号"), max_length=40, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="paper_receipts")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    version = models.OneToOneField("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.number


class PaperReceiptCopy(models.Model):
    """A copy on a slip; on one at most, so that no copy is acknowledged twice."""

    receipt = models.ForeignKey(PaperReceipt, on_delete=models.PROTECT, related_name="lines")
    paper_copy = models.OneToOneField(PaperCopy, on_delete=models.PROTECT, related_name="receipt_line")

    def __str__(self) -> str:
        return f"{self.receipt} {self.paper_copy}"


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


from shidian.dispatch.publishing import models as publishing  # noqa: E402, F401 (registered with this app)
