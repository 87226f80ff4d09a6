"""One trial platform, one paper and three units for all tests of certificates."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shidian.core import clock
from shidian.documents.certificates import checking, signing, trial
from shidian.documents.certificates.signers import KeyFile
from shidian.documents.certificates.trust import Trust
from shidian.documents.render.compiler import compile_paper, query_paper

UNITS = ("甲社区服务中心", "乙标准化协会", "丙区民政局")
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: "申请书")
#set page(paper: "a4", margin: 20mm)
#set text(font: json(bytes(sys.inputs.fonts)).song, lang: "zh")
= 申请书
金额：100 元
#pagebreak()
= 意见
#for (index, name) in data.units.enumerate() {
  block(width: 100%, height: 41mm, stroke: 0.5pt, breakable: false, context {
    let at = here().position()
    [#metadata((page: at.page, x: at.x.pt(), y: at.y.pt(), width: 150mm.pt(), height: 41mm.pt()))<box>]
    name
  })
}
""".encode()


@dataclass
class Bench:
    """What every test starts from; `at` is now."""

    platform: trial.Trial
    paper: bytes
    places: list[signing.Place]
    signers: list[KeyFile]
    certificates: list[x509.Certificate]
    at: datetime

    @property
    def trust(self) -> Trust:
        return Trust((self.platform.authority.root.public_bytes(Encoding.DER),))

    def expected(self, *required: int) -> list[checking.Expected]:
        return [
            checking.Expected(place, name, required=number in required)
            for number, (place, name) in enumerate(zip(self.places, UNITS, strict=True))
        ]

    def sign(self, pdf: bytes, number: int, **options: object) -> bytes:
        return signing.sign(
            pdf, self.places[number], self.signers[number], at=self.at, reason="同意", **options
        )

    def check(self, pdf: bytes, *required: int, **options: object) -> checking.Report:
        asked = {
            "original": self.paper, "expected": self.expected(*required), "trust": self.trust, "at": clock.now(),
        }  # fmt: skip
        return checking.check(pdf, **(asked | options))


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    platform = trial.Trial(tmp_path_factory.mktemp("trial"))
    thread = threading.Thread(target=platform.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    now = clock.now()
    data = {"units": list(UNITS)}
    paper = compile_paper(TEMPLATE, data, pinned=now)
    boxes = query_paper(TEMPLATE, data, "<box>", pinned=now)
    places = [
        signing.place_in(box, field=signing.field_name(7, number), label=f"{name} 盖章")
        for number, (box, name) in enumerate(zip(boxes, UNITS, strict=True))
    ]
    issued = [platform.authority.issue(name) for name in UNITS]
    yield Bench(
        platform, paper, places,
        [KeyFile(key, certificate, platform.authority.root) for key, certificate in issued],
        [certificate for _, certificate in issued], now - timedelta(seconds=2),
    )  # fmt: skip
    platform.silence.set()
    platform.shutdown()
    platform.server_close()


@pytest.fixture(scope="package")
def signed(bench: Bench) -> bytes:
    """The paper with three signatures."""
    pdf = bench.paper
    for number in range(3):
        pdf = bench.sign(pdf, number)
    return pdf


def picture() -> bytes:
    return trial.draw_seal("甲社区服务中心")


def rotated(pdf: bytes, page: int = 0) -> bytes:
    """The file with a revision that turns a page, as an attacker appends it."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    reference = writer.find_page_for_modification(page)[0]
    reference.get_object()[generic.pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.mark_update(reference)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
