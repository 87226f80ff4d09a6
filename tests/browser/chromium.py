"""Debian's Chromium for Playwright: where it is, and how it must be started on a closed network."""

from __future__ import annotations

import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# For tests. With no memory for pixels nothing is painted, which is a quarter of what a page costs; all is laid out as
# ever. Scripts that run once or twice on a page are not worth compiling twice, nor what of them never runs: a third of
# what axe costs.
UNPAINTED = [
    *FLAGS,
    "--force-gpu-mem-available-mb=1",
    "--js-flags=--no-opt --no-maglev --max-lazy --no-flush-bytecode",
]


def program() -> str | None:
    """The path of Chromium, or None when it is not installed; by preference the one without windows, a quarter faster."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next((path for name in names if (path := shutil.which(name))), None)
