"""Score sheets with what was moderated and said about them, and a panel's meeting."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.calls.scoring import OVERALL
from shidian.reviews.experts.models import Assignment, Expert, Panel
from shidian.reviews.scoring.states import MEETING, SHEET


class ScoreSheet(models.Model):
    """What one expert thinks of one application. `version` is what was submitted last; reopened, it stays as evidence."""

    MACHINE = SHEET

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="sheet")
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        "documents.DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=20, default=SHEET.initial)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=SHEET.states), name="sheet_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="submitted")
                | models.Q(version__isnull=False, submitted_at__isnull=False),
                name="sheet_submitted_has_version",
            ),
        )

    def __str__(self) -> str:
        return f"{self.assignment} {self.state_label}"

    @property
    def chain(self) -> str:
        """Its events stand on the chain of its panel."""
        return self.assignment.panel.chain

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class SheetEntry(models.Model):
    """What stands at one item of a sheet in writing: points as typed, and words. `number` counts its saves.

    The item `overall` holds the recommendation's key and the overall comment.
    """

    OVERALL = OVERALL

    sheet = models.ForeignKey(ScoreSheet, on_delete=models.PROTECT, related_name="entries")
    item = models.CharField(max_length=40)
    value = models.CharField(max_length=40, blank=True)
    comment = models.TextField(blank=True)
    number = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("sheet", "item"), name="sheet_entry_once"),)

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.item}: {self.value}"


class Moderation(models.Model):
    """A change of points that the panel settled, beside the submitted version and never in it. Never changed."""

    sheet = models.ForeignKey(ScoreSheet, on_delete=models.PROTECT, related_name="moderations")
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.item}: {self.before} → {self.after}"


class SheetRemark(models.Model):
    """Something said in the discussion of an application; `assignment` names the expert, none an officer. Never changed."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="remarks")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="sheet_remarks"
    )
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="remarks")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text[:60]


class Meeting(models.Model):
    """The meeting of a panel; when it is closed its minutes are frozen. `current` is the item that is being discussed."""

    MACHINE = MEETING

    panel = models.OneToOneField(Panel, on_delete=models.PROTECT, related_name="meeting")
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        "documents.DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=20, default=MEETING.initial)
    held_at = models.DateTimeField(gettext_lazy("开会时间"))
    place = models.CharField(gettext_lazy("地点"), max_length=120)
    chair = models.CharField(gettext_lazy("主持人"), max_length=60)
    notes = models.TextField(gettext_lazy("会议记录"), blank=True)
    current = models.ForeignKey("AgendaItem", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=MEETING.states), name="meeting_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(version__isnull=False, current__isnull=True),
                name="meeting_closed_has_minutes",
            ),
        )

    def __str__(self) -> str:
        return f"{self.panel} {self.state_label}"

    @property
    def chain(self) -> str:
        """Its events stand on the chain of its panel."""
        return self.panel.chain

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class AgendaItem(models.Model):
    """One application on the agenda, at its place."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="agenda")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="agenda_items"
    )
    position = models.PositiveIntegerField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    note = models.TextField(gettext_lazy("这一项的记录"), blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("meeting", "application"), name="agenda_item_once"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(begun_at__isnull=False),
                name="agenda_item_begun_before_it_ended",
            ),
        )

    def __str__(self) -> str:
        return f"{self.position} {self.application_id}"


class Member(models.Model):
    """An expert of the panel as a member of the meeting, and whether it came."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="members")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="+")
    present = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("meeting", "expert"), name="member_once"),)

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.expert_id}"


class Leaving(models.Model):
    """That a member is out of the room for an item (回避). One for a conflict stands as long as the conflict does."""

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="leavings")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="leavings")
    reason = models.CharField(max_length=500)
    conflicted = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("item", "member"), name="leaving_once"),)

    def __str__(self) -> str:
        return f"{self.item_id} {self.member_id}"


class Vote(models.Model):
    """A vote on an item: of one member by name, or how many there were of a choice, as the call says."""

    class Choice(models.TextChoices):
        AGREE = "agree", gettext_lazy("同意")
        AGAINST = "against", gettext_lazy("反对")
        ABSTAIN = "abstain", gettext_lazy("弃权")

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="votes")
    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="votes")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("item", "member"), condition=models.Q(member__isnull=False), name="vote_once_a_member"
            ),
            models.UniqueConstraint(
                fields=("item", "choice"), condition=models.Q(member__isnull=True), name="vote_once_a_choice"
            ),
            models.CheckConstraint(
                condition=models.Q(member__isnull=True) | models.Q(count=1), name="vote_of_a_member_is_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.choice} {self.count}"
