"""Which letters a call may word itself, and which placeholders each may use: `{reference}` and the like, nothing else.

Who gets them and when is decided above (`notifications.kinds`); this is the part that a call package can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

from django.utils.translation import gettext as _

EVERYWHERE = frozenset(("person", "reference", "name", "lead", "batch", "link", "site"))
"""Placeholders of every letter about an application or a list."""
IN_SUBJECTS = frozenset(
    ("reference", "batch", "count", "version", "list", "number", "until", "stage", "deadline")
)
"""Placeholders that tell nothing of persons, units and titles: the only ones of subject lines."""
LONGEST_SUBJECT, LONGEST_TEXT = 120, 5000

LETTERS: Mapping[str, frozenset[str]] = {
    "arrived": EVERYWHERE | {"office", "version", "number"},
    "list_arrived": EVERYWHERE - {"reference", "name", "lead"} | {"list", "count", "office"},
    "returned": EVERYWHERE | {"office", "reasons"},
    "declined": EVERYWHERE | {"office", "reasons"},
    "progress": EVERYWHERE | {"office", "list", "happened"},
    "public": EVERYWHERE - {"reference", "name", "lead"} | {"number", "happened"},
    "result": EVERYWHERE | {"happened"},
    "opening": EVERYWHERE | {"happened"},
    "opening_asked": EVERYWHERE | {"office", "happened"},
    "settled": EVERYWHERE | {"version", "gate"},
    "agreed": EVERYWHERE | {"version", "label", "party"},
    "withdrawn": EVERYWHERE | {"reason"},
    "extended": EVERYWHERE - {"reference", "name", "lead"} | {"stage", "deadline", "until", "reason", "whom"},
    "extension_ended": EVERYWHERE - {"reference", "name", "lead"} | {"stage", "deadline", "reason", "whom"},
    "list_proposed": EVERYWHERE - {"reference", "name", "lead"} | {"list", "count", "office"},
    "list_sent_back": EVERYWHERE - {"reference", "name", "lead"} | {"list", "reason", "office"},
    "list_confirmed": EVERYWHERE - {"reference", "name", "lead"} | {"list", "office"},
    "package": EVERYWHERE - {"reference", "name", "lead"} | {"list", "fault", "happened"},
    "seal": EVERYWHERE | {"label", "party", "reason", "happened"},
}
"""The placeholders of each letter, by its kind."""


def placeholders(words: str) -> set[str]:
    """The names between braces; ValueError for braces that do not match, and for anything but a plain name."""
    found = set()
    for _text, name, form, conversion in Formatter().parse(words):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(name)
        found.add(name)
    return found


def faults(kind: str, subject: str, text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the words of a letter: the place (kind, subject, text) and the message."""
    known = LETTERS.get(kind)
    if known is None:
        yield (
            "kind",
            _("没有“{kind}”这种通知，可以写：{known}").format(kind=kind, known=_("、").join(LETTERS)),
        )
        return
    for place, words, allowed, longest in (
        ("subject", subject, known & IN_SUBJECTS, LONGEST_SUBJECT),
        ("text", text, known, LONGEST_TEXT),
    ):
        if not words.strip():
            yield place, _("请写上文字")
        elif len(words) > longest:
            yield place, _("最多 {longest} 字，现有 {count} 字").format(longest=longest, count=len(words))
        elif place == "subject" and len(words.splitlines()) > 1:
            yield place, _("主题只能写一行")
        else:
            yield from _misnamed(place, words, allowed, known)
    if "link" in known and text.strip() and "{link}" not in text:
        yield "text", _("正文里要有 {placeholder}，收信人才知道到哪里办").format(placeholder="{link}")


def _misnamed(
    place: str, words: str, allowed: frozenset[str], known: frozenset[str]
) -> Iterator[tuple[str, str]]:
    try:
        used = placeholders(words)
    except ValueError:
        yield (
            place,
            _("花括号不成对，或者里面不是一个名称；占位符写成 {example} 的样子").format(
                example="{reference}"
            ),
        )
        return
    for name in sorted(used - allowed):
        shown = "{" + name + "}"
        if name in known:
            yield (
                place,
                _("主题里不能用 {placeholder}：主题不出现人名、单位和试点名称").format(placeholder=shown),
            )
        else:
            yield (
                place,
                _("没有占位符 {placeholder}，可以用：{known}").format(
                    placeholder=shown, known=" ".join("{" + each + "}" for each in sorted(allowed))
                ),
            )
