"""The file store of this installation: the folder named in the settings."""

from __future__ import annotations

from django.conf import settings

from shidian.documents.store import FileStore


def file_store() -> FileStore:
    """Return the store; cheap, so that tests may point the setting elsewhere."""
    return FileStore(settings.FILES_ROOT)
