"""Choosing what to print, and the PDF, as plain pages."""

from __future__ import annotations

import re
from typing import Any

import pypdfium2

from shidian.applications import actions
from tests import steps
from tests.portal.pages import at, signed_in, text_of


def pages_of(content: bytes) -> int:
    with pypdfium2.PdfDocument(content) as pdf:
        return len(pdf)


def test_the_page_offers_both_plans_and_every_party_and_its_form_prints_them(cast: Any, call: Any) -> None:
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)

    page = client.get(at("print-pack", application, number=1))
    text = text_of(page)

    for plan in call.definition.copies:
        assert plan.label in text
        assert plan.text in text
    decision = next(each.text for each in call.definition.accepted_warnings if each.code == "copies-differ")
    assert decision in text
    holders = re.findall(r'name="holder"\s+value="([^"]+)"\s+checked', text)
    parties = re.findall(r'name="party"\s+value="(\d+)"\s+checked', text)
    assert holders == ["notice.institute", "form.lead", "form.guidance", "form.managing", "form.national"]
    assert len(parties) == 4

    address = at("print-pack-pdf", application, number=1)
    whole = client.get(address, {"chosen": "1", "holder": holders, "party": parties, "part": ["checklist"]})
    some = client.get(address, {"chosen": "1", "holder": ["form.lead"], "part": []})
    only = client.get(address, {"chosen": "1", "holder": holders, "party": parties, "only": "opinions"})

    assert whole.headers["Content-Type"] == some.headers["Content-Type"] == "application/pdf"
    form = pages_of(some.content)
    assert pages_of(whole.content) == 7 * form + 2
    assert pages_of(only.content) == 4


def test_nothing_chosen_is_said_at_its_place_and_what_was_not_offered_is_left_out(
    cast: Any, call: Any
) -> None:
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)
    address = at("print-pack-pdf", application, number=1)

    nothing = client.get(address, {"chosen": "1", "part": ["checklist"]})
    strange = client.get(
        address, {"chosen": "1", "holder": ["x.y", "notice"], "party": ["99", "a"], "only": "everything"}
    )

    assert nothing.status_code == strange.status_code == 422
    assert "没有选要打印的内容" in text_of(nothing)
    assert 'value="opinions" checked' not in " ".join(text_of(nothing).split())


def test_an_old_version_says_why_it_cannot_be_printed(cast: Any, call: Any) -> None:
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)
    assert at("print-pack", application, number=1) in text_of(
        client.get(at("version", application, number=1))
    )
    actions.reopen(application, by=cast.lead_writer, reason="改")

    page = client.get(at("print-pack", application, number=1))

    assert page.status_code == 200
    assert "这一版已经失效" in text_of(page)
    assert client.get(at("print-pack-pdf", application, number=1)).status_code == 409
    assert at("print-pack", application, number=1) not in text_of(
        client.get(at("version", application, number=1))
    )
    assert client.get(at("print-pack", application, number=9)).status_code == 404
