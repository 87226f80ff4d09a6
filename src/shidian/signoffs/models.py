"""Rounds, parties, and the signatures that bind a party to the digest of one version."""

from __future__ import annotations

from django.db import models

from shidian.signoffs.states import ROUND


class Round(models.Model):
    """The sign-off of one frozen version by all its parties; void when the version is replaced."""

    MACHINE = ROUND

    version = models.OneToOneField(
        "documents.DocumentVersion", on_delete=models.PROTECT, related_name="round"
    )
    purpose = models.CharField(max_length=40)
    chain = models.CharField(max_length=120)
    state = models.CharField(max_length=20, default=ROUND.initial)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ROUND.states), name="round_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.state}"


class Party(models.Model):
    """A body in a role. One body in two roles is two parties, and signs twice.

    `gate` names the stage before which it must have agreed (notice, 三（二）; which one is call data).
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="parties")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=40)
    label = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=18, blank=True)
    gate = models.CharField(max_length=40)

    class Meta:
        ordering = ("round", "position")
        constraints = (models.UniqueConstraint(fields=("round", "position"), name="party_position_once"),)

    def __str__(self) -> str:
        return f"{self.label} {self.name}"

    @property
    def signature(self) -> Signature | None:
        """The signature that counts: the latest one."""
        return max(self.signatures.all(), key=lambda row: row.pk, default=None)

    @property
    def has_agreed(self) -> bool:
        """Whether the latest signature agrees."""
        latest = self.signature
        return latest is not None and latest.decision == Signature.Decision.AGREE


class Signature(models.Model):
    """A party's opinion on the version whose digest it names. Never changed; a correction is a later row."""

    class Decision(models.TextChoices):
        AGREE = "agree", "同意"
        DISAGREE = "disagree", "不同意"

    class Means(models.TextChoices):
        PAPER = "paper", "纸质盖章"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="signatures")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    opinion = models.TextField(blank=True)
    signatory = models.CharField(max_length=60)
    capacity = models.CharField(max_length=60, blank=True)
    signed_on = models.DateField()
    means = models.CharField(max_length=10, choices=Means.choices, default=Means.PAPER)
    scan = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("party", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(means="paper") | models.Q(scan__isnull=False),
                name="paper_signature_has_scan",
            ),
        )

    def __str__(self) -> str:
        return f"{self.party} {self.get_decision_display()}"


class Gate(models.Model):
    """All parties due before one stage have agreed: the moment at which that became true, once."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="gates")
    key = models.CharField(max_length=40)
    settled_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("round", "key"), name="gate_settled_once"),)

    def __str__(self) -> str:
        return f"{self.round} {self.key}"
