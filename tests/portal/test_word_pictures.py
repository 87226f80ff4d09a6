"""Pictures and tables of long answers in an uploaded Word file: looked at first, taken into the slot by choice."""

from __future__ import annotations

import copy
import io
import re
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from PIL import Image, ImageDraw

from shidian.applications import actions, pictures, word_form
from shidian.applications.queries import answers
from shidian.documents.models import StoredFile
from tests import steps
from tests.documents.word import corpus
from tests.documents.word.conftest import office  # noqa: F401 (a fixture)
from tests.portal.pages import at, signed_in, text_of
from tests.portal.test_word import numbers, uploaded


def drawing(
    words: str = "1", *, kind: str = "PNG", size: tuple[int, int] = (620, 400), quality: int = 85
) -> bytes:
    image = Image.new("RGB", (620, 400), "white")
    draw = ImageDraw.Draw(image)
    for number, word in enumerate(words):
        draw.rectangle((40 + 150 * number, 100, 160 + 150 * number, 300), outline="black", width=4)
        draw.text((70 + 150 * number, 150), word, fill="black", font_size=64)
    out = io.BytesIO()
    image.resize(size).save(out, kind, quality=quality)
    return out.getvalue()


def box(document: Any, words: str) -> Any:
    """The innermost cell that begins with these words."""
    return next(
        cell
        for table in document.tables
        for row in table.rows
        for cell in row.cells
        if cell.text.startswith(words)
    )


def bytes_of(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_pictures(application: Any, *given: tuple[bytes, str], words: str = "目标。") -> bytes:
    """The draft as Word, with pictures put under the goals, each with its caption."""
    document = docx.Document(io.BytesIO(word_form.draft_docx(application)))
    cell = box(document, words)
    for content, caption in given:
        cell.add_paragraph().add_run().add_picture(io.BytesIO(content), width=Mm(60))
        if caption:
            cell.add_paragraph(caption)
    return bytes_of(document)


def started(cast: Any, call: Any, goals: str = "目标。") -> Any:
    application = steps.start_filled(cast, call)
    steps.write(application, cast.lead_writer, goals__goals=goals)
    return application


def add(cast: Any, application: Any, name: str, content: bytes) -> Any:
    slot = pictures.slot_of(application.call.package)
    assert slot is not None
    return actions.attach(application, slot, io.BytesIO(content), name=name, by=cast.lead_writer)


def goals(application: Any) -> str:
    return str(answers(application)["goals"]["goals"])


def post(client: Any, address: str, *paths: str, **more: str) -> Any:
    given = {"numbers": numbers(client.get(address)), "take": list(paths), "do": "ticked", **more}
    return client.post(address, given)


def names(application: Any) -> list[str]:
    return list(pictures.present(application))


def test_a_picture_is_shown_first_and_stored_when_the_answer_is_taken(cast, call):
    application = started(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, with_pictures(application, (drawing("abc"), "图1 流程")))
    kept = StoredFile.objects.count()

    page = client.get(address)
    shown = re.findall(r'<img src="([^"]+)"', page.content.decode())

    assert "采用时，其中 1 张图片放进“插图”：图片1.png。" in text_of(page)
    assert client.get(shown[0])["Content-Type"] == "image/jpeg"
    assert (names(application), StoredFile.objects.count(), goals(application)) == ([], kept, "目标。")

    assert post(client, address, "goals.goals").status_code == 302
    assert names(application) == ["图片1.png"]
    assert goals(application) == "目标。\n[图：图片1.png｜图1 流程]"
    assert pictures.present(application)["图片1.png"].open().read() == drawing("abc")


def test_a_field_that_is_not_taken_brings_no_picture(cast, call):
    application = started(cast, call)
    client = signed_in(cast.lead_writer)
    content = with_pictures(application, (drawing(), ""))
    document = docx.Document(io.BytesIO(content))
    box(document, str(answers(application)["lead"]["legal_head"])).paragraphs[0].runs[0].text = "新负责人"

    answer = post(client, uploaded(client, application, bytes_of(document)), "lead.legal_head")

    assert answer.status_code == 302
    assert answers(application)["lead"]["legal_head"] == "新负责人"
    assert (names(application), goals(application)) == ([], "目标。")


def test_our_own_pictures_come_back_by_name_and_are_not_stored_again(cast, call):
    application = started(cast, call, "目标。\n[图：流程.png｜图 1]\n| 甲 | 乙 |\n| 1 | 2 |")
    add(cast, application, "流程.png", drawing("abc"))
    client = signed_in(cast.lead_writer)
    document = docx.Document(io.BytesIO(client.get(at("word-form", application)).content))
    box(document, "目标。").paragraphs[0].runs[0].text = "新目标。"
    content = bytes_of(document)

    page = client.get(address := uploaded(client, application, content))
    body = page.content.decode()

    assert "<ins>新</ins>目标" in body
    assert "<td>甲</td>" in body and "|" not in text_of(page) and "[图" not in text_of(page)
    assert f'src="{at("picture", application, picture="流程.png")}"' in body
    assert "张图片放进" not in text_of(page)
    assert post(client, address, "goals.goals").status_code == 302
    assert goals(application) == "新目标。\n[图：流程.png｜图 1]\n| 甲 | 乙 |\n| 1 | 2 |"
    assert names(application) == ["流程.png"]


@pytest.mark.parametrize("by", ["doc", "smaller", "renamed"])
def test_a_picture_of_ours_is_known_again_whatever_a_program_made_of_it(by, cast, call, request):
    application = started(cast, call, "目标。\n[图：流程.png｜图 1]")
    add(cast, application, "流程.png", drawing("abc", size=(1860, 1200)))
    content = word_form.draft_docx(application)
    if by == "doc":
        request.getfixturevalue("office")
        content = corpus.office(content, "docx", "doc")
    else:
        document = docx.Document(io.BytesIO(content))
        part = next(each for each in document.part.package.iter_parts() if "media" in each.partname)
        if by == "smaller":
            part._blob = drawing("abc", kind="JPEG", size=(1000, 645), quality=60)
        else:
            for element in document.element.xpath("//wp:docPr | //*[local-name()='cNvPr']"):
                element.set("name", "图片 7")
        content = bytes_of(document)
    client = signed_in(cast.lead_writer)

    page = client.get(uploaded(client, application, content, f"申请书.{'doc' if by == 'doc' else 'docx'}"))

    assert "都与现在相同" in text_of(page)
    assert "表上放不下" not in text_of(page)


def test_another_picture_under_the_name_of_ours_gets_a_name_of_its_own(cast, call):
    application = started(cast, call, "目标。\n[图：流程.png｜图 1]")
    add(cast, application, "流程.png", drawing("abc"))
    document = docx.Document(io.BytesIO(word_form.draft_docx(application)))
    part = next(each for each in document.part.package.iter_parts() if "media" in each.partname)
    part._blob = drawing("abd", kind="JPEG")
    client = signed_in(cast.lead_writer)

    assert post(client, uploaded(client, application, bytes_of(document)), "goals.goals").status_code == 302

    assert goals(application) == "目标。\n[图：流程.jpg｜图 1]"
    assert names(application) == ["流程.png", "流程.jpg"]


def test_what_the_slot_refuses_is_said_and_its_caption_stays(cast, call):
    application = started(cast, call)
    client = signed_in(cast.lead_writer)
    content = with_pictures(application, (drawing("a", kind="GIF"), "图1 动图"), (drawing("b"), ""))

    page = client.get(address := uploaded(client, application, content))

    assert "图片“图片1.gif”没有读入：这个文件实际上是 GIF 图片" in text_of(page)
    assert post(client, address, "goals.goals").status_code == 302
    assert goals(application) == "目标。\n图1 动图\n[图：图片2.png]"
    assert names(application) == ["图片2.png"]


def test_a_full_slot_is_said_and_one_that_filled_up_since_stops_the_field(cast, call, monkeypatch):
    application = started(cast, call)
    slot = pictures.slot_of(call.package)
    monkeypatch.setattr(pictures, "slot_of", lambda package: slot.model_copy(update={"maximum": 1}))
    client = signed_in(cast.lead_writer)
    content = with_pictures(application, (drawing("a"), "图1 一"), (drawing("b"), "图2 二"))
    address = uploaded(client, application, content)

    first = text_of(client.get(address))
    add(cast, application, "先来.png", drawing("c"))
    full = text_of(client.get(address))

    assert "“试点预期实现工作目标”里的图片“图片2.png”没有读入：“插图”最多 1 个文件，已经放满" in first
    assert "图片“图片1.png”没有读入：“插图”最多 1 个文件，已经放满" in full
    assert post(client, address, "goals.goals").status_code == 302
    assert goals(application) == "目标。\n图1 一\n图2 二"
    assert names(application) == ["先来.png"]


def test_a_picture_that_is_refused_at_the_last_moment_keeps_its_answer_unwritten(cast, call, monkeypatch):
    application = started(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, with_pictures(application, (drawing(), "")))
    monkeypatch.setattr(actions, "attach", _refuse)

    answer = post(client, address, "goals.goals")

    assert answer.status_code == 200
    assert "其中的图片没有收下。“插图”最多 40 个文件" in text_of(answer)
    assert (goals(application), names(application)) == ("目标。", [])


def _refuse(*_given: Any, **_named: Any) -> None:
    from shidian.core.errors import NotNow

    raise NotNow("“插图”最多 40 个文件，请先删去一个。")


def test_whoever_writes_one_section_only_takes_the_words_without_the_pictures(cast, call, monkeypatch):
    from shidian.applications import rules
    from shidian.core.verdict import Verdict

    application = started(cast, call)
    content = with_pictures(application, (drawing(), "图1"))
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, content)
    monkeypatch.setattr(rules, "can_edit", lambda *_: Verdict(allowed=False, reason="只写一部分"))
    monkeypatch.setattr(rules, "can_write", lambda *_: Verdict(allowed=True, reason=""))

    page = text_of(client.get(address))

    assert "没有读入：您不能往“插图”里添加文件" in page
    assert names(application) == []


def test_a_text_with_a_picture_that_stands_twice_is_put_into_an_answer_by_hand(cast, call):
    application = started(cast, call)
    document = docx.Document(io.BytesIO(with_pictures(application, (drawing(), "图1"))))
    table = next(each for each in document.tables if "目标。" in each.rows[-1].cells[0].text)
    table._tbl.addnext(again := copy.deepcopy(table._tbl))
    document.element.body.insert(document.element.body.index(again), OxmlElement("w:p"))
    next(each for each in again.iter(qn("w:t")) if each.text == "目标。").text = "别的目标。"
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, bytes_of(document))

    page = client.get(address)

    assert page.content.decode().count('<figure class="answer-picture">') == 2
    answer = post(client, address, **{"loose-2": "goals.goals", "how-2": "replace"})
    assert answer.status_code == 302
    assert goals(application) == "别的目标。\n[图：图片1.png｜图1]"
    assert names(application) == ["图片1.png"]


def test_only_the_one_who_uploaded_sees_its_pictures(cast, call):
    application = started(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, with_pictures(application, (drawing(), "")))
    shown = re.findall(r'<img src="([^"]+)"', client.get(address).content.decode())[0]

    assert client.get(shown).status_code == 200
    assert signed_in(cast.lead_head).get(shown).status_code == 404
    assert client.get(re.sub("[0-9a-f]{64}", "0" * 64, shown)).status_code == 404
