"""Real prints that come back as scans: printed by the system, sealed, put through a scanner, thrown in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np

from shidian.accounts.models import User
from shidian.applications import inbox
from shidian.applications.models import Application
from shidian.applications.packs import copy_marking
from shidian.applications.papers import form_setting
from shidian.documents.inbox import Inbox, Paper, Papers
from shidian.documents.models import DocumentVersion, Scan, ScanPage
from tests.documents.scans import spoiling
from tests.documents.scans.spoiling import Picture


@dataclass
class Prints:
    """The printed pages of a version as one copy has them, page by page as pictures."""

    application: Application
    version: DocumentVersion
    copy: int = 0
    pdf: bytes = field(init=False, repr=False)
    pages: int = field(init=False)

    def __post_init__(self) -> None:
        setting = form_setting(self.version)
        self.pdf = setting.printed(copy_marking(self.application, self.version, self.copy))
        self.pages = setting.layout.pages

    def page(self, number: int) -> Picture:
        """A page as it left the printer."""
        return spoiling.sheet(self.pdf, number)

    def whole(self) -> list[Picture]:
        """All pages in their order."""
        return [self.page(number) for number in range(1, self.pages + 1)]

    @property
    def paper(self) -> Paper:
        """With the places of the opinion boxes."""
        return Papers().of(self.version, copy=self.copy)

    def sealed(self, *parties: int) -> Picture:
        """The page with the opinion boxes, sealed and signed in those of `parties`."""
        boxes = {box.party: box for box in self.paper.boxes}
        page = self.page(next(iter(boxes.values())).page)
        chance = np.random.default_rng(7)
        for party in parties:
            box = boxes[party].box
            page = spoiling.seal(page, box.x + 60, box.y + 18, chance=chance, diameter=36)
            page = spoiling.signature(page, box.x + 30, box.y + 15, chance=chance)
        return page


def one(application: Application, copy: int = 0) -> Prints:
    """The prints of an application's current version."""
    assert application.version is not None
    return Prints(application, application.version, copy)


def scanned(
    sheets: Iterable[Picture], *, angle: float = 0.4, grey: bool = False, seed: int = 1
) -> list[Picture]:
    """Sheets that went through a scanner."""
    chance = np.random.default_rng(seed)
    return [spoiling.scanned(sheet, chance=chance, angle=angle, grey=grey) for sheet in sheets]


def pdf(pictures: Iterable[Picture]) -> bytes:
    """One PDF of them."""
    return spoiling.pdf([spoiling.jpeg(each) for each in pictures])


def without_marks(sheet: Picture) -> Picture:
    """A page whose two marks were cut away."""
    size = spoiling.px(42)
    out = sheet.copy()
    out[:size, -size:] = 255
    out[-size:, :size] = 255
    return out


def throw(
    box: Inbox,
    by: User,
    *files: tuple[str, bytes],
    pile: str = "pile",
    commit: Callable[[], object] | None = None,
) -> Sequence[ScanPage]:
    """Throw files in, have them read, and return the pages in their order."""
    scans: list[Scan] = [
        inbox.throw_in(box, BytesIO(content), name=name, pile=pile, by=by) for name, content in files
    ]
    return list(ScanPage.objects.filter(scan__in=scans).order_by("scan", "number"))
