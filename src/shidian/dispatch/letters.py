"""The cover letter that goes with a list (推荐函、报送函): its text from the call, written over by the handler, frozen
with the list when it is approved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from shidian.calls.definition import LetterText
from shidian.calls.models import Call
from shidian.calls.queries import office_after, stage_of
from shidian.core.errors import Invalid
from shidian.dispatch.models import CandidateList, Letter
from shidian.dispatch.queries import entries, items, sent_lists
from shidian.organisations.codes import document_number
from shidian.organisations.models import Office

NO_NUMBER = "〔\u3000\u3000\u3000\u3000〕\u3000\u3000号"
"""What stands where the number is still to be written."""
LONGEST = {"title": 200, "addressee": 120, "body": 4000, "copy_to": 200}


def text_of(call: Call, office: Office) -> LetterText | None:
    """What the call says of the letter of an office's stage."""
    here = stage_of(call, office)
    return here.letter if here else None


def count_of(call: Call, office: Office, listed: CandidateList | None) -> int:
    """How many the list holds now."""
    if listed is not None and listed.state != "draft":
        return items(listed).count()
    return len(entries(call, office))


def _words(call: Call, office: Office, count: int) -> dict[str, str]:
    here = stage_of(call, office)
    following = office_after(call, office)
    sent = sent_lists(call, office)
    return {
        "call": call.title,
        "batch": call.definition.batch,
        "programme": call.definition.programme,
        "office": office.name,
        "target": following.name if following else call.definition.destination.label,
        "list_title": here.list_title if here else "",
        "count": str(count),
        "base": "、".join(row.reference for row in sent),
    }


def drafted(call: Call, office: Office, listed: CandidateList | None) -> dict[str, str]:
    """The letter as the call words it, for the list as it stands."""
    text = text_of(call, office)
    if text is None:
        return {}
    words = _words(call, office, count_of(call, office, listed))
    earlier = [row for row in sent_lists(call, office) if listed is None or row.pk != listed.pk]
    title, body = (text.supplement_title, text.supplement_body) if earlier else (text.title, text.body)
    return {
        "number": "",
        "title": _filled(title, words),
        "addressee": text.addressee or words["target"],
        "body": _filled(body, words),
        "copy_to": text.copy_to,
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def letter_of(call: Call, office: Office, listed: CandidateList | None) -> dict[str, Any]:
    """The letter as it stands: what the handler wrote, or what the call says; with office, label and attachments."""
    text = text_of(call, office)
    if text is None:
        return {}
    written = Letter.objects.filter(list=listed).first() if listed is not None else None
    values: dict[str, Any] = (
        {name: getattr(written, name) for name in ("number", "title", "addressee", "body", "copy_to")}
        if written is not None
        else dict(drafted(call, office, listed))
    )
    here = stage_of(call, office)
    title = here.list_title if here else ""
    supplement = any(listed is None or row.pk != listed.pk for row in sent_lists(call, office))
    return values | {
        "label": text.label,
        "office": office.name,
        "attachments": [f"{title}（补充更正）" if supplement else title],
    }


def letter_content(listed: CandidateList) -> dict[str, Any]:
    """What is frozen of the letter together with the list; nothing where nobody wrote one."""
    if not Letter.objects.filter(list=listed).exists():
        return {}
    return {"letter": letter_of(listed.call, listed.office, listed)}


def is_outdated(call: Call, office: Office, listed: CandidateList | None) -> int | None:
    """How many the list held when the letter was written, when it holds another number now."""
    written = Letter.objects.filter(list=listed).first() if listed is not None else None
    if written is None or written.count == count_of(call, office, listed):
        return None
    return written.count


def letter_paper(letter: dict[str, Any], dated: datetime, *, draft: bool) -> dict[str, Any]:
    """The letter as the templates take it."""
    return {
        "office": letter["office"],
        "number": letter["number"],
        "title": letter["title"],
        "addressee": letter["addressee"].rstrip("：:") + "：",
        "paragraphs": [line.strip() for line in letter["body"].splitlines() if line.strip()],
        "attachments": letter["attachments"],
        "copy_to": letter["copy_to"],
        "dated": f"{dated.year}年{dated.month}月{dated.day}日",
        "draft": draft,
    }


def checked(
    values: dict[str, str], *, year: int, office: Office, listed: CandidateList | None
) -> dict[str, str]:
    """The values of a letter as they are kept, the number in its official spelling; `Invalid` names each place.

    A number is of the year in which it is given, and given once by an office.
    """
    found = {name: values.get(name, "").replace("\r\n", "\n").strip() for name in LONGEST}
    number = document_number.normalise(values.get("number", ""))
    found["number"] = number
    problems = _number_problems(number, year, office, listed) if number else []
    for name, longest in LONGEST.items():
        if len(found[name]) > longest:
            problems.append((name, _("最多 {longest} 字").format(longest=longest)))
    for name, say in (
        ("title", _("请写标题")),
        ("addressee", _("请写主送机关")),
        ("body", _("请写正文")),
    ):
        if not found[name]:
            problems.append((name, say))
    if problems:
        raise Invalid(problems[0][1], problems)
    return found


def _number_problems(
    number: str, year: int, office: Office, listed: CandidateList | None
) -> list[tuple[str, str]]:
    wrong = document_number.check(number)
    if wrong:
        return [("number", wrong)]
    if f"〔{year}〕" not in number:
        return [("number", _("年份应为今年：〔{year}〕").format(year=year))]
    taken = Letter.objects.filter(office=office, number=number)
    if listed is not None:
        taken = taken.exclude(list=listed)
    other = taken.select_related("list").first()
    if other is None:
        return []
    said = _("这个文号本机构已经用在清单 {other} 的函上").format(other=other.list.reference)
    return [("number", said)]
