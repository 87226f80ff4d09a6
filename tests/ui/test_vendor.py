"""What was taken from elsewhere is what vendor.toml says it is."""

import hashlib
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "src/shidian/ui/vendor.toml"
FOLDERS = (ROOT / "src/shidian/ui/static/vendor", ROOT / "tests/browser/vendor")


def assets() -> list[dict[str, str]]:
    return tomllib.loads(VENDOR.read_text())["asset"]


def test_digests_are_those_recorded():
    for asset in assets():
        assert hashlib.sha256((ROOT / asset["file"]).read_bytes()).hexdigest() == asset["sha256"], asset[
            "name"
        ]


def test_every_entry_names_version_and_licence():
    for asset in assets():
        assert {"name", "version", "licence", "file", "sha256", "source"} <= asset.keys()


def test_every_vendored_script_and_style_is_recorded():
    kept = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in folder.rglob("*")
        if path.suffix in (".js", ".css", ".woff2")
    }

    assert kept == {asset["file"] for asset in assets()}
