"""The official form as .docx: faithful, plain, the same every time, and read back as it was written."""

from __future__ import annotations

import re
import zipfile
from functools import cache
from io import BytesIO
from typing import Any

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications import word_form
from shidian.documents.word.form import Marks
from shidian.documents.word.labels import plain, variants
from shidian.documents.word.reader import read
from shidian.documents.word.writer import clean, write
from tests.documents.word import corpus
from tests.documents.word.people import RARE, RESCUE


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def written(answers: dict[str, dict[str, Any]], marks: Marks | None = None) -> bytes:
    held = word_form.values(corpus.package(), answers)
    return write(word_form.form_of(corpus.package()), held, marks=marks, pinned=corpus.PINNED)


def back(content: bytes) -> dict[str, Any]:
    reading = read(BytesIO(content), word_form.form_of(corpus.package()))
    assert reading.loose == ()
    compared = word_form.compare(corpus.package(), reading, {})
    assert compared.loose == ()
    return {entry.path: entry.value for entry in compared.proposed if not entry.empty}


def squeezed(text: str) -> str:
    return re.sub(r"[\s_]+", "", text)


def test_the_blank_form_has_every_word_of_the_notice_in_its_order() -> None:
    text = corpus.package().notice
    form = text[text.rindex("\n附件\n") :]
    blank = written({})
    with zipfile.ZipFile(BytesIO(blank)) as archive:
        xml = archive.read("word/document.xml").decode()
    words = squeezed("".join(re.findall(r"<w:t[^>]*>([^<]*)</w:t>", xml)))
    at = 0

    for line in filter(None, map(squeezed, form.splitlines())):
        place = words.find(line.replace("&", "&amp;"), at)
        assert place >= 0, line
        at = place + len(line)
    assert "五、" not in words
    assert "天津市市场监督管理委员会" not in words


def test_the_same_answers_give_the_same_bytes() -> None:
    first = written(RESCUE.answers, Marks("call", "TJ10-0001", "v1"))

    assert first == written(RESCUE.answers, Marks("call", "TJ10-0001", "v1"))
    assert zipfile.ZipFile(BytesIO(first)).infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_no_content_controls_and_marks_in_the_properties() -> None:
    held = parts(written(RESCUE.answers, Marks("call", "TJ10-0001", "v1")))

    assert "w:sdt" not in held["word/document.xml"]
    assert ">TJ10-0001<" in held["docProps/custom.xml"]
    assert read(
        BytesIO(written({}, Marks("call", "TJ10-0001", "v1"))), word_form.form_of(corpus.package())
    ).marks == Marks("call", "TJ10-0001", "v1")


def test_other_programs_open_it() -> None:
    document = docx.Document(BytesIO(written(RARE.answers, Marks("call", "", ""))))

    assert len(document.tables) == 6
    assert any("𬭎城社区" in each.text for each in document.paragraphs)


def test_east_asian_fonts_are_named() -> None:
    xml = parts(written(RESCUE.answers))["word/document.xml"]

    assert 'w:eastAsia="宋体"' in xml
    assert 'w:eastAsia="仿宋"' in xml


def test_control_characters_cannot_break_the_file() -> None:
    nasty = "a\x00b\x0bc\ud800d\ufffee<w:t>&amp;\u2028f"

    assert clean(nasty) == "ab\ncde<w:t>&amp;\nf"
    assert back(written({"goals": {"goals": nasty}}))["goals.goals"] == "ab\nc\ufffdde<w:t>&amp;\nf"


def test_several_bodies_of_one_role_have_a_box_each() -> None:
    names = [
        {"name": name, "code": "", "contact": "", "phone": ""}
        for name in ("甲市人民政府", "乙市、丙市联合办公室")
    ]

    got = back(written({"parties": {"guarantors": names}}, Marks("call", "", "")))

    assert got["parties.guarantors"] == names


@pytest.mark.parametrize("field", ["spending", "sources"])
def test_an_answer_that_is_the_label_of_something_else_is_asked_about(field: str) -> None:
    content = written({"funding": {field: "统一社会信用代码"}}, Marks("call", "", ""))

    reading = read(BytesIO(content), word_form.form_of(corpus.package()))

    (loose,) = reading.loose
    assert (loose.text, loose.candidates) == ("统一社会信用代码", (f"funding.{field}",))


_LETTERS = st.characters(
    codec="utf-8",
    exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"),
    exclude_characters="_＿",
)


def _is_answer(text: str) -> bool:
    """Not a label of the form alone: Hypothesis draws words of the sources too, and a label in an answer is doubtful."""
    return any(map(str.isalnum, text)) and plain(text) not in _labels()


@cache
def _labels() -> set[str]:
    sections = corpus.package().questionnaire.sections
    fields = [field for section in sections for field in section.fields]
    said = [label for field in fields for label in (field.label, *(column.label for column in field.columns))]
    return {each for label in (*said, *(section.title for section in sections)) for each in variants(label)}


_WORDS = st.text(_LETTERS, min_size=1, max_size=12).filter(_is_answer)
_LINES = st.lists(_WORDS, min_size=1, max_size=4).map("\n".join)
_ROWS = st.lists(
    st.fixed_dictionaries({"time": _WORDS, "content": _LINES, "units": _WORDS}), min_size=1, max_size=4
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=_WORDS, address=_WORDS, scope=_LINES, goals=_LINES, spending=_LINES, plan=_ROWS)
def test_what_is_written_is_read_back(
    name: str, address: str, scope: str, goals: str, spending: str, plan: list[dict[str, str]]
) -> None:
    asked = corpus.package().questionnaire

    def stored(path: str, value: Any) -> Any:
        field = asked.find(path)
        assert field is not None
        return word_form.forms.clean(field, value)

    answers = {
        "cover": {"name": stored("cover.name", name), "period": {"from": "2024-02", "to": ""}},
        "lead": {
            "address": stored("lead.address", address),
            "business_scope": stored("lead.business_scope", scope),
            "registered_region": {"province": "120000", "county": "120104", "detail": ""},
            "accidents": "yes",
        },
        "goals": {"goals": stored("goals.goals", goals)},
        "funding": {"spending": stored("funding.spending", spending)},
        "plan": {"plan": stored("plan.plan", plan)},
    }

    got = back(written(answers, Marks("call", "", "")))

    wanted = {
        f"{section}.{key}": value for section, fields in answers.items() for key, value in fields.items()
    }
    assert got == {path: value for path, value in wanted.items() if value}
