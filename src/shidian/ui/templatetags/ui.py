"""Tags and filters that word dates, deadlines, states and names the way a Chinese office writes them.

Times are shown in the current time zone of Django; "now" comes from the one clock module.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from shidian.calls.scoring import written
from shidian.core import clock
from shidian.core.language import date_words, day_words, in_words, month_words
from shidian.core.said import Said
from shidian.signoffs.models import Signature
from shidian.ui import language, markup
from shidian.ui.controls import ScreenField

register = template.Library()

# From this many days before a deadline it is shown as near.
SOON_DAYS = 7
# A desk list shows the date itself, except for what is nearer than this.
NEAR_DAYS = 3

NOTHING = "—"

_MONTH = re.compile(r"^(\d{4})-(\d{1,2})$")
_SHARED_END = re.compile(r"(?:（[^（）]*）)?(?:综合)?标准化试点(?:项目)?$")


def _moment(value: Any) -> datetime | date | None:
    """What may stand in a template for a time: datetime (made local), date, ISO text; else None."""
    if isinstance(value, str):
        try:
            value = (
                datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
            )
        except ValueError:
            return None
    if isinstance(value, datetime):
        return timezone.localtime(value) if timezone.is_aware(value) else value
    return value if isinstance(value, date) else None


@register.filter
def cn_date(value: Any) -> str:
    """2023 年 7 月 13 日, in the current time zone; what is no date is shown as it is."""
    moment = _moment(value)
    if moment is None:
        return str(value) if value else NOTHING
    return date_words(moment)


@register.filter
def cn_day(value: Any) -> str:
    """7 月 13 日: the date without its year."""
    moment = _moment(value)
    if moment is None:
        return str(value) if value else NOTHING
    return day_words(moment)


@register.filter
def cn_datetime(value: Any, seconds: str = "") -> str:
    """2023 年 7 月 20 日 17:00; with any argument also the seconds, as receipts need them."""
    moment = _moment(value)
    if moment is None:
        return str(value) if value else NOTHING
    if not isinstance(moment, datetime):
        return date_words(moment)
    return f"{date_words(moment)} {moment:{'%H:%M:%S' if seconds else '%H:%M'}}"


@register.filter
def cn_month(value: Any) -> str:
    """2024 年 1 月, from 2024-01, a date, or {"from": …, "to": …} (2024 年 1 月至 2025 年 12 月)."""
    if isinstance(value, dict):
        ends = [cn_month(value.get(key)) for key in ("from", "to") if value.get(key)]
        return _("至 ").join(ends) if ends else NOTHING
    if isinstance(value, str) and (match := _MONTH.match(value.strip())):
        year, month = int(match[1]), int(match[2])
        return month_words(date(year, month, 1)) if year and 1 <= month <= 12 else value
    moment = _moment(value)
    if moment is None:
        return str(value) if value else NOTHING
    return month_words(moment)


def due_words(value: datetime | date, *, by_date: bool = False) -> tuple[str, str]:
    """Words and class of a deadline, counted in calendar days of the current time zone.

    A deadline given as a date ends with that day. `by_date`: farther ones show their date, as lists do.
    """
    moment = _moment(value)
    if moment is None:
        raise ValueError(f"not a time: {value!r}")
    now = timezone.localtime(clock.now())
    last_day = moment.date() if isinstance(moment, datetime) else moment
    days = (last_day - now.date()).days
    clock_time = f"{moment:%H:%M}" if isinstance(moment, datetime) else ""
    if days < 0:
        return _("逾期 {days} 天").format(days=-days), "due due-over"
    if days == 0:
        if isinstance(moment, datetime) and moment < now:
            return _("今天 {clock_time} 已过").format(clock_time=clock_time), "due due-over"
        return _("今天 {clock_time}").format(clock_time=clock_time).rstrip(), "due due-soon"
    if days == 1:
        return _("明天 {clock_time}").format(clock_time=clock_time).rstrip(), "due due-soon"
    if by_date and days > NEAR_DAYS:
        return cn_day(moment), "due"
    return _("还有 {days} 天").format(days=days), "due due-soon" if days <= SOON_DAYS else "due"


@register.filter
def due(value: Any, form: str = "") -> SafeString:
    """A deadline in words with its class: 还有 7 天, 今天 17:00, 逾期 2 天; `|due:"date"` in lists."""
    moment = _moment(value)
    if moment is None:
        return format_html('<span class="due">{}</span>', NOTHING)
    words, css = due_words(moment, by_date=form == "date")
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        css,
        moment.isoformat(),
        cn_datetime(moment),
        words,
    )


@register.filter
def days_left(value: Any) -> int | None:
    """Whole calendar days until a deadline, 0 today, negative when over; None without a deadline."""
    moment = _moment(value)
    if moment is None:
        return None
    last_day = moment.date() if isinstance(moment, datetime) else moment
    return (last_day - timezone.localdate(clock.now())).days


@register.filter
def is_over(value: Any) -> bool:
    """Whether a deadline has passed, to the second; a date ends with its day."""
    moment = _moment(value)
    if isinstance(moment, datetime):
        return moment < clock.now()
    return moment is not None and moment < timezone.localdate(clock.now())


@register.filter
def short_code(digest: Any) -> SafeString | str:
    """7F3A-91C2: the first eight characters of a digest, as they stand on every printed page."""
    text = str(digest or "").replace("-", "")
    if not text:
        return ""
    return format_html('<span class="code">{}-{}</span>', text[:4].upper(), text[4:8].upper())


@register.simple_tag
def state_chip(kind: str, word: str, big: bool = False) -> SafeString:
    """A state as a chip; `kind` is turn, wait, done, stop, void or idle, the word is always written."""
    return format_html(
        '<span class="state{}" data-is="{}">{}</span>',
        " state-big" if big else "",
        kind,
        word,
    )


@register.filter
def file_size(size: Any) -> str:
    """38 KB, 1.2 MB; nothing for what is not a number."""
    try:
        left = float(size)
    except (TypeError, ValueError):
        return ""
    if left < 1024:
        return _("{left} 字节").format(left=int(left))
    for unit in ("KB", "MB", "GB"):
        left /= 1024
        if left < 1024 or unit == "GB":
            return f"{left:.0f} {unit}" if left >= 10 else f"{left:.1f} {unit}"
    raise AssertionError


@register.filter
def wbr_name(name: Any, dimmed: str = "") -> SafeString | str:
    """A pilot's name with a break before the end that all names share; `|wbr_name:"dim"` dims that end."""
    text = str(name or "")
    match = _SHARED_END.search(text)
    if match is None or match.start() == 0:
        return text
    head, tail = text[: match.start()], match[0]
    if dimmed:
        return format_html('{}<wbr><span class="dim">{}</span>', head, tail)
    return format_html("{}<wbr>{}", head, tail)


@register.filter
def wbr_around(title: Any, phrase: str) -> SafeString | str:
    """A long title that may break around a phrase of it and before the end that all names share."""
    before, found, after = str(title or "").partition(phrase)
    if not found:
        return wbr_name(title)
    return format_html("{}<wbr>{}<wbr>{}", before, wbr_name(found), after)


@register.filter
def site_name(name: Any) -> SafeString | str:
    """The name of the site; what stands before its end is left out where there is no room for it."""
    text = str(name or "")
    match = _SHARED_END.search(text)
    if match is None or match.start() == 0:
        return text
    return format_html('<span class="wide">{}</span>{}', text[: match.start()], match[0])


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """The value under a key that is only known while rendering."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.filter
def points(value: Any) -> str:
    """A decimal as people write it: 17.5, 20."""
    return written(value) if isinstance(value, Decimal) else str(value)


@register.filter
def widget_kind(field: BoundField) -> str:
    """How a Django form field is laid out: checkbox (one), choices (radios or several boxes), or control."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "control"


@register.filter
def dressed(field: BoundField) -> SafeString:
    """A Django form field's control with the class of the look, tied to its hint and its error."""
    attrs: dict[str, Any] = {}
    if widget_kind(field) == "control":
        attrs["class"] = f"{field.field.widget.attrs.get('class', '')} input".strip()
    described = [f"{field.id_for_label}-hint"] if field.help_text else []
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{field.id_for_label}-wrong")
    if "placeholder" in field.field.widget.attrs:
        # The label says it; a grey text in the box is taken for an answer.
        attrs["placeholder"] = False
    # Django writes its own aria-describedby for a help text under another id, hence always set here.
    attrs["aria-describedby"] = " ".join(described) or None
    return field.as_widget(attrs={key: value for key, value in attrs.items() if value is not None})


@register.filter
def form_problems(form: forms.BaseForm) -> list[dict[str, str]]:
    """The errors of a Django form as lines of the error summary: message and the id of the control."""
    lines = [{"message": str(error), "anchor": ""} for error in form.non_field_errors()]
    for name, errors in form.errors.items():
        if name in form.fields:
            bound = form[name]
            anchor = bound.id_for_label or bound.auto_id
            lines += [
                {"message": _("{bound}：{error}").format(bound=bound.label, error=error), "anchor": anchor}
                for error in errors
            ]
    return lines


@register.simple_tag(takes_context=True)
def own_site(context: Context) -> dict[str, Any]:
    """The site of the context processor, also where a view of allauth put Django's Site under the same name."""
    for layer in reversed(context.dicts):
        value = layer.get("site")
        if isinstance(value, dict):
            return value
    return {}


@register.simple_tag
def languages() -> dict[str, Any]:
    """The language of the page, the other one to change to, and the words of the modules when they are not Chinese."""
    return language.of_page()


@register.filter
def tongue(text: Any) -> SafeString:
    """`<p{{ text|tongue }}>{{ text }}</p>`: Chinese content says that it is Chinese, on a page that is not."""
    return language.tongue(str(text))


@register.filter
def translated(said: Any) -> str:
    """Words that are kept in Chinese (of a table, or made by `core.said`), in the language of the page."""
    if isinstance(said, Said):
        return in_words(said)
    return gettext(said) if said else ""


@register.filter
def evidence_label(signature: Signature) -> str:
    """What one opens to see on what an opinion rests: the scan, the certified PDF, or the statement."""
    words = {
        Signature.Means.PAPER: _("看扫描件"),
        Signature.Means.CERTIFICATE: _("看签名的 PDF"),
        Signature.Means.SCREEN: _("看意见单"),
    }
    return words[Signature.Means(signature.means)]


@register.filter
def questionnaire_field(field: ScreenField) -> SafeString:
    """A bound field of the questionnaire as HTML."""
    return markup.field(field)
