"""The database refuses to change or delete evidence."""

from django.db import migrations

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    """Protects Party, Signature, Gate."""

    dependencies = [("signoffs", "0001_initial")]

    operations = [Protect(["Party", "Signature", "Gate"])]
