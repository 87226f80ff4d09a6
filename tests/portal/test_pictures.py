"""Pictures of long answers on the applicants' screens."""

import html
import json
import re
from io import BytesIO

from shidian.applications import actions, pictures
from tests import steps
from tests.portal.pages import at, signed_in, text_of

TEXT = "一、目标\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 36 |\n[图：图1.png｜图 1]\n[图：没有.png]"


def illustrated(cast, call, text: str = TEXT):
    application = steps.start_filled(cast, call)
    slot = pictures.slot_of(call.package)
    actions.attach(application, slot, BytesIO(steps.png_bytes()), name="图1.png", by=cast.lead_writer)
    steps.write(application, cast.lead_writer, goals__goals=text)
    return application


def test_the_section_tells_the_editor_what_it_needs(cast, call):
    application = illustrated(cast, call)

    page = signed_in(cast.lead_writer).get(at("section", application, section="goals")).content.decode()

    told = json.loads(html.unescape(re.search(r'data-prose data-prose-pictures="([^"]*)"', page)[1]))
    assert told["names"] == ["图1.png"]
    assert told["left"] == pictures.slot_of(call.package).maximum - 1
    assert (told["slot"], told["accept"]) == ("figures", ".jpg,.jpeg,.jpe,.jfif,.png")
    assert told["upload"] == at("attachment-uploads", application)
    assert told["view"].replace("__name__", "a") == at("picture", application, picture="a")
    assert "已写 22 字" in page
    assert "data-prose-grammar" in page
    assert "图片“没有.png”没有上传" in page


def test_other_texts_have_no_editor(cast, call):
    application = illustrated(cast, call)

    page = text_of(signed_in(cast.lead_writer).get(at("section", application, section="plan")))

    assert "data-prose" not in page


def test_a_picture_is_served_by_its_name_to_those_who_see_its_attachment(cast, call):
    application = illustrated(cast, call)
    address = at("picture", application, picture="图1.png")

    mine = signed_in(cast.lead_writer).get(address)

    assert mine.headers["Content-Type"] == "image/jpeg"
    assert b"".join(mine.streaming_content).startswith(b"\xff\xd8")
    assert signed_in(cast.outsider).get(address).status_code == 404
    assert signed_in(cast.heping_handler).get(address).status_code == 404
    assert signed_in(cast.lead_writer).get(at("picture", application, picture="没有.png")).status_code == 404
    assert signed_in(cast.lead_writer).get(at("pictures", application)).json() == {
        "names": ["图1.png"],
        "left": 39,
    }


def test_taking_out_a_picture_that_a_text_shows_is_told(cast, call):
    application = illustrated(cast, call)
    row = application.attachments.get(slot="figures")
    other = application.attachments.exclude(slot="figures").first()
    client = signed_in(cast.lead_writer)

    assert "“试点预期实现工作目标”里用到了这张图片" in text_of(
        client.get(at("attachment-removal", application, pk=row.pk))
    )
    assert "用到了这张图片" not in text_of(client.get(at("attachment-removal", application, pk=other.pk)))


def test_a_frozen_version_shows_blocks_and_its_own_pictures(cast, call):
    application = illustrated(cast, call, TEXT.replace("\n[图：没有.png]", ""))
    version = actions.freeze(application, by=cast.lead_writer)
    sha256 = next(row["sha256"] for row in version.data["attachments"] if row["slot"] == "figures")

    client = signed_in(cast.lead_writer)
    page = text_of(client.get(at("version", application, number=1)))
    locked = text_of(client.get(at("section", application, section="goals")))

    assert f'<img src="{at("version-file", application, number=1, sha256=sha256)}" alt="图 1"' in page
    for shown in (page, locked):
        assert '<th scope="col">项数</th>' in shown
        assert "[图：" not in shown


def test_the_history_of_a_field_shows_rows_without_bars(cast, call):
    application = illustrated(cast, call)

    page = text_of(
        signed_in(cast.lead_writer).get(at("field-history", application, section="goals", field="goals"))
    )

    assert "2022 ｜ 36" in page
    assert "| 2022 |" not in page
