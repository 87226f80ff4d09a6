"""A section of a questionnaire as its page shows it: each field with its words, value, problems and controls.

Names and ids follow the form reader of `questionnaires`: a control is named `<field>`, `<field>-<part>` or
`<field>-<row>-<column>` and its id is `f-` and that name. Nothing is judged here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.organisations.codes import economic_types, industries, regions
from shidian.questionnaires.definition import COMPOSITE, Choice, Column, Field, Section
from shidian.questionnaires.visibility import EVERYTHING, Visible

from .code_lists import classes_above, counties, economic_type_groups, industry_offers, provinces
from .controls import FIELD_LINES, SHARES, Control, Finding, ScreenField, ScreenRow, is_counted
from .options import Option, OptionGroup

# A closed list up to this length is shown whole, a longer one as a select.
SHOWN_CHOICES = 12

WORDS: dict[str, dict[str, str]] = {
    "month_range": {"from": gettext_noop("起（年-月）"), "to": gettext_noop("止（年-月）")},
    "region": {
        "province": gettext_noop("省（市）"),
        "county": gettext_noop("县（区）"),
        "detail": gettext_noop("功能区、乡镇等（没有可不填）"),
    },
}
"""What the parts of a composite field are called above their controls."""

_EXAMPLES = {
    "month": gettext_noop("年-月，例如 2024-01"),
    "month_range": gettext_noop("年-月，例如 2024-01"),
    "date": gettext_noop("年-月-日，例如 2023-07-10"),
    "postcode": gettext_noop("6 位数字"),
    "phone": gettext_noop("固定电话或手机号码，可带区号"),
    "email": gettext_noop("例如 name@example.com"),
    "document_number": gettext_noop("例如 国标委发〔2023〕27号"),
    "standard_number": gettext_noop("例如 GB/T 24421.1—2023"),
    "unit_code": gettext_noop("18 位统一社会信用代码；没有的写 9 位组织机构代码"),
    "month_or_text": gettext_noop("年-月，例如 2024-01；说不清的可以写文字"),
}
"""Hints of types whose way of writing is not obvious; a hint in the package comes first."""

_INPUTS = {
    "phone": ("tel", "tel", "tel"),
    "email": ("email", "email", "email"),
    "postcode": ("text", "numeric", "postal-code"),
    "month": ("text", "numeric", "off"),
    "date": ("text", "numeric", "off"),
    "unit_code": ("text", "text", "off"),
}
"""Input type, inputmode and autocomplete; everything else is plain text.

Not `type="month"` or `type="date"`: browsers show them in their own language, and some do not know them.
"""


def bind(
    section: Section,
    values: Mapping[str, Any],
    problems: Sequence[Finding] = (),
    *,
    open_fields: frozenset[str] | None = None,
    known: Visible = EVERYTHING,
) -> list[ScreenField]:
    """The fields of a section in order, ready to show.

    `values` may hold anything a draft holds; `problems` of other sections are ignored by their field keys only, so
    pass those of this section. `open_fields`: when a file was returned, the only fields that may be changed; the others
    are locked and show their text. None: all are open. `known` says which fields count: the others are there and
    hidden, so that they can appear while somebody writes, or left out where nothing can be written.
    """
    heading = ""
    bound = []
    for asked in section.fields:
        hidden = not known.field(section.key, asked.key)
        own = [problem for problem in problems if problem.field == asked.key]
        first_of_group = asked.group if asked.group != heading else ""
        heading = asked.group
        locked = open_fields is not None and asked.key not in open_fields
        if hidden and locked:
            continue
        shown = _bind_field(asked, values.get(asked.key), own, heading=first_of_group, locked=locked)
        bound.append(_conditional(section, asked, shown, known) if asked.visible_when else shown)
    return bound


def _conditional(section: Section, asked: Field, shown: ScreenField, known: Visible) -> ScreenField:
    """The field with the path by which the page shows and hides it, and its heading when it has only such fields."""
    group = [field for field in section.fields if field.group == asked.group] if shown.heading else []
    whole = bool(group) and all(field.visible_when for field in group)
    return replace(
        shown,
        shows=f"{section.key}.{asked.key}",
        hidden=not known.field(section.key, asked.key),
        heading_shows=" ".join(f"{section.key}.{field.key}" for field in group) if whole else "",
        heading_hidden=whole and not any(known.field(section.key, field.key) for field in group),
    )


def _bind_field(
    asked: Field, value: Any, problems: Sequence[Finding], *, heading: str, locked: bool
) -> ScreenField:
    field_id = f"f-{asked.key}"
    layout = _layout(asked)
    # Errors of a cell or a part stand at that control; the rest stands at the field.
    at_parts = {field_id + "-" + name for name in _part_names(asked, value)} if layout == "rows" else set()
    at_field = [problem for problem in problems if problem.anchor not in at_parts]
    wrong = _messages(at_field, "error")
    # What is explained at the answer itself need not be said twice.
    explained = asked.explain if layout == "choices" and not locked else ""
    warnings = tuple(
        words for words in _messages(at_field, "warning") if not (explained and explained in words)
    )
    hint = asked.hint or (_(_EXAMPLES[asked.type]) if asked.type in _EXAMPLES else "")
    described = " ".join(
        [f"{field_id}-hint"] * bool(hint)
        + [f"{field_id}-wrong"] * bool(wrong)
        + [f"{field_id}-warning"] * bool(warnings)
        + [f"{field_id}-prose"] * asked.rich
        + [f"{field_id}-explain"]
        * bool(explained and asked.qualifies and value not in (None, "", asked.qualifies))
    )
    common: dict[str, Any] = {
        "key": asked.key,
        "id": field_id,
        "type": asked.type,
        "layout": layout,
        "label": asked.name,
        "official": asked.label if asked.screen_label and asked.screen_label != asked.label else "",
        "hint": hint,
        "required": asked.required,
        "heading": heading,
        "wrong": wrong,
        "warnings": warnings,
        "described": described,
        "locked": locked,
        "value": value,
        "explain": asked.explain,
        "qualifies": asked.qualifies or "",
        "max_rows": asked.max_rows,
        "problems": tuple(problems),
    }
    if locked:
        return ScreenField(**common, text=shown_text(asked, value))
    if layout == "choices":
        return ScreenField(**common, groups=_choice_groups(asked, _text(value), field_id))
    if layout == "composite":
        return ScreenField(**common, controls=_part_controls(asked, value, common))
    if layout == "rows":
        rows = _rows(asked, value, problems)
        return ScreenField(
            **common,
            heads=tuple(_cell(asked, column, "", 0, ()) for column in asked.columns),
            rows=rows,
            template_row=ScreenRow(
                0,
                tuple(_cell(asked, column, "", 0, ()) for column in asked.columns),
                True,
            ),
        )
    only = _single_control(asked, value, common)
    if only.search:
        words = _text(value)
        return ScreenField(
            **common, controls=(only,), above=classes_above(words), offers=industry_offers(words)
        )
    return ScreenField(**common, controls=(only,))


def _layout(asked: Field) -> str:
    if asked.type == "rows":
        return "rows"
    if asked.type in COMPOSITE:
        return "composite"
    if asked.type == "yes_no" or (asked.type in ("choice", "area") and len(asked.choices) <= SHOWN_CHOICES):
        return "choices"
    return "control"


def _messages(problems: Sequence[Finding], severity: str) -> tuple[str, ...]:
    return tuple(problem.message for problem in problems if problem.severity == severity)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _single_control(asked: Field, value: Any, common: Mapping[str, Any]) -> Control:
    groups = _select_groups(asked, _text(value))
    kind = "select" if groups else "textarea" if asked.type == "long_text" else "input"
    input_type, inputmode, autocomplete = _INPUTS.get(asked.type, ("text", "text", "off"))
    counted = f"f-{asked.key}-count" if is_counted(kind, asked.max_chars) else ""
    return Control(
        name=asked.key,
        id=f"f-{asked.key}",
        label=asked.name,
        kind=kind,
        value=industries.label(_text(value)) if asked.type == "industry" else _text(value),
        required=asked.required,
        input_type=input_type,
        inputmode=inputmode,
        autocomplete=autocomplete,
        css=_css(asked.type),
        lines=FIELD_LINES,
        max_chars=asked.max_chars,
        wrong=common["wrong"],
        described=f"{common['described']} {counted}".strip(),
        groups=groups,
        search=asked.type == "industry",
        rich=asked.rich,
    )


def _select_groups(asked: Field, value: str) -> tuple[OptionGroup, ...]:
    """The groups of a field that is chosen from a long list; none for what is typed."""
    if asked.type in ("choice", "area"):
        branches: dict[str, list[Option]] = {}
        for choice in asked.choices:
            branch, label = _branch(choice) if asked.type == "area" else ("", choice.label)
            branches.setdefault(branch, []).append(Option(choice.value, label, choice.value == value))
        return tuple(OptionGroup(branch, tuple(options)) for branch, options in branches.items())
    if asked.type == "economic_type":
        return economic_type_groups(value)
    return ()


def shown_text(asked: Field, value: Any) -> str:
    """An answer as plain text, for a field that may only be read."""
    if asked.type == "yes_no":
        return {"yes": _("是"), "no": _("否")}.get(_text(value), "")
    if asked.type in ("choice", "area"):
        return next(
            (choice.label for choice in asked.choices if choice.value == value),
            _text(value),
        )
    if asked.type == "industry":
        return industries.name(_text(value)) or _text(value)
    if asked.type == "economic_type":
        return economic_types.name(_text(value)) or _text(value)
    held = value if isinstance(value, dict) else {}
    if asked.type == "month_range":
        return _("至").join(filter(None, (_text(held.get("from")), _text(held.get("to")))))
    if asked.type == "region":
        place = regions.full_name(_text(held.get("county"))) or regions.name(_text(held.get("province")))
        return place + _text(held.get("detail"))
    if asked.type == "rows":
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        return "\n".join(
            "　".join(filter(None, (_text(row.get(c.key)) for c in asked.columns))) for row in rows
        )
    return _text(value)


def _css(kind: str) -> str:
    if kind in ("month", "date", "postcode"):
        return " input-short num"
    return " input-code" if kind == "unit_code" else ""


def _with(control: Control, **changes: Any) -> Control:
    return Control(
        **{
            **{name: getattr(control, name) for name in control.__dataclass_fields__},
            **changes,
        }
    )


def _part_controls(asked: Field, value: Any, common: Mapping[str, Any]) -> tuple[Control, ...]:
    held = value if isinstance(value, dict) else {}
    placed = {problem.anchor for problem in common["problems"] if problem.severity == "error"}
    named = {f"f-{asked.key}-{part}" for part in COMPOSITE[asked.type]} & placed
    controls = []
    for part in COMPOSITE[asked.type]:
        name = f"{asked.key}-{part}"
        groups: tuple[OptionGroup, ...] = ()
        if asked.type == "region" and part == "province":
            groups = provinces(_text(held.get("province")))
        elif asked.type == "region" and part == "county":
            groups = counties(_text(held.get("province")), _text(held.get("county")))
        controls.append(
            Control(
                name=name,
                id=f"f-{name}",
                label=_(WORDS[asked.type][part]),
                kind="select" if groups else "input",
                value=_text(held.get(part)),
                required=asked.required and part != "detail",
                inputmode="numeric" if asked.type == "month_range" else "text",
                css=" num" if asked.type == "month_range" else "",
                # A problem that names no part is one of the whole.
                wrong=common["wrong"] if not named or f"f-{name}" in named else (),
                described=common["described"],
                groups=groups,
                filter=part == "county",
            )
        )
    return tuple(controls)


def _part_names(asked: Field, value: Any) -> list[str]:
    count = len(value) if isinstance(value, list) else 0
    return [f"{no}-{column.key}" for no in range(1, count + 2) for column in asked.columns]


def _rows(asked: Field, value: Any, problems: Sequence[Finding]) -> tuple[ScreenRow, ...]:
    """The rows given, then blank ones: at least one, and up to the least number, never above the greatest.

    So a row can be added without JavaScript: save, and the next blank one is there.
    """
    given = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    wanted = max(len(given) + 1, asked.min_rows)
    if asked.max_rows is not None:
        wanted = max(len(given), min(wanted, asked.max_rows))
    rows = []
    for no in range(1, wanted + 1):
        held = given[no - 1] if no <= len(given) else {}
        cells = tuple(
            _cell(asked, column, _text(held.get(column.key)), no, problems) for column in asked.columns
        )
        rows.append(ScreenRow(no, cells, blank=no > len(given)))
    return tuple(rows)


def _cell(asked: Field, column: Column, value: str, no: int, problems: Sequence[Finding]) -> Control:
    name = f"{asked.key}-{no}-{column.key}" if no else f"{asked.key}-0-{column.key}"
    control_id = f"f-{name}"
    own = [problem for problem in problems if problem.anchor == control_id]
    wrong, warnings = _messages(own, "error"), _messages(own, "warning")
    input_type, inputmode, _rest = _INPUTS.get(column.type, ("text", "text", "off"))
    total = sum(each.width for each in asked.columns)
    return Control(
        name=name,
        id=control_id,
        label=column.name,
        kind="select" if column.choices else "textarea" if column.type == "long_text" else "input",
        value=value,
        required=column.required,
        input_type=input_type,
        inputmode=inputmode,
        css=" num" if column.type == "month" else "",
        max_chars=column.max_chars,
        share=max(1, round(SHARES * column.width / total)),
        wrong=wrong,
        warnings=warnings,
        described=" ".join(
            [f"{control_id}-wrong"] * bool(wrong) + [f"{control_id}-warning"] * bool(warnings)
        ),
        groups=_plain_group(column.choices, value),
    )


def _plain_group(choices: Sequence[Choice], value: str) -> tuple[OptionGroup, ...]:
    if not choices:
        return ()
    return (OptionGroup("", tuple(Option(c.value, c.label, c.value == value) for c in choices)),)


def yes_no() -> list[Choice]:
    """The answers to a question of yes or no."""
    return [Choice(value="yes", label=_("是")), Choice(value="no", label=_("否"))]


def _choice_groups(asked: Field, value: str, field_id: str) -> tuple[OptionGroup, ...]:
    """Radios; those of an area tree stand under the name of their branch."""
    choices = yes_no() if asked.type == "yes_no" else asked.choices
    branches: dict[str, list[Option]] = {}
    for position, choice in enumerate(choices):
        branch, label = _branch(choice) if asked.type == "area" else ("", choice.label)
        # The error summary leads to the field's id, which is the first radio.
        option_id = field_id if position == 0 else f"{field_id}-{position + 1}"
        branches.setdefault(branch, []).append(Option(choice.value, label, choice.value == value, option_id))
    return tuple(OptionGroup(branch, tuple(options)) for branch, options in branches.items())


def _branch(choice: Choice) -> tuple[str, str]:
    """(branch, leaf) of an area's label, which names the way from the root: 应急管理 / 综合减灾社区."""
    *branch, leaf = re.split(r"\s*[/／·]\s*", choice.label)
    return " · ".join(branch), leaf


_ROW_BUTTON = re.compile(r"(.+)-([1-9][0-9]{0,3})")


def rearranged(section: Section, data: Mapping[str, Sequence[str]]) -> dict[str, list[str]] | None:
    """The posted form with its rows moved as the pressed button says; None when no row button was pressed.

    The buttons `rows-up`, `rows-down` and `rows-drop` carry `<field>-<row>`; `rows-add` changes nothing, since a blank
    row always follows the last. The browser's own script does the same without a round trip.
    """
    pressed = next((name for name in ("rows-up", "rows-down", "rows-drop", "rows-add") if name in data), None)
    if pressed is None:
        return None
    moved = {name: list(values) for name, values in data.items()}
    match = _ROW_BUTTON.fullmatch(data[pressed][-1]) if data[pressed] else None
    if pressed == "rows-add" or match is None or not _is_rows(section, match[1]):
        return moved
    key, row = match[1], int(match[2])
    rows = sorted({int(found[1]) for name in data if (found := re.match(rf"{re.escape(key)}-(\d+)-", name))})
    order = list(rows)
    at = order.index(row) if row in order else -1
    if at < 0:
        return moved
    if pressed == "rows-drop":
        del order[at]
    else:
        other = at - 1 if pressed == "rows-up" else at + 1
        if 0 <= other < len(order):
            order[at], order[other] = order[other], order[at]
    kept = {name: values for name, values in moved.items() if not re.match(rf"{re.escape(key)}-\d+-", name)}
    for number, source in enumerate(order, start=1):
        prefix = f"{key}-{source}-"
        kept |= {
            f"{key}-{number}-{name[len(prefix) :]}": moved[name] for name in moved if name.startswith(prefix)
        }
    if not order:
        # A table whose rows were all dropped is still posted, as one blank row.
        kept |= {f"{key}-1-{column.key}": [""] for column in section.field(key).columns}
    return kept


def _is_rows(section: Section, key: str) -> bool:
    return key in section.by_key and section.field(key).type == "rows"
