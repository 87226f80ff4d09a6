"""Results as a sheet, and minutes as paper and for Word, from what was frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from shidian.calls.scoring import OVERALL
from shidian.core import clock
from shidian.documents.actions import printed
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import TEMPLATES, compile_paper
from shidian.documents.sheets import Cell, write_rows
from shidian.documents.word.plain import Block, Heading, Table, Text, write_plain
from shidian.reviews.scoring.models import Vote
from shidian.reviews.scoring.queries import Standing

CHOICES = {Vote.Choice.AGREE: "同意", Vote.Choice.AGAINST: "反对", Vote.Choice.ABSTAIN: "弃权"}


def minutes_lines(item: Mapping[str, Any]) -> list[str]:
    """What the minutes say of one item: who left, how it was voted, what came of it, and the notes."""
    lines = [f"{out['name']}回避离席：{out['reason']}。" for out in item["out"]]
    if not item["begun_at"]:
        return [*lines, "没有讨论。"]
    votes = item["votes"]
    if sum(votes.values()):
        told = f"在场 {item['room']} 人，同意 {votes['agree']} 票，反对 {votes['against']} 票，弃权 {votes['abstain']} 票"
        came = {True: "，通过。", False: "，没有通过。", None: "。"}[item["passed"]]
        lines.append(told + came)
    else:
        lines.append(f"在场 {item['room']} 人，没有表决。")
    for choice, label in CHOICES.items():
        names = [row["name"] for row in item["named"] if row["choice"] == choice]
        if names:
            lines.append(f"{label}：{'、'.join(names)}。")
    return lines + [line for line in item["note"].split("\n") if line]


def attendance(content: Mapping[str, Any]) -> str:
    """Who was there and who was not, in one sentence."""
    here = [f"{row['name']}（{row['unit']}）" for row in content["members"] if row["present"]]
    gone = [row["name"] for row in content["members"] if not row["present"]]
    told = f"成员 {len(content['members'])} 人，到会 {len(here)} 人"
    return (
        told
        + (f"：{'、'.join(here)}" if here else "")
        + (f"。没有到会：{'、'.join(gone)}。" if gone else "。")
    )


def _facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    at = datetime.fromisoformat(content["held_at"])
    return [
        ("评审组", content["panel"]),
        ("组织单位", content["office"]),
        ("时间", f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"),
        ("地点", content["place"]),
        ("主持人", content["chair"]),
    ]


def _title(item: Mapping[str, Any]) -> str:
    return f"{item['position']}．{item['name']}（{item['lead']}，{item['reference']}）"


def minutes_pdf(version: DocumentVersion) -> StoredFile:
    """The minutes as a kept PDF; printed again they are the same, byte by byte."""

    def make() -> bytes:
        content = version.data
        paper = {
            "title": content["title"],
            "call": content["call_title"],
            "number": f"{content['reference']} {version.label}",
            "code": version.code,
            "facts": [{"name": name, "value": value} for name, value in _facts(content)],
            "attendance": attendance(content),
            "terms": content["terms"]["words"],
            "agenda": [{"title": _title(item), "lines": minutes_lines(item)} for item in content["agenda"]],
            "notes": content["notes"],
        }
        template = (TEMPLATES / "minutes.typ").read_bytes()
        pinned = datetime.fromisoformat(content["held_at"])
        return compile_paper(template, paper, pinned=pinned, extra_fonts=settings.FONTS_FOLDER)

    content = version.data
    return printed(version, "minutes", make, name=f"{content['title']}-{content['panel']}.pdf")


def minutes_docx(version: DocumentVersion) -> bytes:
    """The minutes for Word."""
    content = version.data
    blocks: list[Block] = [
        Table(("项目", "内容"), _facts(content), (2, 7)),
        Heading("一、到会情况"),
        Text(attendance(content)),
        Text(content["terms"]["words"]),
        Heading("二、审议情况"),
    ]
    for item in content["agenda"]:
        blocks += [Text(_title(item), indented=False), Text("\n".join(minutes_lines(item)))]
    if content["notes"]:
        blocks += [Heading("三、其他"), Text(content["notes"])]
    blocks += [
        Text("主持人（签名）：　　　　　　　　记录人（签名）：", indented=False),
        Text("到会成员（签名）：", indented=False),
    ]
    pinned = datetime.fromisoformat(content["held_at"])
    foot = f"{content['reference']} {version.label} {version.code}"
    return write_plain(content["title"], blocks, foot=foot, pinned=pinned)


RESULT_COLUMNS = (
    "名次", "申请编号", "试点名称", "承担单位", "得分", "平均分", "去掉最高最低后", "按专家校正后", "中位数", "最高分", "最低分", "标准差",
    "评分表", "缺",
)  # fmt: skip


def result_rows(
    lines: Sequence[Mapping[str, Any]], names: Mapping[str, Mapping[str, str]], missing: Mapping[str, int]
) -> list[list[Cell]]:
    """The result as rows of a sheet."""
    return [
        [
            line["rank"],
            line["application"],
            names[line["application"]]["name"],
            names[line["application"]]["lead"],
            *(
                None if line[key] is None else float(line[key])
                for key in ("score", "mean", "trimmed", "normalised", "median", "highest", "lowest", "spread")
            ),
            line["sheets"],
            missing.get(line["application"], 0),
        ]
        for line in lines
    ]


def sheets_xlsx(now: Standing) -> bytes:
    """Every sheet that is in, one a row, with what was moderated and the words."""
    scoring = now.scoring
    labels = [
        "申请编号",
        "专家",
        "单位",
        *(item.label for item in scoring.items),
        "建议",
        "调整",
        "评语",
        "总体意见",
    ]
    rows: list[list[Cell]] = []
    for row in now.rows:
        if not row.counts:
            continue
        changes = [
            f"{scoring.by_key[change.item].label}由 {change.before} 改为 {change.after}：{change.reason}"
            for change in row.moderations
        ]
        words = [
            f"{item.label}：{row.comments[item.key]}" for item in scoring.items if item.key in row.comments
        ]
        rows.append(
            [
                row.assignment.application.reference,
                row.assignment.expert.name,
                row.assignment.expert.unit,
                *(float(row.points[item.key]) for item in scoring.items),
                scoring.option_labels.get(row.recommendation, ""),
                "\n".join(changes),
                "\n".join(words),
                row.comments.get(OVERALL, ""),
            ]
        )
    created = clock.now().astimezone(now.panel.call.zone)
    return write_rows(f"评分表（{now.panel.name}）", labels, rows, created=created)


def results_xlsx(
    title: str, content: Mapping[str, Any], missing: Mapping[str, int], created: datetime
) -> bytes:
    """A result, frozen or not, as a sheet."""
    rows = result_rows(content["result"], content["names"], missing)
    return write_rows(title, RESULT_COLUMNS, rows, created=created)
