"""Units that apply, offices that receive, and the people who act for either."""

from __future__ import annotations

from django.db import models

from shidian.organisations.states import ORGANISATION


class Organisation(models.Model):
    """A unit with an account; its code is unique and checked by GB 32100-2015 or GB 11714-1997."""

    MACHINE = ORGANISATION

    name = models.CharField("单位名称", max_length=120)
    code = models.CharField("统一社会信用代码", max_length=18, unique=True)
    region = models.CharField("所在区", max_length=6, blank=True)
    address = models.CharField("单位地址", max_length=200, blank=True)
    state = models.CharField(max_length=20, default=ORGANISATION.initial)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=ORGANISATION.states), name="organisation_state_known"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def chain(self) -> str:
        """The chain of this unit's events."""
        return f"organisation:{self.pk}"


class Membership(models.Model):
    """A person acts for a unit: as its writer (经办人) or its head (负责人)."""

    class Role(models.TextChoices):
        WRITER = "writer", "经办人"
        HEAD = "head", "负责人"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "organisation"), name="membership_once"),
            models.UniqueConstraint(
                fields=("organisation",), condition=models.Q(role="head"), name="organisation_one_head"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation}"


class Office(models.Model):
    """A body that receives, registers or decides; which stage it works at is said by each call."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    short = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    region = models.CharField(max_length=6, blank=True)
    email = models.EmailField(blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def chain(self) -> str:
        """The chain of this office's events: who was appointed."""
        return f"office:{self.key}"


class Officer(models.Model):
    """A person acts for an office; handler and approver of one list are never the same person."""

    class Role(models.TextChoices):
        HANDLER = "handler", "经办人"
        APPROVER = "approver", "审批人"
        REGISTRAR = "registrar", "登记员"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="offices")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="officers")
    role = models.CharField(max_length=10, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "office", "role"), name="officer_role_once"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.office} · {self.get_role_display()}"
