"""Units that apply, offices that receive, the people who act for either, and lists on which units may stand."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shidian.audit.models import JSONText
from shidian.organisations.states import ORGANISATION, WATCHLIST


class Organisation(models.Model):
    """A unit with an account; its code is unique and checked by GB 32100-2015 or GB 11714-1997."""

    MACHINE = ORGANISATION

    name = models.CharField(gettext_lazy("单位名称"), max_length=120)
    code = models.CharField(gettext_lazy("统一社会信用代码"), max_length=18, unique=True)
    region = models.CharField(gettext_lazy("所在区"), max_length=6, blank=True)
    address = models.CharField(gettext_lazy("单位地址"), max_length=200, blank=True)
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
        WRITER = "writer", pgettext_lazy("unit", "经办人")
        HEAD = "head", gettext_lazy("负责人")

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


class UnitProfile(models.Model):
    """What a unit told of itself, to be reused in its applications: by attribute, see `profiles.LABELS`. Never changed.

    The newest row counts; the earlier ones are its history.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="profiles")
    data = JSONText(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.organisation} {self.at:%F %T}"


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
        HANDLER = "handler", gettext_lazy("经办人")
        APPROVER = "approver", gettext_lazy("审批人")
        REGISTRAR = "registrar", gettext_lazy("登记员")

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="offices")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="officers")
    role = models.CharField(max_length=10, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "office", "role"), name="officer_role_once"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.office} · {self.get_role_display()}"


class Watchlist(models.Model):
    """One file of a list as it was loaded: what it is, from whom, as of when. Never deleted, only superseded or withdrawn.

    `reading` is what was recognised in the file (see `watchlists.Reading`); the file itself is kept by its digest.
    """

    MACHINE = WATCHLIST

    class Kind(models.TextChoices):
        ABNORMAL = "abnormal", gettext_lazy("经营异常名录")
        DISHONEST = "dishonest", gettext_lazy("严重违法失信名单")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    source = models.CharField(gettext_lazy("来源"), max_length=120)
    as_of = models.DateField(gettext_lazy("截至日期"))
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    reading = JSONText(default=dict)
    state = models.CharField(max_length=20, default=WATCHLIST.initial)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    total = models.PositiveIntegerField(default=0)  # rows to be loaded
    done = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=500, blank=True)
    loaded_at = models.DateTimeField(null=True)
    loaded_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=WATCHLIST.states), name="watchlist_state_known"
            ),
            models.UniqueConstraint(
                fields=("kind", "source"), condition=models.Q(state="current"), name="watchlist_one_current"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("current", "superseded", "withdrawn"))
                | models.Q(loaded_at__isnull=False, loaded_by__isnull=False),
                name="watchlist_loaded_by_someone",
            ),
        )

    def __str__(self) -> str:
        return _("{kind}（{source}）").format(kind=self.get_kind_display(), source=self.source)

    @property
    def chain(self) -> str:
        """The chain of this load's events."""
        return f"watchlist:{self.pk}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class WatchlistEntry(models.Model):
    """One row of a loaded list, with the keys by which units are found. Never changed.

    `body` is the nine-character organisation code, which 18-character codes contain; `cells` is the row as it stands
    in the file.
    """

    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.PROTECT, related_name="entries", db_index=False
    )  # the constraint below has the index
    row = models.PositiveIntegerField()
    name = models.CharField(max_length=200, blank=True)
    former_name = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    entered_on = models.CharField(max_length=40, blank=True)  # a day as YYYY-MM-DD, or the words of the file
    removed_on = models.CharField(max_length=40, blank=True)
    cells = JSONText(default=list)
    body = models.CharField(max_length=9, blank=True, db_index=True)
    name_key = models.CharField(max_length=200, blank=True, db_index=True)
    former_key = models.CharField(max_length=200, blank=True, db_index=True)

    class Meta:
        ordering = ("watchlist", "row")
        constraints = (models.UniqueConstraint(fields=("watchlist", "row"), name="watchlist_row_once"),)

    def __str__(self) -> str:
        return f"{self.name or self.code} #{self.row}"
