"""The keys of the marks: made once, readable by nobody else, and old sheets stay known when one is added."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from shidian.documents.marks import keys
from shidian.documents.marks.payload import Forged, Mark, encode, read

MARK = Mark("TJ10-0016", 3, 5, 13)


@pytest.fixture(autouse=True)
def path(settings: Any, tmp_path: Path) -> Path:
    settings.MARK_KEYS = tmp_path / "data" / "mark-keys"
    return settings.MARK_KEYS


def test_the_first_key_is_made_once_and_kept_to_its_owner(path: Path) -> None:
    first = keys.keys()
    assert len(first) == 1
    assert len(first[0]) == 32
    assert keys.keys() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["mark-keys"]


def test_many_that_start_at_once_agree_on_one_key() -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _number: tuple(keys.keys()), range(32)))
    assert len(set(seen)) == 1


def test_a_new_key_comes_first_and_old_sheets_stay_genuine(path: Path) -> None:
    before = encode(MARK, "T", key=keys.keys()[0])
    out = StringIO()
    call_command("marks", "add-key", stdout=out)
    assert "2 个密钥" in out.getvalue()
    assert keys.keys()[0].hex() not in out.getvalue()
    after = encode(MARK, "T", key=keys.keys()[0])
    assert before != after
    assert read(before, keys=keys.keys()) == read(after, keys=keys.keys())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(Forged):
        read(before, keys=keys.keys())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://pilot.example.cn", "HTTPS://PILOT.EXAMPLE.CN/S/"),
        ("https://pilot.example.cn:8443/", "HTTPS://PILOT.EXAMPLE.CN:8443/S/"),
        ("http://127.0.0.1:8000", ""),
        ("http://localhost", ""),
    ],
)
def test_the_address_stands_before_a_mark_where_the_site_has_one(
    settings: Any, address: str, expected: str
) -> None:
    settings.ADDRESS = address
    assert keys.address() == expected
