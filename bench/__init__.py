"""Measurements of the running system; see `python -m bench`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
