"""Rounds, parties, the signatures that bind a party to what it saw, and agreements that outlive an edit.

How a party is reached belongs here too: its contacts, its one-time links with every step taken on them, the mandates of
those who sign for it, and the reminders. All of these are rows that never change; the newest counts.
"""

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
    party wants changed which does not agree. By its `means` it rests on a `scan` of the sealed page, on what was proved
    about the person at the screen (`proof`), or on `certified`, the PDF with the certificate's signature in it.
    `mandate` is the one by which a delegate signed. `recorded_by` is nobody when the signatory acted alone, without an
    account.
    """

    class Decision(models.TextChoices):
        AGREE = "agree", gettext_lazy("同意")
        DISAGREE = "disagree", gettext_lazy("不同意")
        RETURN = "return", gettext_lazy("退回修改")

    class Means(models.TextChoices):
        PAPER = "paper", gettext_lazy("纸质盖章")
        SCREEN = "screen", gettext_lazy("在线表态")
        CERTIFICATE = "certificate", gettext_lazy("数字证书签名")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="signatures")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    opinion = models.TextField(blank=True)
    place = models.CharField(max_length=140, blank=True)
    signatory = models.CharField(max_length=60)
    capacity = models.CharField(max_length=60, blank=True)
    signed_on = models.DateField()
    means = models.CharField(max_length=12, choices=Means.choices, default=Means.PAPER)
    scan = models.ForeignKey("documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    certified = models.ForeignKey(
        "documents.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    proof = JSONText(default=dict)
    mandate = models.ForeignKey(
        "signoffs.Mandate", null=True, on_delete=models.PROTECT, related_name="signatures"
    )
    digest = models.CharField(max_length=64)
    scope_digest = models.CharField(max_length=64, blank=True)  # nothing before scopes were kept
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("party", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(means="paper") | models.Q(scan__isnull=False),
                name="paper_signature_has_scan",
            ),
            models.CheckConstraint(
                condition=~models.Q(means="certificate") | models.Q(certified__isnull=False),
                name="certified_signature_has_pdf",
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


class Contact(models.Model):
    """Where a party is written to about its opinion; never part of the frozen content. Never changed, the newest counts.

    A contact holds for the same body in every round of the document. The link goes to `email`; the code for it to
    `mobile` where short messages can be sent, else to `second_email`, else to `email` in a letter of its own.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=60, blank=True)
    email = models.EmailField()
    mobile = models.CharField(max_length=30, blank=True)
    second_email = models.EmailField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.party} {self.email}"


class Link(models.Model):
    """A one-time link by which a party without an account signs. Never changed; what happened to it are its steps.

    `key` stands in the address of its pages and is no secret. The secrets, a token in the letter and a code by the
    second channel, are kept as digests in the steps only.
    """

    class Channel(models.TextChoices):
        SMS = "sms", gettext_lazy("短信")
        SECOND_MAIL = "second_mail", gettext_lazy("另一个邮箱")
        MAIL = "mail", gettext_lazy("同一邮箱的另一封邮件")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="links")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="links")
    key = models.CharField(max_length=22, unique=True)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.party} {self.key}"

    @property
    def code_goes_to(self) -> str:
        """The number or address to which the code is sent."""
        return {
            Link.Channel.SMS: self.contact.mobile,
            Link.Channel.SECOND_MAIL: self.contact.second_email,
        }.get(Link.Channel(self.channel), self.contact.email)


class LinkStep(models.Model):
    """Something that happened to a link. Never changed.

    `digest` is that of the token (`sent`: SHA-256) or of the code (`code_sent`: keyed, so that a stolen table does not
    tell six figures); every token of a link that was sent opens it as long as the link lives.
    """

    class Kind(models.TextChoices):
        SENT = "sent", gettext_lazy("已寄出")
        UNSENT = "unsent", gettext_lazy("没有寄出")
        OPENED = "opened", gettext_lazy("已打开")
        CODE_ASKED = "code_asked", gettext_lazy("已要验证码")
        CODE_SENT = "code_sent", gettext_lazy("验证码已发出")
        CODE_UNSENT = "code_unsent", gettext_lazy("验证码没有发出")
        CODE_WRONG = "code_wrong", gettext_lazy("验证码不对")
        CODE_RIGHT = "code_right", gettext_lazy("验证码正确")
        DECIDED = "decided", gettext_lazy("已表态")
        REVOKED = "revoked", gettext_lazy("已作废")

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True)
    signature = models.ForeignKey(Signature, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("digest",), condition=models.Q(kind="sent"), name="link_token_once"
            ),
            models.UniqueConstraint(
                fields=("link",), condition=models.Q(kind="decided"), name="link_decides_once"
            ),
            models.UniqueConstraint(
                fields=("link",), condition=models.Q(kind="revoked"), name="link_revoked_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="decided") | models.Q(signature__isnull=False),
                name="link_decided_by_signature",
            ),
        )

    def __str__(self) -> str:
        return f"{self.link} {self.kind}"


class Mandate(models.Model):
    """A party lets somebody else sign for it from one day to another (委托书), as the file that was uploaded says.

    It holds for the same body in every round of the document. Never changed.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="mandates")
    delegate = models.CharField(max_length=60)
    capacity = models.CharField(max_length=60, blank=True)
    given_by = models.CharField(max_length=60)
    since = models.DateField()
    until = models.DateField()
    file = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(since__lte=models.F("until")), name="mandate_period_runs_forward"
            ),
        )

    def __str__(self) -> str:
        return f"{self.party} → {self.delegate}"


class MandateEnd(models.Model):
    """A mandate was taken back by whoever gave it: from that day on nobody signs by it. Never changed.

    What was signed by it before that day stays.
    """

    mandate = models.OneToOneField(Mandate, on_delete=models.PROTECT, related_name="ended")
    from_day = models.DateField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.mandate} {self.from_day}"


class Reminder(models.Model):
    """A party was reminded. Never changed. `by` is nobody when the system did it by itself."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="reminders")
    email = models.EmailField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=("email", "at"), name="reminder_email_at"),)

    def __str__(self) -> str:
        return f"{self.party} {self.at:%F}"
