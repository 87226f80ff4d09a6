"""Static files under hashed names: modules that import each other included, style sheets joined into one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile

ENTRY = "ui/css/look.css"
_IMPORT = re.compile(r'@import url\("(?P<name>[\w-]+\.css)"\)(?: layer\((?P<layer>\w+)\))?;')


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Rewrites the imports of modules too, so that a new version never meets an old one in a browser's cache.

    The entry of the style sheets is served with its parts inside: one request on the first visit and not one a part.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if ENTRY in paths and not dry_run:
            joined = self._joined(paths)
            self.delete(ENTRY)
            self.save(ENTRY, ContentFile(joined.encode()))
            paths = paths | {ENTRY: (self, ENTRY)}
        yield from super().post_process(paths, dry_run, **options)

    def _joined(self, paths: Mapping[str, Any]) -> str:
        """The entry with its parts, from the sources: what lies in the target was joined by an earlier run."""
        folder = ENTRY.rpartition("/")[0]

        def part(found: re.Match[str]) -> str:
            text = _text(paths, f"{folder}/{found['name']}")
            return f"@layer {found['layer']} {{\n{text}}}" if found["layer"] else text

        return _IMPORT.sub(part, _text(paths, ENTRY))


def _text(paths: Mapping[str, Any], name: str) -> str:
    source, path = paths[name]
    with source.open(path) as file:
        return str(file.read().decode())
