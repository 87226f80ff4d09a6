"""The database refuses to change or delete evidence."""

from django.db import migrations

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    """Protects Check, Decision, Reason."""

    dependencies = [("reviews", "0001_initial")]

    operations = [Protect(["Check", "Decision", "Reason"])]
