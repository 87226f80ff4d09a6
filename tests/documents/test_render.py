"""The compiler, the pool and the project's own papers."""

import hashlib
import json
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from io import BytesIO

import page
import pikepdf
import pytest
import segno
from fontTools.ttLib import TTFont

from shidian.documents.render.compiler import (
    FONTS,
    PaperError,
    compile_paper,
    default_template,
    load_fonts,
    query_paper,
)
from shidian.documents.render.pool import Job, compile_many
from tests.documents.golden import assert_golden, joined, text_of

PINNED = datetime(2023, 7, 28, 9, 30, tzinfo=timezone(timedelta(hours=8)))
PLAIN = b"""#set document(title: "t")
#set text(lang: "zh", font: json(bytes(sys.inputs.fonts)).song)
#let data = json(bytes(sys.inputs.data))
#data.text"""

COLUMNS = [
    {"label": "序号", "width": 5, "align": "center"},
    {"label": "试点名称", "width": 30, "align": "left"},
    {"label": "承担单位", "width": 24, "align": "left"},
    {"label": "统一社会信用代码", "width": 18, "align": "center"},
    {"label": "联系人", "width": 8, "align": "center"},
]


def rows(count: int) -> list[list[str]]:
    return [
        [
            str(n),
            f"幸福里第{n}社区综合减灾（社会管理和公共服务）综合标准化试点",
            "示例社区服务中心",
            "12120101PDY00001X0",
            "张𬭎",
        ]
        for n in range(1, count + 1)
    ]


CANDIDATE_LIST = {
    "title": "试点备选项目清单",
    "call": "第十批社会管理和公共服务综合标准化试点",
    "office": "示例区市场监督管理局",
    "stage": "district",
    "dated": "2023-07-28",
    "columns": COLUMNS,
    "rows": rows(23),
    "sealed_by": "示例区市场监督管理局",
    "draft": False,
    "code": "7F3A-91C2",
    "total_text": "合计 23 项。",
}
RECEIPT = {
    "title": "受理回执",
    "number": "TJ10-0016-R1",
    "received_at": "2023年7月10日 16:20:05",
    "office": "示例区市场监督管理局",
    "application": "幸福里社区综合减灾（社会管理和公共服务）综合标准化试点",
    "reference": "TJ10-0016",
    "lead": "示例区幸福里社区服务中心",
    "version": "v3",
    "digest": hashlib.sha256(b"1").hexdigest(),
    "digest_algorithm": "SHA-256",
    "next": ["受理机构进行形式审查。", "需要补正的，会一次告知全部内容。"],
}
REGISTRATION = {
    "title": "纸质材料登记表",
    "office": "示例市标准化研究院",
    "dated": "2023-07-31",
    "columns": [
        {"label": "申请编号", "width": 10, "align": "center"},
        {"label": "承担单位", "width": 30, "align": "left"},
        {"label": "第 1 份", "width": 20, "align": "center"},
        {"label": "第 2 份", "width": 20, "align": "center"},
    ],
    "rows": [
        ["TJ10-0001", "示例社区服务中心", "2023-07-30 09:30 刘一", "2023-07-30 09:30 刘一"],
        ["TJ10-0002", "示例街道办事处", "2023-07-30 09:31 刘一", "缺"],
    ],
    "missing": ["TJ10-0002：缺第 2 份"],
    "code": "R-01",
}
PAPER_RECEIPT = {
    "title": "材料登记回执",
    "number": "TJ10-R0007",
    "call": "关于组织征集第十批社会管理和公共服务综合标准化试点项目的通知",
    "office": "示例市标准化研究院",
    "sender": "示例区市场监督管理局",
    "at": "2023年7月30日 09:35:12",
    "dated": "2023-07-30",
    "by": "刘一",
    "count": 5,
    "rows": [
        {
            "reference": "TJ10-0001",
            "name": "幸福里社区综合减灾（社会管理和公共服务）综合标准化试点",
            "version": "v3\n7F3A-91C2",
            "copies": "1、2、3",
            "count": 3,
            "received": "7月30日 09:30 刘一",
            "missing": "",
        },
        {
            "reference": "TJ10-0002",
            "name": "示例街道便民服务综合标准化试点",
            "version": "v1\n0B5D-22E9",
            "copies": "1、3",
            "count": 2,
            "received": "7月30日 09:31 刘一\n7月30日 09:33 张𬭎",
            "missing": "第 2 份纸质材料、电子材料",
        },
    ],
    "code": "06C4-73D8",
    "spoken": "TJ10-R0007 V1-1/1 NNV9B6",
    "qr": segno.make("TJ10-R0007", micro=False).svg_inline(border=2, omitsize=True),
    "address": "https://pilots.example.cn",
}
MISSING = {
    "title": "缺件清单",
    "grouping": "按报送单位",
    "call": "关于组织征集第十批社会管理和公共服务综合标准化试点项目的通知",
    "office": "示例市标准化研究院",
    "dated": "2023-07-31",
    "at": "17:05",
    "columns": [
        {"label": "申请编号", "width": 10, "align": "left"},
        {"label": "试点名称", "width": 30, "align": "left"},
        {"label": "还缺", "width": 26, "align": "left"},
    ],
    "groups": [
        {
            "label": "示例区市场监督管理局",
            "rows": [
                ["TJ10-0001", "幸福里社区综合减灾综合标准化试点", "第 2 份"],
                ["TJ10-0002", "示例街道便民服务综合标准化试点", "第 1 份、第 2 份、电子材料"],
            ],
        },
        {"label": "示例市民政局", "rows": [["TJ10-0009", "养老服务综合标准化试点", "电子材料"]]},
    ],
    "total": 5,
}
STATEMENT = {
    "title": "会签意见单",
    "number": "TJ10-0016-Y12",
    "opinion": [
        {"name": "申请编号", "value": "TJ10-0016"},
        {"name": "表态单位", "value": "示例区人民政府（保证单位）"},
        {"name": "意见", "value": "退回修改"},
        {"name": "意见内容", "value": "经费来源请写清楚。\n第二年的也要写。"},
        {"name": "签署人", "value": "周伟（副区长）"},
    ],
    "proof": [
        {"name": "办法", "value": "凭一次性链接和验证码在线表态"},
        {"name": "链接", "value": "编号 sMaO5wzgfNHnRsnY，寄往 z***@unit.example"},
        {"name": "版本摘要\n（SHA-256）", "value": hashlib.sha256(b"1").hexdigest(), "digest": True},
    ],
    "notes": ["本单由系统按表态时的记录打印，不是纸质盖章页。"],
}
PAPERS = {
    "candidate_list": CANDIDATE_LIST,
    "receipt": RECEIPT,
    "registration": REGISTRATION,
    "paper_receipt": PAPER_RECEIPT,
    "missing": MISSING,
    "statement": STATEMENT,
}


def printed(name: str, **changes: object) -> bytes:
    return compile_paper(default_template(name), {**PAPERS[name], **changes}, pinned=PINNED)


@pytest.mark.parametrize("name", PAPERS)
def test_paper_has_its_golden_text(name):
    assert_golden(name, printed(name))


@pytest.mark.parametrize("name", PAPERS)
def test_paper_is_archival_and_accessible(name):
    pdf = printed(name)

    reports = [page.validate_pdf_bytes(pdf, profile=profile) for profile in ("3b", "ua1")]
    assert [failure for report in reports for failure in report.failures] == []
    assert all(report.rules.total > 90 for report in reports)


def test_same_data_gives_same_bytes_in_another_process(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps(RECEIPT, ensure_ascii=False), encoding="utf-8")
    program = (
        "import hashlib, json, sys\n"
        "from datetime import datetime\n"
        "from shidian.documents.render.compiler import compile_paper, default_template\n"
        "data = json.load(open(sys.argv[1], encoding='utf-8'))\n"
        "pdf = compile_paper(default_template('receipt'), data, pinned=datetime.fromisoformat(sys.argv[2]))\n"
        "print(hashlib.sha256(pdf).hexdigest())\n"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "data.json", PINNED.isoformat()],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout.strip()

    here = printed("receipt")
    assert here == printed("receipt")
    assert hashlib.sha256(here).hexdigest() == elsewhere


def test_pinned_moment_dates_the_file():
    with pikepdf.open(BytesIO(printed("receipt"))) as pdf:
        assert str(pdf.docinfo.CreationDate) == "D:20230728013000Z"


def test_moment_without_time_zone_is_a_mistake():
    with pytest.raises(ValueError, match="time zone"):
        compile_paper(PLAIN, {"text": "甲"}, pinned=datetime(2023, 7, 28))


def test_file_ends_with_a_line_end():
    assert printed("receipt").endswith(b"%%EOF\n")


def fonts_in(pdf: bytes) -> set[str]:
    """The names of the fonts that a file embeds as TrueType programs; one without is a failure."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        found = [
            font.DescendantFonts[0].FontDescriptor
            for sheet in opened.pages
            for font in sheet.Resources.Font.values()
        ]
        assert all("/FontFile2" in descriptor for descriptor in found)
        return {str(descriptor.FontName).split("+")[1] for descriptor in found}


def test_every_font_used_is_embedded():
    assert fonts_in(printed("receipt")) == {
        "ShidianFangSong-Regular",
        "ShidianHei-Regular",
        "ShidianSong-Bold",
        "ShidianSong-Regular",
    }


def test_attached_answers_come_back_exactly():
    answers = json.dumps({"name": "张𬭎", "text": "“甲”\n乙"}, ensure_ascii=False).encode()

    pdf = compile_paper(
        PLAIN, {"text": "甲"}, pinned=PINNED, attach={"application.json": answers, "raw.bin": b"\x00\xff"}
    )

    with pikepdf.open(BytesIO(pdf)) as opened:
        kept = {name: opened.attachments[name].get_file().read_bytes() for name in opened.attachments}
    assert kept == {"application.json": answers, "raw.bin": b"\x00\xff"}
    assert page.validate_pdf_bytes(pdf, profile="3b").is_compliant


def test_attachment_needs_a_standard_that_allows_it():
    with pytest.raises(PaperError, match="PDF/A-3"):
        compile_paper(PLAIN, {"text": "甲"}, pinned=PINNED, standard="a-2b", attach={"a.json": b"{}"})


def test_accessible_archive_level_is_possible():
    pdf = compile_paper(PLAIN, {"text": "甲"}, pinned=PINNED, standard="a-2a")

    assert page.validate_pdf_bytes(pdf, profile="2a").is_compliant


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("😀", "U+1F600"),
        ("\ue000", "U+E000"),
        ("\U0002b740", "U+2B740"),
        ("\x00", "U+0000"),
        ("\ufffe", "U+FFFE"),
    ],
)
def test_character_without_glyph_is_named_with_its_place(character, code):
    data = {**CANDIDATE_LIST, "rows": [*rows(2), ["3", "甲", f"张{character}", "", ""]]}

    with pytest.raises(PaperError) as refused:
        compile_paper(default_template("candidate_list"), data, pinned=PINNED)

    assert code in refused.value.message
    assert refused.value.characters == (character,)
    assert refused.value.field == "rows.2.2"


def test_missing_combining_mark_is_blamed_and_not_its_base():
    with pytest.raises(PaperError) as refused:
        compile_paper(PLAIN, {"text": "张\u0489"}, pinned=PINNED)

    assert refused.value.characters == ("\u0489",)


def test_refusal_is_in_chinese_and_keeps_the_technical_words_apart():
    with pytest.raises(PaperError) as refused:
        compile_paper(PLAIN + b"\n#nothing", {"text": "甲"}, pinned=PINNED)

    assert refused.value.message == "打印模板有误（第 5 行），请联系系统管理员。"
    assert "unknown variable: nothing" in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "#panic(1)",
        "*b* _i_ $x^2$",
        "<label> @ref",
        "= 标题",
        "// 注释",
        "\\u{41}",
        "`raw`",
        '#read("/etc/passwd")',
        "{{ 7*7 }}",
        "~ -- ---",
        "'a' \"b\"",
        "https://example.org/#x",
    ],
)
def test_text_that_looks_like_markup_is_printed_literally(text):
    assert "".join(text.split()) in joined(compile_paper(PLAIN, {"text": text}, pinned=PINNED))


@pytest.mark.parametrize("path", ["/../compiler.py", "/etc/passwd", "../../settings.py"])
def test_template_reads_no_file_outside_its_folder(path):
    with pytest.raises(PaperError):
        compile_paper(PLAIN + f'\n#read("{path}")'.encode(), {"text": "甲"}, pinned=PINNED)


def test_template_may_not_fetch_packages():
    with pytest.raises(PaperError, match="不能引用外部程序包"):
        compile_paper(b'#import "@preview/cetz:0.3.0": *\n' + PLAIN, {"text": "甲"}, pinned=PINNED)


def test_licensed_fonts_of_a_unit_come_before_ours(tmp_path):
    font = TTFont(FONTS / "ShidianSong-Bold.ttf")
    for number, name in ((1, "KaiTi_GB2312"), (4, "KaiTi_GB2312"), (6, "KaiTi_GB2312")):
        font["name"].setName(name, number, 3, 1, 0x409)
    font.save(tmp_path / "own.ttf")
    template = PLAIN.replace(b").song", b").kai")

    pdf = compile_paper(template, {"text": "甲𬭎"}, pinned=PINNED, extra_fonts=tmp_path)

    assert json.loads(load_fonts(tmp_path).roles)["kai"] == [
        "KaiTi_GB2312",
        "Shidian Kai",
        "Shidian Song",
        "Shidian Hei",
    ]
    assert fonts_in(pdf) == {"KaiTi_GB2312", "ShidianKai-Regular"}


def test_missing_font_folder_is_refused(tmp_path):
    with pytest.raises(PaperError, match="字体文件夹"):
        compile_paper(PLAIN, {"text": "甲"}, pinned=PINNED, extra_fonts=tmp_path / "none")


def test_threads_print_side_by_side():
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(printed("receipt"))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [printed("receipt")] * 4


def test_pool_keeps_the_order_and_returns_refusals():
    texts = [f"第{n}份" if n != 3 else "😀" for n in range(10)]
    jobs = [Job(PLAIN, {"text": text}, PINNED) for text in texts]

    results = list(compile_many(iter(jobs), workers=2))

    assert isinstance(results[3], PaperError)
    assert results[3].characters == ("😀",)
    assert [joined(pdf) for pdf in results if isinstance(pdf, bytes)] == [
        text for text in texts if text != "😀"
    ]


def test_pool_with_few_jobs_starts_no_process():
    (pdf,) = compile_many([Job(PLAIN, {"text": "甲"}, PINNED)])

    assert pdf == compile_paper(PLAIN, {"text": "甲"}, pinned=PINNED)


def test_marks_of_a_paper_can_be_asked_for():
    template = PLAIN + b"\n#metadata((role: data.text))<box>"

    assert query_paper(template, {"text": "甲"}, "<box>", pinned=PINNED) == [{"role": "甲"}]


def test_list_repeats_its_header_and_numbers_its_pages():
    pages = text_of(printed("candidate_list")).split("── 第 ")[1:]

    assert len(pages) == 3
    assert all("统一社会信用代码" in sheet for sheet in pages)
    assert [f"7F3A-91C2 · 第 {n} 页 共 3 页" in sheet for n, sheet in enumerate(pages, 1)] == [True] * 3


def test_list_ends_with_total_seal_and_date_together():
    last = text_of(printed("candidate_list")).split("── 第 ")[-1]

    marks = ["合计 23 项。", "（盖章）", "示例区市场监督管理局", "2023 年 7 月 28 日"]
    places = [last.index(mark) for mark in marks]
    assert places == sorted(places)


def test_undated_list_leaves_room_for_a_date_by_hand():
    assert "年 月 日" in text_of(printed("candidate_list", dated="", rows=rows(1))).replace("  ", " ")


def test_draft_list_bears_the_watermark_on_every_page():
    drafts = text_of(printed("candidate_list", draft=True)).split("── 第 ")[1:]

    assert all("草稿" in sheet for sheet in drafts)
    assert "草稿" not in text_of(printed("candidate_list"))


def test_list_with_odd_rows_loses_nothing():
    name = "".join(map(chr, range(0x4E00, 0x4E00 + 2000)))
    odd = [["1", name, "", "", "a.b" * 60], ["2", "甲\n乙", "x" * 300, "", ""], *rows(1)]

    text = joined(printed("candidate_list", rows=odd))
    assert [sign for sign in name if sign not in text] == []
    assert text.count("a.b") == 60
    assert text.count("x") == 300


def test_receipt_groups_the_digest_for_comparing():
    text = text_of(printed("receipt"))
    digest = str(RECEIPT["digest"])

    assert f"{digest[:4]} {digest[4:8]} {digest[8:12]}" in text
    assert digest in joined(printed("receipt"))


def test_a_long_slip_goes_on_with_its_head_on_the_next_page():
    rows = PAPER_RECEIPT["rows"] * 14
    pages = text_of(printed("paper_receipt", rows=rows)).split("── 第 ")[1:]
    assert len(pages) > 2
    assert all("申请编号" in page and "TJ10-R0007" in page for page in pages[:-1])
    assert "交件人（签名）" in pages[-1]


def test_the_missing_list_says_that_nothing_is_missing():
    assert "材料都到齐了" in text_of(printed("missing", groups=[], total=0))


def test_receipt_never_leaves_the_office_alone_on_a_page():
    steps = [f"第 {n} 步。" for n in range(1, 9)]

    for length in range(0, 60, 6):
        last = text_of(printed("receipt", lead="很长的单位" * length, next=steps)).split("── 第 ")[-1]
        assert "接下来" in last
        assert "2023 年 7 月 10 日" in last


def test_register_names_what_is_missing():
    text = text_of(printed("registration"))

    assert "缺少的材料（1 项）" in text
    assert "TJ10-0002：缺第 2 份" in text
    assert "材料齐全" in text_of(printed("registration", missing=[]))
