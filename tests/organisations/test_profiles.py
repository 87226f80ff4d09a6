"""What a unit tells of itself once: kept with history, by its own people."""

import pytest
from django.db import IntegrityError, transaction

from shidian.audit.models import Event
from shidian.core.errors import NotPermitted
from shidian.organisations import profiles
from shidian.organisations.models import UnitProfile
from tests import steps

VALUES = {
    "region": {"province": "120000", "county": "120103", "detail": ""},
    "address": "新路 2 号",
    "industry": "9224",
    "phone": "022-27110000",
}


def test_what_is_kept_goes_before_what_the_registration_told(cast: steps.Cast) -> None:
    assert profiles.told(cast.lead, None)["head_name"] == "李负责"

    row = profiles.keep(cast.lead, {**VALUES, "name": "别的名字"}, by=cast.lead_writer)

    told = profiles.told(cast.lead, row)
    assert (told["address"], told["industry"], told["name"]) == ("新路 2 号", "9224", cast.lead.name)
    cast.lead.refresh_from_db()
    assert (cast.lead.region, cast.lead.address) == ("120103", "新路 2 号")
    event = Event.objects.filter(chain=cast.lead.chain).latest("number")
    assert event.detail == {"fields": "所在地、单位地址、联系电话、所属行业"}


def test_keeping_the_same_again_makes_no_row(cast: steps.Cast) -> None:
    first = profiles.keep(cast.lead, VALUES, by=cast.lead_writer)

    assert profiles.keep(cast.lead, VALUES, by=cast.lead_head) is None
    second = profiles.keep(cast.lead, {**VALUES, "phone": ""}, by=cast.lead_head)

    assert list(UnitProfile.objects.all()) == [first, second]
    assert profiles.newest(cast.lead) == second


def test_others_do_not_change_it_and_the_database_keeps_every_state(cast: steps.Cast) -> None:
    for user in (cast.outsider, cast.administrator, cast.auditor):
        with pytest.raises(NotPermitted):
            profiles.keep(cast.lead, VALUES, by=user)
    profiles.keep(cast.lead, VALUES, by=cast.lead_writer)

    for attempt in (
        lambda: UnitProfile.objects.update(data={}),
        lambda: UnitProfile.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
