"""The pages of the inboxes, as a unit and an office see them."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from django.urls import reverse

from shidian.documents import inbox as scans
from shidian.documents.inbox import Inbox
from shidian.documents.models import BoxJudgement, PageFiling, Scan, ScanPage, ScanReading, SealBox
from shidian.signoffs.models import Signature
from tests import scanning, steps
from tests.portal.pages import at, hidden, signed_in, text_of, title_of


@pytest.fixture
def application(cast, call):
    return steps.frozen(cast, call)


@pytest.fixture
def client(cast):
    return signed_in(cast.lead_writer)


@pytest.fixture
def row(cast, application):
    """A filed page with the first party's box."""
    return steps.laid_in(Inbox(unit=cast.lead), application.version, cast.lead_writer)


def address(cast, name="scans", **more):
    return reverse(f"portal:{name}", kwargs={"unit": cast.lead.pk, **more})


def file(name, content):
    given = BytesIO(content)
    given.name = name
    return given


# Throwing in


def test_an_empty_inbox_says_so(cast, client, application):
    page = text_of(client.get(address(cast)))

    assert "还没有交来过扫描件" in page
    assert "没有页" in text_of(client.get(address(cast, "scan-pile", pile="all")))
    assert client.get(address(cast, "scan-pile", pile="nothing")).status_code == 404


def test_several_files_come_in_one_post_and_lead_to_their_result(cast, client, application):
    prints = scanning.one(application)
    pile = hidden(client.get(address(cast)), "pile")
    files = [
        file("第一页.jpg", scanning.spoiling.jpeg(prints.page(1))),
        file("其余.pdf", scanning.pdf([prints.page(2), prints.page(3)])),
    ]

    answer = client.post(address(cast), {"files": files, "pile": pile})

    assert answer.url == address(cast, "scan-pile", pile=pile)
    page = text_of(client.get(answer.url))
    assert "归好 3 页" in page
    assert "缺 2 页：第 4–5 页" in page
    assert "其余.pdf" in page
    assert client.get(address(cast, "scan-progress", pile=pile)).json()["finished"] is True
    assert "等 2 个文件" in text_of(client.get(address(cast)))


def test_a_bad_file_is_named_and_the_good_ones_are_kept(cast, client, application):
    files = [
        file("好.jpg", steps.jpeg_bytes()),
        file("坏.pdf", b"%PDF-1.7 nothing"),
        file("话.txt", b"hello"),
    ]

    answer = client.post(address(cast), {"files": files, "pile": "mine"}, follow=True)

    page = text_of(answer)
    assert "“坏.pdf”没有收下：" in page
    assert "“话.txt”没有收下：" in page
    assert [scan.file.name for scan in Scan.objects.all()] == ["好.jpg"]


@pytest.mark.parametrize("posted", [{}, {"files": [("坏.pdf", b"%PDF-1.7 nothing")]}])
def test_nothing_good_is_an_error_at_its_field(cast, client, posted):
    data = {name: [file(*each) for each in given] for name, given in posted.items()}

    answer = client.post(address(cast), data)

    assert answer.status_code == 422
    assert title_of(answer).startswith("错误：")
    assert 'aria-invalid="true"' in text_of(answer)
    assert not Scan.objects.exists()


def test_more_than_a_form_may_bring_is_refused_in_words(cast, client, settings):
    settings.UPLOAD_LIMIT = 10_000

    answer = client.post(address(cast), {"files": [file("大.jpg", steps.jpeg_bytes())]})

    assert answer.status_code == 422
    assert "合计超过" in text_of(answer)


def test_a_large_file_comes_in_pieces_into_its_pile(cast, client, application):
    content = scanning.pdf([scanning.one(application).page(1)])
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in {"filename": "分段.pdf", "slot": "mypile"}.items()
    )
    headers = {"HTTP_TUS_RESUMABLE": "1.0.0"}
    made = client.post(
        address(cast, "scan-uploads"), HTTP_UPLOAD_LENGTH=str(len(content)), HTTP_UPLOAD_METADATA=metadata, **headers
    )  # fmt: skip
    assert made.status_code == 201, made.content

    for start in range(0, len(content), 100_000):
        answer = client.generic(
            "PATCH", made["Location"], content[start : start + 100_000],
            content_type="application/offset+octet-stream", HTTP_UPLOAD_OFFSET=str(start), **headers,
        )  # fmt: skip
        assert answer.status_code == 204

    assert client.get(made["Location"]).json()["stands"] == "taken"
    scan = Scan.objects.get()
    assert (scan.pile, scan.unit, scan.pages.count()) == ("mypile", cast.lead, 1)
    assert "刚才收下 1 个文件" in text_of(client.get(address(cast)))


def test_who_may_only_look_is_told_why(cast, call):
    application = steps.lodged(cast, call)
    steps.laid_in(Inbox(office=cast.heping), application.version, cast.heping_handler)
    approver = signed_in(cast.heping_approver)
    url = reverse("desk:scans", kwargs={"office": cast.heping.key})

    assert "您可以看，不能收件" in text_of(approver.get(url))
    assert approver.post(url, {"files": [file("好.jpg", steps.jpeg_bytes())]}).status_code == 403
    assert Scan.objects.count() == 1


def test_reading_that_goes_on_is_shown_and_one_that_failed_is_tried_again(cast, client, row, monkeypatch):
    url = address(cast, "scan-pile", pile="pile")

    shown = text_of(client.get(url))
    assert "正在识别" in shown
    assert client.get(address(cast, "scan-progress", pile="pile")).json()["finished"] is False
    found = ScanReading.objects.get()
    scans.move(found, "begin", by=scans.SYSTEM)
    scans.move(found, "fail", by=scans.SYSTEM, fault="读到一半断了")

    assert "读到一半断了" in text_of(client.get(url))
    assert client.post(url, {"again": found.pk}).status_code == 302
    found.refresh_from_db()
    assert found.state == "done"
    assert client.post(url, {"again": found.pk}).status_code == 404


# One page


def test_pages_are_matched_one_after_the_other(cast, client, application):
    whole = scanning.one(application).whole()
    sheets = [whole[0], scanning.without_marks(whole[1]), scanning.without_marks(whole[2]), whole[3]]
    rows = scanning.throw(
        Inbox(unit=cast.lead), cast.lead_writer, ("认.pdf", scanning.pdf(scanning.scanned(sheets)))
    )
    first = address(cast, "scan-page", pk=rows[1].pk)
    assert f'href="{first}"' in text_of(client.get(address(cast, "scan-pile", pile="pile")))

    page = client.get(first)
    assert 'data-key="j"' in text_of(page)
    assert "归到第 2 页" in text_of(page)
    assert "归到第 3 页" in text_of(client.get(f"{first}?at=2"))
    answer = client.post(first, {"do": "file", "candidate": hidden(page, "candidate")})
    assert answer.url == address(cast, "scan-page", pk=rows[2].pk)
    answer = client.post(
        answer.url, {"do": "file", "version": application.version_id, "page": "3", "copy": ""}
    )

    assert answer.url == address(cast, "scan-pile", pile="pile")
    assert [row.filing.page for row in ScanPage.objects.order_by("number")] == [1, 2, 3, 4]
    assert "缺 1 页：第 5 页" in text_of(client.get(answer.url))


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"page": ""}, "请填写是申请书的第几页"),
        ({"page": "99"}, "没有第 99 页"),
        ({"version": "999"}, "请选择"),
    ],
)
def test_a_wrong_choice_is_told_and_nothing_is_filed(cast, client, application, row, posted, words):
    client.post(address(cast, "scan-page", pk=row.pk), {"do": "take_back"})
    data = {"do": "file", "version": application.version_id, "page": "2", "copy": "", **posted}

    answer = client.post(address(cast, "scan-page", pk=row.pk), data)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert PageFiling.objects.filter(kind="filed").count() == 1


@pytest.mark.parametrize(
    "posted", [{}, {"do": "burn"}, {"do": "file", "candidate": "1"}, {"do": "file", "candidate": "a-b-c-d-e"}]
)
def test_made_up_posts_do_nothing(cast, client, row, posted):
    assert client.post(address(cast, "scan-page", pk=row.pk), posted).status_code in (404, 422)

    assert PageFiling.objects.get() == row.filing


def test_a_page_is_confirmed_taken_out_and_set_aside(cast, client, row):
    url = address(cast, "scan-page", pk=row.pk)
    assert "机器归页" in text_of(client.get(url))

    client.post(url, {"do": "confirm"})
    assert "人工归页" in text_of(client.get(url))
    assert client.post(url, {"do": "take_back"}).url == url
    assert "这一张是哪一页" in text_of(client.get(url))
    client.post(url, {"do": "aside"})

    assert "不属于这里" in text_of(client.get(url))


def test_pages_of_others_are_not_there(cast, call, application, row):
    other = signed_in(cast.outsider)
    theirs = {"unit": cast.other_unit.pk}
    box = row.boxes.get()
    for name, more in (
        ("scan-page", {"pk": row.pk}),
        ("scan-picture", {"pk": row.pk}),
        ("scan-file", {"pk": row.scan_id}),
        ("scan-box", {"pk": box.pk}),
        ("scan-boxes", {"version": application.version_id}),
        ("scan-print", {"version": application.version_id, "number": 1}),
        ("scan-copy", {"version": application.version_id, "copy": 0}),
        ("scan-pile", {"pile": "pile"}),
    ):
        assert other.get(reverse(f"portal:{name}", kwargs=theirs | more)).status_code == 404, name


def test_a_foreign_page_does_not_say_whose_it_is(cast, application):
    box = Inbox(unit=cast.other_unit)
    row = steps.laid_in(box, application.version, cast.outsider)
    other = signed_in(cast.outsider)

    for name, more in (("scan-pile", {"pile": "pile"}), ("scan-page", {"pk": row.pk})):
        page = text_of(other.get(reverse(f"portal:{name}", kwargs={"unit": cast.other_unit.pk, **more})))
        assert "不属于这里" in page
        for secret in (application.reference, application.name, cast.lead.name, application.version.code):
            assert secret not in page


# Boxes, opinions, statement


def test_each_box_is_judged_by_one_key_and_the_next_one_is_marked(cast, client, application, row):
    url = address(cast, "scan-boxes", version=application.version_id)
    page = text_of(client.get(url))
    assert [page.count(f'data-key="{key}"') for key in "jkl"] == [1, 1, 1]
    assert "还有 3 处" in page
    box = row.boxes.get()

    for part, seen in (("seal", "present"), ("signature", "absent"), ("day", "unclear")):
        answer = client.post(url, {"box": box.pk, "part": part, "seen": seen})
        assert answer.url == f"{url}#now"

    page = text_of(client.get(url))
    assert "3 处都看过了" in page
    assert "data-key" not in page
    assert set(BoxJudgement.objects.values_list("part", "seen", "by")) == {
        ("seal", "present", cast.lead_writer.pk),
        ("signature", "absent", cast.lead_writer.pk),
        ("day", "unclear", cast.lead_writer.pk),
    }
    assert client.post(url, {"box": box.pk, "part": "nose", "seen": "present"}).status_code == 404
    assert client.post(url, {"box": 0, "part": "seal", "seen": "present"}).status_code == 404


def test_the_board_leads_to_the_opinion_with_the_scan_in_its_place(cast, client, application, row):
    party = application.version.round.parties.first()
    address_of_form = f"{at('opinion', application, party=party.pk)}?page={row.pk}"
    assert f'href="{address_of_form}"' in text_of(client.get(at("application", application)))
    page = client.get(address_of_form)
    assert "扫描件已经在了" in text_of(page)

    wrong = client.post(at("opinion", application, party=party.pk), {"decision": "agree", "page": row.pk})
    assert title_of(wrong).startswith("错误：")
    assert hidden(wrong, "page") == str(row.pk)
    right = {
        "decision": "agree",
        "signatory": "李负责",
        "capacity": "",
        "signed_on": "2023-07-03",
        "opinion": "",
        "page": hidden(page, "page"),
    }
    answer = client.post(at("opinion", application, party=party.pk), right)

    assert answer.status_code == 302
    assert Signature.objects.get().scan == row.picture


def test_a_page_of_another_inbox_is_no_scan_of_an_opinion(cast, client, application):
    party = application.version.round.parties.first()
    theirs = steps.laid_in(Inbox(unit=cast.other_unit), application.version, cast.outsider)

    page = client.post(
        at("opinion", application, party=party.pk),
        {"decision": "agree", "signatory": "甲", "signed_on": "2023-07-03", "page": theirs.pk},
    )

    assert "请选择盖章页的扫描件或者照片" in text_of(page)
    assert not Signature.objects.exists()


def test_an_office_records_a_later_opinion_from_its_own_scan(cast, call):
    application = steps.at_last_stage_waiting(cast, call)
    box = Inbox(office=cast.commission)
    party = application.version.round.parties.get(gate=call.definition.destination.key)
    row = steps.laid_in(box, application.version, cast.commission_officer, party=party.position)
    office = signed_in(cast.commission_officer)
    url = reverse("desk:opinion", args=(application.reference, party.pk))

    page = office.get(f"{url}?page={row.pk}")
    assert "扫描件已经在了" in text_of(page)
    answer = office.post(
        url,
        {
            "decision": "agree",
            "signatory": "市委负责人",
            "capacity": "",
            "signed_on": steps.today(call).isoformat(),
            "opinion": "",
            "page": row.pk,
        },
    )

    assert answer.status_code == 302, text_of(answer)
    assert Signature.objects.get(party=party).scan == row.picture


def test_a_copy_is_stated_with_its_digest_and_what_is_missing(cast, client, application, row):
    page = text_of(client.get(address(cast, "scan-copy", version=application.version_id, copy=0)))

    assert "不能说与电子版相同" in page
    assert "缺第 1–4 页" in page
    assert application.version.digest in page
    missing = address(cast, "scan-copy", version=application.version_id, copy=3)
    assert client.get(missing).status_code == 404


def test_where_the_pixels_differ_is_drawn(cast, client, application):
    sheet = scanning.spoiling.written(scanning.one(application).page(3), 90, 120, "13900001111", height=6)
    (row,) = scanning.throw(Inbox(unit=cast.lead), cast.lead_writer, ("改.pdf", scanning.pdf([sheet])))
    url = address(cast, "scan-page", pk=row.pk)
    assert '<rect class="sheet-differs"' in text_of(client.get(url))
    client.post(url, {"do": "confirm"})

    copy = address(cast, "scan-copy", version=application.version_id, copy=0)

    assert "有出入" in text_of(client.get(copy))
    assert '<rect class="sheet-differs"' not in text_of(client.get(copy))
    assert '<rect class="sheet-differs"' in text_of(client.get(f"{copy}?differences=1"))


def test_the_office_reads_what_was_seen_on_the_sealed_page(cast, call, client, application, row):
    from shidian.applications import inbox
    from shidian.applications.actions import lodge
    from shidian.calls.queries import gates_until

    party = application.version.round.parties.first()
    inbox.record_opinion_of(
        row,
        application,
        party,
        by=cast.lead_writer,
        decision=Signature.Decision.AGREE,
        signatory="李负责",
        signed_on=steps.today(call),
    )
    steps.sign(application, gates_until(call, call.definition.stages[0].key), cast.lead_writer)
    lodge(steps.fresh(application), cast.heping, by=cast.lead_writer)
    inbox.judge(row.boxes.get(), SealBox.Part.SIGNATURE, SealBox.Seen.PRESENT, by=cast.lead_writer)

    page = text_of(
        signed_in(cast.heping_handler).get(reverse("desk:application", args=(application.reference,)))
    )

    assert "盖章：有（机器）；签名：有（人工）；日期：没有（机器）" in page
