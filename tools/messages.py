"""Writes the English catalogues anew from the sources: new texts come without a translation, old ones go.

Run as `make messages`; needs GNU gettext. Sorted, without places and dates, so that a change of the code shows only
what it changes. `--places` says in which files each text stands; a folder as argument stands for `src/shidian`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.makemessages import Command


class Messages(Command):
    """Knows `core.said.say` as well."""

    xgettext_options = [*Command.xgettext_options, "--keyword=say"]  # noqa: RUF012


PACKAGE = Path(__file__).resolve().parents[1] / "src" / "shidian"
DOMAINS = ("django", "djangojs")
IGNORED = ("vendor", "*/static/vendor/*", "migrations", "management", "fonts", "rehearsal")


def catalogue(package: Path, domain: str) -> Path:
    """Where the English catalogue of a domain is."""
    return package / "locale" / "en" / "LC_MESSAGES" / f"{domain}.po"


def write(package: Path, *, places: bool = False) -> None:
    """Bring the catalogues of a source tree up to date; `places`: with the files in which each text stands."""
    if not settings.configured:
        settings.configure(USE_I18N=True, LOCALE_PATHS=[str(package / "locale")])
    before = Path.cwd()
    os.chdir(package)
    try:
        for domain in DOMAINS:
            call_command(
                Messages(),
                locale=["en"],
                domain=domain,
                ignore_patterns=list(IGNORED),
                add_location="file" if places else "never",
                no_wrap=True,
                no_obsolete=True,
                verbosity=0,
            )
            if catalogue(package, domain).exists():
                _tidy(catalogue(package, domain))
    finally:
        os.chdir(before)


def _tidy(path: Path) -> None:
    found = polib.pofile(str(path), encoding="utf-8", wrapwidth=0)
    found.metadata = {
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    found.metadata_is_fuzzy = 0
    found.header = "English texts of Shidian; written by `make messages`, translated by hand."
    for entry in found:
        if entry.fuzzy:
            # What gettext guesses from similar texts is no translation.
            entry.msgstr, entry.flags = "", [flag for flag in entry.flags if flag != "fuzzy"]
            entry.previous_msgid = None
    found.sort(key=lambda entry: entry.msgid)
    found.save(str(path))


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    write(folders[0] if folders else PACKAGE, places="--places" in sys.argv)
