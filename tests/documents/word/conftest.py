"""LibreOffice, where a test needs it."""

from __future__ import annotations

import os

import pytest

from shidian.documents.word.conversion import program


@pytest.fixture
def office() -> str:
    """LibreOffice; without it the tests are skipped, except in CI."""
    found = program()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("LibreOffice is not installed")
        pytest.skip("LibreOffice is not installed")
    return found
