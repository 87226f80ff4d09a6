"""Verdicts on checklist items, and decisions with their reasons. Both belong to one arrival at one office."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.applications.models import Severity
from shidian.reviews.experts.models import (
    Assignment,
    AssignmentPlan,
    Body,
    ConflictDeclaration,
    Expert,
    Panel,
)
from shidian.reviews.scoring.models import (
    AgendaItem,
    Leaving,
    Meeting,
    Member,
    Moderation,
    ScoreSheet,
    SheetEntry,
    SheetRemark,
    Vote,
)
from shidian.reviews.states import RULING

__all__ = (
    "AgendaItem",
    "Assignment",
    "AssignmentPlan",
    "Body",
    "Check",
    "Claim",
    "ConflictDeclaration",
    "Decision",
    "Draft",
    "DraftDecision",
    "Expert",
    "Fingerprint",
    "JointAnswer",
    "JointOffer",
    "JointRecommendation",
    "Leaving",
    "Meeting",
    "Member",
    "Moderation",
    "Panel",
    "Reader",
    "Reason",
    "Resemblance",
    "Ruling",
    "RulingItem",
    "ScoreSheet",
    "SheetEntry",
    "SheetRemark",
    "Vote",
)


class Check(models.Model):
    """One verdict of a person on one item. Never changed; a second thought is a later row."""

    class Verdict(models.TextChoices):
        MET = "met", gettext_lazy("符合")
        NOT_MET = "not_met", gettext_lazy("不符合")
        NOT_APPLICABLE = "not_applicable", gettext_lazy("不适用")

    lodgement = models.ForeignKey("applications.Lodgement", on_delete=models.PROTECT, related_name="checks")
    item = models.CharField(max_length=120)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.lodgement} {self.item} {self.get_verdict_display()}"


class Decision(models.Model):
    """What an office decided on one arrival, and who decided. Never changed."""

    class Kind(models.TextChoices):
        RETURN = "return", gettext_lazy("退回补正")
        DECLINE = "decline", gettext_lazy("不予推荐")
        RECOMMEND = "recommend", gettext_lazy("推荐")
        TAKE_BACK = "take_back", gettext_lazy("收回")
        PUT_OFF = "put_off", gettext_lazy("暂缓")
        STRIKE_OFF = "strike_off", gettext_lazy("取消资格")

    lodgement = models.ForeignKey(
        "applications.Lodgement", on_delete=models.PROTECT, related_name="decisions"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.lodgement} {self.get_kind_display()}"


class Reason(models.Model):
    """One reason of a decision; `section` names the part of the form that it is about, or nothing."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="reasons")
    position = models.PositiveIntegerField()
    section = models.CharField(max_length=40, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ("decision", "position")
        constraints = (models.UniqueConstraint(fields=("decision", "position"), name="reason_position_once"),)

    def __str__(self) -> str:
        return self.text[:60]


class Choice(models.TextChoices):
    """What the last stage may decide on a candidate."""

    SELECT = "select", gettext_lazy("选报")
    NOT_SELECT = "not_select", gettext_lazy("不予选报")
    PUT_OFF = "put_off", gettext_lazy("暂缓")


class DraftDecision(models.Model):
    """What a handler of the last stage means to decide on an arrival; `number` counts its saves."""

    lodgement = models.OneToOneField(
        "applications.Lodgement", on_delete=models.PROTECT, related_name="draft_decision"
    )
    choice = models.CharField(max_length=12, choices=Choice.choices, blank=True)
    reason = models.TextField(blank=True)
    number = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.lodgement} {self.get_choice_display()}"


class Ruling(models.Model):
    """Decisions on several candidates that a handler puts before an approver together; what it says is its version."""

    MACHINE = RULING

    reference = models.CharField(gettext_lazy("决定编号"), max_length=60, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="rulings")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="rulings")
    state = models.CharField(max_length=20, default=RULING.initial)
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    closed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=RULING.states), name="ruling_state_known"),
            models.UniqueConstraint(
                fields=("call", "office"), condition=models.Q(state="proposed"), name="ruling_one_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed")
                | (models.Q(closed_by__isnull=False) & ~models.Q(closed_by=models.F("proposed_by"))),
                name="ruling_two_people",
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def chain(self) -> str:
        """The chain of its events."""
        return f"ruling:{self.reference}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class RulingItem(models.Model):
    """One candidate of a ruling with what was decided on it and why. Never changed."""

    ruling = models.ForeignKey(Ruling, on_delete=models.PROTECT, related_name="items")
    lodgement = models.ForeignKey("applications.Lodgement", on_delete=models.PROTECT, related_name="rulings")
    choice = models.CharField(max_length=12, choices=Choice.choices)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("ruling", "pk")
        constraints = (models.UniqueConstraint(fields=("ruling", "lodgement"), name="ruling_item_once"),)

    def __str__(self) -> str:
        return f"{self.ruling} {self.lodgement} {self.get_choice_display()}"


class Fingerprint(models.Model):
    """The sampled hashes of the long answers of a version (`core.fingerprints`, packed); made anew when deleted."""

    version = models.OneToOneField(
        "documents.DocumentVersion", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    hashes = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.version}"


class Resemblance(models.Model):
    """Two versions of different applications that share text: a machine's finding, judged by nobody but people.

    `version` is the one that was handed in later; `shared` counts the hashes in common (`core.fingerprints`).
    """

    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey("documents.DocumentVersion", on_delete=models.CASCADE, related_name="+")
    shared = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("version", "other"), name="resemblance_once"),)

    def __str__(self) -> str:
        return f"{self.version} ~ {self.other}"


class Draft(models.Model):
    """An entry of the problem list of an arrival while it is being written; gone when the list was sent.

    What it says then stands in the list for good (`applications.CorrectionItem`). `again` is the entry of an earlier list
    that was found not to be put right.
    """

    lodgement = models.ForeignKey("applications.Lodgement", on_delete=models.CASCADE, related_name="drafts")
    place = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=10, choices=Severity)
    text = models.TextField()
    again = models.ForeignKey(
        "applications.CorrectionItem", null=True, on_delete=models.PROTECT, related_name="+"
    )
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values), name="draft_severity_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.lodgement} {self.text[:40]}"


class Claim(models.Model):
    """Who works on an arrival. Released, taken over or decided, the row stays with who ended it and when."""

    lodgement = models.ForeignKey("applications.Lodgement", on_delete=models.PROTECT, related_name="claims")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("lodgement",), condition=models.Q(ended_at__isnull=True), name="claim_by_one"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="claim_ended_by_someone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lodgement} {self.user}"


class Reader(models.Model):
    """When a person was last seen on the review page of an application. A courtesy, no evidence: it is written over."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, related_name="readers"
    )
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("application", "user"), name="reader_once"),)

    def __str__(self) -> str:
        return f"{self.application_id}: {self.user}"


class JointOffer(models.Model):
    """One recommending office asks another to recommend an application with it (联合推荐). Never changed."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="joint_offers"
    )
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="joint_offers")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.application} {self.office} {self.to}"


class JointAnswer(models.Model):
    """What the office that was asked answered; one answer an offer. Never changed."""

    offer = models.OneToOneField(JointOffer, on_delete=models.PROTECT, related_name="answer")
    agreed = models.BooleanField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.offer} {self.agreed}"


class JointRecommendation(models.Model):
    """A further recommender of an application, beside the office to which its lead handed it in. Never changed.

    `merged` is the application of the same project that was closed in its favour; `answer` the agreement between the
    two offices, or nothing where a later stage that received both put them together.
    """

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="joint_recommendations"
    )
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="+")
    merged = models.OneToOneField(
        "applications.Application", null=True, on_delete=models.PROTECT, related_name="merged_into"
    )
    answer = models.OneToOneField(JointAnswer, null=True, on_delete=models.PROTECT, related_name="joined")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("application", "office"), name="joint_recommender_once"),
            models.CheckConstraint(
                condition=models.Q(merged__isnull=True) | ~models.Q(merged=models.F("application")),
                name="joint_not_into_itself",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application} {self.office}"
