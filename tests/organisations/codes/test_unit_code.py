import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import unit_code

ALPHABET_18 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALPHABET_9 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

REAL = [
    "12100000400000624D",
    "11100000MB0143028R",
    "11330800MB0R57773W",
    "12100000401359321Q",
    "91330100799655058B",
    "91110108551385082Q",
    "91350100M000100Y43",
]
RESERVED = [
    "12120101PDY00001X0",
    "11120116PDY000028T",
    "53120104PDY000036Y",
    "91120111PDY0000440",
    "N2120119PDY000052X",
    "81120102PDY000060M",
]
ORGANISATION = ["00000006X", "000000000", "D2143569X", "PDY00001X"]


@pytest.mark.parametrize("code", [*REAL, *RESERVED, *ORGANISATION])
def test_known_codes_pass(code):
    assert unit_code.check(code) is None


def test_remainder_zero_is_written_as_zero():
    assert unit_code.check("121201010000002030") is None


@pytest.mark.parametrize("code", ["91310115MA1H8R7C6D", "00000006Y", "000000061"])
def test_wrong_check_character_is_found(code):
    assert unit_code.check(code)


def test_the_corrected_code_passes():
    assert unit_code.check("91310115MA1H8R7C67") is None


def test_a_letter_outside_the_alphabet_is_named_with_its_place():
    assert unit_code.check("91350100M000100Y4Z") == "第 18 位“Z”不能用在统一社会信用代码里，是否应为数字 2？"
    assert unit_code.check("9135O100M000100Y43") == "第 5 位“O”不能用在统一社会信用代码里，是否应为数字 0？"


def test_unknown_department_and_category_are_named():
    assert "第 1 位“B”" in str(unit_code.check("B1100000MB0143028R"))
    assert "第 2 位“7”不是机构编制部门登记的机构类别" in str(unit_code.check("17100000MB0143028R"))


def test_letters_in_the_region_are_named():
    assert "第 4 位“A”应为数字" in str(unit_code.check("121A000040000062D4"))


@pytest.mark.parametrize(
    ("code", "length"), [("1210000040000062", 16), ("12100000400000624D0", 19), ("1", 1)]
)
def test_wrong_length_is_counted(code, length):
    assert f"现有 {length} 位" in str(unit_code.check(code))


@pytest.mark.parametrize(
    "typed",
    [
        " 12100000400000624d ",
        "１２１０００００４０００００６２４Ｄ",
        "1210 0000 4000 0062 4D",
        "12100000-400000624-D",
        "12100000–400000624—D",
        "统一社会信用代码：12100000400000624D",
        "统一社会信用代码:12100000400000624D",
        "统一社会信用代码／组织机构代码：12100000-4-0000062-4-D",
        "组织机构代码：统一社会信用代码：12100000400000624D",
        "12100000－400000624．D",
    ],
)
def test_normalise_brings_typed_and_pasted_codes_to_one_form(typed):
    assert unit_code.normalise(typed) == "12100000400000624D"


def test_normalise_takes_the_printed_form_of_an_organisation_code():
    assert unit_code.normalise("组织机构代码：00000006-x") == "00000006X"


def test_region_kind_and_inner_code():
    assert unit_code.region("12120101PDY00001X0") == "120101"
    assert unit_code.kind("12120101PDY00001X0") == "机构编制·事业单位"
    assert unit_code.organisation_code("12120101PDY00001X0") == "PDY00001X"
    assert (unit_code.region("PDY00001X"), unit_code.kind("PDY00001X")) == ("", "")


def test_central_and_former_regions_raise_no_doubt():
    assert unit_code.doubt("12100000400000624D") is None
    assert unit_code.doubt("12120221PDY00001X0") is None
    assert "“129999”" in str(unit_code.doubt("12129999PDY00001X0"))


def test_the_department_table_has_twelve_departments():
    assert "".join(unit_code.DEPARTMENTS) == "123456789ANY"


@settings(deadline=None)
@given(st.sampled_from([*REAL, *RESERVED]), st.integers(0, 17), st.sampled_from(ALPHABET_18))
def test_every_single_wrong_character_of_18_is_caught(code, place, character):
    changed = code[:place] + character + code[place + 1 :]
    assert (unit_code.check(changed) is None) == (changed == code)


@settings(deadline=None)
@given(st.sampled_from(ORGANISATION), st.integers(0, 7), st.sampled_from(ALPHABET_9))
def test_a_wrong_character_of_9_is_caught_unless_the_values_agree_modulo_11(code, place, character):
    changed = code[:place] + character + code[place + 1 :]
    same_rest = (ALPHABET_9.index(character) - ALPHABET_9.index(code[place])) % 11 == 0
    assert (unit_code.check(changed) is None) == same_rest


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_answered(text):
    answer = unit_code.check(unit_code.normalise(text))
    assert answer is None or answer


@settings(deadline=None)
@given(st.text(max_size=210))
def test_normalising_twice_changes_nothing_more(text):
    once = unit_code.normalise(text)
    assert unit_code.normalise(once) == once


def test_every_single_wrong_character_of_a_code_with_remainder_zero_is_caught():
    code = "121201010000002030"
    for place in range(18):
        for character in ALPHABET_18:
            changed = code[:place] + character + code[place + 1 :]
            assert (unit_code.check(changed) is None) == (changed == code)


@pytest.mark.parametrize("first", list("123456789ANY"))
def test_every_department_takes_its_own_categories_only(first):
    department, categories = unit_code.DEPARTMENTS[first]
    for second in "123456789":
        message = str(unit_code.check(f"{first}{second}120101PDY000000"[:17] + "0"))
        assert (f"第 2 位“{second}”不是{department}部门登记的机构类别" in message) == (
            second not in categories
        )


def test_the_half_with_the_wrong_character_is_named():
    assert "多半在第 9 至 17 位" in str(unit_code.check("12100000400000625D"))
    assert "多半在第 1 至 8 位或者第 18 位" in str(unit_code.check("12100100400000624D"))


def test_a_number_of_a_person_or_an_old_register_is_named():
    assert "身份证号码" in str(unit_code.check("120101199001011234"))
    assert "旧注册号" in str(unit_code.check("120101000012345"))


def test_an_inner_check_digit_that_differs_is_only_odd():
    assert unit_code.check("91310115MA1H8R7C67") is None
    assert "第 9 至 17 位" in str(unit_code.doubt("91310115MA1H8R7C67"))
    assert [unit_code.doubt(code) for code in [*REAL, *RESERVED]] == [None] * 13


def test_a_very_long_text_is_refused_at_once():
    long = "1" * 100_000
    assert unit_code.normalise(long) == long
    assert "现有 100000 位" in str(unit_code.check(long))
