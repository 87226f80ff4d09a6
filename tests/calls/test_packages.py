import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.calls import marked, packages
from shidian.calls.packages import Package, PackageErrors, read
from shidian.questionnaires import checks
from shidian.questionnaires.visibility import visible

ROOT = Path(__file__).parents[2]
PREFECTURE = ROOT / "tests" / "packages" / "prefecture-2025-culture"
TIANJIN = ROOT / "calls" / "tianjin-2023-smps10"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(PREFECTURE, tmp_path / "package"))


@pytest.fixture(scope="module")
def tianjin():
    return read(TIANJIN)


def edit(folder, file, old, new):
    """Change one place of a file; answers with the line it is on."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults(folder):
    with pytest.raises(PackageErrors) as refused:
        read(folder)
    return refused.value.problems


def test_both_packages_are_read():
    assert read(PREFECTURE).call.key == "prefecture-2025-culture"
    assert read(TIANJIN).call.key == "tianjin-2023-smps10"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("call.yaml", "batch: ", "bach: ", "“bach”"),
        ("call.yaml", "issued_on: 2025-03-03", "issued_on: 2025-02-30", "应写成 2023-06-13"),
        (
            "call.yaml",
            "    dispatch_until: 2025-05-10T23:59:59",
            "    dispatch_until: 5月10日",
            "2023-07-31T17:00:00",
        ),
        ("call.yaml", "before: prefecture", "before: prefectur", "before“prefectur”不是阶段"),
        ("call.yaml", "before: ministry", "before: ministry, notice_before: x", "notice_before“x”"),
        (
            "call.yaml",
            "area: project.theme",
            "area: project.topic",
            "uses.area“project.topic”不是问卷里的字段",
        ),
        ("call.yaml", "area: project.theme", "area: project.title", "应为 area 字段，现为 text"),
        (
            "call.yaml",
            "names_from: schools.list",
            "names_from: budget.items",
            "缺少列：name、code、contact、phone",
        ),
        ("call.yaml", "names_from: schools.list", "names_from: schools.other", "不是问卷里的字段"),
        ("call.yaml", "names_from: schools.list", "names_from: project.theme", "应为 text 或 rows"),
        (
            "call.yaml",
            "maximum: 1, before: county, names_from: station.unit",
            "before: county, names_from: station.unit",
            "maximum: 1",
        ),
        ("call.yaml", "kinds: [prefecture]", "kinds: [prefect]", "“prefect”不在 office_kinds 里"),
        ("call.yaml", "key: ministry", "key: province", "同名"),
        ("call.yaml", "office: library", "office: libary", "“libary”不是 offices.yaml 里的机构"),
        ("call.yaml", "after_stage: prefecture", "after_stage: city", "“city”不是阶段"),
        (
            "call.yaml",
            "application: papers/application.typ",
            "application: papers/form.typ",
            "没有模板文件 papers/form.typ",
        ),
        ("call.yaml", "application: papers/application.typ", "application: ../secret.typ", "写法不对"),
        ("call.yaml", "asked_by: station.misused", "asked_by: station.level", "yes_no"),
        ("call.yaml", "value: remark", "value: partners", "“partners”"),
        ("call.yaml", "value: remark", "value: region", "uses.region"),
        ("call.yaml", "value: remark", "value: colour", "“colour”"),
        ("call.yaml", "minimum: 0", "minimum: none", "“minimum”应为整数"),
        ("call.yaml", 'qualifies: "yes"', "qualifies: true", "“qualifies”"),
        ("call.yaml", "key: arts\n", "key: reading\n", "“reading”重复"),
        ("call.yaml", "addressees: [各县文化和旅游局]", "addressees: 各县", "应为列表"),
        (
            "call.yaml",
            "destination: {key: ministry, label: 全国公共文化中心}",
            "destination: 中心",
            "一组“键: 值”",
        ),
        (
            "call.yaml",
            "    hand_in_until: 2025-04-10T18:00:00",
            "    hand_in_until: 2025-01-10T18:00:00",
            "应晚于 opens",
        ),
        (
            "call.yaml",
            "    dispatch_until: 2025-05-31T23:59:59",
            "    dispatch_until: 2025-05-01T23:59:59",
            "晚于前一阶段",
        ),
        ("call.yaml", "time_zone: Asia/Shanghai", "time_zone: Asia/Tianjin", "不认识的时区"),
        (
            "call.yaml",
            "evidence: true}",
            "evidence: true, slot: film}",
            "slot“film”不是 attachments 里的材料",
        ),
        ("call.yaml", "{key: own,", f"{{key: own-{'x' * 30},", "请缩短 key"),
        ("offices.yaml", "kind: prefecture", "kind: city", "kind“city”不在 office_kinds 里"),
        ("offices.yaml", "kind: archive", 'kind: archive, region: "999999"', "不在行政区划代码表里"),
        ("offices.yaml", "key: baisha", "key: liuxi", "“liuxi”重复"),
        ("questionnaire.yaml", "key: budget", "key: conditions", "自动生成"),
        ("questionnaire.yaml", "type: area", "type: aria", "不在允许的值之内"),
        ("questionnaire.yaml", "pattern: ^[0-9]{1,9}", "pattern: ^[0-9{1,9}(", "正则表达式"),
        ("questionnaire.yaml", "label: 项目名称, ", "", "缺少“label”"),
        (
            "questionnaire.yaml",
            "visible_when: station.level == 'first'",
            "visible_when: station.level == 'fine'",
            "没有“fine”这个答案，只有 first、second、none",
        ),
        ("questionnaire.yaml", "station.misused == 'yes'", "station.story == ''", "“station.story”不在前面"),
        ("questionnaire.yaml", "station.misused == 'yes'", "station.misused = 'yes'", "写法不对"),
        ("questionnaire.yaml", "station.misused == 'yes'", "station.misused == true", "“是”写成 'yes'"),
        ("questionnaire.yaml", "at: budget.total", "at: budget.grand_total", "不是问卷里的字段"),
        ("questionnaire.yaml", "at: budget.items[].month", "at: budget.items[].day", "列“day”不在"),
        (
            "questionnaire.yaml",
            "month_in(project.span, row.month)",
            "month_in(project.time, row.month)",
            "没有字段“time”",
        ),
        (
            "questionnaire.yaml",
            "month_in(project.span, row.month)",
            "within(project.span, row.month)",
            "没有函数“within”",
        ),
        (
            "questionnaire.yaml",
            "month_in(project.span, row.month)",
            "row.months == ''",
            "“row.months”不是“items”的列",
        ),
        ("questionnaire.yaml", "合计写的是 {total} 元", "合计写的是 {amount} 元", "{amount} 没有在 show 里"),
        (
            "questionnaire.yaml",
            "key: county-share-adds-up",
            "key: budget-adds-up",
            "规则“budget-adds-up”出现了两次",
        ),
    ],
)
def test_every_fault_has_its_file_and_line(folder, file, old, new, words):
    line = edit(folder, file, old, new)
    told = [fault for fault in faults(folder) if words in fault.message]
    assert [(fault.file, fault.line) for fault in told] == [(file, line)]


def test_a_fault_of_a_whole_list_is_told_at_the_list(folder):
    line = edit(folder, "call.yaml", "copies:\n", "copies: \n")
    edit(folder, "call.yaml", "registered: true", "registered: false")
    (fault,) = faults(folder)
    assert (fault.line, "只有一个写 registered: true" in fault.message) == (line, True)


def test_all_faults_are_told_together_in_order(folder):
    edit(folder, "call.yaml", "before: prefecture", "before: x")
    edit(folder, "offices.yaml", "kind: archive", "kind: y")
    edit(folder, "call.yaml", "office: library", "office: z")
    found = faults(folder)
    assert [(p.file, bool(p.line)) for p in found] == [
        ("call.yaml", True),
        ("call.yaml", True),
        ("offices.yaml", True),
    ]
    assert found == sorted(found)


def test_repeated_keys_are_found_with_both_lines(folder):
    line = edit(folder, "call.yaml", "prefix: CJ25", "prefix: CJ25\nprefix: CJ26")
    (fault,) = faults(folder)
    assert (fault.file, fault.line) == ("call.yaml", line + 1)
    assert fault.message == f"键“prefix”重复，前一个在第 {line} 行，请删除一个"


@pytest.mark.parametrize("name", ["call.yaml", "questionnaire.yaml", "offices.yaml", "notice.txt"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert [(fault.file, fault.message) for fault in faults(folder)] == [(name, "缺少这个文件")]


def test_a_missing_template_is_named_where_it_is_asked_for(folder):
    (folder / "papers" / "application.typ").unlink()
    (fault,) = faults(folder)
    assert fault.message == "没有模板文件 papers/application.typ"
    assert "papers:" in (folder / "call.yaml").read_text(encoding="utf-8").splitlines()[fault.line - 1]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"a: [1, 2\nb: 3", 2, "YAML 写法有误"),
        (b"a: 1\n\tb: 2", 2, "YAML 写法有误"),
        (b"a: &x 1\nb: *x", 2, "引用"),
        (b"a: 1\n---\nb: 2", 2, "一个 YAML 文档"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        (b"a: 1\nb: \x01", 2, "不允许的字符"),
        (b"a: !!python/object/apply:os.system [ls]", 1, "类型标记"),
        (b"[" * 200_000, 1, "嵌套超过"),
        (b"{" * 200_000, 1, ""),
        (b"? [a]\n: 1", 1, "键必须是文字"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_line(folder, text, line, words):
    (folder / "call.yaml").write_bytes(text)
    (fault,) = [fault for fault in faults(folder) if fault.file == "call.yaml"]
    assert fault.line == line
    assert words in fault.message


@pytest.mark.parametrize("text", [b"", b"# nothing", b"null", b"3", b"[]", b'"\\ud800"'])
def test_what_is_no_call_is_refused(folder, text):
    (folder / "call.yaml").write_bytes(text)
    assert faults(folder)[0].file == "call.yaml"


def test_yes_and_no_and_dates_are_text():
    found = marked.parse(b"a: yes\nb: no\nc: 2023-06-13\nd: 0012\ne: 12\nf: true\ng:\nh: 1e3\n")
    assert found.data == {
        "a": "yes",
        "b": "no",
        "c": "2023-06-13",
        "d": "0012",
        "e": 12,
        "f": True,
        "g": None,
        "h": "1e3",
    }
    assert found.lines[("c",)] == 3


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}#&*!|> \n\t\"'?%@", max_size=80).map(str.encode))
def test_any_bytes_are_answered(content):
    try:
        marked.parse(content)
    except marked.NotReadable as refused:
        assert refused.line >= 1


def test_too_large_files_and_links_are_refused(folder):
    (folder / "notice.txt").write_bytes(b"x" * (packages.MAX_TEXT + 1))
    (folder / "link.typ").symlink_to("/etc/passwd")
    assert {fault.file for fault in faults(folder)} == {"notice.txt", "link.typ"}


def test_too_many_files_are_refused(folder):
    for number in range(packages.MAX_FILES):
        (folder / f"{number}.txt").write_bytes(b"")
    assert "超过上限" in faults(folder)[0].message


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert faults(tmp_path / "nothing")[0].message == "没有这个文件夹"


def test_hidden_files_are_no_part_of_a_package(folder):
    before = read(folder).digest
    (folder / ".DS_Store").write_bytes(b"x")
    assert read(folder).digest == before


def test_the_digest_covers_every_file(folder):
    before = read(folder).digest
    assert read(PREFECTURE).digest == before
    (folder / "papers" / "application.typ").write_text("changed", encoding="utf-8")
    changed = read(folder).digest
    (folder / "papers" / "extra.typ").write_text("x", encoding="utf-8")
    assert len({before, changed, read(folder).digest}) == 3


def test_a_stored_package_comes_back_the_same(tianjin):
    stored = json.loads(json.dumps(tianjin.to_json()))
    again = Package.from_json(stored)
    assert again == tianjin
    assert again.folder is None
    assert again.line("call.yaml", ("stages",)) == tianjin.line("call.yaml", ("stages",))


@pytest.mark.parametrize(
    "stored", [{}, {"format": 1}, {"format": 9, "files": {}, "shifted_days": 0}, {"files": 3}]
)
def test_a_damaged_store_is_refused(stored):
    with pytest.raises(PackageErrors):
        Package.from_json(stored)


def test_shifted_moves_every_time_by_the_same_days():
    package = read(PREFECTURE)
    moved = package.shifted(date(2026, 3, 3))
    assert moved.call.issued_on == date(2026, 3, 3)
    assert moved.call.stage("province").dispatch_until.isoformat() == "2026-05-31T23:59:59+08:00"
    assert moved.office("baisha").hand_in_until.isoformat() == "2026-04-08T18:00:00+08:00"
    assert moved.digest != package.digest
    assert (moved.call.key, moved.call.prefix) == ("prefecture-2025-culture-demo", "CJ25D")
    assert moved.shifted(date(2027, 3, 3)) == package.shifted(date(2027, 3, 3))
    assert Package.from_json(moved.to_json()) == moved
    assert moved.shifted(date(2025, 3, 3)) == package
    assert package.shifted(date(2025, 3, 3)) is package


def test_conditions_become_a_section(tianjin):
    section = tianjin.questionnaire.section("conditions")
    assert (section.mark, section.paper) == ("核", False)
    assert [field.key for field in section.fields if field.type == "yes_no"][-6:] == [
        "record-accidents",
        "record-notified",
        "record-discipline",
        "record-media",
        "record-abnormal",
        "record-dishonest",
    ]
    assert section.field("foundation-body-note").required
    note = section.field("record-media-note")
    assert (note.required, note.visible_when) == (True, "conditions.record_media == 'yes'")
    assert section.field("record-media").group.startswith("（四）三年内未发生重大服务质量")


def test_an_answer_that_does_not_qualify_is_told_in_the_words_of_the_package(tianjin):
    section = tianjin.questionnaire.section("conditions")
    found = checks.check_section(section, {"record-abnormal": "yes"})
    (warning,) = [problem for problem in found if problem.severity == "warning"]
    assert warning.message == (
        "“是否列入国家企业信用信息公示系统经营异常名录？”答的是“是”。通知要求未列入经营异常名录。"
        "已经列入的，请在说明里写清原因和移出的进展；可以先依法申请移出，再申请试点。是否符合，由受理机构判断。"
    )
    assert warning.anchor == "f-record-abnormal"


def test_a_question_that_wants_evidence_has_a_slot(tianjin):
    assert tianjin.call.evidence_slots == {
        "function-duty": "registration",
        "function-liability": "registration",
        "foundation-body": "staff",
        "foundation-staff": "staff",
        "support-means": "support",
        "record-abnormal": "credit",
        "record-dishonest": "credit",
    }
    assert [slot.key for slot in tianjin.call.attachments if slot.key.startswith("condition-")] == []
    assert tianjin.call.watchlist_kinds == ["abnormal", "dishonest"]


def test_a_question_without_a_named_slot_gets_its_own(folder):
    package = read(folder)
    slot = package.call.attachments[-1]
    assert package.call.evidence_slots == {"site-own": slot.key} == {"site-own": "condition-site-own"}
    assert (slot.label, slot.required) == ("基本条件（一）：文化站是否有独立的场地", False)
    assert Package.from_json(package.to_json()) == package
    assert package.shifted(date(2025, 4, 3)).call.attachments[-1] == slot
    assert package.call.watchlist_kinds == []


def test_the_accident_question_of_the_form_and_the_condition_are_compared(tianjin):
    answers = {"lead": {"accidents": "no"}, "conditions": {"record-accidents": "yes"}}
    assert "请改成一致" in [p.message for p in checks.check(tianjin.questionnaire, answers)][-1]


def test_an_explanation_is_asked_for_once_an_answer_does_not_qualify(tianjin):
    answers = {"conditions": {"record-media": "no", "foundation-base": "no"}}

    known = visible(tianjin.questionnaire, answers)

    assert not known.field("conditions", "record-media-note")
    assert known.field("conditions", "foundation-base-note")
    assert known.field("conditions", "foundation-body-note")


def test_facts_that_lists_and_parties_need_cannot_be_hidden(folder):
    text = (folder / "questionnaire.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "label: 协作学校\n        type: rows",
        "label: 协作学校\n        visible_when: station.level == 'first'\n        type: rows",
    )
    text = text.replace(
        "{key: phone, label: 电话, type: phone, required: true, ",
        "{key: phone, label: 电话, type: phone, visible_when: station.unit != '', ",
    )
    (folder / "questionnaire.yaml").write_text(text, encoding="utf-8")

    told = [(fault.file, fault.message) for fault in faults(folder)]

    assert [file for file, message in told] == ["call.yaml", "call.yaml"]
    assert "“schools.list”写了 visible_when" in told[0][1]
    assert "“station.phone”写了 visible_when" in told[1][1]


def test_areas_become_the_choices_of_the_area_field(tianjin):
    assert [choice.value for choice in tianjin.questionnaire.find("cover.area").choices] == [
        "emergency/community",
        "emergency/rescue",
        "labour/station",
        "governance/compliance",
        "governance/esg",
    ]


# The shipped package against the notice


def joined(text):
    return "".join(text.split())


def test_the_notice_is_kept_word_for_word(tianjin):
    notice = joined(tianjin.notice)
    call = tianjin.call
    words = [call.preamble, call.principle, call.requirements, call.issuer, call.title]
    words += [condition.numeral + condition.text for condition in call.conditions]
    words += [step.numeral + step.text for step in call.procedure]
    words += [plan.text for plan in call.copies]
    words += [area.label for area in call.areas] + [
        child.label for area in call.areas for child in area.children
    ]
    words += [basis.title for basis in call.basis]
    words += (
        [contact.name for contact in call.delivery.contacts] + call.delivery.phones + [call.delivery.email]
    )
    words += call.addressees
    missing = [text for text in words if joined(text) not in notice]
    assert missing == []


def test_every_label_of_the_form_is_the_notices_own(tianjin):
    notice = joined(tianjin.notice)
    form = tianjin.questionnaire
    labels = [
        field.label for section in form.sections if section.paper for field in section.fields if field.paper
    ]
    labels += [section.paper_title for section in form.sections if section.paper]
    labels += [column.label for column in form.find("plan.plan").columns]
    labels += [form.title, form.opinions_title, *form.instructions]
    labels.remove("计划工作步骤、时间进度、阶段工作内容")
    assert [label for label in labels if joined(label) not in notice] == []


def test_the_fields_of_the_form_come_in_its_order(tianjin):
    notice = joined(tianjin.notice)
    start = notice.index("一、承担单位基本信息")
    for field in tianjin.questionnaire.section("lead").fields:
        start = notice.index(joined(field.label), start) + len(field.label)


def test_sections_have_the_marks_of_the_paper(tianjin):
    assert [section.mark for section in tianjin.questionnaire.sections] == list("封一二三四费方核")


def test_windows_offices_parties_and_copies(tianjin):
    call = tianjin.call
    assert call.stage("district").opens.isoformat() == "2023-06-13T00:00:00+08:00"
    assert call.stage("district").hand_in_until.isoformat() == "2023-07-24T17:00:00+08:00"
    assert call.stage("district").dispatch_until.isoformat() == "2023-07-31T23:59:59+08:00"
    kinds = [office.kind for office in tianjin.offices]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "bureau": 16,
        "sector": 3,
        "registry": 1,
        "commission": 1,
    }
    assert [(p.role, p.minimum, p.maximum, p.before) for p in call.parties] == [
        ("lead", 1, 1, "district"),
        ("partner", 0, None, "district"),
        ("guarantor", 1, None, "district"),
        ("guidance", 1, None, "district"),
        ("managing", 1, 1, "national"),
    ]
    assert [(plan.source, plan.total, plan.registered) for plan in call.copies] == [
        ("notice", 3, True),
        ("form", 4, False),
    ]
