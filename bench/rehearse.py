"""The whole procedure through the verbs: applications carried through a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import ROOT


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `rehearse.apps_per_s`, as the rehearsal itself counts it."""
    with tempfile.TemporaryDirectory(prefix="shidian-bench-") as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "shidian",
                "rehearse",
                "--seed",
                "10",
                "--out",
                f"{folder}/out",
                "--json",
                str(report),
            ],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SHIDIAN_MODE": "development", "SHIDIAN_DATA": f"{folder}/data"},
        )
        out["rehearse.apps_per_s"] = {
            "value": round(json.loads(report.read_text())["apps_per_s"], 2),
            "unit": "1/s",
        }
    return out
