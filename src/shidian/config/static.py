"""Static files under hashed names: modules that import each other included; style sheets and modules joined, one file each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

STYLE = "ui/css/look.css"
SCRIPT = "ui/js/main.js"
_PART = re.compile(r'@import url\("(?P<name>[\w-]+\.css)"\)(?: layer\((?P<layer>\w+)\))?;')
_IMPORT = re.compile(r'^import \{(?P<names>[^}]+)\} from "\./(?P<module>\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<kind>(?:async )?function|class|const) (?P<name>[\w$]+)", re.MULTILINE)

Read = Callable[[str], str]
"""Gives the text of a file by its name."""


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Rewrites the imports of modules too, so that a new version never meets an old one in a browser's cache.

    The entries of the style sheets and of the modules are served with their parts inside: one request each on the first
    visit and not one a part.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        def read(name: str) -> str:
            # From the sources: what lies in the target was joined by an earlier run.
            source, path = paths[name]
            with source.open(path) as file:
                return str(file.read().decode())

        for entry, join in ((STYLE, join_style), (SCRIPT, join_script)):
            if entry in paths and not dry_run:
                joined = join(entry, read)
                self.delete(entry)
                self.save(entry, ContentFile(joined.encode()))
                paths = paths | {entry: (self, entry)}
        yield from super().post_process(paths, dry_run, **options)


def join_style(entry: str, read: Read) -> str:
    """A style sheet with all that it imports, each in its layer."""
    folder = entry.rpartition("/")[0]

    def part(found: re.Match[str]) -> str:
        text = read(f"{folder}/{found['name']}")
        return f"@layer {found['layer']} {{\n{text}}}" if found["layer"] else text

    return _PART.sub(part, read(entry))


def join_script(entry: str, read: Read) -> str:
    """A module with all that it imports, each as a function that runs once and gives what the module exports.

    It reads what our modules are written in: named imports from the same folder, exported functions, classes and
    constants. Another import or export, and modules that import each other in a circle, are refused,
    ImproperlyConfigured. Modules that are imported while the page runs stay files of their own.
    """
    folder, _, name = entry.rpartition("/")
    joined: dict[str, str] = {}

    def take(module: str, importers: tuple[str, ...] = ()) -> None:
        if module in importers:
            raise ImproperlyConfigured(f"{folder}: a circle of imports, {' > '.join((*importers, module))}")
        if module in joined:
            return
        text = read(f"{folder}/{module}.js")
        for found in _IMPORT.finditer(text):
            take(found["module"], (*importers, module))
        given = ", ".join(found["name"] for found in _EXPORT.finditer(text))
        text = _EXPORT.sub(r"\g<kind> \g<name>", _IMPORT.sub(_constants, text))
        left = re.search(r"^(?:import|export)\b.*", text, re.MULTILINE)
        if left:
            raise ImproperlyConfigured(f"{folder}/{module}.js: {left[0]}")
        joined[module] = f"const ${module} = (() => {{\n{text}\nreturn {{ {given} }};\n}})();\n"

    take(name.removesuffix(".js"))
    return "".join(joined.values())


def _constants(found: re.Match[str]) -> str:
    return f"const {{{found['names'].replace(' as ', ': ')}}} = ${found['module']};"
