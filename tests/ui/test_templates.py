"""Templates and styles keep to the content security policy, and load nothing from elsewhere."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src/shidian"
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
ASSETS = sorted((SOURCE / "ui/static/ui").rglob("*.[cj]s*"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_inline_style_or_script(path):
    text = path.read_text()

    assert not re.search(r"""\sstyle=["'{]""", text)
    assert not re.search(r"""\son[a-z]+=["'{]""", text)
    assert not re.search(r"<style", text)
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", text)


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path):
    assert not re.search(r"https?://", path.read_text())


def test_every_style_file_is_imported_once():
    entry = (SOURCE / "ui/static/ui/css/look.css").read_text()

    imported = re.findall(r'url\("([^"]+)"\)', entry)

    assert sorted(imported) == sorted(
        path.name for path in (SOURCE / "ui/static/ui/css").glob("*.css") if path.name != "look.css"
    )
