"""Publicities with what stands on them, objections with their answers, and the destination's results with their letters."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.core import clock
from shidian.dispatch.states import OBJECTION, PUBLICITY

OPEN = ("filed", "handling", "proposed")
"""States in which an objection waits for somebody at the desk."""
SHOWN = ("running", "ended", "passed", "replaced", "withdrawn")
"""States of a publicity that the public may see, when it was published."""
LIVE = ("running", "ended", "passed")
"""States in which what stands on a publicity counts as made public."""


class Publicity(models.Model):
    """A list of what the last stage decided, shown to the public until `ends_at`; what it says is its frozen version.

    `replaces` is the publicity that this one corrects; the earlier one stays visible and says so.
    """

    MACHINE = PUBLICITY

    reference = models.CharField(gettext_lazy("公示编号"), max_length=60, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="publicities")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="publicities")
    state = models.CharField(max_length=20, default=PUBLICITY.initial)
    title = models.CharField(gettext_lazy("标题"), max_length=200)
    text = models.TextField(gettext_lazy("正文"))
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        "documents.DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    why = models.CharField(gettext_lazy("理由"), max_length=500, blank=True)
    prepared_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    published_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    ends_on = models.DateField(null=True)
    ends_at = models.DateTimeField(null=True, db_index=True)
    extended_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=PUBLICITY.states), name="publicity_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True)
                | ~models.Q(published_by=models.F("prepared_by")),
                name="publicity_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("prepared", "withdrawn"))
                | (
                    models.Q(version__isnull=False)
                    & models.Q(published_by__isnull=False)
                    & models.Q(ends_at__isnull=False)
                ),
                name="publicity_published_has_end",
            ),
            models.UniqueConstraint(
                fields=("call", "office"), condition=models.Q(state="prepared"), name="publicity_one_prepared"
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def chain(self) -> str:
        """The chain of its events."""
        return f"publicity:{self.reference}"

    @property
    def state_label(self) -> str:
        """The state in words, by the clock: what is over reads as over, also before anybody recorded it."""
        if self.state == "running" and not self.takes_objections:
            return _("公示期满")
        return _(self.MACHINE.labels[self.state])

    @property
    def tone(self) -> str:
        """Its colour."""
        if self.state == "running":
            return "turn" if self.takes_objections else "wait"
        return {"prepared": "wait", "ended": "stop", "passed": "done"}.get(self.state, "void")

    @property
    def takes_objections(self) -> bool:
        """Whether anybody may object now."""
        return self.state == "running" and self.ends_at is not None and clock.now() < self.ends_at


class PublicityItem(models.Model):
    """One application of a published list, at its place. Never changed."""

    publicity = models.ForeignKey(Publicity, on_delete=models.PROTECT, related_name="items")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="publicity_items"
    )
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ("publicity", "position")
        constraints = (
            models.UniqueConstraint(fields=("publicity", "application"), name="publicity_item_once"),
            models.UniqueConstraint(fields=("publicity", "position"), name="publicity_position_once"),
        )

    def __str__(self) -> str:
        return f"{self.publicity} {self.position} {self.application}"


class Objection(models.Model):
    """What somebody has against a publicity, or one application on it; answered in writing until `due_on`.

    Who objects stands in `Objector` alone. `answer` is the confirmed one, `decision` what it changed.
    """

    MACHINE = OBJECTION

    number = models.CharField(gettext_lazy("异议编号"), max_length=60, unique=True)
    publicity = models.ForeignKey(Publicity, on_delete=models.PROTECT, related_name="objections")
    item = models.ForeignKey(PublicityItem, null=True, on_delete=models.PROTECT, related_name="objections")
    state = models.CharField(max_length=20, default=OBJECTION.initial, db_index=True)
    text = models.TextField()
    filed_at = models.DateTimeField()
    filed_with = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    claimed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    answer = models.ForeignKey(
        "dispatch.ObjectionAnswer", null=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    decision = models.ForeignKey(
        "reviews.Decision", null=True, on_delete=models.PROTECT, related_name="objections"
    )

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=OBJECTION.states), name="objection_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="filed")
                | models.Q(state="withdrawn")
                | models.Q(claimed_by__isnull=False),
                name="objection_handled_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="settled")
                | (models.Q(answer__isnull=False) & models.Q(confirmed_by__isnull=False)),
                name="objection_settled_has_answer",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def chain(self) -> str:
        """The chain of its events."""
        return f"objection:{self.number}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])

    @property
    def tone(self) -> str:
        """Its colour."""
        return {"filed": "turn", "handling": "wait", "proposed": "turn", "settled": "done"}.get(
            self.state, "void"
        )

    @property
    def is_open(self) -> bool:
        """Whether it waits for the desk."""
        return self.state in OPEN


class Objector(models.Model):
    """Who objects and where the answer goes: seen by the office that handles it and by auditors, by nobody else."""

    objection = models.OneToOneField(
        Objection, primary_key=True, on_delete=models.PROTECT, related_name="objector"
    )
    name = models.CharField(gettext_lazy("姓名或者单位名称"), max_length=100)
    phone = models.CharField(gettext_lazy("联系电话"), max_length=40, blank=True)
    email = models.EmailField(gettext_lazy("电子邮箱"), blank=True)
    address = models.CharField(gettext_lazy("联系地址"), max_length=200, blank=True)
    emptied_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.objection_id}"


class ObjectionFile(models.Model):
    """A file that the objector added. Never changed."""

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.objection} {self.file}"


class ObjectionNote(models.Model):
    """What the desk found out about an objection; for the desk alone. Never changed."""

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text[:60]


class ObjectionAnswer(models.Model):
    """An answer as it was put before the approver; the newest is the one that counts. Never changed.

    `strikes`: once confirmed, the application is taken out of what was decided.
    """

    class Outcome(models.TextChoices):
        UPHELD = "upheld", gettext_lazy("异议成立")
        PARTLY = "partly", gettext_lazy("部分成立")
        REFUSED = "refused", gettext_lazy("异议不成立")

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="answers")
    outcome = models.CharField(gettext_lazy("结论"), max_length=10, choices=Outcome.choices)
    text = models.TextField(gettext_lazy("答复"))
    strikes = models.BooleanField(default=False)
    letter = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(outcome__in=("upheld", "partly", "refused")),
                name="objection_outcome_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="refused") | models.Q(strikes=False),
                name="objection_refused_keeps",
            ),
        )

    def __str__(self) -> str:
        return f"{self.objection} {self.get_outcome_display()}"


class ResultLetter(models.Model):
    """A letter in which the destination says what it decided. Never changed."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="result_letters")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(gettext_lazy("来文机关"), max_length=100)
    number = models.CharField(gettext_lazy("文号"), max_length=80)
    title = models.CharField(gettext_lazy("标题"), max_length=200)
    dated = models.DateField(gettext_lazy("成文日期"))
    file = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("call", "number"), name="result_letter_once"),)

    def __str__(self) -> str:
        return self.number

    @property
    def chain(self) -> str:
        """The chain of its events."""
        return f"result:{self.pk}"


class Result(models.Model):
    """What a letter says of one application, with the names as issued; the newest row counts. Never changed."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", gettext_lazy("批准")
        NOT_SELECTED = "not_selected", gettext_lazy("未选入")

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="results"
    )
    letter = models.ForeignKey(ResultLetter, on_delete=models.PROTECT, related_name="results")
    outcome = models.CharField(gettext_lazy("结果"), max_length=12, choices=Outcome.choices)
    issued_name = models.CharField(gettext_lazy("公布的名称"), max_length=200, blank=True)
    issued_unit = models.CharField(gettext_lazy("公布的承担单位"), max_length=200, blank=True)
    applied_name = models.CharField(gettext_lazy("申请的名称"), max_length=200)
    applied_unit = models.CharField(gettext_lazy("申请的承担单位"), max_length=200)
    remark = models.CharField(gettext_lazy("备注"), max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(outcome__in=("approved", "not_selected")), name="result_outcome_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="approved")
                | (~models.Q(issued_name="") & ~models.Q(issued_unit="")),
                name="result_approved_has_names",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application} {self.get_outcome_display()}"

    @property
    def names_differ(self) -> bool:
        """Whether the destination writes the names another way than the application did."""
        return self.outcome == "approved" and (
            (self.issued_name, self.issued_unit) != (self.applied_name, self.applied_unit)
        )
