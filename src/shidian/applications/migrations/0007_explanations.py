"""Reasons with which a lead answers the warnings of the check."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Explanation, protected as evidence."""

    dependencies = [
        ("applications", "0006_presence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Explanation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=200)),
                ("section", models.CharField(max_length=40)),
                ("field", models.CharField(max_length=90)),
                ("message", models.TextField()),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="explanations",
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
            ],
            options={"ordering": ("pk",)},
        ),
        Protect(["Explanation"]),
    ]
