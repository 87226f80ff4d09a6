"""Signing with a certificate at the desk, where the opinion is due at a later stage, and looking at signatures."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse

from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.documents.certificates import trial
from shidian.signoffs.models import Signature
from tests import steps
from tests.applications.test_certifying import agree
from tests.portal.pages import signed_in, text_of


def test_the_last_stage_signs_for_its_authority(cast: steps.Cast, call: Call, test_ca: trial.Trial) -> None:
    application, _ = steps.dispatched(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    party = round_.parties.get(gate=call.definition.destination.key)
    client = signed_in(cast.commission_officer)
    reference = application.reference
    here = reverse("desk:certificate", args=(reference, party.pk, "file"))

    assert "用数字证书签名" in text_of(client.get(reverse("desk:opinion", args=(reference, party.pk))))
    assert party.name in text_of(client.get(here))
    key = io.BytesIO(test_ca.authority.key_file(*test_ca.authority.issue(party.name)))
    key.name = "单位.p12"
    answer = client.post(here, {"signatory": "郑负责", "key": key, "password": trial.PASSWORD})

    assert answer.url == reverse("desk:application", args=(reference,)) + "#h-parties"
    assert Signature.objects.get(party=party).means == "certificate"
    page = text_of(client.get(reverse("desk:application", args=(reference,))))
    assert "数字证书签名，郑负责" in page and "核验签名" in page
    review = client.get(reverse("desk:certificates", args=(reference,)))
    assert "全部成立" in text_of(review)
    assert client.get(reverse("desk:certified", args=(reference,))).status_code == 200


def test_an_office_sees_the_signatures_of_what_was_handed_to_it_only(
    cast: steps.Cast, call: Call, test_ca: trial.Trial
) -> None:
    application = steps.frozen(cast, call)
    assert application.version is not None
    agree(application, application.version.round.parties.order_by("position")[0], test_ca, cast)
    address = reverse("desk:certificates", args=(application.reference,))

    for user in (cast.heping_handler, cast.other_handler):
        assert signed_in(user).get(address).status_code == 404


@pytest.mark.parametrize("how", ["file", "desk", "platform", "token"])
def test_every_way_is_there_for_the_district_only_when_it_is_its_turn(
    cast: steps.Cast, call: Call, test_ca: trial.Trial, how: str
) -> None:
    application = steps.lodged(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    party = round_.parties.first()
    assert party is not None
    page = signed_in(cast.heping_handler).get(
        reverse("desk:certificate", args=(application.reference, party.pk, how))
    )

    assert "现在不能签名" in text_of(page)
