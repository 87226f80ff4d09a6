"""Agreeing with certificates: one file on top of the other, and everything that must not be taken."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shidian.applications import actions, certifying
from shidian.applications.certifying import Said
from shidian.applications.errors import NotSound, Overtaken
from shidian.applications.models import Application
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.documents.certificates import signing, trial
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.signers import KeyFile
from shidian.signoffs.models import Party, Signature
from shidian.signoffs.queries import certified, last_certified
from tests import steps
from tests.documents.certificates.conftest import rotated


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


def parties(application: Application) -> list[Party]:
    assert application.version is not None
    return list(application.version.round.parties.order_by("position").select_related("round__version"))


def key_of(platform: trial.Trial, name: str, code: str = "", **options: Any) -> KeyFile:
    key, certificate = platform.authority.issue(name, "", code, **options)
    return KeyFile(key, certificate, platform.authority.root)


def agree(
    application: Application, party: Party, platform: trial.Trial, cast: steps.Cast, **more: Any
) -> Signature:
    signer = more.pop("signer", None) or key_of(platform, party.name)
    said = Said(f"{party.label}负责人", "主任")
    return certifying.sign(application, party, signer, said, how="file", by=cast.lead_writer, **more)


def desk_signed(application: Application, party: Party, signer: KeyFile, base: bytes | None = None) -> bytes:
    """What comes back from a desk tool: a field of its own name, somewhere in the party's box."""
    on = certifying.sheet(party)
    place = on.place
    spot = signing.Place("Signature1", "", place.page, place.x + 30, place.y + 10, 120, 60)
    at = clock.now().astimezone(application.call.zone)
    return signing.sign(base or on.base.read(), spot, signer, at=at, reason="同意")


def codes(fault: Any) -> set[str]:
    return {found.code for found in fault.value.findings}


def test_each_signs_on_top_of_those_before_and_all_stay_good(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, third, _ = parties(application)

    one = agree(application, first, test_ca, cast)
    two = agree(application, second, test_ca, cast, picture=trial.draw_seal(second.name))
    three = agree(application, third, test_ca, cast)

    assert [each.certified.sha256 for each in (one, two, three)] == [
        each.certified.sha256 for each in certified(first.round)
    ]
    form = certifying.sheet(first).form.read()
    assert two.certified.read().startswith(one.certified.read())
    assert one.certified.read().startswith(form)
    assert (one.means, one.decision, one.digest) == ("certificate", "agree", application.version.digest)
    assert one.proof["time_proved"] and one.proof["trusted"] and one.proof["how"] == "file"
    assert first.name in one.proof["subject"]
    review = certifying.review(first.round)
    assert review is not None and review.ok
    assert [each.signature.pk for each in review.looked] == [one.pk, two.pk, three.pk]
    assert review.strangers == ()
    assert steps.last_event(application.chain).name == "application.signed"
    assert verify().ok


@pytest.mark.above_database
def test_without_an_authority_the_time_is_only_claimed(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, settings: Any
) -> None:
    settings.TSA = ""

    signature = agree(application, parties(application)[0], test_ca, cast)

    assert not signature.proof["time_proved"]
    assert [note["code"] for note in signature.proof["notes"]] == ["revocation_unknown", "claimed_time"]


@pytest.mark.above_database
def test_only_those_who_may_record_sign_and_only_once(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, *_ = parties(application)
    signer = key_of(test_ca, first.name)

    with pytest.raises(NotPermitted):
        certifying.sign(application, first, signer, Said("李四"), how="file", by=cast.outsider)
    agree(application, first, test_ca, cast, signer=signer)
    with pytest.raises(NotNow, match="已经同意"):
        agree(application, first, test_ca, cast, signer=signer)
    with pytest.raises(Invalid) as same:
        certifying.sign(
            application,
            second,
            key_of(test_ca, second.name),
            Said("承担单位负责人"),
            how="file",
            by=cast.lead_writer,
        )
    assert same.value.problems[0][0] == "signatory"
    actions.reopen(application, by=cast.lead_writer, reason="改")
    with pytest.raises(NotNow, match="失效"):
        agree(application, second, test_ca, cast)
    assert Signature.objects.count() == 1


@pytest.mark.above_database
def test_somebody_by_another_way_is_asked_by_the_rule_that_is_given(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    from shidian.audit.actions import SYSTEM
    from shidian.core.verdict import YES

    signature = certifying.sign(
        application,
        parties(application)[0],
        key_of(test_ca, parties(application)[0].name),
        Said("张三"),
        how="file",
        by=SYSTEM,
        may=lambda by, application, party: YES,
    )

    assert signature.recorded_by is None


def test_a_pdf_signed_in_a_desk_tool_is_taken_in(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, *_ = parties(application)
    agree(application, first, test_ca, cast)
    pdf = desk_signed(application, second, key_of(test_ca, second.name))

    signature = certifying.take_in(application, second, pdf, Said("周某"), by=cast.lead_writer)

    assert (signature.proof["how"], signature.proof["field"]) == ("desk", "Signature1")
    assert signature.certified.read() == pdf
    review = certifying.review(first.round)
    assert review is not None and review.ok and len(review.looked) == 2


@pytest.mark.above_database
def test_what_was_signed_before_somebody_else_signed_is_sent_back_and_overwrites_nothing(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, *_ = parties(application)
    pdf = desk_signed(application, second, key_of(test_ca, second.name))
    agree(application, first, test_ca, cast)

    with pytest.raises(NotSound) as fault:
        certifying.take_in(application, second, pdf, Said("周某"), by=cast.lead_writer)

    assert codes(fault) == {"older_base"} and first.name in fault.value.reason
    assert last_certified(first.round).party == first


@pytest.mark.above_database
def test_a_signature_for_another_version_is_not_taken(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    party = parties(application)[0]
    old = desk_signed(application, party, key_of(test_ca, party.name))
    actions.reopen(application, by=cast.lead_writer, reason="改")
    actions.freeze(application, by=cast.lead_writer)
    again = steps.fresh(application)

    with pytest.raises(NotSound) as fault:
        certifying.take_in(again, parties(again)[0], old, Said("李某"), by=cast.lead_writer)

    assert "other_version" in codes(fault) and "重新上传" in fault.value.reason


@pytest.mark.above_database
def test_a_page_changed_after_signing_is_not_taken(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    party = parties(application)[0]
    pdf = desk_signed(application, party, key_of(test_ca, party.name))
    flipped = pdf.replace(b"/Reason", b"/Reasom", 1)
    before = desk_signed(
        application, party, key_of(test_ca, party.name), rotated(certifying.sheet(party).base.read())
    )

    for bad, code in ((rotated(pdf), "changed"), (before, "changed"), (flipped, "broken")):
        with pytest.raises(NotSound) as fault:
            certifying.take_in(application, party, bad, Said("李某"), by=cast.lead_writer)
        assert code in codes(fault)
    assert not Signature.objects.exists()


@pytest.mark.above_database
def test_a_signature_over_the_box_of_another_is_not_taken(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, _, third, _ = parties(application)
    on = certifying.sheet(first)
    place = on.places[third.pk]
    spot = signing.Place(on.place.field, "", place.page, place.x, place.y, place.width, place.height)
    at = clock.now().astimezone(application.call.zone)
    pdf = signing.sign(on.base.read(), spot, key_of(test_ca, first.name), at=at)

    with pytest.raises(NotSound) as fault:
        certifying.take_in(application, first, pdf, Said("李某"), by=cast.lead_writer)

    assert "other_box" in codes(fault) and third.name in fault.value.reason


@pytest.mark.above_database
def test_expired_revoked_and_unknown_certificates_are_not_taken(
    cast: steps.Cast,
    application: Application,
    test_ca: trial.Trial,
    tmp_path: Path,
    clock_at: Any,
    settings: Any,
) -> None:
    party = parties(application)[0]
    now = clock.now()
    old_key, old = test_ca.authority.issue(
        party.name, begins=now - timedelta(days=30), ends=now - timedelta(days=1)
    )
    expired = KeyFile(old_key, old, test_ca.authority.root)
    stranger = trial.Authority(tmp_path / "stranger")
    key, certificate = stranger.issue(party.name)
    unknown = KeyFile(key, certificate, stranger.root)
    revoked_key, revoked_certificate = test_ca.authority.issue(party.name)
    revoked = KeyFile(revoked_key, revoked_certificate, test_ca.authority.root)
    test_ca.authority.revoke(revoked_certificate, now - timedelta(hours=1))
    (settings.TRUST_FOLDER / "list.crl").write_bytes(test_ca.authority.revocations())

    with pytest.raises(Unusable, match="过期"):
        agree(application, party, test_ca, cast, signer=expired)
    for signer, code in ((unknown, "untrusted"), (revoked, "revoked")):
        with pytest.raises(NotSound) as fault:
            agree(application, party, test_ca, cast, signer=signer)
        assert codes(fault) == {code}
    assert not Signature.objects.exists()


@pytest.mark.above_database
def test_a_chain_that_nobody_can_check_counts_only_where_the_setting_says_so(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, settings: Any
) -> None:
    party = parties(application)[0]
    settings.TRUST_FOLDER = None
    with pytest.raises(NotSound, match="没有设置任何可信的根证书"):
        agree(application, party, test_ca, cast)

    settings.ACCEPT_UNCHECKED_CHAINS = True
    signature = agree(application, party, test_ca, cast)

    assert not signature.proof["trusted"]
    assert "untrusted" in [note["code"] for note in signature.proof["notes"]]


@pytest.mark.above_database
def test_a_certificate_of_another_name_needs_a_person_and_of_another_code_is_refused(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    party = parties(application)[0]
    renamed = key_of(test_ca, "和平区旧名称中心")
    with pytest.raises(NotSound) as fault:
        agree(application, party, test_ca, cast, signer=renamed)
    assert codes(fault) == {"other_unit"} and fault.value.confirmable
    other = key_of(test_ca, party.name, "11120116PDY000028T")
    with pytest.raises(NotSound) as fault:
        agree(application, party, test_ca, cast, signer=other, other_name=True)
    assert codes(fault) == {"other_code"} and not fault.value.confirmable

    signature = agree(application, party, test_ca, cast, signer=renamed, other_name=True)

    assert "other_unit" in [note["code"] for note in signature.proof["notes"]]
    review = certifying.review(party.round)
    assert review is not None and review.ok


@pytest.mark.above_database
def test_a_certificate_that_expires_later_takes_nothing_from_a_signature(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, settings: Any, clock_at: Any
) -> None:
    settings.TSA = ""
    first, second, *_ = parties(application)
    short = key_of(test_ca, first.name, ends=clock.now() + timedelta(hours=1))
    agree(application, first, test_ca, cast, signer=short)
    clock_at(2023, 7, 4, 10, 0)
    agree(application, second, test_ca, cast)

    review = certifying.review(first.round)

    assert review is not None and review.ok


@pytest.mark.above_database
def test_a_file_changed_in_the_store_is_noticed_when_looked_at_again(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, files_root: Path
) -> None:
    party = parties(application)[0]
    signature = agree(application, party, test_ca, cast)
    path = (
        files_root
        / signature.certified.sha256[:2]
        / signature.certified.sha256[2:4]
        / signature.certified.sha256
    )
    path.chmod(0o600)
    path.write_bytes(rotated(path.read_bytes()))

    review = certifying.review(party.round)

    assert review is not None and not review.ok


@pytest.mark.above_database
def test_the_claimed_time_may_not_lie_before_the_version(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    party = parties(application)[0]
    on = certifying.sheet(party)
    at = (clock.now() - timedelta(hours=5)).astimezone(application.call.zone)
    pdf = signing.sign(on.base.read(), on.place, key_of(test_ca, party.name), at=at)

    with pytest.raises(Invalid, match="校准电脑时钟"):
        certifying.take_in(application, party, pdf, Said("李某"), by=cast.lead_writer)


@pytest.mark.above_database
def test_a_form_without_boxes_says_so(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "_boxes", lambda digest, version: {})

    with pytest.raises(Unusable, match="没有标明本单位签名的位置"):
        certifying.sheet(parties(application)[0])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_sign_at_the_same_moment_both_stay(
    cast: steps.Cast, call: Call, test_ca: trial.Trial
) -> None:
    for _round in range(2):
        application = steps.frozen(cast, call)
        first, second, third, _ = parties(application)

        raised = steps.together(
            *(partial(agree, application, party, test_ca, cast) for party in (first, second, third))
        )

        assert raised == []
        review = certifying.review(first.round)
        assert review is not None and review.ok
        assert {each.signature.party_id for each in review.looked} == {first.pk, second.pk, third.pk}
        assert verify().faults == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_signature_and_a_reopening_at_the_same_moment(
    cast: steps.Cast, call: Call, test_ca: trial.Trial
) -> None:
    application = steps.frozen(cast, call)
    party = parties(application)[0]

    raised = steps.together(
        partial(agree, application, party, test_ca, cast),
        partial(actions.reopen, application, by=cast.lead_head, reason="改"),
    )

    assert [type(fault) for fault in raised] in ([], [NotNow], [Stale])
    assert Signature.objects.count() == (0 if raised else 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_files_signed_on_one_base_at_the_same_moment_are_never_laid_over_each_other(
    cast: steps.Cast, call: Call, test_ca: trial.Trial
) -> None:
    application = steps.frozen(cast, call)
    first, second, *_ = parties(application)
    files = [desk_signed(application, party, key_of(test_ca, party.name)) for party in (first, second)]

    raised = steps.together(
        partial(certifying.take_in, application, first, files[0], Said("甲"), by=cast.lead_writer),
        partial(certifying.take_in, application, second, files[1], Said("乙"), by=cast.lead_writer),
    )

    assert [type(fault) for fault in raised] in ([Overtaken], [NotSound])
    assert len(certified(first.round)) == 1
