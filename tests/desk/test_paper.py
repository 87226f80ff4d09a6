"""Paper by its code, its places, what is missing, and slips, on the screen."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers, registering
from shidian.dispatch.models import PaperCopy, PaperPlace, PaperReceipt
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import encode, spoken
from shidian.organisations.models import Office
from shidian.public import guessing
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.dispatch.test_registering import code, key


def address(call: Call, name: str) -> str:
    return reverse(f"desk:{name}", args=(call.key,))


@pytest.fixture
def sent(cast: steps.Cast, call: Call) -> Application:
    return steps.dispatched(cast, call)[0]


@pytest.fixture
def clerk(cast: steps.Cast) -> Client:
    return signed_in(cast.institute_clerk)


def scan(client: Client, call: Call, text: str, name: str = "receiving", **more: Any) -> Any:
    """What the script of the page sends for a code."""
    headers = {"X-Requested-With": "scan"}
    return client.post(address(call, name), {"code": text, **more}, headers=headers)


# received by code


def test_without_script_a_code_counts_and_the_field_is_ready_again(
    clerk: Client, call: Call, sent: Application
) -> None:
    page = clerk.post(address(call, "receiving"), {"code": code(sent, 2)}, follow=True)
    assert (
        f"已登记 {sent.reference} 第 2 份（v1），还缺第 1 份纸质材料、第 3 份纸质材料、电子材料。"
        in text_of(page)
    )
    assert "今天您登记了 1 份，1 件申请。" in text_of(page)
    assert 'name="code"' in source_of(page) and "autofocus" in source_of(page)
    assert "camera=(self)" in page.headers["Permissions-Policy"]


def test_without_script_a_refusal_stands_at_the_field_and_keeps_what_was_typed(
    clerk: Client, call: Call, sent: Application
) -> None:
    page = clerk.post(address(call, "receiving"), {"code": "<b>不是码"})
    assert page.status_code == 422
    assert "这不是打印件上的码" in text_of(page)
    assert 'value="&lt;b&gt;不是码"' in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()


def test_a_script_is_told_what_became_of_each_code(
    clerk: Client, call: Call, sent: Application, cast: steps.Cast
) -> None:
    first = scan(clerk, call, code(sent, 1))
    told = first.json()
    assert (first.status_code, told["tone"], told["counted"]) == (
        200,
        "done",
        "今天您登记了 1 份，1 件申请。",
    )
    assert f'value="{key(sent, 1)}"' in told["row"]
    assert "copies/" in told["row"] and "void" in told["row"]

    again = scan(clerk, call, code(sent, 1, "B", page=9))
    assert (again.status_code, again.json()["tone"]) == (409, "wait")
    assert "已经登记过：登记员，7 月 3 日 10:00" in again.json()["words"]

    waiting = steps.recommended(cast, call)
    for text, status, words in (
        ("https://example.com/pay", 422, "不是打印件上的码"),
        ("A" * 10_000, 422, "不是打印件上的码"),
        (code(sent, 3)[:-2] + "00", 422, "核对码不对"),
        (code(sent, version=0), 422, "草稿打印件"),
        (code(waiting, 1), 409, "还没有随清单报送来"),
        (code(sent, 1, version=2), 409, "v2 还没有随清单报送来，现在应收 v1"),
    ):
        answer = scan(clerk, call, text)
        assert (answer.status_code, answer.json()["tone"]) == (status, "stop"), text[:40]
        assert words in answer.json()["words"]
    assert PaperCopy.objects.count() == 1


def test_a_copy_of_the_form_is_said_not_to_count(clerk: Client, call: Call, sent: Application) -> None:
    assert "部级联席办公室留存的一份，不计入应收的 3 份" in scan(clerk, call, code(sent, 7)).json()["words"]


def test_a_scan_is_undone_with_a_reason_that_stands_there(
    clerk: Client, call: Call, sent: Application
) -> None:
    scan(clerk, call, code(sent, 1))
    copy = PaperCopy.objects.get()
    page = clerk.get(reverse("desk:copy-void", args=(call.key, copy.pk)) + "?scanned=1")
    assert "刚才误扫，撤销登记。" in text_of(page)
    clerk.post(reverse("desk:copy-void", args=(call.key, copy.pk)), {"reason": "刚才误扫，撤销登记。"})
    assert "今天您登记了 0 份" in text_of(clerk.get(address(call, "registry")))
    assert scan(clerk, call, code(sent, 1)).json()["tone"] == "done"


def test_who_may_only_look_has_no_field(cast: steps.Cast, call: Call, sent: Application) -> None:
    visitor = steps.make_user("visitor", "院内人员")
    steps.appoint(visitor, cast.institute, "handler")
    client = signed_in(visitor)
    assert "data-scan" not in source_of(client.get(address(call, "registry")))
    assert scan(client, call, code(sent, 1)).status_code == 403
    assert client.post(address(call, "paper-receipts"), {"sender": cast.heping.key}).status_code == 403
    assert (
        client.post(
            address(call, "paper-moving"), {"copy": key(sent, 4), "verb": "hand", "holder": "lead"}
        ).status_code
        == 403
    )


# where it is


def test_every_copy_of_both_plans_says_for_whom_and_where(
    clerk: Client, call: Call, sent: Application
) -> None:
    scan(clerk, call, code(sent, 1))
    page = text_of(clerk.get(address(call, "paper")))
    for words in (
        "第 1 份，TJ10-0001 天津市标准化研究院（接收） 在 市标准化研究院",
        "第 2 份，TJ10-0001 天津市标准化研究院（接收） 缺",
        "第 5 份，TJ10-0001 业务指导单位 没有记录",
    ):
        assert words in page
    assert "没有找到" in text_of(clerk.get(address(call, "paper"), {"q": "查无此件"}))


def test_a_batch_is_scanned_and_handed_on_with_what_was_signed(
    clerk: Client, call: Call, sent: Application
) -> None:
    scan(clerk, call, code(sent, 1))
    page = clerk.post(address(call, "paper-picking"), {"code": code(sent, 1)}, follow=True)
    page = clerk.post(
        address(call, "paper-picking"), {"code": code(sent, 6), "copy": [key(sent, 1)]}, follow=True
    )
    assert "已选 2 份" in text_of(page)
    keys_chosen = [key(sent, 1), key(sent, 6)]
    slip = SimpleUploadedFile("签收单.pdf", steps.pdf_bytes(), "application/pdf")
    missing = clerk.post(
        address(call, "paper-moving"),
        {"copy": keys_chosen, "verb": "hand", "holder": "", "to": "", "slip": slip},
    )
    assert missing.status_code == 422
    assert "请选择交给谁，或者在这里写明" in text_of(missing)
    assert "签收单已收到：签收单.pdf" in text_of(missing)
    assert "已选 2 份" in text_of(missing)
    done = clerk.post(
        address(call, "paper-moving"),
        {
            "copy": keys_chosen, "verb": "hand", "holder": "", "to": "市市场监管委 李某", "note": "当面交",
            "kept": missing.context["ticket"],
        },
        follow=True,
    )  # fmt: skip
    assert "2 份已交出，记录在案。" in text_of(done)
    assert "已交出 市市场监管委 李某" in text_of(done)
    place = PaperPlace.objects.filter(kind="handed").latest("pk")
    opened = clerk.get(reverse("desk:paper-slip", args=(call.key, place.pk)))
    assert b"".join(opened.streaming_content).startswith(b"%PDF")
    again = clerk.post(
        address(call, "paper-moving"), {"copy": keys_chosen, "verb": "shelve", "shelf": "3 架"}
    )
    assert again.status_code == 422
    assert "一份也没有办理" in text_of(again)
    back = clerk.post(address(call, "paper-moving"), {"copy": keys_chosen, "verb": "back"}, follow=True)
    assert "2 份已收回" in text_of(back)


def test_picking_tells_where_a_copy_is_and_refuses_what_nobody_has(
    clerk: Client, call: Call, sent: Application
) -> None:
    scan(clerk, call, code(sent, 1))
    told = scan(clerk, call, code(sent, 1), "paper-picking").json()
    assert (told["tone"], told["key"]) == ("done", key(sent, 1))
    for text, words in (
        (code(sent, 2), "还没有登记，请先登记"),
        (code(sent), "没有份号"),
        ("乱写", "不是打印件上的码"),
        (code(sent, 1, version=9), "没有登记过这一份"),
    ):
        answer = scan(clerk, call, text, "paper-picking")
        assert words in answer.json()["words"]
        assert answer.status_code in (409, 422)
    page = clerk.post(address(call, "paper-picking"), {"code": "乱写", "copy": [key(sent, 1)]})
    assert page.status_code == 422 and "已选 1 份" in text_of(page)


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"verb": "steal"},
        {"verb": "hand", "holder": "nobody", "copy": "x"},
        {"verb": "shelve", "shelf": "架" * 61},
        {"verb": "shelve", "shelf": "3 架", "copy": ["乱:写:的"]},
        {"verb": "back", "copy": []},
    ],
)
def test_what_is_wrong_with_a_move_is_said_on_the_page(
    clerk: Client, call: Call, sent: Application, posted: dict[str, Any]
) -> None:
    answer = clerk.post(address(call, "paper-moving"), posted)
    assert answer.status_code == 422
    assert "错误：" in source_of(answer)
    assert not PaperPlace.objects.exists()


def test_the_commission_follows_paper_that_is_handed_on(
    cast: steps.Cast, call: Call, sent: Application
) -> None:
    client = signed_in(cast.commission_officer)
    assert "纸质材料在哪里" in text_of(client.get(reverse("desk:home")))
    answer = client.post(
        address(call, "paper-moving"),
        {"copy": [key(sent, 7)], "verb": "hand", "holder": "national"},
        follow=True,
    )
    assert "已交出 部级联席办公室" in text_of(answer)
    assert "扫码登记" not in text_of(answer)


# what is missing


@pytest.mark.parametrize("by", ["office", "application", "holder", "nonsense"])
def test_what_is_missing_is_shown_printed_and_exported(
    clerk: Client, call: Call, sent: Application, by: str
) -> None:
    scan(clerk, call, code(sent, 1))
    page = text_of(clerk.get(address(call, "missing"), {"by": by}))
    assert "第 2 份、第 3 份" in page
    assert clerk.get(address(call, "missing-pdf"), {"by": by}).content.startswith(b"%PDF")
    rows = sheet_of(clerk.get(address(call, "missing-xlsx"), {"by": by}))
    assert rows[0] == list(papers.MISSING_COLUMNS)
    assert any(sent.reference in row for row in rows[1:])


def test_an_office_with_an_address_is_reminded_by_a_letter(
    clerk: Client, call: Call, cast: steps.Cast, sent: Application
) -> None:
    Office.objects.filter(pk=cast.heping.pk).update(email="heping@example.cn")
    source = source_of(clerk.get(address(call, "missing")))
    link = unquote(source.partition('href="mailto:')[2].partition('"')[0])
    assert link.startswith("heping@example.cn?subject=缺件提醒")
    assert f"{sent.reference} {sent.name}：缺第 1 份、第 2 份、第 3 份、电子材料" in link
    Office.objects.filter(pk=cast.heping.pk).update(email="")
    assert "没有登记邮箱" in text_of(clerk.get(address(call, "missing")))


def test_nothing_missing_is_said(clerk: Client, call: Call, cast: steps.Cast, sent: Application) -> None:
    for number in (1, 2, 3):
        scan(clerk, call, code(sent, number))
    dispatch.register_electronic(call, cast.institute, sent, by=cast.institute_clerk)
    assert "没有缺件" in text_of(clerk.get(address(call, "missing")))
    assert clerk.get(address(call, "missing-pdf")).content.startswith(b"%PDF")


# slips


def test_a_slip_is_made_once_and_seen_by_who_delivered(
    clerk: Client, call: Call, cast: steps.Cast, sent: Application
) -> None:
    listed = sent.list_items.get().list
    district = signed_in(cast.heping_handler)
    before = text_of(district.get(reverse("desk:list-detail", args=(listed.reference,))))
    assert "还没有登记回执" in before
    scan(clerk, call, code(sent, 1))
    page = clerk.post(address(call, "paper-receipts"), {"sender": cast.heping.key}, follow=True)
    assert "回执 TJ10-R0001 已开具" in text_of(page)
    assert clerk.post(address(call, "paper-receipts"), {"sender": cast.heping.key}).status_code == 409
    assert clerk.post(address(call, "paper-receipts"), {"sender": "nobody"}).status_code == 404
    seen = district.get(reverse("desk:list-detail", args=(listed.reference,)))
    assert "第 1 份（7 月 3 日，登记员）" in text_of(seen)
    assert "TJ10-R0001（7 月 3 日）" in text_of(seen)
    link = reverse("desk:paper-receipt", args=("TJ10-R0001",))
    first, second = (b"".join(each.get(link).streaming_content) for each in (clerk, district))
    assert first == second and first.startswith(b"%PDF")
    assert signed_in(cast.other_handler).get(link).status_code == 404


def test_anybody_with_a_slip_sees_that_it_is_genuine_and_nothing_of_the_applications(
    clerk: Client, call: Call, cast: steps.Cast, sent: Application, settings: Any
) -> None:
    scan(clerk, call, code(sent, 1))
    slip = registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    settings.ADDRESS = "https://pilots.example.cn"
    text = encode(papers.slip_mark(slip), "T", key=keys()[0], address=papers.slip_address())
    assert text.startswith("HTTPS://PILOTS.EXAMPLE.CN/R/TJ10-R0001.V1P1N1T.")
    path = text.removeprefix("HTTPS://PILOTS.EXAMPLE.CN")
    page = Client().get(path)
    assert page.status_code == 200
    assert "这份回执是本系统开具的" in text_of(page)
    assert sent.name not in text_of(page) and sent.reference not in text_of(page)
    for wrong in (
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        "/r/x/",
        f"/R/{code(sent, 1).rpartition('/')[2]}",
    ):
        answer = Client().get(wrong)
        assert answer.status_code == 404
        assert "没有这个码的登记回执" in text_of(answer)
    assert PaperReceipt.objects.count() == 1
    typed = spoken(papers.slip_mark(slip), keys=keys())
    assert "真的" in text_of(Client().post(reverse("public:sheet-check"), {"text": typed}))


def test_guessing_the_code_of_a_slip_is_stopped(
    clerk: Client, call: Call, cast: steps.Cast, sent: Application
) -> None:
    cache.clear()
    scan(clerk, call, code(sent, 1))
    slip = registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    text = encode(papers.slip_mark(slip), "T", key=keys()[0])
    for guess in range(guessing.WRONG):
        assert Client().get(f"/R/{text[:-2]}{guess % 10}{guess // 10}").status_code in (200, 404)
    answers = [Client().get(f"/R/{text[:-3]}{guess:03d}").status_code for guess in range(3)]
    assert 429 in answers
    cache.clear()
    assert Client().get(f"/R/{text}").status_code == 200


def test_more_rows_cost_no_more_queries(
    cast: steps.Cast, call: Call, clerk: Client, sent: Application
) -> None:
    def counts() -> list[int]:
        found = []
        for name in ("registry", "paper", "missing", "paper-receipts"):
            with CaptureQueriesContext(connection) as queries:
                clerk.get(address(call, name))
            found.append(len(queries))
        return found

    scan(clerk, call, code(sent, 1))
    counts()
    few = counts()
    for _ in range(2):
        more = steps.dispatched(cast, call)[0]
        scan(clerk, call, code(more, 1))
        scan(clerk, call, code(more, 2))
    assert counts() == few
