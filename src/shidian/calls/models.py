"""Calls and their immutable versions."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import models

from shidian.audit.models import JSONText
from shidian.calls.definition import CallDefinition
from shidian.calls.packages import Package
from shidian.calls.states import CALL
from shidian.core import clock
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

    @property
    def is_open(self) -> bool:
        """Whether it takes new hand-ins at its first stage now."""
        first = self.definition.stages[0]
        now = clock.now()
        return (first.opens is None or self.moment(first.opens) <= now) and (
            first.hand_in_until is None or now <= self.moment(first.hand_in_until)
        )

    @property
    def is_over(self) -> bool:
        """Whether the last of its deadlines has passed."""
        ends = [
            end
            for stage in self.definition.stages
            for end in (stage.hand_in_until, stage.dispatch_until)
            if end
        ]
        return bool(ends) and clock.now() > self.moment(max(ends))

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


@lru_cache(maxsize=32)
def package_of_digest(digest: str) -> Package:
    """The package of the version with that digest; parsed once a process, since a version never changes.

    LookupError when no version has it.
    """
    found = CallVersion.objects.filter(digest=digest).values_list("content", flat=True).first()
    if found is None:
        raise LookupError(f"no call version {digest!r}")
    return Package.from_json(found)
