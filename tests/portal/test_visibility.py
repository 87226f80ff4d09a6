"""Fields that earlier answers call for: on the page, in the answer to a save, in what is frozen and read."""

from __future__ import annotations

import json

import pytest

from shidian.applications import actions
from shidian.applications.queries import answers
from shidian.desk.reading import read
from tests import steps
from tests.portal.pages import at, signed_in, text_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def save(client, application, path, text, number=0):
    section, _, field = path.partition(".")
    address = at("field", application, section=section, field=field)
    return client.post(address, {"number": str(number), field: text}).json()


def test_a_save_tells_the_page_what_to_show_only_when_it_depends_on_the_field(cast, draft):
    client = signed_in(cast.lead_writer)

    said = save(client, draft, "conditions.record-media", "yes")

    assert said["visible"]["conditions.record-media-note"] is True
    assert said["visible"]["conditions.record-notified-note"] is False
    assert "visible" not in save(client, draft, "cover.contact", "王")


def test_a_page_shows_what_is_called_for_and_hides_the_rest(cast, draft):
    client = signed_in(cast.lead_writer)
    address = at("section", draft, section="conditions")
    hidden = '<div data-shows="conditions.record-media-note" hidden class="field'
    assert hidden in text_of(client.get(address))

    client.post(address, {"numbers": json.dumps({"record-media": 0}), "record-media": "yes", "go": "save"})

    assert hidden not in text_of(client.get(address))
    assert 'data-shows="conditions.record-media-note"' in text_of(client.get(address))


def test_rules_across_fields_stand_at_their_field(cast, draft):
    client = signed_in(cast.lead_writer)
    client.post(
        at("field", draft, section="cover", field="period"),
        {"number": "0", "period-from": "2024-01", "period-to": "2025-12"},
    )
    client.post(
        at("field", draft, section="plan", field="plan"), {"number": "0", "plan-1-time": "2030年1月至3月"}
    )

    assert "不在试点时间（2024年1月至2025年12月）之内" in text_of(
        client.get(at("section", draft, section="plan"))
    )


def test_what_is_not_called_for_is_not_frozen_but_stays_stored(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    stored = answers(application)["lead"]["system_running"]
    save(client, application, "lead.system_established", "尚未建立", number=1)

    version = actions.freeze(application, by=cast.lead_writer)

    assert "system_running" not in version.data["answers"]["lead"]
    assert answers(application)["lead"]["system_running"] == stored
    lead = next(part for part in read(version) if part.key == "lead")
    assert "标准体系运行时间" not in [answer.label for answer in lead.answers]
    assert "标准体系建立时间" in [answer.label for answer in lead.answers]
