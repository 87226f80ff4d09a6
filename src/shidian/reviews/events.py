"""What is recorded about work on an application and about rulings, in the words of the timeline."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "review.claimed": gettext_noop("{office}有人认领办理"),
    "review.released": gettext_noop("{office}放开办理，等人认领"),
    "review.taken_over": gettext_noop("{office}换人办理，原来由{was}办理"),
    "ruling.proposed": gettext_noop("提交确认，共 {count} 件（版本码 {code}）"),
    "ruling.confirmed": gettext_noop("确认，共 {count} 件"),
    "ruling.sent_back": gettext_noop("退回：{reason}"),
}
TONES: dict[str, str] = {
    "ruling.confirmed": "done",
    "ruling.sent_back": "void",
}
