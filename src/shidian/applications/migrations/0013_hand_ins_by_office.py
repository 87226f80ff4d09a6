"""Indexes for the figures of a call and the numbers of an office."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0012_indexes_of_lists")]

    operations = [
        migrations.AddIndex(
            "application", models.Index(fields=["call", "office", "stage"], name="application_by_office")
        ),
        migrations.AddIndex(
            "lodgement",
            models.Index(
                condition=models.Q(("sent_by__isnull", True)),
                fields=["application", "at", "office"],
                name="lodgement_handed_in",
            ),
        ),
    ]
