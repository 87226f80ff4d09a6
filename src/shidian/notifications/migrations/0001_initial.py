"""What people are told, how it went out, and how they want to be told."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """The tables; the words that a call gave its letters are never changed."""

    initial = True

    dependencies = [
        ("calls", "0003_extensions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="LetterWording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, max_length=120)),
                ("text", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="calls.call"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "邮件"), ("sms", "短信"), ("webhook", "对接系统")], max_length=10
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("about", models.CharField(blank=True, max_length=120)),
                ("args", shidian.audit.models.JSONText(default=dict)),
                ("key", models.CharField(max_length=120, null=True, unique=True)),
                ("state", models.CharField(default="waiting", max_length=20)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("token", models.CharField(max_length=40, unique=True)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True)),
                ("emptied_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="calls.call",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("waiting", "sent", "failed", "bounced", "dropped"))
                        ),
                        name="message_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent"), _negated=True),
                            ("sent_at__isnull", False),
                            _connector="OR",
                        ),
                        name="message_sent_at_some_time",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="message_state_due"),
                    models.Index(fields=["address", "id"], name="message_address"),
                ],
            },
        ),
        CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=200, unique=True)),
                ("at", models.DateTimeField()),
                ("values", shidian.audit.models.JSONText(default=dict)),
                ("place", models.CharField(blank=True, max_length=300)),
                ("about", models.CharField(blank=True, max_length=120)),
                (
                    "mail",
                    models.CharField(
                        blank=True,
                        choices=[("", "不发邮件"), ("now", "马上发邮件"), ("digest", "合在每天一封里")],
                        max_length=10,
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="calls.call",
                    ),
                ),
                (
                    "carried",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notices",
                        to="notifications.message",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["user", "read_at"], name="notice_user_read"),
                    models.Index(
                        condition=models.Q(("carried__isnull", True), ("mail", "digest")),
                        fields=["user"],
                        name="notice_waits_for_digest",
                    ),
                ],
            },
        ),
        CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                (
                    "mail",
                    models.CharField(
                        blank=True,
                        choices=[("", "不发邮件"), ("now", "马上发邮件"), ("digest", "合在每天一封里")],
                        max_length=10,
                    ),
                ),
                ("sms", models.BooleanField(default=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "kind"), name="preference_once")]
            },
        ),
        CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce", models.CharField(max_length=40)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("user",),
                        name="calendar_feed_one_alive",
                    )
                ],
            },
        ),
        Protect(["LetterWording"]),
    ]
