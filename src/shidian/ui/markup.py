"""Questionnaire fields as HTML, written directly and not by templates.

A page has dozens of controls and lists of hundreds of options: templates took 7 ms for such a page, this takes less than
one. Every text goes through `escape`; nothing here decides anything.
"""

from collections.abc import Sequence

from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .code_lists import list_version
from .controls import ROW_LINES, Control, ScreenField, ScreenRow
from .language import tongue


def _named(text: str) -> str:
    lang = tongue(text)
    return f"<span{lang}>{escape(text)}</span>" if lang else escape(text)


def _need() -> str:
    return _('<span class="need">必填</span>')


def attribute(name: str, value: str) -> str:
    """An attribute with a leading blank, or nothing when it has no value."""
    return f' {name}="{escape(value)}"' if value else ""


def field(shown: ScreenField) -> SafeString:
    """A field with its heading, label, words, problems and controls."""
    heading = f'<h2 class="field-heading field-gap">{_named(shown.heading)}</h2>' if shown.heading else ""
    if heading and shown.heading_shows:
        heading = _conditional(heading, shown.heading_shows, hidden=shown.heading_hidden)
    body = _locked(shown) if shown.locked else _LAYOUTS[shown.layout](shown)
    if shown.shows:
        body = _conditional(body, shown.shows, hidden=shown.hidden)
    if shown.remarks:
        end = body.rindex("</")
        body = f"{body[:end]}{shown.remarks}{body[end:]}"
    return mark_safe(heading + body)  # noqa: S308 (escaped piece by piece)


def _conditional(markup: str, paths: str, *, hidden: bool) -> str:
    """The element with what the script needs to show and hide it; hidden from the start where it is not called for."""
    name = markup.index(" ")
    return f'{markup[:name]} data-shows="{escape(paths)}"{" hidden" if hidden else ""}{markup[name:]}'


def _locked(shown: ScreenField) -> str:
    return _(
        '<div class="field field-gap" id="{id}"><p class="label">{shown}<span class="state">不能修改</span></p>{shown_2}{shown_3}</div>'
    ).format(
        id=shown.id,
        shown=escape(shown.label),
        shown_2=_read(shown),
        shown_3=_evidence(shown),
    )


def _read(shown: ScreenField) -> str:
    if shown.blocks:
        return f'<div class="locked">{shown.blocks}</div>'
    return f'<p class="pre locked">{escape(shown.text or _("（未填）"))}</p>'


def _single(shown: ScreenField) -> str:
    only = shown.controls[0]
    return (
        f'<div class="field field-gap{_wrong(shown)}">'
        f'<label class="label" for="{only.id}">{_named(shown.label)}{_need() if shown.required else ""}</label>'
        f"{_words(shown)}{control(only)}{_found(shown)}</div>"
    )


def _found(shown: ScreenField) -> str:
    """Below an input with a list behind it: where the answer stands, or what may be meant. The buttons post the form."""
    if not shown.controls[0].search:
        return ""
    above = f'<p class="hint" data-above="{shown.id}">{escape(shown.above)}</p>' if shown.above else ""
    offers = "".join(
        f'<button class="button button-quiet" type="submit" name="{shown.key}" value="{escape(offer.value)}">'
        f"{escape(offer.label)}</button>"
        for offer in shown.offers
    )
    if not offers:
        return above
    return _(
        '<div class="code-offers" data-offers="{id}" role="group" aria-label="{shown}：'
        '可能是这些"><p class="hint">可能是这些，点一下就选中：'
        '</p><div class="button-set">{offers}</div></div>'
    ).format(id=shown.id, shown=escape(shown.label), offers=offers)


def _choices(shown: ScreenField) -> str:
    groups = []
    for group in shown.groups:
        radios = "".join(
            f'<label class="choice" for="{option.id}"><input type="radio" id="{option.id}" name="{shown.key}" '
            f'value="{escape(option.value)}"{" checked" if option.checked else ""}>{_named(option.label)}</label>'
            for option in group.options
        )
        named = f' role="group" aria-label="{escape(group.label)}"' if group.label else ""
        label = f'<p class="label" aria-hidden="true">{_named(group.label)}</p>' if group.label else ""
        groups.append(f'<div class="choice-group"{named}>{label}<div class="choices">{radios}</div></div>')
    return (
        f'<fieldset class="field field-gap group{_wrong(shown)}"{attribute("aria-describedby", shown.described)}>'
        f"{_legend(shown)}{_words(shown)}{''.join(groups)}{_explanation(shown)}{_evidence(shown)}</fieldset>"
    )


def _explanation(shown: ScreenField) -> str:
    if not shown.qualifies:
        return ""
    hidden = "" if shown.disqualifies else " hidden"
    return _(
        '<p class="note" data-is="wait" role="status" id="{id}-explain" data-unless="{shown}={qualifies}"{hidden}><b>与通知的要求不一致：'
        "</b>{explain}照实回答即可，不妨碍填写和递交；是否符合，由受理机构判断。</p>"
    ).format(
        id=shown.id, shown=shown.key, qualifies=shown.qualifies, hidden=hidden, explain=escape(shown.explain)
    )


def _evidence(shown: ScreenField) -> str:
    """Where the files for the question go; they are uploaded on a page of their own."""
    if shown.evidence is None:
        return ""
    held = (
        _("已有 {count} 个文件").format(count=shown.evidence.count)
        if shown.evidence.count
        else _("还没有文件")
    )
    return _(
        '<p class="hint">证明材料：<a href="{url}">{evidence}</a>　<span class="muted">{held}</span></p>'
    ).format(url=escape(shown.evidence.url), evidence=escape(shown.evidence.label), held=held)


def _composite(shown: ScreenField) -> str:
    parts = "".join(
        _(
            '<div class="field grow"><label class="label" for="{id}"><span class="hidden">{shown}，'
            "</span>{part}</label>{control}</div>"
        ).format(id=part.id, shown=escape(shown.label), part=escape(part.label), control=control(part))
        for part in shown.controls
    )
    counties, button = "", ""
    if shown.type == "region":
        counties = attribute("data-region", _address("ui:counties", province="000000"))
        button = _(
            '<button class="button button-quiet" type="submit" name="go" value="stay" data-no-script>'
            "列出所选省（市）的县（区）</button>"
        )
    return (
        f'<fieldset class="field field-gap group{_wrong(shown)}" id="{shown.id}" tabindex="-1"'
        f"{attribute('aria-describedby', shown.described)}{counties}>"
        f'{_legend(shown)}{_words(shown)}<div class="together">{parts}{button}</div></fieldset>'
    )


def _address(name: str, **parts: str) -> str:
    try:
        return f"{reverse(name, kwargs=parts)}?v={list_version()}"
    except NoReverseMatch:
        # A site that does not serve the list: the plain form does without it.
        return ""


def _rows(shown: ScreenField) -> str:
    heads = "".join(f'<span data-share="{head.share}">{_named(head.label)}</span>' for head in shown.heads)
    listed = "".join(_row(shown.key, row) for row in shown.rows)
    model = f"<template>{_row(shown.key, shown.template_row)}</template>" if shown.template_row else ""
    limit = (
        _('<span class="hint">最多 {max_rows} 行</span>').format(max_rows=shown.max_rows)
        if shown.max_rows
        else ""
    )
    most = attribute("data-max", str(shown.max_rows or ""))
    return _(
        '<div class="field-gap{shown}" id="{id}" tabindex="-1" role="group" aria-labelledby="{id}-label"{attribute} data-rows="{shown_2}"{most}><h3 id="{id}-label">{shown_3}{need}</h3>{shown_4}<div class="rows-head" aria-hidden="true"><span class="row-no"></span>{heads}<span class="row-tools"></span></div><ol class="rows" aria-labelledby="{id}-label">{listed}</ol>{model}<div class="rows-add"><button class="button button-dashed" type="submit" name="rows-add" value="{shown_2}">＋ 增加一行</button>{limit}</div></div>'
    ).format(
        shown=_wrong(shown),
        id=shown.id,
        attribute=attribute("aria-describedby", shown.described),
        shown_2=shown.key,
        most=most,
        shown_3=_named(shown.label),
        need=_need() if shown.required else "",
        shown_4=_words(shown),
        heads=heads,
        listed=listed,
        model=model,
        limit=limit,
    )


def _row(key: str, row: ScreenRow) -> str:
    cells = "".join(
        _(
            '<div class="field" data-share="{share}"><label class="label" for="{id}"><span class="hidden">第 <span data-row-no>{no}</span> 行，'
            "</span>{cell}</label>{id_2}{control}</div>"
        ).format(
            share=cell.share,
            id=cell.id,
            no=row.no,
            cell=_named(cell.label),
            id_2=_messages(cell.id, cell.wrong, cell.warnings),
            control=control(cell),
        )
        for cell in row.cells
    )
    buttons = "".join(
        f'<button class="button button-icon" type="submit" name="rows-{verb}"{" disabled" if row.locked else ""} value="{key}-{row.no}" '
        f'aria-label="{_(words).format(no=row.no)}">{sign}</button>'
        for verb, words, sign in _ROW_BUTTONS
    )
    return _(
        '<li{attribute}{value}><fieldset class="row"><legend class="row-no"><span>第 </span><b data-row-no>{no}</b><span> 行</span></legend>{cells}<div class="row-tools">{buttons}</div></fieldset></li>'
    ).format(
        attribute=attribute("class", "is-wrong" if row.wrong else "is-locked" if row.locked else ""),
        value=" data-blank" if row.blank else "",
        no=row.no,
        cells=cells,
        buttons=buttons,
    )


_ROW_BUTTONS = (
    ("up", gettext_noop("第 {no} 行上移"), "↑"),
    ("down", gettext_noop("第 {no} 行下移"), "↓"),
    ("drop", gettext_noop("删除第 {no} 行"), "✕"),
)


def control(shown: Control) -> str:
    """An input, textarea or select, and its counter when it has one."""
    common = (
        f' id="{shown.id}" name="{shown.name}"{attribute("aria-invalid", "true" if shown.wrong else "")}'
        f"{attribute('aria-describedby', shown.described)}{' readonly' if shown.readonly else ''}"
    )
    if shown.kind == "select":
        options = "".join(group.markup for group in shown.groups)
        filtered = " data-filter" if shown.filter else ""
        return _(
            '<select class="input"{common}{filtered}><option value="">请选择</option>{options}</select>'
        ).format(common=common, filtered=filtered, options=options)
    if shown.kind == "textarea":
        css = "input input-long" if shown.lines > ROW_LINES else "input"
        # Browsers drop a line break after the tag: this one is theirs, so one that the text begins with stays.
        rich = f" data-prose{attribute('data-prose-pictures', shown.pictures)}" if shown.rich else ""
        text = (
            f'<textarea class="{css}" rows="{shown.lines}"{common}{rich}>\n{escape(shown.value)}</textarea>'
        )
    else:
        text = (
            f'<input class="input{shown.css}" type="{shown.input_type}" inputmode="{shown.inputmode}" '
            f'autocomplete="{shown.autocomplete}"{common} value="{escape(shown.value)}">'
        )
    if shown.search:
        text = f'<div class="code-search"{attribute("data-codes", _address("ui:industries"))}>{text}</div>'
    return text + (_counter(shown) if shown.counted else "")


def _counter(shown: Control) -> str:
    return _(
        '<p class="count" data-counter="{id}" data-max="{max_chars}"><span class="num" id="{id}-count">已写 {count} 字，'
        "上限 {max_chars} 字</span></p>"
    ).format(id=shown.id, max_chars=shown.max_chars, count=shown.count)


def _legend(shown: ScreenField) -> str:
    return f'<legend class="label">{_named(shown.label)}{_need() if shown.required else ""}</legend>'


def _words(shown: ScreenField) -> str:
    official = (
        _('<p class="hint">申请书原文：{official}</p>').format(official=escape(shown.official))
        if shown.official
        else ""
    )
    hint = f'<p class="hint" id="{shown.id}-hint">{escape(shown.hint)}</p>' if shown.hint else ""
    hint += _prose_help(shown)
    return official + hint + _messages(shown.id, shown.wrong, shown.warnings)


def _prose_help(shown: ScreenField) -> str:
    """What a long answer may hold, and how it is written by hand; an editor shows that only with the text itself."""
    if not any(each.rich for each in shown.controls):
        return ""
    if any(each.pictures for each in shown.controls):
        words = _("可以有表格和图片；从 Word、WPS、网页粘贴，会保留段落、编号和简单的表格。")
        grammar = _(
            "原文里，“| 甲 | 乙 |”是表格的一行，第二行写“| --- | --- |”，第一行就是表头；"
            "“[图：文件名｜图名]”是一张图片，文件先上传到“证明材料”的插图里。"
        )
    else:
        words = _("可以有表格；从 Word、WPS、网页粘贴，会保留段落、编号和简单的表格。")
        grammar = _("原文里，“| 甲 | 乙 |”是表格的一行，第二行写“| --- | --- |”，第一行就是表头。")
    return (
        f'<p class="hint" id="{shown.id}-prose">{escape(words)}</p>'
        f'<p class="hint" data-prose-grammar>{escape(grammar)}</p>'
    )


def _messages(place: str, wrong: Sequence[str], warnings: Sequence[str]) -> str:
    said = ""
    if wrong:
        said += f'<div class="wrong" id="{place}-wrong">{"".join(f"<p>{escape(words)}</p>" for words in wrong)}</div>'
    if warnings:
        lines = "".join(_("<p>请核对：{words}</p>").format(words=escape(words)) for words in warnings)
        said += f'<div class="doubt" id="{place}-warning">{lines}</div>'
    return said


def _wrong(shown: ScreenField) -> str:
    return " field-wrong" if shown.wrong else ""


_LAYOUTS = {"control": _single, "choices": _choices, "composite": _composite, "rows": _rows}
