"""What collectstatic makes of the style sheets and modules."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from django.core.management import call_command

CSS = Path(__file__).resolve().parents[2] / "src/shidian/ui/static/ui/css"


def test_the_style_sheets_are_served_as_one(settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "shidian.config.static.HashedStaticFiles"}
    }

    call_command("collectstatic", interactive=False, verbosity=0)

    (served,) = (tmp_path / "ui/css").glob("look.*.css")
    text = served.read_text()
    parts = re.findall(r'@import url\("([\w-]+\.css)"\)', (CSS / "look.css").read_text())
    assert len(parts) > 20
    assert "@import" not in text
    for part in parts:
        assert (CSS / part).read_text().splitlines()[-2] in text
    assert text.count("{") == text.count("}")


def test_a_part_that_changed_since_the_last_collecting_is_served(settings, tmp_path: Path) -> None:
    """An upgrade: the entry itself is as old as what was collected, one of its parts is new."""
    source, target = tmp_path / "source", tmp_path / "target"
    folder = source / "ui" / "css"
    folder.mkdir(parents=True)
    (folder / "look.css").write_text('@import url("part.css") layer(components);\n')
    (folder / "part.css").write_text(".old { color: red; }\n")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = target
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "shidian.config.static.HashedStaticFiles"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    (folder / "part.css").write_text(".new { color: red; }\n")
    later = time.time() + 10
    os.utime(folder / "part.css", (later, later))

    call_command("collectstatic", interactive=False, verbosity=0)

    manifest = json.loads((target / "staticfiles.json").read_text())
    assert ".new {" in (target / manifest["paths"]["ui/css/look.css"]).read_text()
