"""What an agreement covers, and which agreements outlive an edit."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shidian.signoffs.scopes import Scope, changes, covered, scope_digest

CONTENT: dict[str, Any] = {
    "schema": "s/1",
    "reference": "T-0001",
    "version": 1,
    "call": {"key": "t", "version": 1},
    "questionnaire": {"key": "q", "version": 1},
    "lead": {"name": "甲", "code": ""},
    "answers": {
        "cover": {"name": "试点", "period": "2024"},
        "plan": {"plan": [{"time": "一月"}]},
        "money": {"sum": "5"},
    },
    "parties": [{"role": "lead", "name": "甲"}],
    "explanations": [],
    "attachments": [{"slot": "proof", "sha256": "a"}, {"slot": "figures", "sha256": "b"}],
}
PLAN = Scope(sections=["plan"], fields=["cover.name"], attachments=["proof"])


def edited(**paths: Any) -> dict[str, Any]:
    content = deepcopy(CONTENT)
    for path, value in paths.items():
        section, _, field = path.partition("__")
        content["answers"].setdefault(section, {})[field] = value
    content["version"] += 1
    return content


def test_without_a_scope_everything_but_the_number_is_covered() -> None:
    again = edited()

    assert scope_digest(again, None) == scope_digest(CONTENT, None)
    assert set(CONTENT) - set(covered(CONTENT, None)) == {"version"}
    assert changes(CONTENT, edited(money__sum="6"), None) == ["money.sum"]


def test_a_scope_covers_its_sections_fields_slots_and_who_takes_part() -> None:
    found = covered(CONTENT, PLAN)

    assert found["answers"] == {"plan": CONTENT["answers"]["plan"], "cover": {"name": "试点"}}
    assert found["attachments"] == [{"slot": "proof", "sha256": "a"}]
    assert found["parties"] == CONTENT["parties"]
    assert "parties" not in covered(CONTENT, PLAN.model_copy(update={"parties": False}))


def test_an_edit_outside_the_scope_changes_nothing_for_it() -> None:
    other = edited(money__sum="6", cover__period="2025")
    other["attachments"][1]["sha256"] = "c"
    other["explanations"] = [{"code": "x"}]

    assert scope_digest(other, PLAN) == scope_digest(CONTENT, PLAN)
    assert changes(CONTENT, other, PLAN) == []
    assert changes(CONTENT, other, None) == ["cover.period", "money.sum", "attachments.figures", "form"]


def test_what_changed_inside_is_named() -> None:
    other = edited(cover__name="另一个试点", plan__plan=[])
    other["attachments"][0]["sha256"] = "z"
    other["parties"] = []
    other["questionnaire"]["version"] = 2

    assert changes(CONTENT, other, PLAN) == [
        "plan.plan",
        "cover.name",
        "attachments.proof",
        "parties",
        "form",
    ]


def test_another_order_of_the_files_is_named() -> None:
    other = edited()
    other["attachments"].reverse()

    assert changes(CONTENT, other, None) == ["attachments.figures", "attachments.proof"]


def test_another_scope_is_another_digest() -> None:
    wider = PLAN.model_copy(update={"fields": ["cover.name", "cover.nothing"]})

    assert scope_digest(CONTENT, wider) != scope_digest(CONTENT, PLAN)


keys = st.sampled_from(["a", "b", "c"])
answers = st.dictionaries(
    keys, st.dictionaries(keys, st.sampled_from(["", "x", None, []]), max_size=3), max_size=3
)
scopes = st.none() | st.builds(
    Scope,
    sections=st.lists(keys, max_size=2),
    fields=st.lists(st.builds("{}.{}".format, keys, keys), max_size=3),
    attachments=st.lists(keys, max_size=2),
    parties=st.booleans(),
)
contents = st.builds(
    lambda values, files, who: CONTENT | {"answers": values, "attachments": files, "parties": who},
    answers,
    st.lists(st.fixed_dictionaries({"slot": keys, "sha256": keys}), max_size=3),
    st.lists(keys, max_size=2),
)


@given(contents, contents, scopes)
def test_changes_are_named_exactly_when_the_digests_differ(
    before: dict[str, Any], after: dict[str, Any], scope: Scope | None
) -> None:
    same = scope_digest(before, scope) == scope_digest(after, scope)

    assert same == (changes(before, after, scope) == [])
