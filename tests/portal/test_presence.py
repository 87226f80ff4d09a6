"""Who else is here, on the pages and by the heartbeat."""

import json

import pytest
from django.test import Client

from shidian.applications import actions
from tests import steps
from tests.portal.pages import at, numbers, signed_in, text_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def test_without_script_the_page_says_who_was_there_when_it_was_opened(cast, draft):
    signed_in(cast.lead_head).get(at("section", draft, section="cover"))
    client = signed_in(cast.lead_writer)

    assert "李负责也在这一部分" in text_of(client.get(at("section", draft, section="cover")))
    assert "现在李负责在“封面”" in text_of(client.get(at("section", draft, section="plan")))
    assert "李负责正在这里" in text_of(client.get(at("application", draft)))


def test_a_beat_tells_who_and_what_in_at_most_five_queries(cast, draft, django_assert_max_num_queries):
    writer, head = signed_in(cast.lead_writer), signed_in(cast.lead_head)
    seen = numbers(writer, draft, "cover")
    head.get(at("section", draft, section="cover"))
    steps.write(draft, cast.lead_head, cover__contact="李负责")

    with django_assert_max_num_queries(5):
        answer = writer.post(at("presence", draft, section="cover"), {"numbers": seen})

    told = answer.json()
    assert told["words"] == "现在李负责也在这一部分。"
    assert told["others"] == {"cover": ["李负责"]}
    assert set(told["changed"]) == {"contact"}
    assert told["changed"]["contact"]["who"] == "李负责"
    assert told["changed"]["contact"]["number"] == json.loads(seen)["contact"] + 1


@pytest.mark.parametrize(
    "given", ["", "{", "[]", "[" * 100_000, '{"contact": "x"}', '{"contact": null}', "1"]
)
def test_numbers_that_are_none_tell_nothing_changed(cast, draft, given):
    steps.write(draft, cast.lead_head, cover__contact="李负责")

    answer = signed_in(cast.lead_writer).post(at("presence", draft, section="cover"), {"numbers": given})

    assert answer.status_code == 200
    assert answer.json()["changed"] == {}


def test_strangers_and_who_signed_out_are_not_there(cast, draft):
    address = at("presence", draft, section="cover")

    assert Client().post(address).status_code == 401
    assert signed_in(cast.outsider).post(address).status_code == 404
    assert signed_in(cast.auditor).post(address).status_code == 404
    assert signed_in(cast.lead_writer).post(at("presence", draft, section="nothing")).status_code == 404
    assert signed_in(cast.lead_writer).get(address).status_code == 405
