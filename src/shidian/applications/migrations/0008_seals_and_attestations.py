"""Seals asked for on a platform, and signatures with SM2 that are kept as evidence."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """SealRequest; Attestation, protected as evidence."""

    dependencies = [
        ("applications", "0007_explanations"),
        ("documents", "0006_second_digest"),
        ("signoffs", "0004_means"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Attestation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=400)),
                ("report", shidian.audit.models.JSONText(default=dict)),
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
                        related_name="attestations",
                        to="signoffs.party",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="SealRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(default="waiting", max_length=20)),
                ("seal", models.CharField(max_length=120)),
                ("seal_name", models.CharField(max_length=200)),
                ("signatory", models.CharField(max_length=60)),
                ("capacity", models.CharField(blank=True, max_length=60)),
                ("namesake", models.BooleanField(default=False)),
                ("base", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=36)),
                ("token", models.CharField(blank=True, max_length=200)),
                ("rounds", models.PositiveIntegerField(default=1)),
                ("asked_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField(null=True)),
                ("fault", models.TextField(blank=True)),
                (
                    "asked_by",
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
                        related_name="seal_requests",
                        to="signoffs.party",
                    ),
                ),
                (
                    "prepared",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("waiting", "signed", "refused", "failed", "withdrawn"))
                        ),
                        name="seal_request_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("party",),
                        name="seal_request_one_waiting",
                    ),
                ],
            },
        ),
        Protect(["Attestation"]),
    ]
