"""Mandates can be taken back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("signoffs", "0005_links_and_mandates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="MandateEnd",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_day", models.DateField()),
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
                    "mandate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ended",
                        to="signoffs.mandate",
                    ),
                ),
            ],
        ),
        Protect(["MandateEnd"]),
    ]
