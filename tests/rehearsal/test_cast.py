from __future__ import annotations

from random import Random

import pytest

from shidian.organisations.codes import unit_code
from shidian.questionnaires.checks import check
from shidian.rehearsal import cast
from tests import steps

FOLDERS = [steps.TIANJIN, steps.PREFECTURE]


def unit_of(folder, number, *, seed=10, **parties):
    package, rng = steps.package(folder), Random(seed)
    region = package.offices[0].region
    unit = cast.make_unit(package, number, rng, region=region, place="示范区", short_code=number == 7)
    return package, cast.with_parties(unit, package.call, rng, partners=2, **parties), rng


def test_codes_of_the_reserved_area_are_those_of_the_standard() -> None:
    assert cast.organisation_code(1) == "PDY00001X"
    assert cast.credit_code("12", "120101", 1) == "12120101PDY00001X0"
    assert cast.credit_code("53", "120104", 3) == "53120104PDY000036Y"


@pytest.mark.parametrize("number", [1, 2, 31, 4711, 99_999])
@pytest.mark.parametrize("kind", ["11", "12", "51", "91"])
def test_every_code_has_right_check_digits(kind: str, number: int) -> None:
    code = cast.credit_code(kind, "120116", number)

    assert unit_code.check(code) is None
    assert unit_code.check(unit_code.organisation_code(code)) is None


def test_no_code_outside_of_the_reserved_area() -> None:
    for number in (0, 100_000):
        with pytest.raises(ValueError, match="reserved"):
            cast.organisation_code(number)


@pytest.mark.parametrize("folder", FOLDERS, ids=["tianjin", "prefecture"])
@pytest.mark.parametrize("number", range(1, 9))
def test_answers_pass_all_checks_of_any_questionnaire(folder, number: int) -> None:
    package, unit, rng = unit_of(folder, number)

    answers = cast.answers_for(package, unit, rng)

    assert check(package.questionnaire, answers) == []
    assert set(answers) == {section.key for section in package.questionnaire.sections}


@pytest.mark.parametrize("folder", FOLDERS, ids=["tianjin", "prefecture"])
def test_long_texts_are_long_and_differ_between_units(folder) -> None:
    seen: set[str] = set()
    for number in range(1, 9):
        package, unit, rng = unit_of(folder, number, seed=number)
        answers = cast.answers_for(package, unit, rng)
        texts = [
            answers[section.key][field.key]
            for section in package.questionnaire.sections
            for field in section.fields
            if field.type == "long_text" and field.key in answers[section.key]
        ]
        assert all(290 <= len(text) <= 1500 for text in texts)
        assert all("{" not in text for text in texts)
        assert not seen & set(texts)
        seen |= set(texts)


def test_sums_in_the_texts_add_up() -> None:
    for number in range(1, 9):
        _, unit, _ = unit_of(steps.TIANJIN, number, seed=number)
        facts = unit.facts
        assert facts["money"] == facts["fund1"] + facts["fund2"] + facts["fund3"]
        assert facts["money"] == sum(facts[f"part{part}"] for part in range(1, 6))
        assert facts["current"] == facts["own"] + facts["adopted"] < facts["total"]


def test_a_unit_that_does_not_qualify_says_so_in_one_field_only() -> None:
    package, unit, rng = unit_of(steps.TIANJIN, 1)

    problems = check(package.questionnaire, cast.answers_for(package, unit, rng, against=["record-media"]))

    assert [(problem.field, problem.severity) for problem in problems] == [("record-media", "warning")]


def test_one_body_may_hold_two_roles() -> None:
    _, unit, _ = unit_of(steps.TIANJIN, 1, two_roles=True)

    assert unit.bodies["guarantor"] == unit.bodies["guidance"]
    assert len(unit.bodies["partner"]) == 2


def test_the_same_seed_gives_the_same_cast() -> None:
    first, second = (unit_of(steps.TIANJIN, 5, seed=3) for _ in range(2))

    assert first[1] == second[1]
    assert cast.answers_for(*first) == cast.answers_for(*second)
    assert cast.answers_for(*unit_of(steps.TIANJIN, 5, seed=4)) != cast.answers_for(
        *unit_of(steps.TIANJIN, 5, seed=3)
    )
