"""`make bench`: a report, never a test. Prints `name: value unit`, and writes the same to bench/out/<target>.json.

`python -m bench save` runs one target. Names are stable, so that two runs can be compared (`make bench-compare`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import assign, desks, form, package, rehearse, scan, site, word

OUT = Path(__file__).parent / "out"
Target = Callable[[dict[str, Any]], dict[str, Any]]
TARGETS: dict[str, Target] = {
    "site": site.run,
    "form": form.run,
    "rehearse": rehearse.run,
    "package": package.run,
    "desks": desks.run,
    "scan": scan.run,
    "word": word.run,
    "assign": assign.run,
}


def main(wanted: list[str]) -> None:
    """Run the targets named, or all."""
    OUT.mkdir(exist_ok=True)
    for name in wanted or list(TARGETS):
        figures = TARGETS[name]({})
        for key, figure in figures.items():
            print(f"{key}: {figure['value']} {figure['unit']}", flush=True)
        (OUT / f"{name}.json").write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
