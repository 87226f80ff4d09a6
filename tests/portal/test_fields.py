"""One field: saving by itself, two people's texts, earlier texts brought back, and signing in again."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shidian.applications import actions
from shidian.applications.models import AnswerRevision
from shidian.applications.queries import answers
from shidian.applications.writing import save_field
from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def send(client, application, field, number, section="cover", **controls):
    data = {"number": str(number), **{name.replace("_", "-"): text for name, text in controls.items()}}
    return client.post(at("field", application, section=section, field=field), data)


def test_a_field_is_saved_and_says_when_and_from_which_number_to_go_on(cast, draft):
    client = signed_in(cast.lead_writer)

    first = send(client, draft, "contact", 0, contact="王").json()
    second = send(client, draft, "contact", first["number"], contact="王经").json()

    assert (first, second["number"]) == ({"number": 1, "saved_at": "10:00", "problems": []}, 2)
    assert answers(draft)["cover"]["contact"] == "王经"


@pytest.mark.parametrize("path", ["cover.name", "cover.area", "cover.contact", "goals.goals"])
def test_a_save_takes_six_queries_at_most_and_adds_one_revision(cast, call, draft, path):
    section, field = path.split(".")
    client = signed_in(cast.lead_writer)
    send(client, draft, "contact_mobile", 0, contact_mobile="12")  # the call's package is read once a process

    for number, text in enumerate(("甲", "乙", "乙")):
        with CaptureQueriesContext(connection) as queries:
            answer = send(client, draft, field, number, section=section, **{field: text})
        asked = [each["sql"] for each in queries if each["sql"].split()[0] in ("SELECT", "INSERT", "UPDATE")]

        assert answer.status_code == 200
        assert len(asked) <= 6, asked
    assert AnswerRevision.objects.filter(answer__field=field).count() == 2


def test_what_is_wrong_is_saved_and_told(cast, draft):
    client = signed_in(cast.lead_writer)

    said = client.post(
        at("field", draft, section="cover", field="contact_mobile"), {"number": "0", "contact_mobile": "12"}
    ).json()

    assert said["number"] == 1
    assert said["problems"][0]["anchor"] == "f-contact_mobile"
    assert answers(draft)["cover"]["contact_mobile"] == "12"


def test_fields_of_several_controls_and_rows_are_saved_whole(cast, draft):
    client = signed_in(cast.lead_writer)

    send(client, draft, "period", 0, period_from="2024-01", period_to="2025-12")
    client.post(
        at("field", draft, section="plan", field="plan"),
        {"number": "0", "plan-1-content": "甲", "plan-2-content": "乙"},
    )

    stored = answers(draft)
    assert stored["cover"]["period"] == {"from": "2024-01", "to": "2025-12"}
    assert [row["content"] for row in stored["plan"]["plan"]] == ["甲", "乙"]


@pytest.mark.parametrize("data", [{}, {"number": "0"}, {"contact": "王"}, {"number": "-1", "contact": "王"}])
def test_a_post_without_its_field_or_number_is_told(cast, draft, data):
    answer = signed_in(cast.lead_writer).post(at("field", draft, section="cover", field="contact"), data)

    assert answer.status_code == 400
    assert "刷新页面" in answer.json()["refused"]
    assert "contact" not in answers(draft)["cover"]


def test_unknown_fields_and_strangers_get_404(cast, draft):
    assert send(signed_in(cast.lead_writer), draft, "nothing", 0).status_code == 404
    assert send(signed_in(cast.outsider), draft, "contact", 0, contact="别人").status_code == 404


def test_after_the_session_has_ended_it_says_where_to_sign_in(draft):
    answer = send(Client(), draft, "contact", 0, contact="王")

    assert (answer.status_code, answer.json()) == (401, {"sign_in": "/sign-in/"})


def test_when_it_is_not_the_time_it_says_why(cast, call):
    application = steps.frozen(cast, call)

    answer = send(signed_in(cast.lead_writer), application, "contact", 1, contact="别人")

    assert answer.status_code == 403
    assert "重新打开" in answer.json()["refused"]


def test_the_second_gets_both_texts_and_nothing_is_overwritten(cast, draft):
    send(signed_in(cast.lead_head), draft, "contact", 0, contact="李经办")
    writer = signed_in(cast.lead_writer)

    answer = send(writer, draft, "contact", 0, contact="王经办")

    said = answer.json()
    assert (answer.status_code, said["number"], said["who"]) == (409, 1, "李负责")
    assert "<ins>王</ins>经办" in said["contested"]
    assert "<ins>李</ins>经办" in said["contested"]
    assert answers(draft)["cover"]["contact"] == "李经办"
    assert "您和别人都改了" in text_of(writer.get(at("section", draft, section="cover")))


def test_choosing_theirs_or_mine_ends_the_question(cast, draft):
    send(signed_in(cast.lead_head), draft, "contact", 0, contact="李经办")
    writer = signed_in(cast.lead_writer)
    send(writer, draft, "contact", 0, contact="王经办")

    theirs = send(writer, draft, "contact", 1, contact="王经办", keep="theirs")
    assert theirs.status_code == 200
    assert answers(draft)["cover"]["contact"] == "李经办"
    assert "您和别人都改了" not in text_of(writer.get(at("section", draft, section="cover")))

    assert send(writer, draft, "contact", 1, contact="王经办").json()["number"] == 2
    assert answers(draft)["cover"]["contact"] == "王经办"


def test_the_history_shows_every_text_with_what_changed(cast, draft):
    for number, text in enumerate(["开展试点", "开展标准化试点"]):
        save_field(draft, "goals.goals", text, by=cast.lead_writer, started_from=number)
    save_field(draft, "goals.goals", "第三份", by=cast.lead_head, started_from=1)

    page = text_of(
        signed_in(cast.lead_writer).get(at("field-history", draft, section="goals", field="goals"))
    )

    assert "开展<ins>标准化</ins>试点" in page
    assert "同时修改，没有采用" in page
    assert page.index("同时修改") < page.index("现在的内容")
    assert page.count("恢复这一份") == 2


def test_an_earlier_text_is_brought_back(cast, draft):
    save_field(draft, "goals.goals", "第一份", by=cast.lead_writer, started_from=0)
    save_field(draft, "goals.goals", "第二份", by=cast.lead_writer, started_from=1)
    client = signed_in(cast.lead_head)
    address = at("field-history", draft, section="goals", field="goals")
    first = AnswerRevision.objects.get(value="第一份")

    answer = client.post(address, {"revision": first.pk, "number": 2}, follow=True)

    assert "已恢复成所选的一份" in text_of(answer)
    assert answers(draft)["goals"]["goals"] == "第一份"


def test_bringing_back_over_a_newer_text_asks_first(cast, draft):
    save_field(draft, "goals.goals", "第一份", by=cast.lead_writer, started_from=0)
    save_field(draft, "goals.goals", "第二份", by=cast.lead_writer, started_from=1)
    save_field(draft, "goals.goals", "第三份", by=cast.lead_writer, started_from=2)
    first = AnswerRevision.objects.get(value="第一份")

    answer = signed_in(cast.lead_head).post(
        at("field-history", draft, section="goals", field="goals"), {"revision": first.pk, "number": 2}
    )

    assert answer.url == at("conflict", draft, section="goals")
    assert answers(draft)["goals"]["goals"] == "第三份"


def test_only_texts_of_this_field_can_be_brought_back(cast, draft):
    save_field(draft, "cover.contact", "王", by=cast.lead_writer, started_from=0)
    other = AnswerRevision.objects.get(value="王")
    client = signed_in(cast.lead_writer)
    address = at("field-history", draft, section="goals", field="goals")

    for wrong in ({"revision": other.pk, "number": 0}, {"revision": "x", "number": 0}, {}):
        assert client.post(address, wrong).status_code == 404


def test_a_long_history_is_turned_over_page_by_page(cast, draft):
    for number in range(65):
        save_field(draft, "goals.goals", f"第 {number} 份", by=cast.lead_writer, started_from=number)
    client = signed_in(cast.lead_writer)
    address = at("field-history", draft, section="goals", field="goals")

    page = text_of(client.get(address))
    link = page.split('href="?before=')[1].split('"')[0]
    older = text_of(client.get(f"{address}?before={link}"))

    assert page.count('id="revision-') == 60
    assert older.count('id="revision-') == 5


def test_an_empty_history_says_so(cast, draft):
    page = signed_in(cast.lead_writer).get(at("field-history", draft, section="goals", field="goals"))

    assert "还没有写过" in text_of(page)


def test_a_page_that_waits_learns_who_is_signed_in(cast, client):
    assert client.get("/session/").json()["user"] is None

    said = signed_in(cast.lead_writer).get("/session/").json()

    assert said["user"] == cast.lead_writer.pk
    assert len(said["token"]) > 20
    assert "data-signed-in" in text_of(signed_in(cast.lead_writer).get("/session/signed-in/"))
    assert client.get("/session/signed-in/").status_code == 302


def test_the_page_carries_the_number_of_every_field(cast, draft):
    save_field(draft, "cover.contact", "王", by=cast.lead_writer, started_from=0)
    page = signed_in(cast.lead_writer).get(at("section", draft, section="cover"))

    seen = json.loads(page.context["numbers"])

    assert (seen["contact"], seen["name"]) == (1, 0)
    assert not title_of(page).startswith("错误")
