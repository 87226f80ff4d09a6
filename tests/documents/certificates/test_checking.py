"""What was done to a signed paper is found, whatever a viewer says of it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shidian.core.said import Said
from shidian.documents.certificates import checking, signing, timestamps, trial
from shidian.documents.certificates.signers import KeyFile
from shidian.documents.certificates.trust import BadTrust, Trust, load
from shidian.documents.render.compiler import compile_paper
from tests.documents.certificates.conftest import TEMPLATE, UNITS, Bench, rotated


def codes(report: checking.Report) -> set[str]:
    found = [*report.findings, *(finding for one in report.signatures for finding in one.findings)]
    return {finding.code for finding in found if finding.severity == "error"}


def test_digest_alone_finds_the_original(bench: Bench, signed: bytes) -> None:
    known = checking.Original(checking.Original.of(bench.paper).sha256)

    assert bench.check(signed, 0, 1, 2, original=known).ok


def test_other_version_is_found(bench: Bench) -> None:
    other = compile_paper(TEMPLATE, {"units": [*UNITS[:2], "丁"]}, pinned=bench.at)
    report = bench.check(bench.sign(other, 0), 0)

    assert not report.ok and not report.same_version and "other_version" in codes(report)
    # The words come out of the other process with their template: a page can say them in its language.
    assert all(isinstance(finding.message, Said) for finding in report.findings)


def test_flipped_byte_in_the_paper_is_found(bench: Bench, signed: bytes) -> None:
    at = signed.index(b"/MediaBox") - 3
    changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    report = bench.check(changed, 0)

    assert not report.ok and "other_version" in codes(report)


def test_flipped_byte_in_a_revision_is_found(bench: Bench, signed: bytes) -> None:
    at = signed.rindex(b"/Reason") + 10
    changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    report = bench.check(changed, 2)

    assert "broken" in codes(report) and report.missing == (bench.places[2].field,)


def test_page_turned_in_a_later_revision_is_found(bench: Bench, signed: bytes, tmp_path: Path) -> None:
    changed = rotated(signed)
    report = bench.check(changed, 0, 1, 2)

    assert {"changed", "changed_later"} <= codes(report)
    assert not report.unchanged and not any(one.ok for one in report.signatures)
    assert all(one.intact for one in report.signatures)
    if shutil.which("pdfsig"):
        (tmp_path / "changed.pdf").write_bytes(changed)
        said = subprocess.run(
            ["pdfsig", "-nocert", str(tmp_path / "changed.pdf")], check=False, capture_output=True, text=True
        )
        assert said.stdout.count("Signature is Valid") == 3


def test_page_turned_before_the_first_signature_is_found(bench: Bench) -> None:
    report = bench.check(bench.sign(rotated(bench.paper), 0), 0)

    assert report.same_version and "changed" in codes(report)
    assert report.signatures[0].intact


def test_page_added_in_a_later_revision_is_found(bench: Bench, signed: bytes) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.writer import PageObject

    writer = IncrementalPdfFileWriter(BytesIO(signed))
    content = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 595, 842)))
    out = BytesIO()
    writer.write(out)

    assert {"changed", "changed_later"} <= codes(bench.check(out.getvalue(), 0))


def test_saved_anew_is_not_our_version(bench: Bench, signed: bytes) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(signed)) as opened:
        opened.save(out)
    report = bench.check(out.getvalue(), 0)

    assert not report.same_version and not any(one.ok for one in report.signatures)


def test_signature_field_taken_out_is_found(bench: Bench, signed: bytes) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(signed))
    form = writer.root["/AcroForm"]
    del form["/Fields"][0]
    writer.update_container(form)
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    report = bench.check(out.getvalue(), 0, 1, 2)

    assert not report.ok and bench.places[0].field in report.missing
    assert "missing" in codes(report) and "changed_later" in codes(report)


def test_cut_back_to_an_earlier_revision_lacks_the_later_parties(bench: Bench, signed: bytes) -> None:
    one = signed[: signed.index(b"%%EOF", len(bench.paper)) + 6]
    report = bench.check(one, 0, 1, 2)

    assert report.missing == (bench.places[1].field, bench.places[2].field)
    assert report.signatures[0].ok and not report.ok


def test_signature_copied_from_another_paper_is_found(bench: Bench) -> None:
    other = compile_paper(TEMPLATE, {"units": list(UNITS)}, pinned=bench.at - timedelta(days=3))
    theirs = bench.sign(other, 0)
    prepared = signing.prepare(bench.paper, bench.places[0], bench.signers[0].chain, at=bench.at)
    copied = theirs[theirs.index(b"/Contents <") + 11 :].split(b">", 1)[0]
    room = prepared.end - prepared.start - 2
    forged = (
        prepared.pdf[: prepared.start + 1]
        + copied[:room].ljust(room, b"0")
        + prepared.pdf[prepared.end - 1 :]
    )
    report = bench.check(forged, 0)

    assert report.same_version and "broken" in codes(report) and not report.signatures[0].intact


def test_unknown_authority_is_not_trusted(bench: Bench, tmp_path: Path) -> None:
    stranger = trial.Authority(tmp_path)
    key, certificate = stranger.issue(UNITS[0])
    pdf = signing.sign(bench.paper, bench.places[0], KeyFile(key, certificate, stranger.root), at=bench.at)
    report = bench.check(pdf, 0)

    assert codes(report) == {"untrusted"} and not report.signatures[0].trusted and report.signatures[0].intact
    assert "untrusted" in codes(bench.check(pdf, 0, trust=Trust()))


def test_certificate_that_expired_since_counts_only_with_a_proved_time(bench: Bench) -> None:
    soon = bench.at + timedelta(hours=1)
    key, certificate = bench.platform.authority.issue(UNITS[0], ends=soon)
    signer = KeyFile(key, certificate, bench.platform.authority.root)
    authority = timestamps.Authority(f"{bench.platform.address}/tsa")
    later = bench.at + timedelta(days=2)
    bare = signing.sign(bench.paper, bench.places[0], signer, at=bench.at)
    stamped = signing.sign(bench.paper, bench.places[0], signer, at=bench.at, authority=authority)

    assert codes(bench.check(bare, 0, at=later)) == {"expired"}
    assert bench.check(stamped, 0, at=later).ok


def test_revoked_certificate_is_found_by_the_list(bench: Bench) -> None:
    authority = bench.platform.authority
    key, certificate = authority.issue(UNITS[0])
    pdf = signing.sign(bench.paper, bench.places[0], KeyFile(key, certificate, authority.root), at=bench.at)
    roots = bench.trust.roots

    before = bench.check(pdf, 0, trust=Trust(roots, lists=(authority.revocations(),)))
    authority.revoke(certificate, bench.at - timedelta(hours=1))
    after = bench.check(pdf, 0, trust=Trust(roots, lists=(authority.revocations(),)))

    assert before.ok and before.signatures[0].revocation == "good"
    assert codes(after) == {"revoked"} and after.signatures[0].revocation == "revoked"
    assert bench.check(pdf, 0).signatures[0].revocation == "unknown"


def test_certificate_of_another_unit_is_found(bench: Bench) -> None:
    pdf = signing.sign(bench.paper, bench.places[0], bench.signers[1], at=bench.at)

    assert codes(bench.check(pdf, 0)) == {"other_unit"}


def test_signed_in_a_desk_tool_is_known_by_its_box(bench: Bench) -> None:
    place = bench.places[1]
    desk = signing.Place("Signature1", "", place.page, place.x + 30, place.y + 10, 120, 60)
    report = bench.check(signing.sign(bench.paper, desk, bench.signers[1], at=bench.at), 1)

    assert report.ok and report.signatures[0].party == place.field


def test_signature_over_the_box_of_another_is_found(bench: Bench) -> None:
    place = bench.places[1]
    wide = signing.Place(place.field, "", place.page, place.x, place.y - 80, place.width, place.height)

    assert "other_box" in codes(
        bench.check(signing.sign(bench.paper, wide, bench.signers[1], at=bench.at), 1)
    )


def test_weak_hash_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigFieldSpec

    key, certificate = bench.platform.authority.issue(UNITS[0])
    assert isinstance(key, ec.EllipticCurvePrivateKey) and hashes.SHA1.name == "sha1"
    content = bench.platform.authority.key_file(key, certificate, "x")
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".p12") as file:
        file.write(content)
        file.flush()
        signer = signers.SimpleSigner.load_pkcs12(file.name, passphrase=b"x")
    assert signer is not None
    name = bench.places[0].field
    out = signers.sign_pdf(
        IncrementalPdfFileWriter(BytesIO(bench.paper)),
        signers.PdfSignatureMetadata(field_name=name, md_algorithm="sha1"),
        signer=signer,
        new_field_spec=SigFieldSpec(name),
    )

    assert "weak_hash" in codes(bench.check(out.getvalue(), 0))


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"x" * 1000])
def test_junk_is_told_and_does_no_harm(bench: Bench, pdf: bytes) -> None:
    assert {"other_version", "damaged"} <= codes(bench.check(pdf, 0))


def test_unsigned_paper_lacks_everybody(bench: Bench) -> None:
    report = bench.check(bench.paper, 0)

    assert report.same_version and codes(report) == {"unsigned", "missing"}


def test_trusted_folder_tells_roots_from_others(bench: Bench, tmp_path: Path) -> None:
    authority = bench.platform.authority
    both = authority.root.public_bytes(Encoding.PEM) + bench.certificates[0].public_bytes(Encoding.PEM)
    (tmp_path / "both.pem").write_bytes(both)
    (tmp_path / "list.crl").write_bytes(authority.revocations())
    (tmp_path / "note.txt").write_text("nothing")
    found = load(tmp_path)

    assert (len(found.roots), len(found.others), len(found.lists)) == (1, 1, 1)
    assert x509.load_der_x509_certificate(found.roots[0]) == authority.root
    (tmp_path / "bad.crt").write_text("nothing")
    with pytest.raises(BadTrust, match=r"bad\.crt"):
        load(tmp_path)
    with pytest.raises(BadTrust):
        load(tmp_path / "none")
    assert load(None) == Trust()
