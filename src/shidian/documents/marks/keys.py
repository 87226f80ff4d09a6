"""The keys of the marks, kept apart from the secret key: printed sheets outlive sessions and a changed secret.

The file `mark-keys` in the data folder holds one key a line, the newest first. New sheets are marked with the newest;
sheets of every key in the file are known. A key that is taken out makes its sheets strangers.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

KEY_BYTES = 32


def keys() -> list[bytes]:
    """All keys, newest first; the first one is made when it is first asked for."""
    path = _path()
    if not path.exists():
        with suppress(FileExistsError):  # another process was faster
            _write(path, [secrets.token_bytes(KEY_BYTES)], first=True)
    return [bytes.fromhex(line) for line in path.read_text().split()]


def add_key() -> None:
    """Make a new key for what is printed from now on; sheets printed before stay genuine."""
    _write(_path(), [secrets.token_bytes(KEY_BYTES), *keys()])


def address() -> str:
    """What goes before a mark in a code, in capitals; nothing where the site has no address of its own."""
    host = urlsplit(settings.ADDRESS)
    if host.hostname in (None, "127.0.0.1", "localhost", "::1"):
        return ""
    return f"{settings.ADDRESS.rstrip('/')}/s/".upper()


def _path() -> Path:
    path: Path = settings.MARK_KEYS
    return path


def _write(path: Path, all_keys: Sequence[bytes], *, first: bool = False) -> None:
    """Put the file there complete or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.writelines(f"{key.hex()}\n" for key in all_keys)
            file.flush()
            os.fsync(file.fileno())
        if first:
            os.link(made, path)
        else:
            Path(made).replace(path)
    finally:
        Path(made).unlink(missing_ok=True)
