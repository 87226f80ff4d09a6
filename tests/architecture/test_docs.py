"""What the documents promise is there, and what is there is in the documents."""

from __future__ import annotations

import ast
import importlib
import re
import struct
from pathlib import Path

from shidian.core.transitions import Machine
from shidian.ui.history import WORDINGS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "shidian"
DOCS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
OPERATOR = ROOT / "docs" / "operator" / "README.md"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
LARGEST_PICTURE = 250_000


def calls_of(path: Path, *names: str) -> list[str]:
    """The texts in the first arguments of all calls of these functions in a file; an argument may choose between two."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in names:
            values = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            found += [value for value in values if isinstance(value, str)]
    return found


def test_every_setting_is_documented() -> None:
    settings = calls_of(SOURCES / "config" / "settings.py", "env", "env_bool")
    rows = "\n".join(line for line in OPERATOR.read_text().splitlines() if line.startswith("|"))

    assert len(settings) > 10
    assert [name for name in settings if f"`{name}`" not in rows] == []


def test_every_setting_in_the_documents_is_read() -> None:
    settings = set(calls_of(SOURCES / "config" / "settings.py", "env", "env_bool"))
    named = {name for path in DOCS for name in re.findall(r"\bSHIDIAN_[A-Z_]+\b", path.read_text())}

    assert named - settings == set()


def test_every_command_is_documented() -> None:
    commands = {path.stem for path in SOURCES.glob("*/management/commands/*.py")} - {"__init__"} | {"verify"}
    text = OPERATOR.read_text()

    assert [name for name in sorted(commands) if f"shidian {name}" not in text] == []


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in DOCS
        for target in LINK.findall(path.read_text())
        if "://" not in target and not (path.parent / target).resolve().exists()
    ]

    assert broken == []


def test_every_picture_is_used_and_light() -> None:
    used = {
        (path.parent / target).resolve()
        for path in DOCS
        for target in LINK.findall(path.read_text())
        if target.endswith(".png")
    }
    pictures = set((ROOT / "docs" / "pictures").glob("*.png"))

    assert sorted(path.name for path in pictures - used) == []
    assert [path.name for path in pictures if path.stat().st_size >= LARGEST_PICTURE] == []
    for path in pictures:
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        assert width >= 390
        assert height >= 300


def module_of(path: Path) -> str:
    return ".".join(("shidian", *path.relative_to(SOURCES).with_suffix("").parts))


def test_every_event_has_its_words() -> None:
    recorded = {name for path in SOURCES.rglob("*.py") for name in calls_of(path, "record")}
    moved = {
        step.event
        for path in SOURCES.rglob("states.py")
        for found in vars(importlib.import_module(module_of(path))).values()
        if isinstance(found, Machine)
        for step in found.transitions.values()
    }

    assert len(recorded) > 15
    assert len(moved) > 15
    assert sorted((recorded | moved) - set(WORDINGS)) == []
    assert sorted(set(WORDINGS) - recorded - moved) == []
