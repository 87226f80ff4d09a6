"""Supplements, cover letters and waivers of a quota."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0011_lists"),
        ("dispatch", "0003_paper_places"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="candidatelist",
            name="reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="发文字号")),
                ("title", models.CharField(max_length=200)),
                ("addressee", models.CharField(max_length=120)),
                ("body", models.TextField()),
                ("copy_to", models.CharField(blank=True, max_length=200)),
                ("count", models.PositiveIntegerField()),
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
                    "list",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letter",
                        to="dispatch.candidatelist",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="organisations.office",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("office", "number"),
                        name="letter_number_once",
                    )
                ],
            },
        ),
        CreateModel(
            name="ListChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("withdraw", "撤下"), ("correct", "更正")], max_length=10),
                ),
                ("place", models.PositiveIntegerField(null=True)),
                ("remark", models.CharField(max_length=200, null=True)),
                ("reason", models.CharField(max_length=200)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="list_changes",
                        to="applications.application",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="dispatch.candidatelist",
                    ),
                ),
            ],
            options={
                "ordering": ("list", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("list", "application"), name="list_change_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "withdraw"),
                            ("place__isnull", False),
                            ("remark__isnull", False),
                            _connector="OR",
                        ),
                        name="list_correction_says_what",
                    ),
                ],
            },
        ),
        CreateModel(
            name="QuotaWaiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=40)),
                ("maximum", models.PositiveIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=200)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waivers",
                        to="dispatch.candidatelist",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", models.F("maximum"))), name="waiver_is_over"
                    )
                ],
            },
        ),
        Protect(["QuotaWaiver"]),
    ]
