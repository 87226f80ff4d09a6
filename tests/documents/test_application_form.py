"""The official form of the Tianjin call: faithful when empty, complete when filled, and safe with any text."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import page
import pikepdf
import pypdfium2
import pytest
import yaml

from shidian.documents.render.compiler import PaperError, compile_paper, query_paper
from tests.documents.golden import assert_golden, joined, text_of

CALL = Path(__file__).parents[2] / "calls/tianjin-2023-smps10"
TEMPLATE = (CALL / "papers/application.typ").read_bytes()
QUESTIONNAIRE = yaml.safe_load((CALL / "questionnaire.yaml").read_text(encoding="utf-8"))
NOTICE = (CALL / "notice.txt").read_text(encoding="utf-8")
PINNED = datetime(2023, 7, 10, 16, 20, 5, tzinfo=timezone(timedelta(hours=8)))
A4_WIDTH, A4_HEIGHT = 595.28, 841.89

STORY = (
    "中心自2019年起按照“政府推动、部门联合、自愿申报、有序实施”的原则开展标准化工作，"
    "参照GB/T 24421.1—2023《服务业组织标准化工作指南》梳理服务事项126项，2021—2023年居民满意度由91.2%提高到97.5%。"
)
LEAD = {
    "unit_name": "示例区幸福里社区服务中心",
    "unit_code": "12120101PDY00001X0",
    "legal_head": "张𬭎（主任）",
    "registered_region": {"province": "天津市", "county": "和平区", "detail": "幸福里街道 1 号", "text": ""},
    "address": "天津市和平区幸福里街道1号2层",
    "industry": "社区居民自治组织",
    "economic_type": "国有全资",
    "postcode": "300041",
    "phone": "022-27110000、13900000000",
    "email": "biaozhun@example.gov.cn",
    "standards_body": "标准化工作领导小组办公室",
    "standards_head": "李𠅤、王㛃",
    "business_scope": "承担社区居民综合减灾宣传、隐患排查、应急物资管理等公共服务工作。",
    "accidents": "否",
    "system_established": "2022年6月",
    "system_running": "2022年9月",
    "self_assessment": STORY,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "cover": {
        "name": "幸福里社区综合减灾（社会管理和公共服务）综合标准化试点",
        "period": {"from_year": "2024", "from_month": "1", "to_year": "2025", "to_month": "12"},
    },
    "lead": LEAD,
    "basis": {"current_state": f"{STORY}\n{STORY}", "standardization": STORY},
    "goals": {"goals": STORY},
    "plan": {
        "plan": [
            {"time": f"2024年{n}月至{n + 1}月", "content": f"第{n}阶段：宣传培训。", "units": "社区服务中心"}
            for n in range(1, 9)
        ]
    },
    "funding": {"spending": "标准编制、宣传培训。", "sources": "区财政拨款80万元；自筹20万元。"},
}


def parties(partners: int) -> list[dict[str, str]]:
    named = [f"示例参加单位{n}（天津）有限公司" for n in range(1, partners + 1)]
    return [
        {"role": "lead", "label": "承担单位", "name": "示例区幸福里社区服务中心"},
        *({"role": "partner", "label": "参加单位", "name": name} for name in named),
        {"role": "guarantor", "label": "保证单位", "name": "示例区人民政府"},
        {"role": "guidance", "label": "业务指导单位", "name": "天津市应急管理局"},
        {"role": "managing", "label": "管理单位", "name": "天津市市场监督管理委员会"},
    ]


def paper(partners: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "reference": "TJ10-0016",
        "version": "v3",
        "code": "7F3A-91C2",
        "draft": False,
        "blank": False,
        "printed_on": "2023-07-10",
        "title": QUESTIONNAIRE["title"],
        "instructions": QUESTIONNAIRE["instructions"],
        "answers": ANSWERS,
        "parties": parties(partners),
        **changes,
    }


def with_answer(section: str, field: str, value: Any) -> dict[str, Any]:
    return paper(answers={**ANSWERS, section: {**ANSWERS[section], field: value}})


def printed(data: dict[str, Any]) -> bytes:
    return compile_paper(TEMPLATE, data, pinned=PINNED)


def pages_of(pdf: bytes) -> list[str]:
    return text_of(pdf).split("── 第 ")[1:]


BLANK = paper(blank=True, reference="", version="", code="", answers={}, parties=[])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("application_blank", BLANK),
        ("application_filled", paper(1)),
        ("application_without_partner", paper(0)),
        ("application_five_partners", paper(5)),
        ("application_draft", paper(1, draft=True, answers={"lead": LEAD})),
    ],
)
def test_form_has_its_golden_text(name, data):
    assert_golden(name, printed(data))


def test_blank_form_has_every_word_of_the_notice_in_its_order():
    printed_text = joined(printed(BLANK))
    attachment = NOTICE[NOTICE.rindex("\n附件\n") :]
    words = ["".join(line.split()) for line in attachment.splitlines() if line.strip()]

    place = 0
    for word in words:
        found = printed_text.find(word, place)
        assert found >= 0, f"{word} is missing after {printed_text[max(0, place - 30) : place]}"
        place = found + len(word)


def test_blank_form_has_no_word_that_the_notice_lacks():
    attachment = "".join(NOTICE[NOTICE.rindex("\n附件\n") :].split())

    assert sorted(joined(printed(BLANK))) == sorted(attachment)


def test_numbering_keeps_its_gaps():
    text = joined(printed(BLANK))

    assert "五、" not in text
    assert "2．经费" not in text
    assert "1．经费主要投入方向经费来源（包括当地政府、有关单位经费投入等）" in text


def rows_of_tables(pdf: bytes) -> list[int]:
    """How many rows each tagged table of the file has, in order."""
    counts: list[int] = []

    def walk(node: Any) -> None:
        if isinstance(node, pikepdf.Array):
            for part in node:
                walk(part)
        if isinstance(node, pikepdf.Dictionary):
            kind = node.get("/S")
            if kind == "/Table":
                counts.append(0)
            if kind == "/TR":
                counts[-1] += 1
            walk(node.get("/K"))

    with pikepdf.open(BytesIO(pdf)) as opened:
        walk(opened.Root.StructTreeRoot.K)
    return counts


@pytest.mark.parametrize(("steps", "rows"), [(0, 6), (1, 6), (6, 6), (7, 7), (30, 30)])
def test_plan_has_six_rows_or_as_many_as_it_needs(steps, rows):
    plan = [{"time": "1月", "content": "培训", "units": "中心"}] * steps

    title_and_header = 2
    assert rows_of_tables(printed(with_answer("plan", "plan", plan)))[3] == rows + title_and_header


def test_blank_plan_has_the_six_rows_of_the_notice():
    assert rows_of_tables(printed(BLANK))[3] == 2 + 6


def test_every_answer_is_on_the_filled_form():
    text = joined(printed(paper(1)))

    def texts(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        values = value.values() if isinstance(value, dict) else value
        return [text for part in values for text in texts(part)]

    absent = [
        part for answer in texts(ANSWERS) for part in answer.split("\n") if "".join(part.split()) not in text
    ]
    assert absent == []


def test_rare_names_are_printed():
    text = joined(printed(paper(1)))

    assert all(name in text for name in ("张𬭎", "李𠅤", "王㛃"))


@pytest.mark.parametrize(("partners", "pages"), [(0, 1), (1, 1), (5, 2), (6, 2), (7, 3)])
def test_further_partners_are_on_continuation_sheets(partners, pages):
    sheets = [sheet for sheet in pages_of(printed(paper(partners))) if "管理单位意见" in sheet]

    assert len(sheets) == pages
    assert all(
        f"参加单位（盖章）： 示例参加单位 {n}（天津）有限公司".replace(" ", "")
        in "".join(sheets).replace(" ", "")
        for n in range(1, partners + 1)
    )
    assert ["（续页）" in sheet for sheet in sheets] == [False] + [True] * (pages - 1)


@pytest.mark.parametrize("partners", [0, 1, 5])
def test_every_party_has_one_whole_box_on_a_page(partners):
    boxes = query_paper(TEMPLATE, paper(partners), "<box>", pinned=PINNED)

    assert sorted((box["role"], box["index"]) for box in boxes) == sorted(
        [("lead", 1), ("guarantor", 1), ("guidance", 1), ("managing", 1)]
        + [("partner", n) for n in range(1, max(partners, 1) + 1)]
    )
    assert all(box["y"] + box["height"] < A4_HEIGHT - 90 for box in boxes)
    assert all(abs(box["height"] - 41 / 25.4 * 72) < 0.1 for box in boxes)


def test_box_positions_are_where_the_boxes_are_printed():
    boxes = query_paper(TEMPLATE, paper(5), "<box>", pinned=PINNED)
    document = pypdfium2.PdfDocument(printed(paper(5)))

    for box in boxes:
        sheet = document[box["page"] - 1].get_textpage()
        top = A4_HEIGHT - box["y"]
        inside = sheet.get_text_bounded(
            left=box["x"], right=box["x"] + box["width"], top=top, bottom=top - box["height"]
        )
        text = "".join(inside.split())
        assert "（盖章）：" in text
        assert text.count("负责人（签名）") == 1
        assert "".join(box["name"].split()) in text


def test_one_body_with_two_roles_has_two_boxes():
    both = [
        {**party, "name": "天津市应急管理局"} if party["role"] == "guarantor" else party
        for party in parties(0)
    ]

    boxes = query_paper(TEMPLATE, paper(parties=both), "<box>", pinned=PINNED)

    assert [box["role"] for box in boxes if box["name"] == "天津市应急管理局"] == ["guarantor", "guidance"]


def test_party_with_a_long_name_keeps_its_box_whole():
    name = "很长的单位名称" * 40
    boxes = query_paper(
        TEMPLATE,
        paper(parties=[*parties(0), {"role": "partner", "label": "参加单位", "name": name}]),
        "<box>",
        pinned=PINNED,
    )
    (box,) = [box for box in boxes if box["role"] == "partner"]

    assert box["height"] > 41 / 25.4 * 72
    assert box["y"] + box["height"] < A4_HEIGHT


def test_role_that_the_form_has_no_box_for_is_added():
    extra = [*parties(1), {"role": "sponsor", "label": "支持单位", "name": "示例支持单位"}]

    assert "支持单位（盖章）：示例支持单位" in joined(printed(paper(parties=extra)))


def test_plan_header_repeats_on_every_page_of_the_plan():
    steps = [{"time": f"第{n}月", "content": "宣传培训。" * 30, "units": "中心"} for n in range(1, 40)]

    sheets = [
        sheet
        for sheet in pages_of(printed(with_answer("plan", "plan", steps)))
        if "宣传培训。宣传培训。" in sheet
    ]

    assert len(sheets) > 3
    assert all("阶段工作内容" in sheet and "参与单位" in sheet for sheet in sheets)


def test_draft_bears_the_watermark_on_every_page_and_a_version_on_none():
    assert all("草稿" in sheet for sheet in pages_of(printed(paper(1, draft=True))))
    assert not any("草稿" in sheet for sheet in pages_of(printed(paper(1))))


def test_footer_ties_every_page_to_its_version():
    sheets = pages_of(printed(paper(1)))

    total = len(sheets)
    feet = [sheet.strip().splitlines()[-1] for sheet in sheets]
    assert feet == [f"TJ10-0016 · v3 · 7F3A-91C2 · 第 {n} 页 共 {total} 页" for n in range(1, total + 1)]


def test_form_is_archival_and_accessible():
    for data in (BLANK, paper(0), paper(5), paper(1, draft=True)):
        pdf = compile_paper(TEMPLATE, data, pinned=PINNED, attach={"application.json": b"{}"})
        for profile in ("3b", "ua1"):
            assert page.validate_pdf_bytes(pdf, profile=profile).failures == []


def test_same_version_prints_the_same_bytes():
    attach = {"application.json": json.dumps(ANSWERS, ensure_ascii=False).encode()}

    first = compile_paper(TEMPLATE, paper(5), pinned=PINNED, attach=attach)
    compile_paper(TEMPLATE, paper(0, draft=True), pinned=PINNED)

    assert compile_paper(TEMPLATE, paper(5), pinned=PINNED, attach=attach) == first


def test_character_without_glyph_names_its_field():
    with pytest.raises(PaperError) as refused:
        printed(with_answer("lead", "legal_head", "张😀"))

    assert refused.value.field == "answers.lead.legal_head"
    assert "“😀”（U+1F600）" in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x")',
        "*粗* _斜_ $x$",
        "<lead> @lead",
        '#import "@preview/x:1.0.0"',
        "]#text(red)[x",
        "\\n\\u{1}",
    ],
)
@pytest.mark.parametrize(("section", "field"), [("lead", "unit_name"), ("goals", "goals"), ("cover", "name")])
def test_text_that_looks_like_markup_is_printed_literally(section, field, text):
    assert "".join(text.split()) in joined(printed(with_answer(section, field, text)))


@pytest.mark.parametrize(
    "values",
    [
        {"lead": None},
        {"lead": {"unit_name": None, "registered_region": ""}},
        {"cover": {"period": ""}, "plan": {"plan": ""}},
        {"cover": {"period": {"from_year": "2024"}}, "plan": {"plan": [{}]}},
        {},
    ],
)
def test_missing_answers_leave_room_for_the_pen(values):
    text = joined(printed(paper(1, draft=True, answers=values)))

    assert "标准化工作自我评价" in text


def test_text_of_100_000_characters_is_printed_whole():
    signs = "".join(chr(0x4E00 + n % 20000) for n in range(100_000))

    text = joined(printed(with_answer("goals", "goals", signs)))

    pages = text.count("TJ10-0016·v3")
    assert pages > 80
    counted = Counter(text)
    assert all(counted[sign] >= 5 for sign in set(signs))


@pytest.mark.parametrize(
    ("section", "field"),
    [("lead", "unit_name"), ("lead", "postcode"), ("cover", "name"), ("lead", "address")],
)
def test_short_field_with_far_too_much_text_loses_nothing(section, field):
    signs = "".join(chr(0x4E00 + n) for n in range(3000))

    pdf = printed(with_answer(section, field, signs))

    text = visible(pdf)
    assert [sign for sign in signs if sign not in text] == []


def visible(pdf: bytes) -> str:
    """The text that lies inside the pages; what runs off the paper is lost to a reader."""
    document = pypdfium2.PdfDocument(pdf)
    return "".join(
        sheet.get_textpage().get_text_bounded(left=40, right=A4_WIDTH - 40, bottom=60, top=A4_HEIGHT - 60)
        for sheet in document
    )


@pytest.mark.parametrize("value", ["x" * 400, "https://example.gov.cn/" + "a/b-c_d.e" * 30, "甲\n" * 80])
@pytest.mark.parametrize("field", ["unit_name", "email", "postcode"])
def test_text_without_breaks_stays_inside_its_cell(field, value):
    pdf = printed(with_answer("lead", field, value))

    wanted = "".join(value.split())
    assert sum(visible(pdf).count(sign) for sign in set(wanted)) >= len(wanted)


def test_no_line_of_a_long_answer_begins_with_a_dash():
    document = pypdfium2.PdfDocument(printed(with_answer("goals", "goals", "2021—2023年" * 400)))

    lines = [line for sheet in document for line in sheet.get_textpage().get_text_bounded().splitlines()]
    assert [line for line in lines if line.lstrip("\u2060").startswith(("—", "，", "。", "、"))] == []
