"""Compares the text of a printed paper with the text kept beside this file.

`GOLDEN=write pytest tests/documents` writes the files anew; read the difference before committing it.
"""

import os
from pathlib import Path

import pypdfium2

FOLDER = Path(__file__).parent


def text_of(pdf: bytes) -> str:
    """The text of all pages, without the invisible signs that only guide line breaks."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    marked = [f"── 第 {number} 页 ──\n{text.strip()}\n" for number, text in enumerate(pages, start=1)]
    return "".join(marked).replace("\r\n", "\n").replace("\u2060", "")


def joined(pdf: bytes) -> str:
    """The text of all pages without line ends and spaces, to look for what may be broken over lines."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    return "".join(text.replace("\u2060", "").split())


def assert_golden(name: str, pdf: bytes) -> None:
    """The text of `pdf` is exactly the text kept under `name`."""
    kept = FOLDER / f"{name}.txt"
    text = text_of(pdf)
    if os.environ.get("GOLDEN") == "write":
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
