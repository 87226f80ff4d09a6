"""What is recorded about units, offices and loaded lists, in words."""

WORDINGS: dict[str, str] = {
    "organisation.registered": "注册单位“{name}”（{code}），经办人 {writer}，负责人 {head}",
    "organisation.registered_again": "单位重新注册",
    "organisation.head_asked": "重发负责人确认邮件",
    "organisation.confirmed": "负责人确认单位账号",
    "organisation.refused": "负责人未认可单位账号",
    "organisation.profile_kept": "修改单位资料：{fields}",
    "office.appointed": "任命 {name} 为{role}",
    "office.dismissed": "免去 {name} 的{role}",
    "watchlist.received": "收到{kind}文件“{file}”（来源：{source}，截至 {as_of}）",
    "watchlist.columns_chosen": "改动列的对应：{columns}",
    "watchlist.confirmed": "核对后确认载入：可载入 {rows} 行，不能载入 {wrong} 行",
    "watchlist.loaded": "载入{kind} {rows} 条，成为现行",
    "watchlist.failed": "载入失败：{fault}",
    "watchlist.discarded": "放弃载入",
    "watchlist.superseded": "被新载入的一份取代（第 {by_load} 号）",
    "watchlist.withdrawn": "撤下：{reason}",
    "watchlist.reinstated": "恢复为现行：{reason}",
}
