"""Text in common between applications, as the machine found it."""

import django.db.models.deletion
from django.db import migrations, models

from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_upload_said"),
        ("reviews", "0002_protect_evidence"),
    ]

    operations = [
        CreateModel(
            name="Fingerprint",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="documents.documentversion",
                    ),
                ),
                ("hashes", models.BinaryField()),
            ],
        ),
        CreateModel(
            name="Resemblance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shared", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "other"), name="resemblance_once")
                ],
            },
        ),
    ]
