"""Files in their slots."""

import io

from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of


def file(name="证书.pdf", pages=1):
    content = io.BytesIO(steps.pdf_bytes(pages))
    content.name = name
    return content


def test_a_slot_shows_its_rules_and_takes_several_files_until_it_is_full(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    address = at("attachments", application)

    page = text_of(client.get(address))
    answer = client.post(
        address, {"slot": "registration", "files": [file("二.pdf", 2), file("三.pdf", 3), file("四.pdf", 4)]}
    )

    assert "还能放 2 个" in page
    assert answer.status_code == 200
    assert title_of(answer).startswith("错误：")
    assert "“四.pdf”没有收下：“法人登记证书”最多 3 个文件" in text_of(answer)
    assert application.attachments.filter(slot="registration").count() == 3
    assert "已经放满" in text_of(client.get(address))


def test_uploading_nothing_is_explained(cast, call):
    application = steps.start_filled(cast, call)

    page = signed_in(cast.lead_writer).post(at("attachments", application), {"slot": "credit"})

    assert "请先为“信用查询结果”选择文件" in text_of(page)


def test_an_unknown_slot_is_404(cast, call):
    application = steps.start_filled(cast, call)

    answer = signed_in(cast.lead_writer).post(at("attachments", application), {"slot": "x", "files": file()})

    assert answer.status_code == 404


def test_a_file_is_taken_out_after_asking(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    row = application.attachments.first()
    address = at("attachment-removal", application, pk=row.pk)

    page = text_of(client.get(address))
    client.post(address)

    assert f"删去“{row.file.name}”" in page
    assert not application.attachments.filter(pk=row.pk).exists()
    assert client.get(address).status_code == 404


def test_a_frozen_application_takes_and_loses_no_file(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)
    row = application.attachments.first()

    assert "现在只能看" in text_of(client.get(at("attachments", application)))
    assert client.post(at("attachment-removal", application, pk=row.pk)).status_code == 409
    added = client.post(at("attachments", application), {"slot": "other", "files": file()})
    assert "不能" in text_of(added) or "重新打开" in text_of(added)
    assert application.attachments.count() == 2
