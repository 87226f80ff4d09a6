"""Lists of units, loaded from files; their entries are never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Watchlist",
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
                        choices=[("abnormal", "经营异常名录"), ("dishonest", "严重违法失信名单")],
                        max_length=20,
                    ),
                ),
                ("source", models.CharField(max_length=120, verbose_name="来源")),
                ("as_of", models.DateField(verbose_name="截至日期")),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("reading", shidian.audit.models.JSONText(default=dict)),
                ("state", models.CharField(default="received", max_length=20)),
                ("received_at", models.DateTimeField()),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=500)),
                ("loaded_at", models.DateTimeField(null=True)),
                (
                    "loaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
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
                            (
                                "state__in",
                                (
                                    "received",
                                    "loading",
                                    "failed",
                                    "current",
                                    "superseded",
                                    "withdrawn",
                                    "discarded",
                                ),
                            )
                        ),
                        name="watchlist_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "current")),
                        fields=("kind", "source"),
                        name="watchlist_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("current", "superseded", "withdrawn")), _negated=True),
                            models.Q(("loaded_at__isnull", False), ("loaded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="watchlist_loaded_by_someone",
                    ),
                ],
            },
        ),
        CreateModel(
            name="WatchlistEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("name", models.CharField(blank=True, max_length=200)),
                ("former_name", models.CharField(blank=True, max_length=200)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("reason", models.TextField(blank=True)),
                ("entered_on", models.CharField(blank=True, max_length=40)),
                ("removed_on", models.CharField(blank=True, max_length=40)),
                ("cells", shidian.audit.models.JSONText(default=list)),
                ("body", models.CharField(blank=True, db_index=True, max_length=9)),
                ("name_key", models.CharField(blank=True, db_index=True, max_length=200)),
                ("former_key", models.CharField(blank=True, db_index=True, max_length=200)),
                (
                    "watchlist",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="organisations.watchlist",
                    ),
                ),
            ],
            options={
                "ordering": ("watchlist", "row"),
                "constraints": [
                    models.UniqueConstraint(fields=("watchlist", "row"), name="watchlist_row_once")
                ],
            },
        ),
        Protect(["WatchlistEntry"]),
    ]
