"""The prints are made once for a process; the sheets are cut from them."""

from __future__ import annotations

import pytest

from tests.documents.scans import prints as made
from tests.documents.scans.prints import Prints

_kept: list[Prints] = []


@pytest.fixture
def prints(db: None) -> Prints:
    """Two versions of one application and another's, as the system prints them."""
    if not _kept:
        _kept.append(made.make())
    return _kept[0]
