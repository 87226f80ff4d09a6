"""The English texts: the catalogues of the source tree are compiled into the data folder when they changed.

So nothing is written where the system is installed, and no machine needs GNU gettext.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parents[1] / "locale"


def compile_into(folder: Path) -> None:
    """Every catalogue has its compiled file under `folder`, at least as new; done by any number of processes at once."""
    for source in SOURCE.glob("*/LC_MESSAGES/*.po"):
        target = folder / source.relative_to(SOURCE).with_suffix(".mo")
        written = source.stat()
        # The time of the source is given to what was made of it: another release, older or newer, is made again.
        if target.exists() and target.stat().st_mtime_ns == written.st_mtime_ns:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(polib.pofile(str(source), encoding="utf-8").to_binary())
        os.utime(name, ns=(written.st_atime_ns, written.st_mtime_ns))
        Path(name).replace(target)
