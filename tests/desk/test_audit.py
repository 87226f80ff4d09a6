"""Audit on the screen: proving, reading, nothing to change."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from shidian.audit.actions import anchor
from shidian.audit.models import Event
from shidian.audit.protection import drop_statements
from shidian.calls.models import Call
from tests import steps
from tests.desk.pages import sheet_of, signed_in, text_of

PAGES = ("audit", "audit-events", "audit-events-xlsx", "audit-anchors", "audit-applications")


def test_the_history_is_proven_by_a_button(cast: steps.Cast, call: Call) -> None:
    steps.lodged(cast, call)
    client = signed_in(cast.auditor)
    assert "还没有核对" in text_of(client.get(reverse("desk:audit")))
    page = text_of(client.post(reverse("desk:audit"), follow=True))
    assert "历史完整，没有被改动" in page
    assert f"{Event.objects.count()} 条记录" in page


def test_a_changed_event_is_named(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    event = Event.objects.filter(chain=found.chain).first()
    assert event is not None
    with connection.cursor() as cursor:  # the database refuses it as long as it is asked
        for statement in drop_statements(connection.vendor, Event._meta.db_table):
            cursor.execute(statement)
    Event.objects.filter(pk=event.pk).update(actor_label="别人")
    page = text_of(signed_in(cast.auditor).post(reverse("desk:audit"), follow=True))
    assert "处问题" in page
    assert f"{found.chain} 第 1 条" in page


def test_events_are_filtered(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.auditor)

    def names(**query: str) -> set[str]:
        rows = client.get(reverse("desk:audit-events"), query).context["rows"]
        return {row["event"].name for row in rows}

    assert names(q=found.reference, kind="signoff.") == {"signoff.agreed"}
    assert all(name.startswith("call.") for name in names(subject="call"))
    assert names(to="2023-07-02") == set()
    assert "application.lodged" in names(**{"from": "2023-07-03", "to": "2023-07-03"})
    assert client.get(reverse("desk:audit-events"), {"from": "2023-02-31", "kind": "x"}).status_code == 200


def test_the_sheet_holds_the_same_events_with_their_hashes(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    rows = sheet_of(signed_in(cast.auditor).get(reverse("desk:audit-events-xlsx"), {"q": found.reference}))
    assert len(rows) - 1 == Event.objects.filter(chain=found.chain).count()
    assert rows[1][6] == Event.objects.filter(chain=found.chain).order_by("-pk")[0].hash


def test_anchors_are_listed(cast: steps.Cast, call: Call) -> None:
    client = signed_in(cast.auditor)
    assert "还没有锚点" in text_of(client.get(reverse("desk:audit-anchors")))
    sealed = anchor()
    assert sealed.digest in text_of(client.get(reverse("desk:audit-anchors")))


def test_every_application_leads_to_its_history(cast: steps.Cast, call: Call) -> None:
    found = steps.start_filled(cast, call)
    client = signed_in(cast.auditor)
    assert found.reference in text_of(client.get(reverse("desk:audit-applications"), {"q": "示范应急"}))
    assert client.get(reverse("desk:history", args=(found.reference,))).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_everybody_else_gets_404(cast: steps.Cast, name: str) -> None:
    for user in (cast.administrator, cast.heping_handler, cast.lead_head, cast.outsider):
        assert signed_in(user).get(reverse(f"desk:{name}")).status_code == 404
        assert signed_in(user).post(reverse(f"desk:{name}")).status_code in (404, 405)


def test_reading_writes_nothing(cast: steps.Cast, call: Call) -> None:
    steps.lodged(cast, call)
    client = signed_in(cast.auditor)
    before = Event.objects.count()
    for name in PAGES:
        client.get(reverse(f"desk:{name}"))
    client.post(reverse("desk:audit"))
    assert Event.objects.count() == before
