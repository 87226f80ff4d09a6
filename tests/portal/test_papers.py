"""The official form as PDF, and a version as a page."""

import pypdfium2

from shidian.applications import actions
from tests import steps
from tests.portal.pages import at, signed_in, text_of


def words(content):
    with pypdfium2.PdfDocument(content) as pdf:
        return "".join(page.get_textpage().get_text_range() for page in pdf)


def test_the_draft_carries_its_watermark_and_the_frozen_form_does_not(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    draft = client.get(at("form", application)).content
    actions.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    clean = b"".join(client.get(at("form", application)).streaming_content)
    same = b"".join(client.get(at("version-form", application, number=1)).streaming_content)

    assert "草稿" in words(draft).replace("\r\n", "")
    assert "草稿" not in words(clean)
    assert application.version.code in words(clean)
    assert clean == same


def test_a_version_is_read_as_it_was_frozen(cast, call):
    application = steps.signed(cast, call)
    client = signed_in(cast.lead_writer)
    actions.reopen(application, by=cast.lead_writer, reason="改")
    steps.write(application, cast.lead_writer, cover__contact="新联系人")

    page = text_of(client.get(at("version", application, number=1)))

    assert "新联系人" not in page
    assert "王经办" in page
    assert application.version.digest in page
    assert "会签已失效" in page
    assert page.count("已同意") == 3
    file = application.version.data["attachments"][0]
    answer = client.get(at("version-file", application, number=1, sha256=file["sha256"]))
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert client.get(at("version-file", application, number=1, sha256="0" * 64)).status_code == 404
    assert client.get(at("version", application, number=7)).status_code == 404


def test_files_are_sent_so_that_nothing_in_them_runs(cast, call):
    import io

    application = steps.start_filled(cast, call)
    slot = next(each for each in call.definition.attachments if "png" in each.formats and each.maximum > 1)
    actions.attach(application, slot, io.BytesIO(steps.png_bytes()), name="照片.png", by=cast.lead_writer)
    picture = application.attachments.get(file__name="照片.png")
    client = signed_in(cast.lead_writer)

    answer = client.get(at("attachment-file", application, pk=picture.pk))
    saved = client.get(at("attachment-file", application, pk=picture.pk) + "?download")

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_draft_that_was_never_frozen_has_no_form_for_an_office(cast, call):
    application = steps.start_filled(cast, call)

    assert signed_in(cast.heping_handler).get(at("form", application)).status_code == 404
