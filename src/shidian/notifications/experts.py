"""The letters of expert review that are more than a notice: an invitation to the pool, and what there is to read.

No subject line and no letter says who applied. Each is made when it leaves (`sending.deliver`).
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from shidian.notifications import telling
from shidian.notifications.letter import Letter, letter
from shidian.notifications.models import Message, Notice
from shidian.reviews.experts.queries import READING, assignments_of
from shidian.reviews.models import Expert, Panel


def _notice(message: Message) -> Notice:
    return Notice.objects.select_related("user").get(pk=message.args["notice"])


def invitation_letter(message: Message) -> Letter:
    """That a person was taken into a pool; a new one first sets a password."""
    from shidian.notifications.letters import invitation_link

    notice = _notice(message)
    expert = Expert.objects.select_related("user", "office").get(user=notice.user)
    first = invitation_link(expert.user)
    lines = [
        f"{expert.user.name}，您好：",
        "",
        f"{expert.office.name}已把您列入“{settings.SITE_NAME}”的专家库。",
    ]
    if first:
        lines += ["请打开下面的链接设置密码（3 天内有效，只能用一次）：", "", first, ""]
    lines += [
        "登录后请核对您的单位和专业方向；与某个单位有关系、可能影响公正的，请在这里申报回避：",
        "",
        telling.link_of(notice),
    ]
    return letter("您已列入评审专家库", lines, secret=bool(first))


def calling_letter(message: Message) -> Letter | None:
    """What there is to read and until when; nothing while the panel does not read."""
    notice = _notice(message)
    panel = Panel.objects.select_related("office", "call").get(pk=notice.about.removeprefix("panel:"))
    rows = [row for row in assignments_of(panel) if row.expert.user_id == notice.user_id]
    if panel.state not in READING or not rows:
        return None
    closes = timezone.localtime(panel.closes_at, panel.call.zone)
    lines = [
        f"{notice.user.name}，您好：",
        "",
        f"{panel.office.name}请您评审“{panel.name}”的 {len(rows)} 件申请，{closes:%Y-%m-%d %H:%M} 截止。",
        "请登录后打开；与哪一件有关系、可能影响公正的，请先申报回避，不要再看：",
        "",
        telling.link_of(notice),
    ]
    return letter("请评审申请", lines)
