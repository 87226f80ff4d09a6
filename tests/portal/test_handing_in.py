"""Handing in, the receipt, withdrawing."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from shidian.reviews import actions as reviews
from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of


def test_an_office_is_chosen_then_checked_then_handed_in(cast, call):
    application = steps.signed(cast, call)
    client = signed_in(cast.lead_writer)
    address = at("lodgement", application)

    choice = text_of(client.get(address))
    nothing = client.get(address + "?office=")
    confirm = text_of(client.get(address, {"office": cast.heping.key}))
    answer = client.post(address, {"office": cast.heping.key})
    receipt = text_of(client.get(answer.url))

    assert choice.index("和平区市场监督管理局（本单位所在区）") < choice.index("河东区市场监督管理局")
    assert title_of(nothing).startswith("错误：")
    assert "2023 年 7 月 24 日 17:00" in confirm
    assert "和平区示范人民政府" in confirm
    assert "TJ10-0001-01" in receipt
    assert "2023 年 7 月 3 日 10:00:00" in receipt
    assert application.version.digest in receipt
    assert "接下来" in receipt
    paper = client.get(at("receipt-pdf", application, number="TJ10-0001-01"))
    assert paper.content.startswith(b"%PDF")
    again = client.post(address, {"office": cast.heping.key})  # in another tab
    assert again.status_code == 200
    assert "申请现在是“待受理审查”，不能再递交。" in text_of(again)
    assert "收件截止" in confirm
    assert "收件截止" not in text_of(again)
    assert application.lodgements.count() == 1


def test_who_has_agreed_is_asked_once_and_not_for_each_office(cast, call):
    application = steps.signed(cast, call)
    client = signed_in(cast.lead_writer)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(at("lodgement", application))

    assert sum(len(kind["rows"]) for kind in page.context["kinds"]) > 10
    assert sum('FROM "signoffs_party"' in query["sql"] for query in asked) <= 2
    assert len(asked) < 20


def test_parties_that_are_missing_are_named(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("lodgement", application), {"office": cast.heping.key}))
    posted = client.post(at("lodgement", application), {"office": cast.heping.key})

    for shown in (page, text_of(posted)):
        assert "还没有收到以下单位的同意意见" in shown
        assert "和平区示范人民政府" in shown
    assert 'aria-disabled="true"' in page
    assert not application.lodgements.exists()


def test_a_late_hand_in_is_refused_with_the_deadline(cast, call, clock_at):
    application = steps.signed(cast, call)
    clock_at(2023, 7, 24, 17, 0, 1)

    page = text_of(
        signed_in(cast.lead_writer).post(at("lodgement", application), {"office": cast.heping.key})
    )

    assert "7 月 24 日 17:00 以前" in page
    assert not application.lodgements.exists()


def test_an_office_that_does_not_take_applications_cannot_be_chosen(cast, call):
    application = steps.signed(cast, call)

    page = signed_in(cast.lead_writer).post(at("lodgement", application), {"office": cast.institute.key})

    assert title_of(page).startswith("错误：")
    assert not application.lodgements.exists()


def test_a_corrected_application_goes_back_to_its_office_after_the_deadline(cast, call, clock_at):
    application = steps.judged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[reviews.Said("改")])
    from shidian.applications import actions
    from shidian.calls.queries import gates_until

    actions.freeze(steps.fresh(application), by=cast.lead_writer)
    application = steps.fresh(application)
    steps.sign(application, gates_until(call, call.definition.stages[0].key), cast.lead_writer)
    clock_at(2023, 7, 26, 9, 0)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("lodgement", application)))
    answer = client.post(at("lodgement", application), {"office": cast.heping.key})

    assert "补正件不受收件截止影响" in page
    assert answer.url == at("receipt", application, number="TJ10-0001-02")


def test_withdrawing_says_what_ends_and_needs_a_reason(cast, call):
    application = steps.lodged(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("withdrawal", application)))
    empty = client.post(at("withdrawal", application), {"reason": ""})
    client.post(at("withdrawal", application), {"reason": "单位合并"})

    assert "天津市和平区市场监督管理局不再审查这份申请" in page
    assert "和平区示范人民政府" in page
    assert title_of(empty).startswith("错误：")
    assert steps.fresh(application).state == "withdrawn"
    assert "不能撤回" in text_of(client.get(at("withdrawal", application)))


def test_a_receipt_that_does_not_exist_is_404(cast, call):
    application = steps.signed(cast, call)

    assert (
        signed_in(cast.lead_writer).get(at("receipt", application, number="TJ10-0001-01")).status_code == 404
    )
