from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from shidian.documents.intake import inspect
from shidian.rehearsal import scans

DAY = date(2023, 7, 3)


def opinion(kind, name="和平区示范街道综合减灾服务站（演示）"):
    return scans.opinion_page(
        title="申请书",
        reference="TJ10-0001",
        version="v1",
        code="7F3A-91C2",
        label="承担单位",
        name=name,
        agrees=True,
        signatory="王𬭎",
        day=DAY,
        kind=kind,
    )


@pytest.mark.parametrize("kind", scans.KINDS)
def test_a_sealed_page_is_taken_in_and_small(kind) -> None:
    content = opinion(kind)

    found = inspect(BytesIO(content), name=f"意见{scans.SUFFIXES[kind]}", formats=[kind], max_bytes=10**6)

    assert found.pages == 1
    assert len(content) < 60_000


@pytest.mark.parametrize("kind", ["pdf", "jpeg", "png", "docx", "xlsx"])
def test_an_attachment_of_every_format_is_taken_in(kind) -> None:
    content = scans.attachment(label="登记证书", unit="示范中心", code="PDY00001X", day=DAY, kind=kind)

    inspect(BytesIO(content), name=f"证书{scans.SUFFIXES[kind]}", formats=[kind], max_bytes=10**6)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="tiff"):
        scans.attachment(label="证书", unit="示范中心", code="PDY00001X", day=DAY, kind="tiff")


def test_the_same_words_give_the_same_bytes_and_others_do_not() -> None:
    assert opinion("png") == opinion("png")
    assert opinion("pdf") == opinion("pdf")
    assert opinion("png") != opinion("png", name="另一家单位")


def test_the_seal_is_red() -> None:
    with Image.open(BytesIO(opinion("png"))) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors()}

    assert (200, 30, 30) in colours
