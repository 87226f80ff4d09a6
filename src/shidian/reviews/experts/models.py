"""Experts, what keeps them away from an application, panels, and who was given what to read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText
from shidian.reviews.experts.states import PANEL, PLAN


class Expert(models.Model):
    """A person in the pool of an office. What it is to an application (conflicts) is told by `conflicts`.

    `specialities` are area keys of calls (`a`, or `a/b` for an area below) or words of the office's own.
    """

    user = models.OneToOneField("accounts.User", on_delete=models.PROTECT, related_name="expert")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="experts")
    unit = models.CharField(gettext_lazy("工作单位"), max_length=120)
    unit_code = models.CharField(gettext_lazy("单位统一社会信用代码"), max_length=18, blank=True)
    parent_unit = models.CharField(gettext_lazy("上级单位"), max_length=120, blank=True)
    parent_code = models.CharField(gettext_lazy("上级单位统一社会信用代码"), max_length=18, blank=True)
    title = models.CharField(gettext_lazy("职称"), max_length=60, blank=True)
    phone = models.CharField(gettext_lazy("手机"), max_length=30, blank=True)
    specialities = JSONText(default=list)
    active = models.BooleanField(default=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"

    @property
    def name(self) -> str:
        """The person's name."""
        return self.user.label

    @property
    def chain(self) -> str:
        """The chain of what was recorded about this expert."""
        return f"expert:{self.pk}"


class ConflictDeclaration(models.Model):
    """That an expert shall not judge an application, or whatever a unit has part in. Never changed.

    Taken back by a later row that names it (`withdraws`) and says why.
    """

    class Kind(models.TextChoices):
        """What stands between them."""

        EMPLOYED = "employed", gettext_lazy("任职、兼职或者曾经任职")
        FAMILY = "family", gettext_lazy("近亲属或者其他密切关系")
        ADVICE = "advice", gettext_lazy("参与过该项目的咨询、辅导或者编写")
        INTEREST = "interest", gettext_lazy("经济利益关系")
        OTHER = "other", gettext_lazy("其他可能影响公正的情形")

    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="declarations")
    application = models.ForeignKey(
        "applications.Application", null=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.CharField(gettext_lazy("单位名称"), max_length=120, blank=True)
    unit_code = models.CharField(gettext_lazy("单位统一社会信用代码"), max_length=18, blank=True)
    kind = models.CharField(gettext_lazy("情形"), max_length=12, choices=Kind)
    text = models.CharField(gettext_lazy("说明"), max_length=500)
    withdraws = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="withdrawal")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=(models.Q(application__isnull=False) & models.Q(unit="", unit_code=""))
                | (models.Q(application__isnull=True) & ~models.Q(unit="", unit_code="")),
                name="declaration_about_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.expert}: {self.get_kind_display()}"


class Body(models.Model):
    """A body named in a version that was handed in, by what its spellings have in common: finds what units did together.

    No evidence: made from the parties of the version (`bodies.keep`), and made anew when deleted.
    """

    application = models.ForeignKey("applications.Application", on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=40, blank=True)  # its role; nothing for the lead
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=9, blank=True, db_index=True)  # the nine characters inside every code
    key = models.CharField(max_length=200, blank=True, db_index=True)  # the comparable name
    at = models.DateTimeField()  # when it was handed in

    def __str__(self) -> str:
        return self.name


class Panel(models.Model):
    """One round of review by experts of what lies at an office of a call.

    `areas` narrows it to applications of these areas; empty is all of them. `blind` hides from experts who applied.
    """

    MACHINE = PANEL

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="panels")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="panels")
    stage = models.CharField(max_length=40)
    name = models.CharField(gettext_lazy("评审组名称"), max_length=80)
    areas = JSONText(default=list)
    opens_at = models.DateTimeField(gettext_lazy("评审开始"))
    closes_at = models.DateTimeField(gettext_lazy("评审截止"))
    blind = models.BooleanField(gettext_lazy("匿名评审"), default=False)
    state = models.CharField(max_length=20, default=PANEL.initial)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=PANEL.states), name="panel_state_known"),
            models.UniqueConstraint(fields=("call", "office", "name"), name="panel_name_once"),
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")), name="panel_closes_after_it_opens"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def chain(self) -> str:
        """The chain of this panel's events."""
        return f"panel:{self.pk}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class Assignment(models.Model):
    """That an expert reads one version of an application in a panel. Taken back once, the row stays with why.

    Whether a conflict suspends it is never stored: see `queries.assignments_of` and `queries.visible_to`.
    """

    class Means(models.TextChoices):
        """How it came about."""

        HAND = "hand", gettext_lazy("手工")
        CSV = "csv", gettext_lazy("导入")
        AUTOMATIC = "automatic", gettext_lazy("自动")

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="assignments")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="assignments")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="assignments"
    )
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    means = models.CharField(max_length=10, choices=Means)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("panel", "expert", "application"),
                condition=models.Q(withdrawn_at__isnull=True),
                name="assignment_once",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="assignment_withdrawn_by_someone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} → {self.expert.name}"

    @property
    def is_active(self) -> bool:
        """Whether nobody took it back."""
        return self.withdrawn_at is None


class AssignmentPlan(models.Model):
    """Who might read what, worked out or read from a file, for a person to confirm. No evidence: what counts is assigned.

    `asked` is what was wanted (readers each, most each, the lines of a file), `found` what came of it.
    """

    MACHINE = PLAN

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="plans")
    means = models.CharField(max_length=10, choices=Assignment.Means)
    asked = JSONText(default=dict)
    found = JSONText(default=dict)
    state = models.CharField(max_length=20, default=PLAN.initial)
    fault = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=PLAN.states), name="plan_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.panel} #{self.pk}"

    @property
    def chain(self) -> str:
        """Its events stand on the chain of its panel."""
        return self.panel.chain

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])
