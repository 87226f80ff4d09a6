"""Verdicts on checklist items, and decisions with their reasons. Both belong to one arrival at one office."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy


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

    lodgement = models.ForeignKey(
        "applications.Lodgement", on_delete=models.PROTECT, related_name="decisions"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

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
