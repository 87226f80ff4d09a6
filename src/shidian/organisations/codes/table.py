"""Reads the CSV files of this folder."""

import csv
from functools import cache
from hashlib import sha256
from importlib.resources import files


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of this folder, in the order of the file."""
    return list(csv.DictReader(_content(name).decode("utf-8").splitlines()))


@cache
def digest(name: str) -> str:
    """Eight digits that change with the content of a table."""
    return sha256(_content(name)).hexdigest()[:8]


def _content(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
