"""The pages about lists: stale orders, letters, supplements, quotas, accounts, joint recommendations."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.definition import Quota
from shidian.calls.models import Call
from shidian.dispatch import actions as dispatch
from shidian.dispatch import ranking
from shidian.dispatch.models import CandidateList, Letter, QuotaWaiver
from shidian.dispatch.queries import entries, open_list
from shidian.reviews import joint
from shidian.reviews.models import JointRecommendation
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.dispatch.test_quotas import limit


def at(call: Call, name: str, key: str = "heping") -> str:
    return reverse(f"desk:{name}", args=(call.key, key))


def test_an_order_on_a_stale_page_is_refused_with_how_it_stands(cast: steps.Cast, call: Call) -> None:
    first, second = (steps.recommended(cast, call).reference for _ in range(2))
    client = signed_in(cast.heping_handler)
    seen = client.get(at(call, "list")).context["seen"]
    dispatch.rank(call, cast.heping, [second, first], by=cast.heping_handler)

    answer = client.post(
        at(call, "list"),
        {"seen": seen, f"rank-{first}": "1", f"rank-{second}": "2", f"remark-{first}": "我写的备注"},
    )

    page = text_of(answer)
    assert answer.status_code == 409
    assert "张经办" in page
    assert "我写的备注" in page  # what was typed is not lost
    assert [row.application.reference for row in entries(call, cast.heping)] == [second, first]


def test_the_first_order_of_a_list_is_kept(cast: steps.Cast, call: Call) -> None:
    first, second = (steps.recommended(cast, call).reference for _ in range(2))
    client = signed_in(cast.heping_handler)
    seen = client.get(at(call, "list")).context["seen"]

    answer = client.post(at(call, "list"), {"seen": seen, f"rank-{first}": "2", f"rank-{second}": "1"})

    assert answer.status_code == 302
    assert [row.application.reference for row in entries(call, cast.heping)] == [second, first]


def test_a_source_of_scores_offers_its_order(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [steps.recommended(cast, call) for _ in range(3)]
    monkeypatch.setitem(ranking.sources, "按平均分", lambda call, office: {rows[2].pk: 90.5, rows[0].pk: 80})
    client = signed_in(cast.heping_handler)
    assert "按平均分" in text_of(client.get(at(call, "list")))

    client.post(at(call, "list-score"), {"source": "按平均分"})

    order = [row.application.pk for row in entries(call, cast.heping)]
    assert order == [rows[2].pk, rows[0].pk, rows[1].pk]


def test_the_letter_is_written_and_wrong_input_is_kept(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    client = signed_in(cast.heping_handler)
    page = client.get(at(call, "letter"))
    assert "还没有起草" in text_of(page)
    values = {**page.context["form"].initial, "number": "津和", "body": "我写的正文"}

    wrong = client.post(at(call, "letter"), values)
    assert wrong.status_code == 422
    assert "我写的正文" in source_of(wrong)
    assert 'href="#id_number"' in source_of(wrong)
    assert not Letter.objects.exists()

    year = steps.today(call).year
    client.post(at(call, "letter"), values | {"number": f"津和市监函({year})5号"})
    assert Letter.objects.get().number == f"津和市监函〔{year}〕5号"
    assert client.get(at(call, "letter-draft-pdf")).content.startswith(b"%PDF")
    for name in ("letter-draft-docx", "list-draft-docx"):
        assert "word/document.xml" in ZipFile(BytesIO(client.get(at(call, name)).content)).namelist()
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    dispatch.confirm(listed, by=cast.heping_approver)
    for name in ("letter-pdf", "letter-docx", "list-docx"):
        assert client.get(reverse(f"desk:{name}", args=(listed.reference,))).status_code == 200


def test_a_supplement_is_written_on_its_page(cast: steps.Cast, call: Call) -> None:
    application, first = steps.dispatched(cast, call)
    client = signed_in(cast.heping_handler)
    change = {"act": "change", "reference": application.reference, "kind": "withdraw"}
    wrong = client.post(at(call, "supplement"), change)
    assert wrong.status_code == 422
    assert "请写明理由" in text_of(wrong)

    client.post(at(call, "supplement"), change | {"reason": "单位停办"})
    client.post(at(call, "supplement"), {"act": "why", "why": "情况变化"})

    page = text_of(client.get(at(call, "list")))
    assert "撤下，不再推荐" in page
    assert "提交审批" in page
    answer = client.post(at(call, "proposal"))
    assert answer.status_code == 302
    listed = CandidateList.objects.exclude(pk=first.pk).get()
    dispatch.confirm(listed, by=cast.heping_approver)
    dispatch.seal(listed, steps.scan(cast.heping_approver), by=cast.heping_approver)
    confirmation = signed_in(cast.heping_approver).get(reverse("desk:dispatch", args=(listed.reference,)))
    assert "撤下的 1 件回到本机构" in text_of(confirmation)
    dispatch.dispatch(CandidateList.objects.get(pk=listed.pk), by=cast.heping_approver)
    # The receiving office reads both lists and what is effective.
    city = signed_in(cast.commission_officer)
    page = text_of(city.get(reverse("desk:list-detail", args=(listed.reference,))))
    assert "单位停办" in page
    assert "情况变化" in page
    assert city.get(reverse("desk:effective-xlsx", args=(first.reference,))).status_code == 200


def test_more_than_the_quota_is_asked_for_and_waived(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(call, monkeypatch, Quota(maximum=1))
    for _ in range(2):
        steps.recommended(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(at(call, "list")))
    assert "本机构：2 件，名额 1 件，超过 1 件。" in page
    client.post(at(call, "waiver-asking"), {"reason": "两个都好"})
    listed = open_list(call, cast.heping)
    assert listed is not None

    city = signed_in(cast.commission_approver)
    page = text_of(city.get(at(call, "waivers", cast.commission.key)))
    assert "两个都好" in page
    refusal = reverse("desk:waiver-refusal", args=(listed.reference,))
    assert "马上通知对方" in text_of(city.get(refusal))
    assert city.post(refusal, {"reason": ""}).status_code == 422
    assert "已答复不同意" in text_of(city.post(refusal, {"reason": "请先减一件"}, follow=True))
    for page in (at(call, "list"), reverse("desk:list-detail", args=(listed.reference,))):
        assert "请先减一件" in text_of(client.get(page, follow=True))
    client.post(at(call, "waiver-asking"), {"reason": "两个都好，请再考虑"})
    assert "答复：不同意超额报送" not in text_of(client.get(at(call, "list")))
    url = reverse("desk:waiver", args=(listed.reference, "all"))
    assert signed_in(cast.other_handler).get(url).status_code == 404
    assert city.post(url, {"reason": ""}).status_code == 422
    city.post(url, {"reason": "同意", "file": BytesIO(steps.pdf_bytes())})
    waiver = QuotaWaiver.objects.get()
    assert waiver.file is not None
    assert city.get(reverse("desk:waiver-file", args=(waiver.pk,))).status_code == 200
    assert "已同意超额" in text_of(client.get(at(call, "list")))


def test_the_accounts_prove_themselves(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.dispatched(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(at(call, "reconciliation") + "?show=sent"))
    assert "全部相符" in page
    assert application.reference in page
    city = signed_in(cast.commission_officer)
    page = text_of(city.get(at(call, "reconciliation-all", cast.commission.key) + "?office=heping&show=sent"))
    assert "全部相符" in page
    assert application.name in page
    rows = sheet_of(city.get(at(call, "reconciliation-all-xlsx", cast.commission.key)))
    assert any("相符" in row for row in rows)
    listed.items.all().delete()
    assert "对不上" in text_of(client.get(at(call, "reconciliation")))
    assert "对不上" in text_of(city.get(at(call, "reconciliation-all", cast.commission.key)))


def test_two_offices_recommend_together(cast: steps.Cast, call: Call) -> None:
    kept = steps.recommended(cast, call)
    other = steps.signed(cast, call)
    applications.lodge(other, cast.sector, by=cast.lead_writer)
    district, sector = signed_in(cast.heping_handler), signed_in(cast.sector_officer)
    page = text_of(district.get(reverse("desk:alike", args=(kept.reference,))))
    assert "请其他机构联合推荐" in page
    url = reverse("desk:joint", args=(kept.reference,))
    assert district.post(url, {"to": "", "reason": "同一试点"}).status_code == 422
    district.post(url, {"to": cast.sector.key, "reason": "同一试点"})

    offer = joint.open_offers(cast.sector).get()
    assert kept.reference in text_of(sector.get(at(call, "joint-offers", cast.sector.key)))
    assert sector.get(reverse("desk:joint-form", args=(offer.pk,))).status_code == 200
    url = reverse("desk:joint-answer", args=(offer.pk,))
    assert other.reference in text_of(sector.get(url))
    sector.post(url, {"agreed": "yes", "merged": other.reference, "reason": "同意"})

    assert JointRecommendation.objects.get().merged == other
    assert Application.objects.get(pk=other.pk).state == "merged"
    assert cast.sector.name in text_of(district.get(reverse("desk:application", args=(kept.reference,))))
    assert kept.reference in text_of(sector.get(reverse("desk:application", args=(other.reference,))))
    assert "并入联合推荐" in text_of(sector.get(at(call, "applications", cast.sector.key)))
