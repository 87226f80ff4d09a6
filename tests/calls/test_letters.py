"""What a call package may say of letters and reminders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shidian.calls.packages import PackageErrors, read
from tests import steps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(steps.TIANJIN, tmp_path / "call"))


def add(folder: Path, text: str) -> Path:
    file = folder / "call.yaml"
    file.write_text(file.read_text() + text)
    return folder


def test_a_call_says_when_and_in_which_words(folder: Path) -> None:
    found = read(
        add(
            folder,
            "reminders: {days: [5], hours: [2], late_days: []}\nletters:\n"
            '  - {kind: returned, subject: "退回 {reference}", text: "{link}"}\n',
        )
    )

    assert found.call.reminders.days == [5]
    assert found.call.letters[0].kind == "returned"
    assert type(found).from_json(found.to_json()).call.letters == found.call.letters


def test_a_call_that_says_nothing_has_the_ordinary_ones() -> None:
    call = steps.package().call

    assert (call.reminders.days, call.reminders.hours, call.reminders.late_days) == (
        [7, 3, 1],
        [4],
        [1, 3, 7],
    )
    assert call.letters == []


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ('{kind: nothing, subject: "x", text: "{link}"}', "没有“nothing”这种通知"),
        ('{kind: returned, subject: "{name}", text: "{link}"}', "主题里不能用 {name}"),
        ('{kind: returned, subject: "x", text: "{link} {person.name}"}', "花括号"),
        ('{kind: returned, subject: "x", text: "没有网址"}', "正文里要有 {link}"),
    ],
)
def test_wrong_words_are_named_with_their_line(folder: Path, letter: str, words: str) -> None:
    with pytest.raises(PackageErrors) as refused:
        read(add(folder, f"letters:\n  - {letter}\n"))

    [problem] = refused.value.problems
    assert words in problem.message
    assert problem.line == len((folder / "call.yaml").read_text().splitlines())
