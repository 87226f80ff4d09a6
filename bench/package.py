"""Package writing: about 1 GB of synthetic scans into one bag; megabytes a second and peak memory.

Run by `python -m bench.package`, or by `run(out)`. The writer runs in its own process, so that its peak memory
is its own. Times include bringing the package safely to disk.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILES = 500
SIZE = 2_000_000
RUNS = 3
MEGABYTE = 1_000_000


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `package.mb_per_s` (best of three) and `package.peak_mb` (worst of three) to `out` and return it."""
    with tempfile.TemporaryDirectory(prefix="shidian-bench-") as folder:
        scans = Path(folder) / "scans"
        scans.mkdir()
        for number in range(FILES):
            (scans / f"{number:04}.jpg").write_bytes(os.urandom(SIZE))
        results = [_measure(scans, Path(folder) / "package.zip") for _ in range(RUNS)]
    out["package.mb_per_s"] = {"value": round(max(rate for rate, _ in results), 1), "unit": "MB/s"}
    out["package.peak_mb"] = {"value": round(max(peak for _, peak in results), 1), "unit": "MB"}
    return out


def _measure(scans: Path, target: Path) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-m", "bench.package", "write", str(scans), str(target)],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    target.unlink()
    rate, peak = json.loads(done.stdout)
    return rate, peak


def _write(scans: Path, target: Path) -> tuple[float, float]:
    from shidian.dispatch.bag import BagWriter

    started = time.perf_counter()
    with BagWriter(target, root="bench", stamp=datetime(2023, 7, 31, tzinfo=UTC)) as bag:
        for number, scan in enumerate(sorted(scans.iterdir())):
            bag.add(f"申请书/TJ-{number // 8:04}/附件{number % 8}.jpg", scan)
        bag.add("数据.json", json.dumps([{"编号": number} for number in range(10_000)]).encode())
        written = bag.close()
    return written.payload_bytes / MEGABYTE / (time.perf_counter() - started), _peak_bytes() / MEGABYTE


def _peak_bytes() -> int:
    # ru_maxrss would count the parent's memory: Linux keeps it across exec.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("peak memory can only be measured on Linux")


def main() -> None:
    """Print each figure and write them to bench/out/package.json."""
    figures = run({})
    for name, figure in figures.items():
        print(f"{name}: {figure['value']} {figure['unit']}")
    folder = ROOT / "bench" / "out"
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        print(json.dumps(_write(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
