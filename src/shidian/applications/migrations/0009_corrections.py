"""Problem lists: what only is open, what is said of each entry, and what is opened besides."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Correction, CorrectionItem, CorrectionEntry, OpeningRequest, OpeningAnswer; all protected as evidence."""

    dependencies = [
        ("applications", "0008_seals_and_attestations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("reference", models.CharField(max_length=60, unique=True)),
                ("days", models.PositiveIntegerField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("clock", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="applications.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lodgement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="applications.lodgement",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("application", "number"), name="correction_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("clock__in", ("runs", "stops"))), name="correction_clock_known"
                    ),
                ],
            },
        ),
        CreateModel(
            name="CorrectionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("place", models.CharField(blank=True, max_length=200)),
                ("label", models.CharField(max_length=400)),
                (
                    "severity",
                    models.CharField(choices=[("must", "必须改"), ("should", "建议改")], max_length=10),
                ),
                ("text", models.TextField()),
                (
                    "again",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="applications.correctionitem",
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="applications.correction",
                    ),
                ),
            ],
            options={
                "ordering": ("correction", "position"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("correction", "position"), name="correction_item_position_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["must", "should"])),
                        name="correction_item_severity_known",
                    ),
                ],
            },
        ),
        CreateModel(
            name="CorrectionEntry",
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
                        choices=[("replied", "回复"), ("resolved", "确认已改好"), ("reopened", "仍未改好")],
                        max_length=10,
                    ),
                ),
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
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="applications.correctionitem",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("replied", "resolved", "reopened"))),
                        name="correction_entry_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "replied"), _negated=True),
                            models.Q(("text", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="correction_reply_says_something",
                    ),
                ],
            },
        ),
        CreateModel(
            name="OpeningRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.CharField(max_length=200)),
                ("label", models.CharField(max_length=400)),
                ("reason", models.TextField()),
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
                    "correction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="applications.correction",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="OpeningAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opened", models.BooleanField()),
                ("words", models.TextField(blank=True)),
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
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="applications.openingrequest",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("request",), name="opening_answered_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opened", True), models.Q(("words", ""), _negated=True), _connector="OR"
                        ),
                        name="opening_refused_with_reason",
                    ),
                ],
            },
        ),
        Protect(["Correction", "CorrectionItem", "CorrectionEntry", "OpeningRequest", "OpeningAnswer"]),
    ]
