"""What is recorded about units, offices and loaded lists, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "organisation.registered": gettext_noop("注册单位“{name}”（{code}），经办人 {writer}，负责人 {head}"),
    "organisation.registered_again": gettext_noop("单位重新注册"),
    "organisation.head_asked": gettext_noop("重发负责人确认邮件"),
    "organisation.confirmed": gettext_noop("负责人确认单位账号"),
    "organisation.refused": gettext_noop("负责人未认可单位账号"),
    "organisation.profile_kept": gettext_noop("修改单位资料：{fields}"),
    "office.appointed": gettext_noop("任命 {name} 为{role}"),
    "office.dismissed": gettext_noop("免去 {name} 的{role}"),
    "watchlist.received": gettext_noop("收到{kind}文件“{file}”（来源：{source}，截至 {as_of}）"),
    "watchlist.columns_chosen": gettext_noop("改动列的对应：{columns}"),
    "watchlist.confirmed": gettext_noop("核对后确认载入：可载入 {rows} 行，不能载入 {wrong} 行"),
    "watchlist.loaded": gettext_noop("载入{kind} {rows} 条，成为现行"),
    "watchlist.failed": gettext_noop("载入失败：{fault}"),
    "watchlist.discarded": gettext_noop("放弃载入"),
    "watchlist.superseded": gettext_noop("被新载入的一份取代（第 {by_load} 号）"),
    "watchlist.withdrawn": gettext_noop("撤下：{reason}"),
    "watchlist.reinstated": gettext_noop("恢复为现行：{reason}"),
}
