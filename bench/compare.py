"""`make bench-compare A B`: two folders of results side by side, with the ratio."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """All figures of a run."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        found.update(json.loads(path.read_text()))
    return found


def main(before: Path, after: Path) -> None:
    """Print every figure that both runs have."""
    old, new = read(before), read(after)
    for name in sorted(old.keys() & new.keys()):
        ratio = new[name]["value"] / old[name]["value"] if old[name]["value"] else float("nan")
        print(f"{name}: {old[name]['value']} -> {new[name]['value']} {new[name]['unit']} (x{ratio:.2f})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
