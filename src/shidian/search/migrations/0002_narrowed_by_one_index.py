"""Entries anew: what one narrows and counts by is copied into them, so that one index answers it, before the long texts.

They are filled again by the job of every minute, or at once by `shidian search rebuild`.
"""

import django.db.models.deletion
from django.db import migrations, models

from shidian.core.tables import CreateModel
from shidian.search import engine


def empty(apps, schema_editor):
    engine.clear()


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0012_indexes_of_lists"),
        ("calls", "0003_extensions"),
        ("organisations", "0003_unit_profiles"),
        ("search", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(empty, empty),
        migrations.DeleteModel("Entry"),
        CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="applications.application",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="calls.call",
                    ),
                ),
                (
                    "here",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                (
                    "lodgement",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="applications.lodgement",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                ("is_latest", models.BooleanField(default=False)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("area", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(max_length=40)),
                ("unit", models.CharField(max_length=120)),
                ("region", models.CharField(blank=True, max_length=6)),
                ("state", models.CharField(max_length=20)),
                ("stage", models.CharField(blank=True, max_length=40)),
                ("arrived_at", models.DateTimeField()),
                ("indexed_at", models.DateTimeField()),
                ("heads", models.TextField(blank=True)),
                ("units", models.TextField(blank=True)),
                ("remarks", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=[
                            "office",
                            "id",
                            "call",
                            "state",
                            "stage",
                            "here",
                            "region",
                            "area",
                            "arrived_at",
                            "application",
                            "lodgement",
                            "is_latest",
                        ],
                        name="entry_office",
                    ),
                    models.Index(
                        condition=models.Q(("is_latest", True), ("office__isnull", False)),
                        fields=[
                            "id",
                            "call",
                            "state",
                            "stage",
                            "here",
                            "region",
                            "area",
                            "arrived_at",
                            "application",
                            "lodgement",
                            "is_latest",
                        ],
                        name="entry_latest",
                    ),
                    models.Index(
                        fields=["office", "call", "state", "stage", "here", "region", "area"],
                        name="entry_counted",
                    ),
                    models.Index(
                        condition=models.Q(("is_latest", True), ("office__isnull", False)),
                        fields=["call", "state", "stage", "here", "region", "area"],
                        name="entry_counted_latest",
                    ),
                    models.Index(fields=["office", "arrived_at", "id"], name="entry_arrived"),
                    models.Index(fields=["office", "reference", "id"], name="entry_by_reference"),
                    models.Index(fields=["office", "title", "id"], name="entry_by_title"),
                    models.Index(fields=["office", "unit", "id"], name="entry_by_unit"),
                    models.Index(fields=["lodgement"], name="entry_lodgement"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("application", "office"), name="entry_of_office_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("office__isnull", True)),
                        fields=("application",),
                        name="entry_of_lead_once",
                    ),
                ],
            },
        ),
    ]
