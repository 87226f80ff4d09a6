"""Puts several papers into one file for the printer."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import pikepdf


def bound(papers: Iterable[bytes], *, title: str, duplex: bool = False) -> bytes:
    """All pages of `papers` (PDF) one after the other; with `duplex` each paper begins on a new sheet.

    The file is for printing: it keeps neither the tags nor the attachments of the papers. The same papers give the
    same bytes.
    """
    with pikepdf.new() as whole:
        for paper in papers:
            with pikepdf.open(BytesIO(paper)) as part:
                whole.pages.extend(part.pages)
            if duplex and len(whole.pages) % 2:
                _left, _bottom, width, height = whole.pages[-1].mediabox
                whole.add_blank_page(page_size=(round(float(width)), round(float(height))))
        for sheet in whole.pages:
            for key in ("/StructParents", "/Tabs"):
                if key in sheet:
                    del sheet[key]
        whole.Root.Lang = pikepdf.String("zh-CN")
        whole.docinfo["/Title"] = title
        output = BytesIO()
        whole.save(output, min_version="1.7", deterministic_id=True)
        return output.getvalue()
