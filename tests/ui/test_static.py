"""What collectstatic makes of the style sheets and modules."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from shidian.config.static import join_script

UI = Path(__file__).resolve().parents[2] / "src/shidian/ui/static/ui"
CSS = UI / "css"


@pytest.fixture
def collected(settings, tmp_path: Path) -> Path:
    """Where the static files lie as they are served."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "shidian.config.static.HashedStaticFiles"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_the_style_sheets_are_served_as_one(collected: Path) -> None:
    (served,) = (collected / "ui/css").glob("look.*.css")
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


def test_the_modules_are_served_as_one(collected: Path) -> None:
    (served,) = (collected / "ui/js").glob("main.*.js")
    text = served.read_text()
    modules = re.findall(r'from "\./(\w+)\.js"', (UI / "js/main.js").read_text())
    assert len(modules) > 20
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    for module in modules:
        assert (UI / f"js/{module}.js").read_text().splitlines()[-2] in text
    # What a page takes while it runs stays a file, under its hashed name.
    later = re.findall(r'import\("(.+?)"\)', text)
    assert len(later) >= 2
    for name in later:
        assert (served.parent / name).is_file()


def test_a_module_is_joined_once_and_before_those_that_import_it() -> None:
    sources = {
        "js/main.js": 'import { start as a } from "./a.js";\nimport { start as b } from "./b.js";\na(); b();\n',
        "js/a.js": 'import { MOST, say } from "./words.js";\nexport function start() { say(MOST); }\n',
        "js/b.js": 'import { say } from "./words.js";\nexport const start = () => say("b");\n',
        "js/words.js": "let said = 0;\nexport const MOST = 2;\nexport async function say() { said += 1; }\n",
    }

    text = join_script("js/main.js", sources.__getitem__)

    assert re.findall(r"^const (\$\w+) = \(\(\) => \{$", text, re.MULTILINE) == [
        "$words",
        "$a",
        "$b",
        "$main",
    ]
    assert "const { MOST, say } = $words;" in text
    assert "const { start: b } = $b;" in text
    assert "return { MOST, say };" in text


@pytest.mark.parametrize(
    "line",
    [
        "import * as all from './words.js';",
        'import "./words.js";',
        "export default 1;",
        "export let said = 0;",
    ],
)
def test_what_could_not_be_joined_is_refused(line: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(line)):
        join_script("js/main.js", {"js/main.js": f"{line}\n"}.__getitem__)


def test_modules_that_import_each_other_are_refused() -> None:
    sources = {
        "js/main.js": 'import { a } from "./a.js";\n',
        "js/a.js": 'import { b } from "./b.js";\nexport const a = () => b();\n',
        "js/b.js": 'import { a } from "./a.js";\nexport const b = () => a();\n',
    }
    with pytest.raises(ImproperlyConfigured, match="main > a > b > a"):
        join_script("js/main.js", sources.__getitem__)
