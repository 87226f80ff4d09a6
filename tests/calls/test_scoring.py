import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from shidian.calls.lint import lint
from shidian.calls.packages import Package, PackageErrors, read

ROOT = Path(__file__).parents[2]
TIANJIN = ROOT / "calls" / "tianjin-2023-smps10"
PREFECTURE = ROOT / "tests" / "packages" / "prefecture-2025-culture"


@pytest.fixture
def changed(tmp_path):
    """The package after changing one place of its scoring."""

    def read_after(old, new):
        folder = tmp_path / "package"
        shutil.copytree(TIANJIN, folder)
        path = folder / "scoring.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return read(folder)

    return read_after


def test_a_call_without_experts_has_no_scoring():
    assert read(PREFECTURE).scoring is None


def test_scoring_is_kept_with_the_package_and_moves_with_it():
    package = read(TIANJIN)

    assert Package.from_json(package.to_json()).scoring == package.scoring
    assert package.shifted(package.call.issued_on.replace(year=2026)).scoring == package.scoring


def test_points_are_decimals():
    item = read(TIANJIN).scoring.items[0]

    assert item.step == Decimal("0.5")
    assert item.needs_comment(Decimal("11.5"))
    assert not item.needs_comment(Decimal(12))
    assert item.anchor(Decimal("17.5")).label == "良"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key: basis", "key: overall", "总体意见"),
        ("key: need", "key: basis", "重复"),
        ("points: 30", "points: 30.25", "整数倍"),
        ("comment_below: 12", "hint: x", "hint"),
        ("comment: below", "comment: free", "一起写"),
        ("low: 18, high: 20", "low: 20, high: 18", "low 大于 high"),
        ('"item:plan"', '"item:nothing"', "不认识“item:nothing”"),
        ("trim_from: 5", "trim_from: 2", "trim_from"),
        ("trim: 1", "trim: 3", "trim_from 必须大于"),
        ("quorum: 2/3", "quorum: 3/2", "quorum 不能大于 1"),
        ("result: trimmed", "result: average", "result"),
        ("out_of: 100", "out_of: abc", "out_of"),
    ],
)
def test_a_fault_is_named_with_its_file(changed, old, new, said):
    with pytest.raises(PackageErrors) as found:
        changed(old, new)

    assert any(said in str(p) for p in found.value.problems), found.value.problems
    assert {problem.file for problem in found.value.problems} == {"scoring.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("low: 15, high: 17.5", "low: 15.5, high: 17.5", "anchors-gap", "15 分没有说明"),
        ("low: 15, high: 17.5", "low: 15, high: 18", "anchors-gap", "既是“良”又是“优”"),
        ("low: 0, high: 11.5", "low: 1, high: 11.5", "anchors-gap", "没有说明"),
        ("comment_below: 12", "comment_below: 25", "comment-never", "不在 0 和 20 之间"),
        ("points: 20\n", "points: 20\n    weight: 0\n", "item-without-weight", "评了也不计分"),
        ('ties: ["item:plan", items, median, recommended]', "ties: []", "ties-undecided", "并列"),
        ("trim_from: 5", "trim_from: 20", "trim-unused", "20 份"),
    ],
)
def test_what_cannot_be_meant_is_a_warning(changed, old, new, code, said):
    [warning] = [warning for warning in lint(changed(old, new)) if warning.file == "scoring.yaml"]

    assert warning.code == code
    assert said in warning.message
