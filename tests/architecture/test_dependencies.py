"""What the system imports is installed with it, not only with what is for working on it."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = {"onnxruntime", "python-pkcs11", "rapidocr", "tongsuopy"}
"""Optional parts: whoever imports them says what is missing without them."""


def imported() -> set[str]:
    """The top names of all modules that the source tree imports."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"shidian"}


def test_everything_imported_is_in_the_lock_for_running() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = {line.partition("==")[0].lower() for line in lines if re.match(r"[\w.-]+==", line)}
    of = packages_distributions()

    missing = {
        name: of.get(name, [])
        for name in imported()
        if not {dist.lower().replace("_", "-") for dist in of.get(name, [])} & (locked | EXTRAS)
    }

    assert missing == {}
