"""Three units and what they answer: as the system stores it, and as people write it into the form by hand."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from shidian.documents.word.form import Jpeg

Answers = dict[str, dict[str, Any]]


def _jpeg(width: int, height: int, colour: str) -> Jpeg:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return Jpeg(out.getvalue(), width, height)


PICTURES = {"组织机构.jpg": _jpeg(900, 400, "navy"), "服务流程.jpg": _jpeg(600, 800, "teal")}
"""What the answers of RICH show."""


def _body(name: str) -> dict[str, str]:
    return {"name": name, "code": "", "contact": "", "phone": ""}


@dataclass(frozen=True)
class Unit:
    """`answers` as stored; `words` how somebody writes them who has only the paper: by path, where it differs."""

    answers: Answers
    words: dict[str, str]

    @property
    def values(self) -> dict[str, Any]:
        """By path, the fields that stand on the paper."""
        return {
            f"{section}.{field}": value
            for section, fields in self.answers.items()
            for field, value in fields.items()
        }


RESCUE = Unit(
    {
        "cover": {
            "name": "和平区应急救援队伍建设（社会管理和公共服务）综合标准化试点",
            "period": {"from": "2024-01", "to": "2025-12"},
        },
        "lead": {
            "unit_name": "和平区示范应急服务中心",
            "unit_code": "12120101PDY00001X0",
            "legal_head": "张建国",
            "registered_region": {"province": "120000", "county": "120101", "detail": ""},
            "address": "天津市和平区示范路12号",
            "industry": "922",
            "economic_type": "n/a",
            "postcode": "300041",
            "phone": "022-27110000、13800000000",
            "email": "rescue@example.cn",
            "standards_body": "标准化工作办公室",
            "standards_head": "李明",
            "business_scope": "负责全区应急救援队伍的管理和训练。\n承担综合减灾宣传教育。",
            "accidents": "no",
            "system_established": "2022-06",
            "system_running": "已运行一年",
            "self_assessment": "一、基础较好。\n1．制定标准 36 项。\n2．覆盖全部岗位。\n二、仍有不足。\n（一）人员偏少；\n（二）经费偏紧。",
        },
        "basis": {
            "current_state": "本单位具有明确的公共服务职能。\n设有标准化管理内设机构，配备专职人员 3 名。",
            "standardization": "已建立标准体系框架，含通用基础、服务保障、服务提供三个子体系。",
        },
        "goals": {
            "goals": "到2025年底，建成覆盖应急救援全过程的标准体系。\n标准实施率达到95%以上。\n群众满意度不低于90%。"
        },
        "plan": {
            "plan": [
                {
                    "time": "2024年1月至3月",
                    "content": "成立领导小组；\n开展宣传培训。",
                    "units": "和平区示范应急服务中心",
                },
                {
                    "time": "2024年4月至12月",
                    "content": "标准体系建立。",
                    "units": "和平区示范应急服务中心、天津市示范研究院",
                },
                {"time": "2025年1月至9月", "content": "组织实施标准。", "units": "各有关单位"},
                {
                    "time": "2025年10月至12月",
                    "content": "自查，申请评估。",
                    "units": "和平区示范应急服务中心",
                },
            ]
        },
        "funding": {"spending": "标准制定20万元；\n培训5万元。", "sources": "区财政安排25万元。"},
        "parties": {
            "partners": [_body("天津市示范研究院")],
            "guarantors": [_body("和平区示范人民政府")],
            "guidance": [_body("天津市示范应急管理局")],
        },
    },
    {
        "lead.registered_region": "天津 省（市）  和平 县（区）",
        "lead.industry": "国家行政机构",
        "lead.accidents": "否",
        "cover.period": "2024年1月至2025年12月",
    },
)

RARE = Unit(
    {
        "cover": {
            "name": "𬭎城社区综合减灾（社会管理和公共服务）综合标准化试点",
            "period": {"from": "2023-09", "to": "2025-08"},
        },
        "lead": {
            "unit_name": "河西区𬭎城社区居民委员会",
            "unit_code": "54120103PDY00002X8",
            "legal_head": "𠅤㛃",
            "registered_region": {"province": "120000", "county": "120103", "detail": ""},
            "address": "河西区𬭎城道 8 号 <东门> & “西门”",
            "industry": "9610",
            "economic_type": "n/a",
            "postcode": "300202",
            "phone": "022-28350000",
            "email": "hong.cheng_01@example.cn",
            "standards_body": "社区标准化协调小组",
            "standards_head": "王·买买提",
            "business_scope": "居民自治。\n\n隔一行以后还有一段，    中间有空格。",
            "accidents": "no",
            "system_established": "尚未建立",
            "system_running": "尚未运行",
            "self_assessment": "无标准化工作基础，拟边建边用。",
        },
        "basis": {
            "current_state": "1．符合。\n2．符合。\n3．符合。\n4．符合。",
            "standardization": "联系电话一栏的写法等均按标准执行。\n单位名称牌统一制作。",
        },
        "goals": {"goals": "建成示范社区。"},
        "plan": {
            "plan": [
                {"time": "2023年9月-2023年12月", "content": "宣传培训", "units": "居委会"},
                {"time": "2024年", "content": "标准体系建立、组织实施标准", "units": "居委会、街道办"},
                {"time": "2025年1月-8月", "content": "自查、申请评估", "units": "居委会"},
            ]
        },
        "funding": {"spending": "宣传 2 万元", "sources": "街道办事处拨付，不足部分由居委会自筹。"},
        "parties": {
            "partners": [_body("河西区示范街道办事处"), _body("天津市𬭎城物业服务有限公司")],
            "guarantors": [_body("河西区示范人民政府")],
            "guidance": [_body("天津市示范民政局")],
        },
    },
    {
        "lead.registered_region": "天津市河西区",
        "lead.industry": "社区居民自治组织（9610）",
        "lead.accidents": "无",
        "cover.period": "2023年9月——2025年8月",
    },
)

_LONG = "\n".join(
    f"{number}．本项工作按照《国家标准化发展纲要》的要求推进，第{number}季度完成调研{number}次，形成报告{number}份，"
    f"修订规范{number}项，培训人员{number * 12}人次，并逐项落实责任部门、完成时限和检查办法，确保取得实效。"
    for number in range(1, 36)
)

LONG = Unit(
    {
        "cover": {
            "name": "滨海示范区金融机构ESG评价（社会管理和公共服务）综合标准化试点",
            "period": {"from": "2024-03", "to": "2026-02"},
        },
        "lead": {
            "unit_name": "天津示范金融服务有限公司",
            "unit_code": "91120118PDY00003X5",
            "legal_head": "欧阳某某",
            "registered_region": {"province": "120000", "county": "120116", "detail": ""},
            "address": "天津市滨海新区示范大道88号示范大厦B座2001-2010室",
            "industry": "J",
            "economic_type": "150",
            "postcode": "300450",
            "phone": "022-66200000转8001",
            "email": "office@finance.example.cn",
            "standards_body": "合规与标准化部",
            "standards_head": "John Smith",
            "business_scope": "金融信息服务；企业管理咨询；ESG 评价。",
            "accidents": "no",
            "system_established": "2021-03",
            "system_running": "2021-09",
            "self_assessment": _LONG,
        },
        "basis": {
            "current_state": _LONG.replace("季度", "阶段"),
            "standardization": _LONG.replace("调研", "走访"),
        },
        "goals": {"goals": _LONG.replace("报告", "标准草案")},
        "plan": {
            "plan": [
                {
                    "time": f"202{4 + number // 12}年{number % 12 + 1}月",
                    "content": f"第{number + 1}项：完成阶段任务{number + 1}，形成成果{number + 1}份。\n组织验收。",
                    "units": "天津示范金融服务有限公司",
                }
                for number in range(24)
            ]
        },
        "funding": {"spending": _LONG.replace("培训", "投入"), "sources": "企业自筹 300 万元。"},
        "parties": {
            "partners": [],
            "guarantors": [_body("天津市滨海新区示范人民政府"), _body("天津市示范标准化主管部门")],
            "guidance": [_body("天津市示范金融工作局")],
        },
    },
    {
        "lead.registered_region": "天津市 省（市） 滨海新区 县（区）",
        "lead.industry": "J",
        "lead.accidents": "近三年未发生重大服务质量、安全、环境保护事故",
        "cover.period": "2024.3至2026.2",
    },
)

UNITS = {"rescue": RESCUE, "rare": RARE, "long": LONG}

_DRAWN: Answers = {
    "lead": {
        "self_assessment": "一、基础较好，分项得分如下。\n| 项目 | 得分 | 说明 |\n| --- | --- | --- |\n| 组织管理 | 18 | 机构健全，\\n职责明确 |\n"
        "| 单位名称 | 9 | a \\| b |\n\n（一）人员偏少；\n（二）经费偏紧。"
    },
    "basis": {
        "current_state": "[图：组织机构.jpg｜图1 组织机构]\n领导小组下设办公室，配备专职人员 3 名。",
        "standardization": "| 已有标准 | 36 项 |\n| 在编标准 | 8 项 |",
    },
    "goals": {
        "goals": "到2025年底，建成覆盖应急救援全过程的标准体系。\n1．分年度目标\n| 指标 | 2024年 | 2025年 |\n| --- | --- | --- |\n| 实施率 | 90% | 95% |\n"
        "| 满意度 |  | 90% |\n\n2．服务流程见图。\n[图：服务流程.jpg｜图2 应急救援服务流程]\n[图：组织机构.jpg]\n以上目标逐年评价。"
    },
    "funding": {"spending": "| 用途 | 金额（万元） |\n| --- | --- |\n| 标准制定 | 20 |\n| 培训 | 5 |"},
}
RICH = Unit({key: {**RESCUE.answers[key], **_DRAWN.get(key, {})} for key in RESCUE.answers}, RESCUE.words)
"""Long answers with tables and pictures; not among the units, whose answers are typed as text."""
