"""The database refuses to change or delete evidence."""

from django.db import migrations

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    """Protects Event, Anchor."""

    dependencies = [("audit", "0001_initial")]

    operations = [Protect(["Event", "Anchor"])]
