"""The ways in which people and programs break a form: each takes the XML of a document and changes it in place."""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

from lxml import etree

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = {"w": W}
Change = Callable[[Any], None]


def tag(name: str) -> str:
    return f"{{{W}}}{name}"


def changed(docx: bytes, *changes: Change, extra: dict[str, bytes] | None = None) -> bytes:
    """A file with its document changed by hand."""
    with zipfile.ZipFile(BytesIO(docx)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    root = etree.fromstring(parts["word/document.xml"])
    for change in changes:
        change(root)
    parts["word/document.xml"] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    parts.update(extra or {})
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return out.getvalue()


def text_of(element: Any) -> str:
    return "".join(each.text or "" for each in element.iter(tag("t")))


def cells(root: Any) -> list[Any]:
    return list(root.iter(tag("tc")))


def cell_of(root: Any, label: str) -> Any:
    """The first cell with exactly this text, spaces aside."""
    return next(cell for cell in cells(root) if "".join(text_of(cell).split()) == label)


def after(cell: Any) -> Any:
    return cell.getnext() if cell.getnext() is not None and cell.getnext().tag == tag("tc") else None


def paragraph(text: str) -> Any:
    found = etree.Element(tag("p"))
    run = etree.SubElement(found, tag("r"))
    for number, line in enumerate(text.split("\n")):
        if number:
            etree.SubElement(run, tag("br"))
        etree.SubElement(run, tag("t")).text = line
    return found


def span_of(cell: Any) -> int:
    found = cell.find("w:tcPr/w:gridSpan", _NAMES)
    return int(found.get(tag("val"))) if found is not None else 1


def set_span(cell: Any, span: int) -> None:
    properties = cell.find(tag("tcPr"))
    if properties is None:
        properties = etree.Element(tag("tcPr"))
        cell.insert(0, properties)
    held = properties.find(tag("gridSpan"))
    if held is None:
        held = etree.Element(tag("gridSpan"))
        width = properties.find(tag("tcW"))
        properties.insert(0 if width is None else 1, held)
    held.set(tag("val"), str(span))


def split_runs(root: Any) -> None:
    """Every letter in a run of its own, as spelling marks and languages do."""
    for run in list(root.iter(tag("r"))):
        for text in run.findall(tag("t")):
            if len(text.text or "") < 2 or len(run.findall(tag("t"))) != 1 or len(run) > 2:
                continue
            place = run
            letters = list(text.text)
            text.text = letters[0]
            text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            for letter in letters[1:]:
                other = copy.deepcopy(run)
                other.find(tag("t")).text = letter
                place.addnext(other)
                place = other


def wrap_in_controls(root: Any) -> None:
    """Every paragraph of a cell in a content control."""
    for cell in cells(root):
        for each in cell.findall(tag("p")):
            control = etree.Element(tag("sdt"))
            etree.SubElement(control, tag("sdtPr"))
            content = etree.SubElement(control, tag("sdtContent"))
            each.addprevious(control)
            content.append(each)


def bold_and_red(root: Any) -> None:
    for run in root.iter(tag("r")):
        properties = run.find(tag("rPr"))
        if properties is None:
            properties = etree.Element(tag("rPr"))
            run.insert(0, properties)
        etree.SubElement(properties, tag("b"))
        etree.SubElement(properties, tag("color")).set(tag("val"), "FF0000")


def track_insertions(root: Any) -> None:
    """Every run of every cell typed with changes tracked, and something deleted before it."""
    for cell in cells(root):
        for run in list(cell.iter(tag("r"))):
            inserted = etree.Element(tag("ins"))
            run.addprevious(inserted)
            gone = etree.Element(tag("del"))
            old = etree.SubElement(gone, tag("r"))
            etree.SubElement(old, tag("delText")).text = "旧文字"
            inserted.addprevious(gone)
            inserted.append(run)


def insert_heading(root: Any) -> None:
    """A heading of somebody's own between the tables."""
    tables = list(root.iter(tag("tbl")))
    tables[1].addprevious(paragraph("区级审核部分（本单位自行增加）"))


def text_box(root: Any) -> None:
    """A text box with a note in it."""
    xml = (
        f'<w:p xmlns:w="{W}" xmlns:v="urn:schemas-microsoft-com:vml"><w:r><w:pict><v:shape><v:textbox>'
        "<w:txbxContent><w:p><w:r><w:t>本表于七月十日填好</w:t></w:r></w:p></w:txbxContent>"
        "</v:textbox></v:shape></w:pict></w:r></w:p>"
    )
    next(root.iter(tag("tbl"))).addprevious(etree.fromstring(xml))


def reorder_sections(root: Any) -> None:
    """The funds before the plan, the goals at the end."""
    tables = [table for table in root.iter(tag("tbl")) if table.getparent().tag == tag("body")]
    goals = next(table for table in tables if "试点预期实现工作目标" in text_of(table))
    funds = next(table for table in tables if "经费保障情况" in text_of(table))
    funds.addnext(goals)
    goals.addprevious(paragraph(""))
    plan = next(table for table in tables if "阶段工作内容" in text_of(table))
    plan.addprevious(funds)
    plan.addprevious(paragraph(""))


def split_answer_cell(label: str) -> Change:
    """The cell of an answer cut into two beside each other, the second empty."""

    def change(root: Any) -> None:
        box = after(cell_of(root, label))
        span = span_of(box)
        other = etree.Element(tag("tc"))
        other.append(paragraph(""))
        set_span(other, 1)
        set_span(box, max(1, span - 1))
        box.addnext(other)

    return change


def split_answer_row(label: str) -> Change:
    """The answer goes on in a row of its own: the label cell merged over both."""

    def change(root: Any) -> None:
        named = cell_of(root, label)
        row = named.getparent()
        other = copy.deepcopy(row)
        row.addnext(other)
        for cell, kind in ((named, "restart"), (cell_of_row(other, 0), None)):
            properties = cell.find(tag("tcPr"))
            merge = etree.Element(tag("vMerge"))
            if kind:
                merge.set(tag("val"), kind)
            spans = properties.find(tag("gridSpan"))
            if spans is not None:
                spans.addnext(merge)
            else:
                properties.insert(1, merge)
        for each in cell_of_row(other, 0).findall(tag("p")):
            cell_of_row(other, 0).remove(each)
        cell_of_row(other, 0).append(paragraph(""))
        first, second = after(named), cell_of_row(other, 1)
        lines = first.findall(tag("p"))
        for each in lines[1:]:
            first.remove(each)
        for each in second.findall(tag("p"))[:1]:
            second.remove(each)
        if second.find(tag("p")) is None:
            second.append(paragraph(""))

    return change


def cell_of_row(row: Any, number: int) -> Any:
    return row.findall(tag("tc"))[number]


def continuation_row(label: str) -> Change:
    """The answer goes on in a new row whose label cell is left empty."""

    def change(root: Any) -> None:
        named = cell_of(root, label)
        row = named.getparent()
        other = copy.deepcopy(row)
        row.addnext(other)
        first, second = after(named), cell_of_row(other, 1)
        for each in first.findall(tag("p"))[1:]:
            first.remove(each)
        for each in second.findall(tag("p"))[:1]:
            second.remove(each)
        if second.find(tag("p")) is None:
            second.append(paragraph(""))
        empty = cell_of_row(other, 0)
        for each in empty.findall(tag("p")):
            empty.remove(each)
        empty.append(paragraph(""))

    return change


def relabel(*pairs: tuple[str, str]) -> Change:
    """Labels typed anew in the words somebody prefers."""

    def change(root: Any) -> None:
        for label, words in pairs:
            cell = cell_of(root, label)
            for each in cell.findall(tag("p")):
                cell.remove(each)
            cell.append(paragraph(words))

    return change


def extra_fact_row(root: Any) -> None:
    """A row that the form does not have: 传真 and a number."""
    row = cell_of(root, "单位地址").getparent()
    other = copy.deepcopy(row)
    row.addnext(other)
    for cell, text in zip(other.findall(tag("tc")), ("传真", "022-27119999"), strict=True):
        for each in cell.findall(tag("p")):
            cell.remove(each)
        cell.append(paragraph(text))


def merge_label_into_answer(label: str) -> Change:
    """Label and answer merged into one cell, as the merge button does it."""

    def change(root: Any) -> None:
        named = cell_of(root, label)
        box = after(named)
        set_span(named, span_of(named) + span_of(box))
        for each in box.findall(tag("p")):
            named.append(each)
        box.getparent().remove(box)

    return change


def plan_table(root: Any) -> Any:
    return [table for table in root.iter(tag("tbl")) if "阶段工作内容" in text_of(table)][-1]


def split_plan_table(root: Any) -> None:
    """The plan cut into two tables at a page."""
    table = plan_table(root)
    rows = table.findall(tag("tr"))
    other = etree.Element(tag("tbl"))
    for child in table:
        if child.tag != tag("tr"):
            other.append(copy.deepcopy(child))
    for row in rows[4:]:
        other.append(row)
    table.addnext(other)
    other.addprevious(paragraph(""))


def repeat_plan_header(root: Any) -> None:
    rows = plan_table(root).findall(tag("tr"))
    rows[3].addnext(copy.deepcopy(rows[1]))


def number_plan(root: Any) -> None:
    """A column of numbers before the plan."""
    for number, row in enumerate(plan_table(root).findall(tag("tr"))):
        if number == 0:
            set_span(row.find(tag("tc")), 4)
            continue
        cell = etree.Element(tag("tc"))
        cell.append(paragraph("序号" if number == 1 else str(number - 1)))
        row.find(tag("tc")).addprevious(cell)


def swap_plan_columns(root: Any) -> None:
    """Content before time."""
    for row in plan_table(root).findall(tag("tr"))[1:]:
        first, second = row.findall(tag("tc"))[:2]
        first.addprevious(second)


def drop_headings(root: Any) -> None:
    """The rows with the numbered headings deleted, except where they are the only label."""
    for table in list(root.iter(tag("tbl"))):
        row = table.find(tag("tr"))
        words = text_of(row)
        if words.startswith(("一、", "二、", "经费保障")):
            table.remove(row)


def picture(root: Any) -> None:
    xml = (
        f'<w:p xmlns:w="{W}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<w:r><w:drawing><a:blip r:embed="rId99"/></w:drawing></w:r></w:p>'
    )
    after(cell_of(root, "业务范围")).append(etree.fromstring(xml))


def tail_of_page_marks(root: Any) -> None:
    """Bookmarks, spelling marks and page breaks as Word leaves them."""
    for number, each in enumerate(list(root.iter(tag("p")))):
        start = etree.Element(tag("bookmarkStart"))
        start.set(tag("id"), str(number))
        start.set(tag("name"), f"_Toc{number}")
        each.append(start)
        end = etree.SubElement(each, tag("bookmarkEnd"))
        end.set(tag("id"), str(number))
        run = each.find(tag("r"))
        if run is not None:
            run.insert(0, etree.Element(tag("lastRenderedPageBreak")))


def spaces_around(root: Any) -> None:
    """Blanks before and behind every text, empty paragraphs behind every answer."""
    for cell in cells(root):
        if cell.find(f".//{tag('t')}") is not None:
            cell.append(paragraph(""))
            cell.append(paragraph("  "))
