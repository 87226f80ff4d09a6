"""Entries, views and batches, and the index of words beside them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.core.tables import CreateModel
from shidian.search.engine import CREATE, DROP


def create_index(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop_index(apps, schema_editor):
    for statement in DROP:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("applications", "0008_seals_and_attestations"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=30)),
                ("given", shidian.audit.models.JSONText(default=dict)),
                ("space", models.CharField(choices=[("portal", "申请"), ("desk", "工作台")], max_length=10)),
                ("at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
            ],
        ),
        CreateModel(
            name="BatchRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("waiting", "等待"), ("done", "已办"), ("refused", "没有办")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="applications.application",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="search.batch"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "application"), name="batch_row_once")
                ],
            },
        ),
        CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_latest", models.BooleanField(default=False)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("area", models.CharField(blank=True, max_length=200)),
                ("arrived_at", models.DateTimeField()),
                ("heads", models.TextField(blank=True)),
                ("units", models.TextField(blank=True)),
                ("remarks", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
                ("indexed_at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="applications.application",
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
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["office", "id", "application", "is_latest", "area", "arrived_at"],
                        name="entry_office",
                    ),
                    models.Index(fields=["office", "arrived_at", "id"], name="entry_arrived"),
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
        CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("space", models.CharField(choices=[("portal", "申请"), ("desk", "工作台")], max_length=10)),
                ("name", models.CharField(max_length=40, verbose_name="名称")),
                ("query", models.CharField(blank=True, max_length=500, verbose_name="查询")),
                ("columns", shidian.audit.models.JSONText(default=list)),
                ("sort", models.CharField(blank=True, max_length=20, verbose_name="排序")),
                ("made_at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organisations.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("office__isnull", True), ("unit__isnull", True), _connector="OR"),
                        name="view_shared_with_one",
                    ),
                    models.UniqueConstraint(fields=("owner", "space", "name"), name="view_name_once"),
                ],
            },
        ),
        migrations.RunPython(create_index, drop_index),
    ]
