"""Questionnaire fields as HTML, written directly and not by templates.

A page has dozens of controls and lists of hundreds of options: templates took 7 ms for such a page, this takes less than
one. Every text goes through `escape`; nothing here decides anything.
"""

from collections.abc import Sequence

from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .code_lists import list_version
from .controls import ROW_LINES, Control, ScreenField, ScreenRow

NEED = '<span class="need">必填</span>'


def attribute(name: str, value: str) -> str:
    """An attribute with a leading blank, or nothing when it has no value."""
    return f' {name}="{escape(value)}"' if value else ""


def field(shown: ScreenField) -> SafeString:
    """A field with its heading, label, words, problems and controls."""
    heading = f'<h2 class="field-heading field-gap">{escape(shown.heading)}</h2>' if shown.heading else ""
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
    return (
        f'<div class="field field-gap" id="{shown.id}">'
        f'<p class="label">{escape(shown.label)}<span class="state">不能修改</span></p>'
        f'<p class="pre locked">{escape(shown.text or "（未填）")}</p>{_evidence(shown)}</div>'
    )


def _single(shown: ScreenField) -> str:
    only = shown.controls[0]
    return (
        f'<div class="field field-gap{_wrong(shown)}">'
        f'<label class="label" for="{only.id}">{escape(shown.label)}{NEED if shown.required else ""}</label>'
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
    return (
        f'<div class="code-offers" data-offers="{shown.id}" role="group" aria-label="{escape(shown.label)}：可能是这些">'
        f'<p class="hint">可能是这些，点一下就选中：</p><div class="button-set">{offers}</div></div>'
    )


def _choices(shown: ScreenField) -> str:
    groups = []
    for group in shown.groups:
        radios = "".join(
            f'<label class="choice" for="{option.id}"><input type="radio" id="{option.id}" name="{shown.key}" '
            f'value="{escape(option.value)}"{" checked" if option.checked else ""}>{escape(option.label)}</label>'
            for option in group.options
        )
        named = f' role="group" aria-label="{escape(group.label)}"' if group.label else ""
        label = f'<p class="label" aria-hidden="true">{escape(group.label)}</p>' if group.label else ""
        groups.append(f'<div class="choice-group"{named}>{label}<div class="choices">{radios}</div></div>')
    return (
        f'<fieldset class="field field-gap group{_wrong(shown)}"{attribute("aria-describedby", shown.described)}>'
        f"{_legend(shown)}{_words(shown)}{''.join(groups)}{_explanation(shown)}{_evidence(shown)}</fieldset>"
    )


def _explanation(shown: ScreenField) -> str:
    if not shown.qualifies:
        return ""
    hidden = "" if shown.disqualifies else " hidden"
    return (
        f'<p class="note" data-is="wait" role="status" id="{shown.id}-explain" '
        f'data-unless="{shown.key}={shown.qualifies}"{hidden}>'
        f"<b>与通知的要求不一致：</b>{escape(shown.explain)}"
        "照实回答即可，不妨碍填写和递交；是否符合，由受理机构判断。</p>"
    )


def _evidence(shown: ScreenField) -> str:
    """Where the files for the question go; they are uploaded on a page of their own."""
    if shown.evidence is None:
        return ""
    held = f"已有 {shown.evidence.count} 个文件" if shown.evidence.count else "还没有文件"
    return (
        f'<p class="hint">证明材料：<a href="{escape(shown.evidence.url)}">'
        f'{escape(shown.evidence.label)}</a>　<span class="muted">{held}</span></p>'
    )


def _composite(shown: ScreenField) -> str:
    parts = "".join(
        f'<div class="field grow"><label class="label" for="{part.id}">'
        f'<span class="hidden">{escape(shown.label)}，</span>{escape(part.label)}</label>{control(part)}</div>'
        for part in shown.controls
    )
    counties, button = "", ""
    if shown.type == "region":
        counties = attribute("data-region", _address("ui:counties", province="000000"))
        button = (
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
    heads = "".join(f'<span data-share="{head.share}">{escape(head.label)}</span>' for head in shown.heads)
    listed = "".join(_row(shown.key, row) for row in shown.rows)
    model = f"<template>{_row(shown.key, shown.template_row)}</template>" if shown.template_row else ""
    limit = f'<span class="hint">最多 {shown.max_rows} 行</span>' if shown.max_rows else ""
    most = attribute("data-max", str(shown.max_rows or ""))
    return (
        f'<div class="field-gap{_wrong(shown)}" id="{shown.id}" tabindex="-1" role="group" '
        f'aria-labelledby="{shown.id}-label"{attribute("aria-describedby", shown.described)} '
        f'data-rows="{shown.key}"{most}>'
        f'<h3 id="{shown.id}-label">{escape(shown.label)}{NEED if shown.required else ""}</h3>{_words(shown)}'
        f'<div class="rows-head" aria-hidden="true"><span class="row-no"></span>{heads}<span class="row-tools"></span></div>'
        f'<ol class="rows" aria-labelledby="{shown.id}-label">{listed}</ol>{model}'
        f'<div class="rows-add"><button class="button button-dashed" type="submit" name="rows-add" '
        f'value="{shown.key}">＋ 增加一行</button>{limit}</div></div>'
    )


def _row(key: str, row: ScreenRow) -> str:
    cells = "".join(
        f'<div class="field" data-share="{cell.share}"><label class="label" for="{cell.id}">'
        f'<span class="hidden">第 <span data-row-no>{row.no}</span> 行，</span>{escape(cell.label)}</label>'
        f"{_messages(cell.id, cell.wrong, cell.warnings)}{control(cell)}</div>"
        for cell in row.cells
    )
    buttons = "".join(
        f'<button class="button button-icon" type="submit" name="rows-{verb}" value="{key}-{row.no}" '
        f'aria-label="{words[0]}第 {row.no} 行{words[1]}">{sign}</button>'
        for verb, words, sign in _ROW_BUTTONS
    )
    return (
        f"<li{attribute('class', 'is-wrong' if row.wrong else '')}{' data-blank' if row.blank else ''}>"
        f'<fieldset class="row"><legend class="row-no"><span>第 </span><b data-row-no>{row.no}</b><span> 行</span></legend>'
        f'{cells}<div class="row-tools">{buttons}</div></fieldset></li>'
    )


_ROW_BUTTONS = (("up", ("", "上移"), "↑"), ("down", ("", "下移"), "↓"), ("drop", ("删除", ""), "✕"))


def control(shown: Control) -> str:
    """An input, textarea or select, and its counter when it has one."""
    common = (
        f' id="{shown.id}" name="{shown.name}"{attribute("aria-invalid", "true" if shown.wrong else "")}'
        f"{attribute('aria-describedby', shown.described)}"
    )
    if shown.kind == "select":
        options = "".join(group.markup for group in shown.groups)
        filtered = " data-filter" if shown.filter else ""
        return f'<select class="input"{common}{filtered}><option value="">请选择</option>{options}</select>'
    if shown.kind == "textarea":
        css = "input input-long" if shown.lines > ROW_LINES else "input"
        # Browsers drop a line break after the tag: this one is theirs, so one that the text begins with stays.
        text = f'<textarea class="{css}" rows="{shown.lines}"{common}>\n{escape(shown.value)}</textarea>'
    else:
        text = (
            f'<input class="input{shown.css}" type="{shown.input_type}" inputmode="{shown.inputmode}" '
            f'autocomplete="{shown.autocomplete}"{common} value="{escape(shown.value)}">'
        )
    if shown.search:
        text = f'<div class="code-search"{attribute("data-codes", _address("ui:industries"))}>{text}</div>'
    return text + (_counter(shown) if shown.counted else "")


def _counter(shown: Control) -> str:
    return (
        f'<p class="count" data-counter="{shown.id}" data-max="{shown.max_chars}"><span class="num" id="{shown.id}-count">'
        f"已写 {shown.count} 字，上限 {shown.max_chars} 字</span></p>"
    )


def _legend(shown: ScreenField) -> str:
    return f'<legend class="label">{escape(shown.label)}{NEED if shown.required else ""}</legend>'


def _words(shown: ScreenField) -> str:
    official = f'<p class="hint">申请书原文：{escape(shown.official)}</p>' if shown.official else ""
    hint = f'<p class="hint" id="{shown.id}-hint">{escape(shown.hint)}</p>' if shown.hint else ""
    return official + hint + _messages(shown.id, shown.wrong, shown.warnings)


def _messages(place: str, wrong: Sequence[str], warnings: Sequence[str]) -> str:
    said = ""
    if wrong:
        said += f'<div class="wrong" id="{place}-wrong">{"".join(f"<p>{escape(words)}</p>" for words in wrong)}</div>'
    if warnings:
        lines = "".join(f"<p>请核对：{escape(words)}</p>" for words in warnings)
        said += f'<div class="doubt" id="{place}-warning">{lines}</div>'
    return said


def _wrong(shown: ScreenField) -> str:
    return " field-wrong" if shown.wrong else ""


_LAYOUTS = {"control": _single, "choices": _choices, "composite": _composite, "rows": _rows}
