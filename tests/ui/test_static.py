"""What collectstatic makes of the style sheets and modules."""

from __future__ import annotations

import re
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
