"""Decisions of the last stage, put forward together and confirmed by a second person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Adds DraftDecision, Ruling and RulingItem (protected), and who confirmed a decision."""

    dependencies = [
        ("applications", "0010_results"),
        ("calls", "0003_extensions"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        ("reviews", "0004_claims_and_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="kind",
            field=models.CharField(
                choices=[
                    ("return", "退回补正"),
                    ("decline", "不予推荐"),
                    ("recommend", "推荐"),
                    ("take_back", "收回"),
                    ("put_off", "暂缓"),
                    ("strike_off", "取消资格"),
                ],
                max_length=12,
            ),
        ),
        CreateModel(
            name="DraftDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.CharField(
                        blank=True,
                        choices=[("select", "选报"), ("not_select", "不予选报"), ("put_off", "暂缓")],
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("number", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField()),
                (
                    "lodgement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft_decision",
                        to="applications.lodgement",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        CreateModel(
            name="Ruling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=60, unique=True, verbose_name="决定编号")),
                ("state", models.CharField(default="proposed", max_length=20)),
                ("proposed_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rulings", to="calls.call"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="documents.document"
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulings",
                        to="organisations.office",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("proposed", "confirmed", "sent_back"))),
                        name="ruling_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("call", "office"),
                        name="ruling_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "confirmed"), _negated=True),
                            models.Q(
                                ("closed_by__isnull", False),
                                models.Q(("closed_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ruling_two_people",
                    ),
                ]
            },
        ),
        CreateModel(
            name="RulingItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.CharField(
                        choices=[("select", "选报"), ("not_select", "不予选报"), ("put_off", "暂缓")],
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "lodgement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulings",
                        to="applications.lodgement",
                    ),
                ),
                (
                    "ruling",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="reviews.ruling"
                    ),
                ),
            ],
            options={
                "ordering": ("ruling", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("ruling", "lodgement"), name="ruling_item_once")
                ],
            },
        ),
        Protect(["Decision", "RulingItem"]),
    ]
