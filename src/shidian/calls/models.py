"""Calls and their immutable versions."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText
from shidian.calls.definition import CallDefinition, Stage
from shidian.calls.packages import Package
from shidian.calls.states import CALL
from shidian.core import clock
from shidian.organisations.models import Office, Organisation
from shidian.questionnaires.definition import Questionnaire


class CallQuerySet(models.QuerySet["Call"]):
    """Selections of calls."""

    def public(self) -> CallQuerySet:
        """Published calls, the newest first."""
        return self.filter(state="published").order_by("-is_demonstration", "-pk")


class Call(models.Model):
    """A call (征集批次). Everything about it stands in the package of its current version.

    `number` and `digest` name that version; its content is read once a process, so lists of applications never
    carry it along.
    """

    MACHINE = CALL

    key = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20, default=CALL.initial)
    is_demonstration = models.BooleanField(default=False)
    number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    references_given = models.PositiveIntegerField(default=0)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=CALL.states), name="call_state_known"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def chain(self) -> str:
        """The chain of this call's events."""
        return f"call:{self.key}"

    @property
    def package(self) -> Package:
        """The package of the current version."""
        return package_of_digest(self.digest)

    @property
    def definition(self) -> CallDefinition:
        """What the package says of the call."""
        return self.package.call

    @property
    def questionnaire(self) -> Questionnaire:
        """The form of the call."""
        return self.package.questionnaire

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its deadlines are judged."""
        return ZoneInfo(self.definition.time_zone)

    @cached_property
    def extensions(self) -> list[Extension]:
        """The extensions in force, one for each target: the newest row of it, unless that took it back."""
        newest: dict[tuple[Any, ...], Extension] = {}
        for row in Extension.objects.filter(call=self).order_by("pk").select_related("office", "lead", "by"):
            newest[row.target] = row
        return [row for row in newest.values() if row.until is not None]

    def until(
        self,
        stage: Stage,
        deadline: str,
        *,
        office: Office | None = None,
        lead: Organisation | None = None,
    ) -> datetime | None:
        """A deadline of a stage (`Extension.Deadline`) for an office and a unit, extensions included; None is open-ended.

        An office's own earlier time stands before the stage's. Whichever extension reaches farthest counts.
        """
        base = stage.hand_in_until if deadline == Extension.Deadline.HAND_IN else stage.dispatch_until
        if office is not None and deadline == Extension.Deadline.HAND_IN:
            own = next((d.hand_in_until for d in self.package.offices if d.key == office.key), None)
            base = own or base
        if base is None:
            return None
        applied = [
            row.until
            for row in self.extensions
            if row.until and row.covers(stage.key, deadline, office=office, lead=lead)
        ]
        return max([self.moment(base), *applied])

    @property
    def is_open(self) -> bool:
        """Whether it takes new hand-ins at its first stage now, from everybody."""
        first = self.definition.stages[0]
        until = self.until(first, Extension.Deadline.HAND_IN)
        now = clock.now()
        return (first.opens is None or self.moment(first.opens) <= now) and (until is None or now <= until)

    @property
    def ends_at(self) -> datetime | None:
        """The last of its deadlines, with every extension that was granted to anybody; None when it has none."""
        ends = [
            self.moment(end)
            for stage in self.definition.stages
            for end in (stage.hand_in_until, stage.dispatch_until)
            if end
        ]
        ends += [row.until for row in self.extensions if row.until]
        return max(ends, default=None)

    @property
    def is_over(self) -> bool:
        """Whether the last of its deadlines has passed."""
        return self.ends_at is not None and clock.now() > self.ends_at

    def moment(self, local: datetime) -> datetime:
        """A time of the package (written without zone) as a moment in the call's time zone."""
        return local if local.tzinfo else local.replace(tzinfo=self.zone)


class CallVersion(models.Model):
    """A version of a call's package, as loaded. Never changed; a change is the next version."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, db_index=True)
    content = JSONText()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("call", "number"), name="call_version_once"),)

    def __str__(self) -> str:
        return f"{self.call} v{self.number}"


class Extension(models.Model):
    """More time than the call gives: for everybody (an outage), for an office, or for one unit. Never changed.

    A later row for the same target stands in the place of the earlier one; one without `until` takes it back.
    """

    class Deadline(models.TextChoices):
        HAND_IN = "hand_in", gettext_lazy("递交截止")
        DISPATCH = "dispatch", gettext_lazy("报送截止")

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=40)
    deadline = models.CharField(max_length=10, choices=Deadline.choices)
    office = models.ForeignKey("organisations.Office", null=True, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(
        "organisations.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(office__isnull=True) | models.Q(lead__isnull=True),
                name="extension_one_target",
            ),
            models.CheckConstraint(
                condition=models.Q(lead__isnull=True) | models.Q(deadline="hand_in"),
                name="extension_of_unit_is_for_handing_in",
            ),
        )

    def __str__(self) -> str:
        return f"{self.call.key} {self.stage} {self.deadline} {self.until}"

    @property
    def target(self) -> tuple[Any, ...]:
        """What it is about; the newest row of a target counts."""
        return (self.stage, self.deadline, self.office_id, self.lead_id)

    @property
    def whom(self) -> str:
        """For whom it is, in words."""
        return str(self.office or self.lead or gettext_lazy("所有单位和机构"))

    def covers(self, stage: str, deadline: str, *, office: Office | None, lead: Organisation | None) -> bool:
        """Whether it gives more time to that office and unit at that deadline."""
        if (self.stage, self.deadline) != (stage, deadline):
            return False
        if self.office_id is not None:
            return office is not None and self.office_id == office.pk
        return self.lead_id is None or (lead is not None and self.lead_id == lead.pk)


@lru_cache(maxsize=32)
def package_of_digest(digest: str) -> Package:
    """The package of the version with that digest; parsed once a process, since a version never changes.

    LookupError when no version has it.
    """
    found = CallVersion.objects.filter(digest=digest).values_list("content", flat=True).first()
    if found is None:
        raise LookupError(f"no call version {digest!r}")
    return Package.from_json(found)
