"""Loading lists of units at the desk, and what the offices see of them."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.organisations.models import Watchlist
from shidian.reviews import watchlists as verbs
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.organisations.test_watchlists import CODE, HEAD, LINE, csv_of, xlsx_of

NEW = "desk:watchlist-new"


def at(name: str, watchlist: Watchlist) -> str:
    return reverse(f"desk:{name}", args=(watchlist.pk,))


def upload(client: Client, content: bytes, name: str = "名录.csv", **given: str) -> Any:
    data = {"kind": "abnormal", "source": "公示系统", "as_of": "2023-06-30", **given}
    return client.post(reverse(NEW), {**data, "file": SimpleUploadedFile(name, content)}, follow=True)


def only() -> Watchlist:
    return Watchlist.objects.get()


def test_a_file_is_read_shown_and_loaded_once_confirmed(cast: steps.Cast) -> None:
    client = signed_in(cast.commission_officer)
    answer = upload(client, csv_of(HEAD, LINE, ",,没有名称", encoding="gb18030").getvalue())
    words = text_of(answer)
    assert "读出 2 行，1 行可以载入" in words
    assert "第 3 行 没有名称，也没有代码" in words
    assert "统一社会信用代码→ 统一社会信用代码" in words
    assert "未按时公示年度报告" in words
    assert "GB18030 编码" in words
    assert only().state == "received"
    answer = client.post(at("watchlist-confirmation", only()), {"mark": verbs.mark(only())}, follow=True)
    assert "从现在起比对用这一份" in text_of(answer)
    assert "天津市示范（集团）有限公司" in text_of(answer)
    assert only().state == "current"
    page = text_of(client.get(reverse("desk:watchlists")))
    assert "公示系统 2023 年 6 月 30 日 1" in page
    assert "严重违法失信名单 没有载入，审查页上写明没有比对" in page


def test_a_sheet_is_taken_too(cast: steps.Cast) -> None:
    rows = xlsx_of(["名称", "代码"], ["示范中心", CODE]).getvalue()
    answer = upload(signed_in(cast.administrator), rows, name="名录.xlsx")
    assert "读出 1 行，1 行可以载入" in text_of(answer)
    assert "系统管理" in text_of(answer)


@pytest.mark.parametrize(
    ("given", "content", "name", "words"),
    [
        ({"kind": ""}, b"x", "a.csv", "请选择是哪种名单"),
        ({"source": ""}, b"x", "a.csv", "请写名单的来源"),
        ({"as_of": "昨天"}, b"x", "a.csv", "日期的写法不对，请写成 2023-07-10"),
        ({"as_of": "2030-01-01"}, b"a,b", "a.csv", "截至日期不能晚于今天"),
        ({}, b"", "a.csv", "文件是空的"),
        ({}, b"\0\1", "a.csv", "不是 CSV"),
        ({}, b"%PDF", "a.pdf", "只收 CSV 和 Excel"),
        ({}, b"PK\3\4xxxx", "a.xlsx", "没有收下"),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_the_rest_stays(
    cast: steps.Cast, given: dict[str, str], content: bytes, name: str, words: str
) -> None:
    answer = upload(signed_in(cast.commission_officer), content, name, **given)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "<title>错误：" in source_of(answer)
    if "source" not in given:
        assert 'value="公示系统"' in source_of(answer)
    assert not Watchlist.objects.exists()


def test_columns_are_said_by_hand(cast: steps.Cast) -> None:
    client = signed_in(cast.commission_officer)
    upload(client, f"甲,乙\n示范中心,{CODE}".encode())
    page = client.get(at("watchlist", only()))
    assert "没有认出名称或者代码在哪一列" in text_of(page)
    assert "确认，载入" not in text_of(page)
    wrong = client.post(at("watchlist-columns", only()), {"head": "第一行", "name": "0", "code": "1"})
    assert wrong.status_code == 422
    assert "表头在第几行，请写 0 至 20 的数字" in text_of(wrong)
    same = client.post(at("watchlist-columns", only()), {"head": "1", "name": "0", "code": "0"})
    assert "指定了同一列" in text_of(same)
    none = client.post(at("watchlist-columns", only()), {"head": "0"})
    assert "至少要指定一列" in text_of(none)
    answer = client.post(
        at("watchlist-columns", only()), {"head": "1", "name": "0", "code": "1"}, follow=True
    )
    assert "读出 1 行，1 行可以载入" in text_of(answer)
    assert only().reading["columns"] == {"name": 0, "code": 1}


def test_a_confirmation_of_something_else_loads_nothing(cast: steps.Cast) -> None:
    client = signed_in(cast.commission_officer)
    found = steps.watchlist(cast, load=False)
    answer = client.post(at("watchlist-confirmation", found), {"mark": "other"}, follow=True)
    assert "列的对应刚才有人改过" in text_of(answer)
    assert only().state == "received"


def test_giving_up_withdrawing_and_taking_back(cast: steps.Cast) -> None:
    client = signed_in(cast.commission_officer)
    found = steps.watchlist(cast, load=False)
    assert "没有载入这份文件" in text_of(client.post(at("watchlist-discarding", found), follow=True))
    found = steps.watchlist(cast, f"示范中心,{CODE},地址不符,2023-05-04")
    again = client.get(at("watchlist-reinstatement", found))
    assert "现在不能办" in text_of(again)
    assert client.post(at("watchlist-withdrawal", found), {"reason": ""}).status_code == 422
    answer = client.post(at("watchlist-withdrawal", found), {"reason": "载错了"}, follow=True)
    assert "已撤下，不再比对" in text_of(answer)
    assert "撤下：载错了" in text_of(answer)
    steps.watchlist(cast)
    refused = client.post(at("watchlist-reinstatement", found), {"reason": "试"})
    assert "请先撤下它" in text_of(refused)
    Watchlist.objects.get(pk=found.pk)


def test_rows_are_found_and_files_taken_along(cast: steps.Cast) -> None:
    client = signed_in(cast.commission_officer)
    found = steps.watchlist(
        cast, f"示范（集团）中心,{CODE},地址不符,2023-05-04", "另一单位,,,", ",,没有名称,"
    )
    words = text_of(client.get(at("watchlist", found), {"q": "示范(集团)"}))
    assert "找到 1 条" in words
    assert "找到 1 条" in text_of(client.get(at("watchlist", found), {"q": CODE[:10].lower()}))
    assert "没有找到" in text_of(client.get(at("watchlist", found), {"q": "查无"}))
    assert sheet_of(client.get(at("watchlist-wrong", found))) == [
        ["行号", "原因"],
        [4.0, "没有名称，也没有代码"],
    ]
    original = client.get(at("watchlist-file", found))
    assert b"".join(original.streaming_content).decode().startswith("企业名称,")
    assert original.headers["Content-Disposition"].startswith("attachment")
    progress = client.get(at("watchlist-progress", found)).json()
    assert progress == {"done": 2, "total": 2, "words": "已载入 2 行，共 2 行", "finished": True}


@pytest.mark.parametrize(
    "who", ["heping_handler", "sector_officer", "institute_clerk", "lead_writer", "auditor"]
)
def test_others_do_not_see_that_the_pages_are_there(cast: steps.Cast, who: str) -> None:
    found = steps.watchlist(cast)
    client = signed_in(getattr(cast, who))
    for name in ("watchlists", "watchlist-new"):
        assert client.get(reverse(f"desk:{name}")).status_code == 404
    for name in (
        "watchlist",
        "watchlist-file",
        "watchlist-wrong",
        "watchlist-progress",
        "watchlist-withdrawal",
    ):
        assert client.get(at(name, found)).status_code == 404


def review(user: User, reference: str) -> str:
    return text_of(signed_in(user).get(reverse("desk:application", args=(reference,))))


def test_the_office_sees_matches_with_source_and_day_and_decides_itself(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    nothing = review(cast.heping_handler, found.reference)
    assert "没有载入经营异常名录、严重违法失信名单，没有比对" in nothing
    steps.watchlist(cast, f"某单位,{cast.lead.code},未按时公示年度报告,2023年5月4日")
    words = review(cast.heping_handler, found.reference)
    for part in (
        "已载入的名单：经营异常名录（国家企业信用信息公示系统，截至 2023 年 6 月 30 日）",
        "没有载入严重违法失信名单，没有比对",
        f"承担单位“{cast.lead.name}”： 找到 1 条",
        "比中 代码相同，名单上的名称是“某单位”",
        "列入原因 未按时公示年度报告",
        "列入日期 2023-05-04",
        "来源 国家企业信用信息公示系统，截至 2023 年 6 月 30 日，文件第 2 行",
        "是不是同一单位、有没有影响，请您判断",
        "没有在已载入的名单中找到：",
        "保证单位“和平区示范人民政府”",
    ):
        assert part in words
    listed = text_of(
        signed_in(cast.heping_handler).get(reverse("desk:applications", args=(call.key, cast.heping.key)))
    )
    assert "名单中有记录：" in listed
    steps.judge(found, cast.heping_handler)
    assert "推荐" in review(cast.heping_handler, found.reference)


def test_the_auditor_sees_the_matches_and_the_applicant_does_not(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    steps.watchlist(cast, f"某单位,{cast.lead.code},地址不符,")
    assert "比中 代码相同" in review(cast.auditor, found.reference)
    client = signed_in(cast.lead_writer)
    for name in ("application", "history", "check"):
        answer = client.get(reverse(f"portal:{name}", kwargs={"reference": found.reference}), follow=True)
        assert "地址不符" not in text_of(answer)
        assert "比中" not in text_of(answer)


def test_the_files_stand_beside_the_answers_that_they_prove(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    words = review(cast.heping_handler, found.reference)
    assert words.count("材料：法人登记证书.pdf") == 2
    assert "没有上传材料" in words


def test_the_way_to_the_lists(cast: steps.Cast) -> None:
    here = f'href="{reverse("desk:watchlists")}"'
    assert here in source_of(signed_in(cast.commission_officer).get(reverse("desk:home")))
    assert here in source_of(signed_in(cast.administrator).get(reverse("desk:administration")))
    assert here not in source_of(signed_in(cast.heping_handler).get(reverse("desk:home")))


def test_a_file_above_the_limit_is_told(cast: steps.Cast, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 100
    answer = upload(signed_in(cast.commission_officer), b"x" * 500)
    assert answer.status_code == 422
    assert "一个也没有接收" in text_of(answer)


def test_a_later_list_with_an_earlier_day_is_pointed_out(cast: steps.Cast) -> None:
    steps.watchlist(cast)
    watchlist = verbs.receive(
        BytesIO(csv_of(HEAD, LINE).getvalue()),
        name="旧.csv",
        kind=Watchlist.Kind.ABNORMAL,
        source="国家企业信用信息公示系统",
        as_of=date(2022, 1, 1),
        by=cast.commission_officer,
    )
    words = text_of(signed_in(cast.commission_officer).get(at("watchlist", watchlist)))
    assert "这一份的截至日期更早，请核对" in words
