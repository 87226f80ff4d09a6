"""How parties are reached, and who signs for them; the table of signatures is protected anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_upload_said"),
        ("signoffs", "0004_means"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=60)),
                ("email", models.EmailField(max_length=254)),
                ("mobile", models.CharField(blank=True, max_length=30)),
                ("second_email", models.EmailField(blank=True, max_length=254)),
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
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="signoffs.party",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=22, unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("sms", "短信"),
                            ("second_mail", "另一个邮箱"),
                            ("mail", "同一邮箱的另一封邮件"),
                        ],
                        max_length=12,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="signoffs.contact",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="signoffs.party"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Mandate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delegate", models.CharField(max_length=60)),
                ("capacity", models.CharField(blank=True, max_length=60)),
                ("given_by", models.CharField(max_length=60)),
                ("since", models.DateField()),
                ("until", models.DateField()),
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
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to="signoffs.party",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("since__lte", models.F("until"))),
                        name="mandate_period_runs_forward",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="signature",
            name="mandate",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="signatures",
                to="signoffs.mandate",
            ),
        ),
        CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="signoffs.party",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["email", "at"], name="reminder_email_at")],
            },
        ),
        CreateModel(
            name="LinkStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sent", "已寄出"),
                            ("unsent", "没有寄出"),
                            ("opened", "已打开"),
                            ("code_asked", "已要验证码"),
                            ("code_sent", "验证码已发出"),
                            ("code_unsent", "验证码没有发出"),
                            ("code_wrong", "验证码不对"),
                            ("code_right", "验证码正确"),
                            ("decided", "已表态"),
                            ("revoked", "已作废"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("address", models.GenericIPAddressField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="signoffs.link"
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="signoffs.signature",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "sent")), fields=("digest",), name="link_token_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "decided")), fields=("link",), name="link_decides_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "revoked")), fields=("link",), name="link_revoked_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "decided"), _negated=True),
                            ("signature__isnull", False),
                            _connector="OR",
                        ),
                        name="link_decided_by_signature",
                    ),
                ],
            },
        ),
        Protect(["Signature", "Contact", "Link", "LinkStep", "Mandate", "Reminder"]),
    ]
