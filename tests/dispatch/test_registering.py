"""Paper: received by its code, shelved, handed on, taken back, acknowledged; and what is refused."""

from __future__ import annotations

from functools import partial
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications import packs
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.audit.queries import verify as verify_history
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from shidian.calls.queries import planned_copies
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers, registering
from shidian.dispatch.holdings import folders, held_by_key, mark_of, missing
from shidian.dispatch.models import (
    PaperCopy,
    PaperPlace,
    PaperReceipt,
    PaperReceiptCopy,
)
from shidian.dispatch.queries import registered
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import Corner, Mark, encode, read, spoken
from shidian.documents.storage import file_store
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from tests import steps
from tests.documents.golden import joined
from tests.steps import refused


def mark(application: Application, copy: int = 0, *, version: int | None = None, page: int = 3) -> Mark:
    number = application.version.number if version is None else version
    return Mark(application.reference, number, page, 13, copy)


def code(application: Application, copy: int = 0, corner: Corner = "T", **more: Any) -> str:
    """What a scanner reads in a corner of a sheet of the application."""
    return encode(mark(application, copy, **more), corner, key=keys()[0], address="HTTPS://SITE.CN/S/")


@pytest.fixture
def sent(cast: steps.Cast, call: Call) -> Application:
    return steps.dispatched(cast, call)[0]


@pytest.fixture
def receive(cast: steps.Cast, call: Call) -> Any:
    return partial(registering.receive, call, cast.institute, by=cast.institute_clerk)


def key(application: Application, copy: int) -> str:
    return f"{application.reference}:{copy}:{application.version.number}"


# receive


def test_a_sheet_counts_the_copy_that_its_mark_names(sent: Application, receive: Any, call: Call) -> None:
    got = receive(code(sent, 2))

    assert (got.copy.copy, got.copy.version, got.planned.holder.key) == (2, sent.version, "institute")
    assert [number for number, copy in registered(call)[0].copies.items() if copy is None] == [1, 3]
    assert [place.kind for place in got.copy.places.all()] == ["received"]
    event = steps.last_event(sent.chain)
    assert (event.name, event.detail["copy"], event.detail["version"]) == ("paper.counted", 2, "v1")


def test_every_page_and_corner_and_the_typed_text_name_the_same_copy(sent: Application, receive: Any) -> None:
    receive(code(sent, 1, "B", page=13))
    for text in (code(sent, 1), code(sent, 1, page=1), spoken(mark(sent, 1), keys=keys()).lower()):
        refused(Stale, lambda text=text: receive(text), match="第 1 份已经登记过：登记员，7 月 3 日 10:00")
    receive(f"  {spoken(mark(sent, 3), keys=keys())}\n")
    assert sorted(PaperCopy.objects.values_list("copy", flat=True)) == [1, 3]


def test_a_copy_of_the_print_pack_is_received_from_any_of_its_pages(
    sent: Application, receive: Any, clock_at: Any
) -> None:
    choice = packs.Choice(copies=frozenset({2, 6}), parties=frozenset(), parts=frozenset({"copies"}))
    content = packs.pack(sent, sent.version, round_of(sent), choice)
    texts: list[list[str]] = []
    with pypdfium2.PdfDocument(content) as pdf:
        for page in pdf:
            seen = zxingcpp.read_barcodes(page.render(scale=150 / 72, grayscale=True).to_pil())
            texts.append([each.text for each in seen])
    copies = [{mark_of(text).copy for text in page} for page in texts]
    middle = len(texts) // 2
    assert copies == [{2}] * middle + [{6}] * middle
    assert receive(texts[4][0]).copy.copy == 2
    assert receive(texts[-1][-1]).copy.copy == 6
    refused(Stale, lambda: receive(texts[0][0]), match="已经登记过")


def test_sheets_without_a_number_are_the_next_that_is_missing(
    sent: Application, receive: Any, clock_at: Any
) -> None:
    receive(code(sent, 1))
    clock_at(2023, 7, 3, 10, 1)
    assert receive(code(sent)).copy.copy == 2
    refused(Stale, lambda: receive(code(sent, page=9)), match="认不出是不是同一份")
    clock_at(2023, 7, 3, 10, 2)
    assert receive(code(sent, page=9)).copy.copy == 3
    clock_at(2023, 7, 3, 10, 3)
    refused(Stale, lambda: receive(code(sent)), match="3 份已经齐了")


def test_a_copy_of_the_other_plan_is_noted_and_not_counted(
    sent: Application, receive: Any, call: Call
) -> None:
    got = receive(code(sent, 5))

    assert (got.planned.plan.key, got.planned.holder.key) == ("form", "guidance")
    assert len(got.row.missing) == 4
    assert registered(call)[0].others[5] == got.copy
    assert steps.last_event(sent.chain).name == "paper.noted"
    refused(Stale, lambda: receive(code(sent, 5)))


def corrected(cast: steps.Cast, call: Call, application: Application) -> Application:
    """The district sends a second version, after it sent the first."""
    reviews.return_for_correction(application, by=cast.commission_officer, reasons=[Said("请补正")])
    application = steps.hand_in_again(steps.fresh(application), cast)
    return steps.fresh(application)


def test_an_earlier_version_is_refused_and_says_which_is_due(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    newer = corrected(cast, call, sent)
    assert newer.version.number == 2

    refused(NotNow, lambda: receive(code(sent, 1, version=1)), match="旧版本 v1：现在应收 v2")
    refused(NotNow, lambda: receive(code(sent, 1, version=3)), match="v3 还没有随清单报送")
    assert receive(code(newer, 1)).copy.version == newer.version


def test_what_was_not_sent_on_is_put_aside(cast: steps.Cast, call: Call, receive: Any) -> None:
    found = steps.recommended(cast, call)
    refused(NotNow, lambda: receive(code(found, 1)), match="还没有随清单报送来")


def test_a_sheet_of_another_call_is_named_as_such(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    other = load(steps.package(), by=cast.administrator, shift_to=steps.today(call))
    publish(other, by=cast.administrator)
    foreign = applications.start(other, cast.lead, by=cast.lead_writer)
    words = encode(Mark(foreign.reference, 1, 1, 3, 1), "T", key=keys()[0])
    refused(Invalid, lambda: receive(words), match="不是本批次的材料")


def test_forged_drafts_and_strangers_are_told_apart(sent: Application, receive: Any) -> None:
    forged = code(sent, 1)[:-1] + ("A" if not code(sent, 1).endswith("A") else "B")
    refused(Invalid, lambda: receive(forged), match="核对码不对.*疑为伪造")
    refused(Invalid, lambda: receive(code(sent, 1).replace("C1", "C2")), match="核对码不对")
    refused(Invalid, lambda: receive(code(sent, version=0)), match="草稿打印件")
    refused(Invalid, lambda: receive(code(sent, 8)), match="没有第 8 份")
    opinion = encode(Mark(sent.reference, 1, 1, 1, party=2), "T", key=keys()[0])
    refused(Invalid, lambda: receive(opinion), match="意见页，单独一页不算一份")
    envelope = encode(Mark(sent.reference, 1, 1, 1, aside=True), "T", key=keys()[0])
    refused(Invalid, lambda: receive(envelope), match="附页")
    unknown = encode(Mark("TJ10-9999", 1, 1, 3, 1), "T", key=keys()[0])
    refused(Invalid, lambda: receive(unknown), match="不是申请编号")
    for text in (
        "",
        "   ",
        "https://example.com/pay?x=1",
        "A" * 10_000,
        "\x00",
        "六〇",
        "9" * 200,
        "TJ10-0001",
    ):
        refused(Invalid, lambda text=text: receive(text), match="不是打印件上的码")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_whatever_is_entered_is_refused_in_words_or_is_a_mark(text: str) -> None:
    try:
        mark_of(text)
    except Invalid as refusal:
        assert refusal.problems[0][0] == "code"
        assert refusal.reason


def test_only_a_registrar_of_the_registry_receives(cast: steps.Cast, call: Call, sent: Application) -> None:
    for person in (cast.commission_officer, cast.heping_handler, cast.lead_writer, cast.auditor):
        refused(
            NotPermitted,
            lambda by=person: registering.receive(call, cast.institute, code(sent, 1), by=by),
        )
    refused(
        NotPermitted,
        lambda: registering.receive(call, cast.commission, code(sent, 1), by=cast.commission_officer),
    )


def test_a_voided_copy_is_received_again(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    got = receive(code(sent, 1))
    dispatch.void_copy(call, cast.institute, got.copy, by=cast.institute_clerk, reason="缺页退回")
    assert receive(code(sent, 1)).copy.pk != got.copy.pk


# shelve, hand on, take back


def test_the_newest_place_is_where_a_copy_is(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 1))
    here = (call, cast.institute)
    clerk = cast.institute_clerk
    [held] = held_by_key(call, [key(sent, 1)])
    assert held.where == cast.institute.short

    registering.shelve(*here, [key(sent, 1)], by=clerk, shelf=" 档案室  3 架 ")
    [held] = held_by_key(call, [key(sent, 1)])
    assert held.where == f"{cast.institute.short}，档案室 3 架"
    assert steps.last_event(sent.chain).name == "paper.shelved"

    slip = steps.scan(clerk)
    registering.hand_on(*here, [key(sent, 1)], by=clerk, to="市市场监管委 李某", note="当面", slip=slip)
    [held] = held_by_key(call, [key(sent, 1)])
    assert (held.where, held.place.slip, held.place.note) == ("已交市市场监管委 李某", slip, "当面")
    assert steps.last_event(sent.chain).detail["slip"] == slip.sha256
    refused(
        Stale, lambda: registering.shelve(*here, [key(sent, 1)], by=clerk, shelf="3 架"), match="已交市市场"
    )

    registering.take_back(*here, [key(sent, 1)], by=clerk)
    [held] = held_by_key(call, [key(sent, 1)])
    assert (held.where, [place.kind for place in held.places]) == (
        cast.institute.short, ["received", "shelved", "handed", "taken_back"],
    )  # fmt: skip
    refused(Stale, lambda: registering.take_back(*here, [key(sent, 1)], by=clerk), match="没有交出去")
    assert verify_history().ok


def test_a_copy_handed_to_a_holder_names_the_body_of_the_form(
    cast: steps.Cast, call: Call, sent: Application
) -> None:
    wanted = [key(sent, number) for number in (4, 5)]
    registering.hand_on(call, cast.institute, wanted[:1], by=cast.institute_clerk, holder="lead")
    registering.hand_on(call, cast.commission, wanted[1:], by=cast.commission_officer, holder="guidance")
    lead, guidance = held_by_key(call, wanted)
    assert (lead.place.to, guidance.place.to) == (
        f"试点承担单位（{cast.lead.name}）", "业务指导单位（天津市示范应急管理局）",
    )  # fmt: skip
    assert lead.with_holder and guidance.with_holder
    assert [place.kind for place in lead.places] == ["received", "handed"]


def test_paper_goes_from_the_registry_to_the_commission_and_on(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 7))
    away = partial(registering.hand_on, call, cast.commission, [key(sent, 7)], by=cast.commission_officer)
    refused(Stale, lambda: away(holder="national"), match="不在")
    registering.hand_on(
        call, cast.institute, [key(sent, 7)], by=cast.institute_clerk, to=cast.commission.name
    )
    registering.take_back(call, cast.commission, [key(sent, 7)], by=cast.commission_officer)
    assert steps.last_event(sent.chain).name == "paper.taken_in"
    away(holder="national")
    [held] = held_by_key(call, [key(sent, 7)])
    assert held.with_holder
    assert held.where == "已交部级联席办公室"


def test_a_batch_is_moved_whole_or_not_at_all(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    other = steps.dispatched(cast, call)[0]
    receive(code(sent, 1))
    receive(code(other, 1))
    batch = [key(sent, 1), key(other, 1), key(other, 2)]
    move = partial(registering.hand_on, call, cast.institute, by=cast.institute_clerk, to="王某")
    refused(Stale, lambda: move(batch), match=f"{other.reference} 第 2 份（现在：缺）不在")
    for strange in ("TJ10-0099:1:1", "\x00:1:1", "乱写", "", "A:9999999999999:1"):
        refused(Stale, lambda key=strange: move([*batch[:2], key]), match="已经不在登记表上")
    refused(Invalid, lambda: move([]), match="至少一份")
    refused(Invalid, lambda: move(batch * 200), match="最多办理 500 份")
    assert len(move([*batch[:2], batch[0]])) == 2


def test_missing_words_are_said_at_their_place(cast: steps.Cast, call: Call, sent: Application) -> None:
    here, wanted = (call, cast.institute), [key(sent, 4)]
    for verb, place in (
        (partial(registering.hand_on, to=" "), "to"),
        (partial(registering.hand_on, holder="nobody"), "holder"),
        (partial(registering.hand_on, to="长" * 121), "to"),
        (partial(registering.shelve, shelf=""), "shelf"),
    ):
        with pytest.raises(Invalid) as refusal, transaction.atomic():
            verb(*here, wanted, by=cast.institute_clerk)
        assert refusal.value.problems[0][0] == place


def test_others_do_not_move_paper(cast: steps.Cast, call: Call, sent: Application) -> None:
    for person, office in (
        (cast.heping_handler, cast.heping), (cast.commission_officer, cast.institute),
        (cast.institute_clerk, cast.commission), (cast.auditor, cast.institute),
    ):  # fmt: skip
        for verb in (
            partial(registering.hand_on, to="某人"),
            partial(registering.shelve, shelf="3 架"),
            registering.take_back,
        ):
            refused(NotPermitted, lambda v=verb, o=office, p=person: v(call, o, [key(sent, 4)], by=p))


STEPS = st.tuples(st.sampled_from(["receive", "void", "shelve", "hand", "back"]), st.sampled_from([1, 2, 5]))


@pytest.mark.above_database
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(STEPS, min_size=4, max_size=16))
def test_whatever_the_order_every_copy_is_in_one_place(
    cast: steps.Cast, call: Call, sent: Application, done: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        point = transaction.savepoint()
        _play(cast, call, sent, done)
        transaction.savepoint_rollback(point)


def _play(cast: steps.Cast, call: Call, sent: Application, done: list[tuple[str, int]]) -> None:
    """Do the steps; beside them a plain account of what must be: absent, here, or out. A refusal changes nothing."""
    here, clerk = (call, cast.institute), cast.institute_clerk
    account = {1: "absent", 2: "absent", 5: "absent"}
    follows = {
        "receive": {"absent": "here"},
        "void": {"here": "absent", "out": "absent"},
        "shelve": {"here": "here"},
        "hand": {"here": "out"},
        "back": {"out": "here"},
    }
    for verb, number in done:
        copy = PaperCopy.objects.filter(application=sent, copy=number, void__isnull=True).first()
        act: Any = {
            "receive": lambda n=number: registering.receive(*here, code(sent, n), by=clerk),
            "void": lambda copy=copy: dispatch.void_copy(*here, copy, by=clerk, reason="误记"),
            "shelve": lambda n=number: registering.shelve(*here, [key(sent, n)], by=clerk, shelf="3 架"),
            "hand": lambda n=number: registering.hand_on(*here, [key(sent, n)], by=clerk, to="某人"),
            "back": lambda n=number: registering.take_back(*here, [key(sent, n)], by=clerk),
        }[verb]
        expected = follows[verb].get(account[number])
        if verb == "void" and copy is None:
            continue
        if verb == "hand" and number == 5 and account[5] == "absent":
            expected = "out"  # not counted: that it was here is noted with it
        if expected is None:
            refused(Stale, act)
        else:
            act()
            account[number] = expected
        found = {each.planned.number: each for each in folders(call)[0].held}
        for each, state in account.items():
            held = found[each]
            assert (held.copy is None) == (state == "absent"), (done, each)
            assert held.out == (state == "out"), (done, each)
            assert held.is_with(cast.institute, registry=True) == (state == "here"), (done, each)


# slips


def test_a_slip_tells_what_was_received_and_is_printed_again_alike(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 1))
    receive(code(sent, 3))
    receive(code(sent, 5))

    slip = registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)

    assert slip.number == "TJ10-R0001"
    [row] = slip.version.data["applications"]
    assert [copy["copy"] for copy in row["copies"]] == [1, 3]
    assert row["missing"] == ["第 2 份纸质材料", "电子材料"]
    first = papers.slip_pdf(slip)
    assert papers.slip_pdf(PaperReceipt.objects.get(pk=slip.pk)).pk == first.pk
    text = joined(file_store().path(first.sha256).read_bytes())
    assert "TJ10-R0001" in text and sent.reference in text and "1、3" in text
    with pypdfium2.PdfDocument(file_store().path(first.sha256)) as pdf:
        [seen] = zxingcpp.read_barcodes(pdf[0].render(scale=150 / 72).to_pil())
    assert seen.text == encode(papers.slip_mark(slip), "T", key=keys()[0], address=papers.slip_address())
    assert steps.last_event(sent.chain).name == "paper.acknowledged"

    again = partial(registering.acknowledge, call, cast.institute, by=cast.institute_clerk)
    refused(NotNow, lambda: again(sender=cast.heping), match="都已经开过回执")
    receive(code(sent, 2))
    assert again(sender=cast.heping).number == "TJ10-R0002"
    receipt = encode(papers.slip_mark(slip), "T", key=keys()[0])
    assert read(receipt, keys=keys()).mark.reference == "TJ10-R0001"
    refused(Invalid, lambda: receive(receipt), match="登记回执 TJ10-R0001 的码")


def test_a_copy_stands_on_one_slip_only(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 1))
    slip = registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperReceiptCopy.objects.create(receipt=slip, paper_copy=PaperCopy.objects.get())


# evidence


def test_places_and_slips_are_never_changed(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 1))
    registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    for model, field in ((PaperPlace, "note"), (PaperReceipt, "number"), (PaperReceiptCopy, "receipt")):
        row = model.objects.get()
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**{field: getattr(row, field)})
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            model.objects.filter(pk=row.pk)._raw_delete("default")


# what is missing


def test_what_is_missing_is_grouped_three_ways(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    other = steps.dispatched(cast, call)[0]
    receive(code(sent, 1))
    registering.hand_on(call, cast.institute, [key(sent, 5)], by=cast.institute_clerk, holder="guidance")

    [office] = missing(call, "office")
    assert (office.label, len(office.lacks), office.offices) == (cast.heping.name, 3 + 4, (cast.heping,))
    by_application = missing(call, "application")
    assert [len(group.lacks) for group in by_application] == [3, 4]
    assert by_application[1].label.startswith(other.reference)
    by_holder = {group.label: len(group.lacks) for group in missing(call, "holder")}
    assert by_holder == {
        "天津市标准化研究院（接收）": 5, "电子材料": 2, "试点承担单位": 2, "业务指导单位": 1, "试点管理单位": 2,
        "部级联席办公室": 2,
    }  # fmt: skip
    rows = papers.missing_rows(missing(call, "office"))
    assert rows[0][1] == sent.reference and rows[0][5] == "第 2 份、第 3 份、电子材料"
    for by in ("office", "application", "holder"):
        assert papers.missing_pdf(call, cast.institute, missing(call, by), by).startswith(b"%PDF")


def test_the_plan_numbers_all_copies_through(call: Call) -> None:
    assert [(each.number, each.plan.key, each.holder.key) for each in planned_copies(call)] == [
        (1, "notice", "institute"), (2, "notice", "institute"), (3, "notice", "institute"),
        (4, "form", "lead"), (5, "form", "guidance"), (6, "form", "managing"), (7, "form", "national"),
    ]  # fmt: skip


def test_every_application_has_a_folder_with_all_copies(
    cast: steps.Cast, call: Call, sent: Application, receive: Any
) -> None:
    receive(code(sent, 2))
    [folder] = folders(call)
    assert [each.where for each in folder.held] == [
        "缺", cast.institute.short, "缺", "没有记录", "没有记录", "没有记录", "没有记录",
    ]  # fmt: skip
    newer = corrected(cast, call, sent)
    [folder] = folders(call)
    assert folder.held[1].copy is None
    assert [(each.planned.number, each.version.number) for each in folder.outdated] == [(2, 1)]
    old = folder.outdated[0].key
    registering.hand_on(call, cast.institute, [old], by=cast.institute_clerk, holder="lead")
    assert folders(call)[0].outdated[0].out
    assert clock.now() and newer.version.number == 2
