"""The words of a notice as paragraphs for the screen; nothing is added, left out or moved."""

import re
from dataclasses import dataclass

_DATE = re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日$")
_HEADING = re.compile(r"^[一二三四五六七八九十]+、")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph and the class that sets it: title, flush, right, heading or nothing."""

    text: str
    css: str = ""


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs, set as on the sheet: what stands before the addressees is the title, a date stands right."""
    lines = [" ".join(line.replace("\u3000", " ").replace("\t", " ").split()) for line in text.splitlines()]
    shown: list[Paragraph] = []
    in_title = True
    for line in filter(None, lines):
        if _DATE.match(line):
            shown.append(Paragraph(line, "is-right"))
        elif in_title and line.endswith("："):
            shown.append(Paragraph(line, "is-flush"))
            in_title = False
        elif in_title:
            shown.append(Paragraph(line, "is-title"))
        else:
            shown.append(Paragraph(line, "is-heading" if _HEADING.match(line) else ""))
    return shown


def split(text: str) -> tuple[str, str]:
    """The notice itself, and its attachment from a line 附件 alone; the latter may be empty."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if number and line.strip() == "附件":
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return text, ""
