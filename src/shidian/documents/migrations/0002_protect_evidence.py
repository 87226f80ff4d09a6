"""The database refuses to change or delete evidence."""

from django.db import migrations

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    """Protects StoredFile, DocumentVersion, Print."""

    dependencies = [("documents", "0001_initial")]

    operations = [Protect(["StoredFile", "DocumentVersion", "Print"])]
