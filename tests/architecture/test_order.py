"""The order of the apps holds for foreign keys too, which the import linter cannot see."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "shidian"


def layers() -> list[set[str]]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [{name.strip(" ()") for name in layer.split("|")} for layer in contracts[0]["layers"]]


def test_foreign_keys_point_downward_only() -> None:
    height = {name: -position for position, names in enumerate(layers()) for name in names}
    upward = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("shidian.")
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is not None
        if height[model._meta.app_label] < height.get(field.related_model._meta.app_label, height["core"])
    ]

    assert upward == []


def test_only_move_writes_a_state() -> None:
    """No assignment to `.state` and no `update(state=…)` outside of `move`; new rows start at their default."""
    found = []
    for path in SOURCES.rglob("*.py"):
        if "migrations" in path.parts or path.match("audit/actions.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign | ast.AnnAssign)
                else []
            )
            assigned = any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets)
            updated = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("update", "create", "bulk_create", "update_or_create")
                and any(keyword.arg == "state" for keyword in node.keywords)
            )
            if assigned or updated:
                found.append(f"{path.relative_to(SOURCES)}:{node.lineno}")

    assert found == []


def test_the_tree_names_no_registry_and_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    hosts = [
        b"pypi" + b".org",
        b"pythonhosted" + b".org",
        b"registry." + b"npmjs",
        b"deb." + b"debian.org",
        b"--index" + b"-url",
    ]
    places = [str(ROOT).encode() + b"/", b"/ro" + b"ot/", b"/ho" + b"me/"]
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path.suffix in (".ttf", ".png", ".pdf"):
            continue
        content = path.read_bytes()
        found += [f"{name}: {needle.decode()}" for needle in hosts + places if needle in content]

    assert found == []


def test_no_file_is_named_for_nothing() -> None:
    forbidden = {"utils", "helpers", "common", "misc", "services", "managers"}

    assert [str(path) for path in SOURCES.rglob("*.py") if path.stem in forbidden] == []
