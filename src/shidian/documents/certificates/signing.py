"""Signing a PDF with a certificate: PAdES, visible at a given place, as a revision after all that was there.

Three steps, so that somebody may take days over the second: `prepare` writes the revision with room for the
signature, a signer signs `Prepared.message`, `complete` puts the signature in. `sign` does all three. What was there
before stays to the byte, so earlier signatures stay valid; the paper stays PDF/A-3b (documents are measured with one
checker: after several signatures it remarks, rightly, that only the last one covers the whole file).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import (
    AxisAlignment,
    BoxConstraints,
    InnerScaling,
    Margins,
    SimpleBoxLayoutRule,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigAppearanceSetup, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko.stamp.static import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from shidian.core.digests import sha256_of_bytes
from shidian.core.said import say
from shidian.documents.certificates import appearance, holders
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.prepared import Place, Prepared, field_name, place_in
from shidian.documents.certificates.signers import Signer, is_signature, usable
from shidian.documents.certificates.timestamps import Authority

__all__ = ["Place", "Prepared", "complete", "field_name", "place_in", "prepare", "sign"]

_HASH = "sha256"
_ROOM = 6_000
_ROOM_FOR_TOKEN = 14_000
_LONGEST_WORDS = 200

_UNSCALED = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MIN,
    y_align=AxisAlignment.ALIGN_MIN,
    margins=Margins.uniform(0),
    inner_content_scaling=InnerScaling.NO_SCALING,
)

T = TypeVar("T")


class _Writer(IncrementalPdfFileWriter):
    """Leaves the metadata as the printer wrote it: rewritten, it would be no PDF/A any more."""

    def _update_meta(self) -> None:
        return None


class _Drawn(PdfContent):
    """A page of a small PDF as the look of a signature."""

    def __init__(self, pdf: bytes, width: float, height: float) -> None:
        super().__init__(box=BoxConstraints(width=width, height=height))
        self._pdf = pdf

    def render(self) -> bytes:
        assert self.writer is not None  # noqa: S101 (set by the stamp)
        reference = self.writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        self.resources.xobject["/Seal"] = reference
        return b"/Seal Do"


def prepare(
    pdf: bytes,
    place: Place,
    chain: tuple[x509.Certificate, ...],
    *,
    at: datetime,
    reason: str = "",
    location: str = "",
    picture: bytes | None = None,
    words: tuple[str, ...] | None = None,
    timestamp: bool = False,
    extra_fonts: Path | None = None,
) -> Prepared:
    """Add a revision to `pdf` in which the holder of `chain[0]` signs at `place`; the signature itself is missing.

    `at` (with a time zone) is the time that the signer claims; `picture` comes from `appearance.clean_picture`;
    `words` stand beside the seal (default: who, when, reason); `timestamp` leaves room for a token.
    Refuses with Unusable: a certificate that cannot sign at `at`, a field that is signed already ("signed"), a page
    that does not exist or a file that cannot be read ("paper").
    """
    if at.tzinfo is None:
        raise ValueError("the time of signing needs a time zone")
    usable(chain, at)
    reason, location = reason[:_LONGEST_WORDS], location[:_LONGEST_WORDS]
    encoded = tuple(one.public_bytes(Encoding.DER) for one in chain)
    holder = holders.read(chain[0])
    if words is None:
        words = (
            f"数字签名：{holder.organisation or holder.name}",
            *([holder.name] if holder.organisation and holder.name != holder.organisation else []),
            f"{at:%Y-%m-%d %H:%M:%S} UTC{at:%z}",
            *([reason] if reason else []),
        )
    drawn = appearance.draw(place.width, place.height, words, picture=picture, extra_fonts=extra_fonts)
    style = StaticStampStyle(
        border_width=0,
        background=_Drawn(drawn, place.width, place.height),
        background_layout=_UNSCALED,
    )
    room = 2 * (_ROOM + sum(map(len, encoded)) + (_ROOM_FOR_TOKEN if timestamp else 0))
    try:
        writer = _Writer(BytesIO(pdf))
        spec = SigFieldSpec(
            sig_field_name=place.field,
            on_page=place.page - 1,
            box=_box(writer, place),
            readable_field_name=place.label,
        )
        steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=place.field, writer=writer)
        next(steps)
        steps.send(
            SigObjSetup(
                sig_placeholder=SignatureObject(
                    timestamp=at,
                    subfilter=SigSeedSubFilter.PADES,
                    reason=reason or None,
                    location=location or None,
                    bytes_reserved=room,
                ),
                appearance_setup=SigAppearanceSetup(style=style, timestamp=at, name=None),
            )
        )
        digest, output = steps.send(SigIOSetup(md_algorithm=_HASH, in_place=False))
    except SigningError as error:
        if "filled" in str(error):
            raise Unusable("signed", say("这一栏已经有数字签名，不能再签一次。")) from error
        raise _unreadable() from error
    except (PdfError, IndexError, ValueError, KeyError, TypeError) as error:
        raise _unreadable() from error
    attributes = _now(_external(encoded).signed_attrs(digest.document_digest, _HASH, use_pades=True))
    return Prepared(
        pdf=output.getvalue(),
        base=sha256_of_bytes(pdf),
        digest=digest.document_digest,
        start=digest.reserved_region_start,
        end=digest.reserved_region_end,
        message=attributes.dump(),
        chain=encoded,
    )


def complete(prepared: Prepared, signature: bytes, *, authority: Authority | None = None) -> bytes:
    """Put `signature` into its room and return the signed paper, with a time stamp when there is an authority.

    Refuses with Unusable: a signature that the key of the certificate did not make over `prepared.message`
    ("wrong_signature"), an authority that does not answer ("tsa").
    """
    certificate = x509.load_der_x509_certificate(prepared.chain[0])
    if not is_signature(certificate, signature, prepared.message):
        raise Unusable(
            "wrong_signature",
            say(
                "收到的签名与这份文件不符（签的是别的内容，或者用的不是所选的证书），没有采用。请重新发起签名。"
            ),
        )
    signed = _now(
        _external(prepared.chain, signature).async_sign_prescribed_attributes(
            _HASH, cms.CMSAttributes.load(prepared.message), timestamper=authority
        )
    )
    output = BytesIO(prepared.pdf)
    region = PreparedByteRangeDigest(prepared.digest, prepared.start, prepared.end)
    region.fill_with_cms(output, signed)
    return output.getvalue()


def sign(
    pdf: bytes,
    place: Place,
    signer: Signer,
    *,
    at: datetime,
    reason: str = "",
    location: str = "",
    picture: bytes | None = None,
    authority: Authority | None = None,
    extra_fonts: Path | None = None,
) -> bytes:
    """Sign `pdf` at `place` and return it: PAdES-B-T with an authority, PAdES-B without. Refusals as of the steps."""
    prepared = prepare(
        pdf,
        place,
        signer.chain,
        at=at,
        reason=reason,
        location=location,
        picture=picture,
        timestamp=authority is not None,
        extra_fonts=extra_fonts,
    )
    return complete(prepared, signer.sign(prepared.message), authority=authority)


def _box(writer: IncrementalPdfFileWriter, place: Place) -> Any:
    """From points below the upper left corner to PDF's points above the lower left one."""
    if not 1 <= place.page <= int(writer.root["/Pages"]["/Count"]):
        raise IndexError(place.page)
    page = writer.find_page_for_modification(place.page - 1)[0].get_object()
    left, _, _, top = (float(value) for value in _inherited(page, "/MediaBox"))
    return tuple(
        round(value, 2)
        for value in (
            left + place.x,
            top - place.y - place.height,
            left + place.x + place.width,
            top - place.y,
        )
    )


def _inherited(page: Any, key: str) -> Any:
    while key not in page:
        page = page["/Parent"]
    return page[key]


def _external(chain: tuple[bytes, ...], signature: bytes | None = None) -> ExternalSigner:
    certificates = [asn1_x509.Certificate.load(one) for one in chain]
    return ExternalSigner(
        signing_cert=certificates[0],
        cert_registry=SimpleCertificateStore.from_certs(certificates[1:]),
        signature_value=signature,
        embed_roots=False,
    )


def _now(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _unreadable() -> Unusable:
    return Unusable(
        "paper",
        say("这份文件现在不能签名（读不出页面或签名栏）。请重新生成打印件后再签，或者联系系统管理员。"),
    )
