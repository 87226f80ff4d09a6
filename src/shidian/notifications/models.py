"""What people are told, how it went out to them, and how they want to be told."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.audit.models import JSONText
from shidian.notifications.states import MESSAGE


class Message(models.Model):
    """One letter, short message or post to one address. What it says is made when it leaves (`sending.deliver`).

    `args` names the rows that it is about; `about` is the chain of the subject. `text` is what was sent, kept for a
    while; letters that hold a token or a code are never kept. `key` makes sure that a thing is sent once.
    """

    MACHINE = MESSAGE

    class Channel(models.TextChoices):
        MAIL = "mail", gettext_lazy("邮件")
        SMS = "sms", gettext_lazy("短信")
        WEBHOOK = "webhook", gettext_lazy("对接系统")

    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=120, blank=True)
    args = JSONText(default=dict)
    key = models.CharField(max_length=120, unique=True, null=True)
    state = models.CharField(max_length=20, default=MESSAGE.initial)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)  # a worker is at it; one that was killed leaves it behind
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=300, blank=True)
    token = models.CharField(
        max_length=40, unique=True
    )  # its own part of the Message-ID, by which it comes back
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    emptied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=MESSAGE.states), name="message_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
                name="message_sent_at_some_time",
            ),
        )
        indexes = (
            models.Index(fields=("state", "due_at"), name="message_state_due"),
            models.Index(fields=("address", "id"), name="message_address"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.get_channel_display()} #{self.pk}"

    @property
    def chain(self) -> str:
        """The chain of this message's events."""
        return f"message:{self.pk}"

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class Notice(models.Model):
    """One thing that one person is told, on the page of messages and by the ways that it chose.

    The words stand in `kinds`; `values` is what they are filled with. `key` makes sure that it is told once.
    """

    class Mail(models.TextChoices):
        NONE = "", gettext_lazy("不发邮件")
        NOW = "now", gettext_lazy("马上发邮件")
        DIGEST = "digest", gettext_lazy("合在每天一封里")

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField()
    values = JSONText(default=dict)
    place = models.CharField(max_length=300, blank=True)
    about = models.CharField(max_length=120, blank=True)
    call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    mail = models.CharField(max_length=10, choices=Mail.choices, blank=True)
    carried = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="notices")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("user", "read_at"), name="notice_user_read"),
            models.Index(
                fields=("user",),
                condition=models.Q(mail="digest", carried__isnull=True),
                name="notice_waits_for_digest",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.user}"


class Preference(models.Model):
    """How one person wants to be told of one kind of thing; without a row as the kind says."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    mail = models.CharField(max_length=10, choices=Notice.Mail.choices, blank=True)
    sms = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "kind"), name="preference_once"),)

    def __str__(self) -> str:
        return f"{self.user} {self.kind}"


class CalendarFeed(models.Model):
    """The secret address of one person's calendar; a new row ends the one before. The token itself is not kept."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=models.Q(ended_at__isnull=True), name="calendar_feed_one_alive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.made_at:%F}"


class LetterWording(models.Model):
    """The words of one kind of letter in one call, as its officers changed them. Never changed; the newest counts.

    Without a subject it says that the words of the call package, or of the system, count again.
    """

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, blank=True)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.call} {self.kind} {self.at:%F %T}"

    @property
    def words(self) -> tuple[Any, Any] | None:
        """Subject and text; None when it goes back to the words before."""
        return (self.subject, self.text) if self.subject else None
