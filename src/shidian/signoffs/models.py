"""Rounds, parties, the signatures that bind a party to what it saw, and agreements that outlive an edit."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText
from shidian.signoffs.scopes import Scope
from shidian.signoffs.states import ROUND


class Round(models.Model):
    """The sign-off of one frozen version by all its parties; void when the version is replaced.

    `terms` are those of the call at the time (`terms.Terms`).
    """

    MACHINE = ROUND

    version = models.OneToOneField(
        "documents.DocumentVersion", on_delete=models.PROTECT, related_name="round"
    )
    purpose = models.CharField(max_length=40)
    chain = models.CharField(max_length=120)
    state = models.CharField(max_length=20, default=ROUND.initial)
    terms = JSONText(default=dict)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ROUND.states), name="round_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.state}"


class Party(models.Model):
    """A body in a role. One body in two roles is two parties, and signs twice.

    `gate` names the stage before which it must have agreed (notice, 三（二）; which one is call data). It is asked when
    everybody of an earlier `step` has agreed. `scope` is what it vouches for, nothing for everything.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="parties")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=40)
    label = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=18, blank=True)
    gate = models.CharField(max_length=40)
    step = models.PositiveIntegerField(default=1)
    scope = JSONText(null=True)

    class Meta:
        ordering = ("round", "position")
        constraints = (models.UniqueConstraint(fields=("round", "position"), name="party_position_once"),)

    def __str__(self) -> str:
        return f"{self.label} {self.name}"

    @property
    def carried(self) -> Carry | None:
        """How an agreement to an earlier version came to count here, if one did."""
        return next(iter(self.carries.all()), None)

    @property
    def signature(self) -> Signature | None:
        """The signature that counts: the latest one given in this round, else the one that was carried here."""
        own = max(self.signatures.all(), key=lambda row: row.pk, default=None)
        if own is not None:
            return own
        return self.carried.signature if self.carried else None

    @property
    def has_agreed(self) -> bool:
        """Whether the signature that counts agrees."""
        latest = self.signature
        return latest is not None and latest.decision == Signature.Decision.AGREE

    @property
    def body(self) -> tuple[str, str, str]:
        """What makes it the same party in the round of another version: role, name, code."""
        return (self.role, self.name, self.code)

    @property
    def vouches_for(self) -> Scope | None:
        """What it vouches for; None for everything."""
        return Scope.stored(self.scope)


class Signature(models.Model):
    """A party's opinion on the version whose digest it names. Never changed; a correction is a later row.

    `scope_digest` is over the part that the party vouches for (`scopes`); `place` the field (`section.field`) that a
    party wants changed which does not agree.
    """

    class Decision(models.TextChoices):
        AGREE = "agree", gettext_lazy("同意")
        DISAGREE = "disagree", gettext_lazy("不同意")
        RETURN = "return", gettext_lazy("退回修改")

    class Means(models.TextChoices):
        PAPER = "paper", gettext_lazy("纸质盖章")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="signatures")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    opinion = models.TextField(blank=True)
    place = models.CharField(max_length=140, blank=True)
    signatory = models.CharField(max_length=60)
    capacity = models.CharField(max_length=60, blank=True)
    signed_on = models.DateField()
    means = models.CharField(max_length=10, choices=Means.choices, default=Means.PAPER)
    scan = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    scope_digest = models.CharField(max_length=64, blank=True)  # nothing before scopes were kept
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


class Carry(models.Model):
    """An agreement to an earlier version that counts for a later one, because nothing that it covers changed.

    The rule is checked again by anybody: `scope_digest` of the signature equals that of the party's own version. Never
    changed.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="carries")
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="carries")
    scope_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("party",), name="carry_once"),)

    def __str__(self) -> str:
        return f"{self.signature} → {self.party}"


class Gate(models.Model):
    """All parties due before one stage have agreed: the moment at which that became true, once."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="gates")
    key = models.CharField(max_length=40)
    settled_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("round", "key"), name="gate_settled_once"),)

    def __str__(self) -> str:
        return f"{self.round} {self.key}"
