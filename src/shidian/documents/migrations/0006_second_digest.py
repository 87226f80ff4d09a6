"""A second digest beside SHA-256, where the setting asks for it."""

from django.db import migrations, models

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    """On SQLite an altered table loses its triggers, so the protection is put on again."""

    dependencies = [("documents", "0005_scans")]

    operations = [
        migrations.AddField(
            model_name="documentversion",
            name="second_digest",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="documentversion",
            name="second_algorithm",
            field=models.CharField(blank=True, default="", max_length=10),
            preserve_default=False,
        ),
        Protect(["DocumentVersion"]),
    ]
