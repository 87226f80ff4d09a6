"""A form with a field of every type, for the tests of this folder."""

from shidian.questionnaires.definition import Choice, Column, Field, Questionnaire, Section

CHOICES = [Choice(value="a", label="甲"), Choice(value="b", label="乙")]

EVERYTHING = Section(
    key="all",
    mark="一",
    title="各种字段",
    fields=[
        Field(key="name", label="单位名称", type="text", required=True, max_chars=20),
        Field(key="story", label="情况", type="long_text", required=True, max_chars=50),
        Field(key="start", label="开始年月", type="month", required=True),
        Field(key="period", label="试点时间", type="month_range", required=True, expected_months=24),
        Field(key="built", label="体系建立时间", type="month_or_text", required=True),
        Field(key="running", label="体系运行时间", type="month_or_text", required=True, not_before="built"),
        Field(key="day", label="填表日期", type="date", required=True),
        Field(key="place", label="注册地址", type="region", required=True),
        Field(key="code", label="代码", type="unit_code", required=True, region_from="place"),
        Field(key="industry", label="所属行业", type="industry", required=True),
        Field(key="economic", label="经济类型", type="economic_type", required=True),
        Field(key="postcode", label="邮编", type="postcode", required=True, region_from="place"),
        Field(key="phone", label="电话", type="phone", required=True),
        Field(key="email", label="邮箱", type="email", required=True),
        Field(
            key="accident",
            label="是否发生事故",
            type="yes_no",
            required=True,
            qualifies="no",
            explain="发生过事故的不符合条件。",
        ),
        Field(key="kind", label="种类", type="choice", required=True, choices=CHOICES),
        Field(key="area", label="领域", type="area", required=True, choices=CHOICES),
        Field(
            key="plan",
            label="计划",
            type="rows",
            required=True,
            min_rows=1,
            max_rows=3,
            columns=[
                Column(key="time", label="时间", required=True, max_chars=10),
                Column(key="content", label="内容", type="long_text", required=True, max_chars=20),
                Column(key="unit", label="代码", type="unit_code"),
            ],
        ),
        Field(
            key="title",
            label="名称",
            type="text",
            pattern="试点$",
            pattern_message="名称应以“试点”结尾。",
        ),
        Field(key="paper", label="文号", type="document_number"),
        Field(key="standard", label="标准编号", type="standard_number"),
    ],
)

FORM = Questionnaire(key="form", version=1, title="表", sections=[EVERYTHING])

GOOD = {
    "name": "示例街道办事处",
    "story": "一切正常。",
    "start": "2024-01",
    "period": {"from": "2024-01", "to": "2025-12"},
    "built": "2022-06",
    "running": "2022-09",
    "day": "2023-07-10",
    "place": {"province": "120000", "county": "120101", "detail": ""},
    "code": "12120101PDY00001X0",
    "industry": "9610",
    "economic": "n/a",
    "postcode": "300000",
    "phone": "27113062",
    "email": "a@example.cn",
    "accident": "no",
    "kind": "a",
    "area": "b",
    "plan": [{"time": "2024年", "content": "宣传", "unit": ""}],
    "title": "示例试点",
}
