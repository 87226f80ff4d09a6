"""A list sealed by certificate: checked against the approved paper, refused for everything that is not its signature."""

from __future__ import annotations

import pytest

from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers
from shidian.dispatch.certified import is_signed, seal_by_certificate
from shidian.dispatch.models import CandidateList
from shidian.documents.certificates import signing, trial
from shidian.documents.certificates.signers import KeyFile
from tests import steps
from tests.steps import refused

pytestmark = pytest.mark.above_database


def signed(listed: CandidateList, platform: trial.Trial, name: str) -> bytes:
    key, certificate = platform.authority.issue(name, "", "")
    signer = KeyFile(key, certificate, platform.authority.root)
    assert listed.version is not None
    base = papers.list_pdf(listed, listed.version).open().read()
    place = signing.Place("Signature1", "", 1, 500, 60, 120, 60)
    return signing.sign(base, place, signer, at=clock.now().astimezone(listed.call.zone), reason="报送")


def test_the_signed_paper_of_the_office_is_its_seal(
    cast: steps.Cast, call: Call, test_ca: trial.Trial
) -> None:
    steps.recommended(cast, call)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    refused(NotNow, lambda: seal_by_certificate(listed, b"", by=cast.heping_approver))
    listed = dispatch.confirm(listed, by=cast.heping_approver)
    assert listed.version is not None
    plain = papers.list_pdf(listed, listed.version).open().read()
    assert not is_signed(plain)
    for wrong in (plain, signed(listed, test_ca, "另一个单位"), steps.pdf_bytes()):
        refused(Invalid, lambda pdf=wrong: seal_by_certificate(listed, pdf, by=cast.heping_approver))

    good = signed(listed, test_ca, cast.heping.name)
    assert is_signed(good)
    [found] = seal_by_certificate(listed, good, by=cast.heping_approver)

    assert found.ok
    assert steps.last_event(listed.chain).name == "list.signed"
    assert cast.heping.name in steps.last_event(listed.chain).detail["signers"]
    dispatch.dispatch(CandidateList.objects.get(pk=listed.pk), by=cast.heping_approver)
