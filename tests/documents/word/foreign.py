"""The official form as others make it: rebuilt from the notice with python-docx, filled by hand, in many layouts.

Nothing here comes from our own writer: other tables, other merges, other styles, the labels copied from the notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.shared import Mm
from docx.table import Table

from shidian.questionnaires import prose
from tests.documents.word.people import PICTURES, Unit

TITLE = "社会管理和公共服务综合标准化试点申请书"
INSTRUCTIONS = (
    "1．试点名称：“XXX（社会管理和公共服务）综合标准化试点”。",
    "2．试点承担单位可以为企事业单位、组织、机构或者地方人民政府等；参加单位是参与试点创建的有关单位；保证单位可以是地方人民政府，省、自治区、直辖市行业主管部门或者标准化行政主管部门。",
    "3．业务指导单位为省、自治区、直辖市行业主管部门。",
    "4．试点管理单位为省、自治区、直辖市标准化行政主管部门。",
    "5．本申请书一式4份，字迹要工整清晰，可以打印。其中试点承担单位1份，业务指导单位1份、试点管理单位1份、部级联席办公室1份。",
)
HEADINGS = {
    "lead": "一、承担单位基本信息",
    "basis": "二、承担试点的工作基础",
    "goals": "三、试点预期实现工作目标（包括标准体系建立、实施及实施效果等）",
    "plan": "四、计划工作步骤、时间进度、阶段工作内容（包括宣传培训、标准体系建立、组织实施标准、自查、申请评估等）",
    "funding": "经费保障情况",
    "opinions": "六、试点承担单位、参加单位、保证单位、业务指导单位及管理单位意见",
}
LABELS = {
    "lead.unit_name": "单位名称",
    "lead.unit_code": "组织机构代码",
    "lead.legal_head": "法定代表人\n（负责人）",
    "lead.registered_region": "法人注册地址",
    "lead.address": "单位地址",
    "lead.industry": "所属行业",
    "lead.economic_type": "经济类型",
    "lead.postcode": "邮编",
    "lead.phone": "联系电话",
    "lead.email": "电子邮箱",
    "lead.standards_body": "标准化机构（或者协调组织）名称",
    "lead.standards_head": "标准化负责人\n姓名",
    "lead.business_scope": "业务范围",
    "lead.accidents": "近三年是否发生重大服务质量、安全、环境保护事故",
    "lead.system_established": "标准体系建立时间",
    "lead.system_running": "标准体系运行时间",
    "lead.self_assessment": "标准化工作自我评价",
    "basis.current_state": "现状及\n与试点应\n\n具备条件\n\n符合性",
    "basis.standardization": "目前标准化工作情况",
    "funding.spending": "1．经费主要投入方向",
    "funding.sources": "经费来源（包括当地政府、有关单位经费投入等）",
}
HEADS = ("时间", "阶段工作内容", "负责单位及\n参与单位")
PAIRS = (
    ("lead.unit_name", "lead.unit_code"), ("lead.legal_head", "lead.registered_region"), ("lead.address",),
    ("lead.industry", "lead.economic_type", "lead.postcode"), ("lead.phone", "lead.email"),
    ("lead.standards_body", "lead.standards_head"), ("lead.business_scope",), ("lead.accidents",),
    ("lead.system_established", "lead.system_running"), ("lead.self_assessment",),
)  # fmt: skip
ESSAYS = ("lead.business_scope", "lead.self_assessment", "basis.current_state", "basis.standardization", "goals.goals",
          "funding.spending", "funding.sources")  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How somebody lays the form out and writes into it."""

    label: Callable[[str], str] = lambda text: text
    colon: str = "："
    heads: tuple[str, ...] = HEADS
    labels: dict[str, str] | None = None
    indent: str = ""
    underline: bool = False
    spread: bool = True
    breaks: bool = False
    names_on_cover: bool = True
    names_in_boxes: bool = True

    def words(self, path: str) -> str:
        """The label of a path as this person has it."""
        return self.label((self.labels or {}).get(path, LABELS[path]))


def month(text: str) -> str:
    return (
        f"{text[:4]}年{int(text[5:])}月" if text[:2] == "20" and text[4:5] == "-" and len(text) == 7 else text
    )


def written(unit: Unit, path: str) -> str:
    """An answer as its unit writes it by hand."""
    if path in unit.words:
        return unit.words[path]
    value = unit.values.get(path)
    if path == "lead.economic_type":
        return {"n/a": "不适用", "150": "有限责任公司"}[str(value)]
    return month(str(value))


def names(unit: Unit, field: str) -> list[str]:
    return [row["name"] for row in unit.answers["parties"][field]]


def put(cell: Any, text: str, style: Style, *, essay: bool = False) -> None:
    """Type a text into a cell: a paragraph for each line, or breaks within one."""
    lines = text.split("\n")
    blocks = prose.parse(text).blocks if essay else ()
    if any(isinstance(block, (prose.Table, prose.Picture)) for block in blocks):
        draw(cell, blocks)
        return
    if style.breaks:
        run = cell.paragraphs[0].add_run()
        for number, line in enumerate(lines):
            if number:
                run.add_break()
            run.add_text(style.indent + line if essay and line else line)
        return
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.add_run(style.indent + line if essay and line else line)


def draw(cell: Any, blocks: Sequence[prose.Block]) -> None:
    """Put an answer into a cell with its tables and pictures; behind a table stands an empty paragraph."""
    for number, block in enumerate(blocks):
        match block:
            case prose.Table(rows=rows, header=header):
                table = cell.add_table(len(rows), len(rows[0]))
                for row, texts in zip(table.rows, rows, strict=True):
                    for each, text in zip(row.cells, texts, strict=True):
                        each.paragraphs[0].add_run(text).bold = (header and texts is rows[0]) or None
            case prose.Picture(name=name, caption=caption):
                picture = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
                picture.add_run().add_picture(BytesIO(PICTURES[name].content), width=Mm(80))
                if caption:
                    cell.add_paragraph(caption)
            case _:
                paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
                paragraph.add_run("\n".join(prose.lines_of(block)))


def grid(document: Any, rows: int, columns: int) -> Table:
    table = document.add_table(rows=rows, cols=columns)
    if hasattr(document, "styles"):
        table.style = "Table Grid"
    return table


def cover(document: Document, unit: Unit, style: Style) -> None:
    document.add_paragraph("附件")
    document.add_heading(TITLE, level=0)

    def spaced(text: str) -> str:
        return " ".join(text) if style.spread else text

    lines = [
        (spaced("试点名称"), written(unit, "cover.name")),
        (spaced("试点时间"), written(unit, "cover.period")),
        ("试点承担单位", written(unit, "lead.unit_name")),
        ("试点保证单位", "、".join(names(unit, "guarantors")) if style.names_on_cover else ""),
        ("业务指导单位", "、".join(names(unit, "guidance")) if style.names_on_cover else ""),
    ]
    for label, value in lines:
        paragraph = document.add_paragraph(f"{label}{style.colon}")
        if style.underline:
            paragraph.add_run(f"   {value}        ").underline = True
        elif value:
            paragraph.add_run(value)
        else:
            paragraph.add_run("____________________")
    document.add_paragraph("2023     年 7   月")
    document.add_page_break()
    document.add_paragraph("填 写 说 明")
    for line in INSTRUCTIONS:
        document.add_paragraph(line)
    document.add_page_break()


def facts(table: Table, unit: Unit, style: Style, start: int = 0) -> int:
    """The rows of the first section in a table of six columns; returns the next row."""
    for row, paths in enumerate(PAIRS, start=start):
        cells = table.rows[row].cells
        if len(paths) == 1:
            spans = [(paths[0], (0, 0), (1, 5))]
        elif len(paths) == 2:
            spans = [(paths[0], (0, 0), (1, 2)), (paths[1], (3, 3), (4, 5))]
        else:
            spans = [(path, (2 * n, 2 * n), (2 * n + 1, 2 * n + 1)) for n, path in enumerate(paths)]
        for path, label, box in spans:
            put(cells[label[0]], style.words(path), style)
            cell = cells[box[0]] if box[0] == box[1] else cells[box[0]].merge(cells[box[1]])
            put(cell, written(unit, path), style, essay=path in ESSAYS)
    return start + len(PAIRS)


def wide(table: Table, row: int) -> Any:
    cells = table.rows[row].cells
    return cells[0] if len(cells) == 1 else cells[0].merge(cells[-1])


def plan_rows(table: Table, unit: Unit, style: Style, start: int, spans: tuple[tuple[int, int], ...]) -> int:
    """Header and rows of the plan, with three empty rows at the end."""

    def cell(row: int, span: tuple[int, int]) -> Any:
        cells = table.rows[row].cells
        return cells[span[0]] if span[0] == span[1] else cells[span[0]].merge(cells[span[1]])

    for head, span in zip(style.heads, spans, strict=True):
        put(cell(start, span), style.label(head), style)
    row = start + 1
    for line in unit.answers["plan"]["plan"]:
        for key, span in zip(("time", "content", "units"), spans, strict=True):
            put(cell(row, span), line[key], style)
        row += 1
    for _ in range(3):
        for span in spans:
            cell(row, span)
        row += 1
    return row


def opinion_lines(unit: Unit, style: Style) -> list[tuple[str, str]]:
    """Label and name of each box."""
    boxes = [("承担单位", written(unit, "lead.unit_name"))]
    partners = names(unit, "partners")
    boxes += [("参加单位", name) for name in partners] or [("参加单位", "")]
    for label, field in (("保证单位", "guarantors"), ("业务指导单位", "guidance")):
        if style.names_in_boxes:
            boxes += [(label, name) for name in names(unit, field)]
        else:
            boxes.append((label, ""))
    boxes.append(("管理单位", ""))
    return boxes


def opinions(document: Document, unit: Unit, style: Style) -> None:
    boxes = opinion_lines(unit, style)
    document.add_paragraph("")
    table = grid(document, len(boxes) + 1, 1)
    put(table.rows[0].cells[0], HEADINGS["opinions"], style)
    for row, (label, name) in enumerate(boxes, start=1):
        cell = table.rows[row].cells[0]
        cell.paragraphs[0].add_run(f"{label}（盖章）：{name}")
        cell.add_paragraph("负责人（签名）")
        cell.add_paragraph("")
        cell.add_paragraph("       年    月    日")
    # Word ends every file with a paragraph; without it LibreOffice loses the last table in .doc.
    document.add_paragraph("")


def one_table(unit: Unit, style: Style = Style()) -> Document:
    """As the notice has it: one table from the first heading to the funds."""
    document = docx.Document()
    cover(document, unit, style)
    plan = len(unit.answers["plan"]["plan"])
    rows = 1 + len(PAIRS) + 3 + 2 + 2 + plan + 3 + 5
    table = grid(document, rows, 6)
    put(wide(table, 0), style.label(HEADINGS["lead"]), style)
    row = facts(table, unit, style, 1)
    put(wide(table, row), style.label(HEADINGS["basis"]), style)
    for number, path in enumerate(("basis.current_state", "basis.standardization"), start=1):
        cells = table.rows[row + number].cells
        put(cells[0], style.words(path), style)
        put(cells[1].merge(cells[5]), written(unit, path), style, essay=True)
    row += 3
    put(wide(table, row), style.label(HEADINGS["goals"]), style)
    put(wide(table, row + 1), written(unit, "goals.goals"), style, essay=True)
    row += 2
    put(wide(table, row), style.label(HEADINGS["plan"]), style)
    row = plan_rows(table, unit, style, row + 1, ((0, 0), (1, 3), (4, 5)))
    put(wide(table, row), style.label(HEADINGS["funding"]), style)
    for number, path in enumerate(("funding.spending", "funding.sources")):
        put(wide(table, row + 1 + 2 * number), style.words(path), style)
        put(wide(table, row + 2 + 2 * number), written(unit, path), style, essay=True)
    opinions(document, unit, style)
    return document


def several_tables(unit: Unit, style: Style = Style()) -> Document:
    """Headings as paragraphs, a table under each."""
    document = docx.Document()
    cover(document, unit, style)
    document.add_heading(style.label(HEADINGS["lead"]), level=1)
    facts(grid(document, len(PAIRS), 6), unit, style)
    document.add_heading(style.label(HEADINGS["basis"]), level=1)
    table = grid(document, 2, 2)
    for row, path in enumerate(("basis.current_state", "basis.standardization")):
        put(table.rows[row].cells[0], style.words(path), style)
        put(table.rows[row].cells[1], written(unit, path), style, essay=True)
    document.add_heading(style.label(HEADINGS["goals"]), level=1)
    put(grid(document, 1, 1).rows[0].cells[0], written(unit, "goals.goals"), style, essay=True)
    document.add_heading(style.label(HEADINGS["plan"]), level=1)
    table = grid(document, len(unit.answers["plan"]["plan"]) + 4, 3)
    plan_rows(table, unit, style, 0, ((0, 0), (1, 1), (2, 2)))
    document.add_heading(style.label(HEADINGS["funding"]), level=1)
    for path in ("funding.spending", "funding.sources"):
        document.add_paragraph(style.words(path))
        put(grid(document, 1, 1).rows[0].cells[0], written(unit, path), style, essay=True)
    opinions(document, unit, style)
    return document


def no_tables(unit: Unit, style: Style = Style()) -> Document:
    """Retyped without tables: label and answer in a line, essays under their headings; only the plan is a table."""
    document = docx.Document()
    cover(document, unit, style)
    document.add_paragraph(style.label(HEADINGS["lead"]))
    for paths in PAIRS:
        for path in paths:
            label = style.words(path).replace("\n", "")
            if path in ESSAYS:
                document.add_paragraph(f"{label}{style.colon}")
                for line in written(unit, path).split("\n"):
                    document.add_paragraph(style.indent + line if line else "")
            else:
                document.add_paragraph(f"{label}{style.colon}{written(unit, path)}")
    document.add_paragraph(style.label(HEADINGS["basis"]))
    for path in ("basis.current_state", "basis.standardization"):
        document.add_paragraph(style.words(path).replace("\n", ""))
        for line in written(unit, path).split("\n"):
            document.add_paragraph(style.indent + line if line else "")
    document.add_paragraph(style.label(HEADINGS["goals"]))
    for line in written(unit, "goals.goals").split("\n"):
        document.add_paragraph(style.indent + line if line else "")
    document.add_paragraph(style.label(HEADINGS["plan"]))
    table = grid(document, len(unit.answers["plan"]["plan"]) + 4, 3)
    plan_rows(table, unit, style, 0, ((0, 0), (1, 1), (2, 2)))
    document.add_paragraph(style.label(HEADINGS["funding"]))
    for path in ("funding.spending", "funding.sources"):
        document.add_paragraph(style.words(path))
        for line in written(unit, path).split("\n"):
            document.add_paragraph(style.indent + line if line else "")
    document.add_paragraph(HEADINGS["opinions"])
    for label, name in opinion_lines(unit, style):
        document.add_paragraph(f"{label}（盖章）：{name}")
        document.add_paragraph("负责人（签名）")
        document.add_paragraph("年    月    日")
    return document


def same_cell(unit: Unit, style: Style = Style()) -> Document:
    """Label and answer in one cell: 单位名称：某某."""
    document = docx.Document()
    cover(document, unit, style)
    table = grid(document, 1 + len(PAIRS), 6)
    put(wide(table, 0), HEADINGS["lead"], style)
    for row, paths in enumerate(PAIRS, start=1):
        width = 6 // len(paths)
        for number, path in enumerate(paths):
            cells = table.rows[row].cells
            cell = cells[number * width].merge(cells[number * width + width - 1])
            label = style.words(path).replace("\n", "")
            between = f"{style.colon}\n" if path in ESSAYS else style.colon
            put(cell, f"{label}{between}{written(unit, path)}", style)
    for section, paths in (("basis", ("basis.current_state", "basis.standardization")),):
        document.add_paragraph(HEADINGS[section])
        table = grid(document, len(paths), 1)
        for row, path in enumerate(paths):
            label = style.words(path).replace("\n", "")
            put(table.rows[row].cells[0], f"{label}\n{written(unit, path)}", style)
    table = grid(document, 1, 1)
    put(table.rows[0].cells[0], f"{HEADINGS['goals']}\n{written(unit, 'goals.goals')}", style)
    document.add_paragraph(HEADINGS["plan"])
    table = grid(document, len(unit.answers["plan"]["plan"]) + 4, 3)
    plan_rows(table, unit, style, 0, ((0, 0), (1, 1), (2, 2)))
    document.add_paragraph(HEADINGS["funding"])
    for path in ("funding.spending", "funding.sources"):
        put(grid(document, 1, 1).rows[0].cells[0], f"{style.words(path)}\n{written(unit, path)}", style)
    opinions(document, unit, style)
    return document


def labels_above(unit: Unit, style: Style = Style()) -> Document:
    """A row of labels, the row of answers under it."""
    document = docx.Document()
    cover(document, unit, style)
    document.add_paragraph(HEADINGS["lead"])
    for paths in PAIRS:
        if len(paths) == 1:
            table = grid(document, 1, 2)
            put(table.rows[0].cells[0], style.words(paths[0]), style)
            put(table.rows[0].cells[1], written(unit, paths[0]), style, essay=True)
            continue
        table = grid(document, 2, len(paths))
        for column, path in enumerate(paths):
            put(table.rows[0].cells[column], style.words(path), style)
            put(table.rows[1].cells[column], written(unit, path), style)
    rest = several_tables(unit, style)
    body, other = document.element.body, rest.element.body
    started = False
    for element in list(other):
        if "".join(element.itertext()).startswith("二、"):
            started = True
        if started and element.tag.rpartition("}")[2] != "sectPr":
            body.insert(len(body) - 1, element)
    return document


def outer_table(unit: Unit, style: Style = Style()) -> Document:
    """The whole form inside one big cell, as page frames are made."""
    document = docx.Document()
    inner = one_table(unit, style)
    frame = document.add_table(rows=1, cols=1).rows[0].cells[0]
    for element in list(inner.element.body):
        if element.tag.rpartition("}")[2] != "sectPr":
            frame._tc.append(element)
    frame.add_paragraph("")
    return document


def docx_bytes(document: Document) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def spaced(text: str) -> str:
    return "\n".join("  ".join(line) if len(line) <= 6 else line for line in text.split("\n"))


def wide_spaced(text: str) -> str:
    return "\n".join("　".join(line) if len(line) <= 5 else line for line in text.split("\n"))


def half_width(text: str) -> str:
    return (
        text.translate(str.maketrans("（）：，、．", "():,、."))
        if not text.startswith("1")
        else text.replace("．", "、")
    )


OTHER_LABELS = {
    "lead.unit_name": "单位全称",
    "lead.unit_code": "统一社会信用代码",
    "lead.legal_head": "法定代表人/负责人",
    "lead.registered_region": "注册地址",
    "lead.address": "通讯地址",
    "lead.postcode": "邮政编码",
    "lead.email": "E-mail",
    "lead.standards_body": "标准化机构名称",
    "lead.standards_head": "标准化负责人",
    "lead.accidents": "近三年是否发生重大事故",
    "basis.standardization": "标准化工作情况",
    "funding.spending": "经费投入方向",
    "funding.sources": "经费来源",
}

STYLES: dict[str, Style] = {
    "plain": Style(),
    "underlined": Style(underline=True, indent="　　"),
    "spaced": Style(label=spaced, spread=False),
    "wide-spaced": Style(label=wide_spaced, colon=" ： "),
    "half-width": Style(label=half_width, colon=":"),
    "with-colons": Style(label=lambda text: f"{text}："),
    "breaks": Style(breaks=True),
    "other-labels": Style(labels=OTHER_LABELS, heads=("起止时间", "主要工作内容", "责任单位")),
    "cover-only": Style(names_in_boxes=False),
    "boxes-only": Style(names_on_cover=False, underline=True),
    "starred": Style(label=lambda text: f"*{text}"),
}
LAYOUTS = {
    "one-table": one_table,
    "several-tables": several_tables,
    "no-tables": no_tables,
    "same-cell": same_cell,
    "labels-above": labels_above,
    "outer-table": outer_table,
}

__all__ = ["LAYOUTS", "STYLES", "Style", "docx_bytes", "replace", "written"]
