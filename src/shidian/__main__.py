"""The command `shidian`: everything an operator does, and `verify`, which needs no installation."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a command; `verify` without a database or settings, all others through Django."""
    if len(sys.argv) > 1 and sys.argv[1] == "verify":
        from shidian.dispatch.verify import main as verify

        raise SystemExit(verify(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shidian.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["shidian", *sys.argv[1:]])


if __name__ == "__main__":
    main()
