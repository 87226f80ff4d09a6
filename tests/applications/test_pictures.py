"""Pictures of long answers: names in their slot, told when missing, and bound to the version that shows them."""

import io
from io import BytesIO

import pytest
from PIL import Image

from shidian.applications import actions, attaching, papers, pictures
from shidian.applications.queries import answers
from shidian.core.errors import Invalid
from shidian.documents import uploads
from shidian.questionnaires.definition import Questionnaire
from tests import steps


def picture(color: str = "red", size: tuple[int, int] = (300, 200), kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def slot(call):
    return pictures.slot_of(call.package)


def add(cast, application, name: str, content: bytes | None = None):
    return actions.attach(
        application, slot(application.call), io.BytesIO(content or picture()), name=name, by=cast.lead_writer
    )


def say(cast, application, text: str) -> None:
    steps.write(application, cast.lead_writer, goals__goals=text)


@pytest.mark.parametrize(
    ("given", "taken", "name"),
    [
        ("图.png", [], "图.png"),
        ("图.png", ["图.png"], "图-2.png"),
        ("图.png", ["图.png", "图-2.png"], "图-3.png"),
        ("a｜b|c.png", [], "a_b_c.png"),
        ("图", ["图"], "图-2"),
        ("e\u0301.png", [], "é.png"),
        ("图[1].png", [], "图[1].png"),
    ],
)
def test_a_name_is_free_and_can_stand_in_an_answer(given, taken, name):
    assert pictures.free_name(given, taken) == name


def test_a_long_name_stays_short_enough_with_its_number():
    name = "长" * 196 + ".png"

    second = pictures.free_name(name, [name])

    assert len(second) == 200
    assert second.endswith("-2.png")


def test_the_second_picture_of_a_name_gets_a_number_and_the_upload_tells_it(cast, call):
    application = steps.start_filled(cast, call)
    first = add(cast, application, "图.png")
    content = picture("blue")
    upload = attaching.announce(
        application, slot(call), name="图.png", length=len(content), by=cast.lead_writer
    )

    uploads.fill(upload, io.BytesIO(content))

    upload.refresh_from_db()
    assert first.file.name == "图.png"
    assert upload.file.name == "图-2.png"
    assert set(pictures.present(application)) == {"图.png", "图-2.png"}


def test_a_picture_that_is_not_there_stops_freezing_and_says_what_to_do(cast, call):
    application = steps.start_filled(cast, call)
    say(cast, application, "目标。\n[图：../../结构[1].png｜结构]\n[图：有.png]")
    add(cast, application, "有.png")

    with pytest.raises(Invalid) as refused:
        actions.freeze(application, by=cast.lead_writer)

    (problem,) = refused.value.problems
    assert (problem.section, problem.field, problem.anchor) == ("goals", "goals", "f-goals")
    assert "图片“../../结构[1].png”没有上传" in problem.message
    assert problem.code == "goals.goals:picture[2]"


def test_a_form_without_a_slot_says_that_pictures_are_not_printed(call):
    plain = call.questionnaire.model_copy(update={"pictures": None})

    (problem,) = pictures.missing(plain, {"goals": {"goals": "[图：a.png]"}}, {})

    assert isinstance(plain, Questionnaire)
    assert "不收插图" in problem.message


def test_a_version_prints_its_own_pictures_whatever_becomes_of_the_live_ones(cast, call):
    application = steps.start_filled(cast, call)
    row = add(cast, application, "图.png", picture("red"))
    say(cast, application, "目标。\n[图：图.png｜图 1]")
    version = actions.freeze(application, by=cast.lead_writer)
    before = papers.form_bytes(version)
    actions.reopen(steps.fresh(application), by=cast.lead_writer, reason="改")
    application = steps.fresh(application)
    actions.detach(row, by=cast.lead_writer)
    add(cast, application, "图.png", picture("blue"))

    assert papers.form_bytes(version) == before
    held = pictures.of_version(version, call.questionnaire)
    assert held["图.png"].sha256 == row.file.sha256
    assert pictures.present(application)["图.png"].sha256 != row.file.sha256
    assert papers.draft_form(application) != before


def test_fields_that_use_a_picture_are_named(cast, call):
    application = steps.start_filled(cast, call)
    say(cast, application, "[图：图.png]")

    found = pictures.using(call.questionnaire, answers(application), "图.png")

    assert [field.key for field in found] == ["goals"]
    assert pictures.using(call.questionnaire, answers(application), "别的.png") == []


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "CMYK", "I;16"])
def test_pictures_of_any_kind_are_printed(cast, call, mode):
    application = steps.start_filled(cast, call)
    out = BytesIO()
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (120, 80)).save(out, kind)
    name = f"图.{'jpg' if kind == 'JPEG' else 'png'}"
    add(cast, application, name, out.getvalue())
    say(cast, application, f"[图：{name}]")

    assert papers.draft_form(application).startswith(b"%PDF")
    assert pictures.missing(call.questionnaire, answers(application), pictures.present(application)) == []
