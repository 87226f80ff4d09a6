import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import industries

RANGES = {"A": 5, "B": 7, "C": 31, "D": 3, "E": 4, "F": 2, "G": 8, "H": 2, "I": 3, "J": 4, "K": 1, "L": 2}
RANGES |= {"M": 3, "N": 4, "O": 3, "P": 1, "Q": 2, "R": 5, "S": 6, "T": 1}


def test_all_letters_and_two_digit_classes_are_there():
    assert {letter.code: len(industries.children(letter.code)) for letter in industries.children()} == RANGES
    codes = [child.code for letter in industries.children() for child in industries.children(letter.code)]
    assert codes == [f"{number:02}" for number in range(1, 98)]


def test_the_list_is_counted():
    # 20 letters, 97 and 473 as the standard says; 1381 of its classes with four digits, as the README explains.
    codes = [industry.code for industry in industries.all_industries()]
    assert [sum(len(code) == digits for code in codes) for digits in (1, 2, 3, 4)] == [20, 97, 473, 1381]
    assert len(set(codes)) == 1971


def test_numbers_rise_and_every_class_of_three_digits_has_parts():
    codes = [industry.code for industry in industries.all_industries() if industry.code.isdigit()]
    assert codes == sorted(codes)
    assert all(industries.children(code) for code in codes if len(code) < 4)


def test_names_are_plain_chinese():
    for industry in industries.all_industries():
        rest = industry.name.replace("（3D）", "").replace("、", "").replace("（", "").replace("）", "")
        assert rest
        assert all("\u4e00" <= sign <= "\u9fff" for sign in rest), industry


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("0171", "中草药种植"),
        ("0179", "其他中药材种植"),
        ("1340", "制糖业"),
        ("203", "木质制品制造"),
        ("2663", "林产化学产品制造"),
        ("3034", "隔热和隔音材料制造"),
        ("3071", "建筑陶瓷制品制造"),
        ("3612", "新能源车整车制造"),
        ("4412", "热电联产"),
        ("5193", "互联网批发"),
        ("6140", "露营地服务"),
        ("6434", "互联网公共服务平台"),
        ("7454", "标准化服务"),
        ("7819", ""),
        ("8421", "社区卫生服务中心（站）"),
        ("8514", "老年人、残疾人养护服务"),
        ("8850", "博物馆"),
        ("9299", "其他未列明国家机构"),
        ("9522", "行业性团体"),
        ("9700", "国际组织"),
    ],
)
def test_names_known_from_the_standard(code, name):
    assert industries.name(code) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("9221", "9221"),
        ("S", "S"),
        ("s92", "92"),
        ("S-9221", "9221"),
        ("９２２１", "9221"),
        ("9221 综合事务管理机构", "9221"),
        ("9221综合事务管理机构", "9221"),
        ("S9221 综合事务管理机构", "9221"),
        ("综合事务管理机构（9221）", "9221"),
        ("综合事务管理机构", "9221"),
        (" 综合事务管理机构 ", "9221"),
        ("农林牧渔业", "A"),
        ("羽毛(绒)加工", "1941"),
        ("教育", "83"),
        ("国际组织", "97"),
        ("采盐", "103"),
        ("3D打印", "3D打印"),
        ("A9221", "A9221"),
        ("9221 对外事务管理机构", "9221 对外事务管理机构"),
        ("养老", "养老"),
        ("", ""),
    ],
)
def test_a_code_or_a_name_is_understood_and_a_contradiction_kept(typed, code):
    assert industries.normalise(typed) == code


def test_what_is_no_industry_is_answered_with_those_that_may_be_meant():
    assert industries.check("9221") is None
    assert industries.check("S") is None
    assert "922 国家行政机构；9221 综合事务管理机构" in str(industries.check("9228"))
    assert "9411 基本养老保险" in str(industries.check("养老"))
    assert "8421 社区卫生服务中心（站）" in str(industries.check("社区医院"))
    assert "8514 老年人、残疾人养护服务" in str(industries.check("区养老院"))
    assert "841 医院" in str(industries.check("口腔医院"))
    assert "请写行业的名称或者代码" in str(industries.check("xyz"))


def test_everyday_words_lead_to_classes_and_are_no_answers():
    for word, code in industries.everyday_words().items():
        assert industries.exists(code), word
        assert industries.suggestions(word)[0].code == code or word in industries.name(code), word
        # A word that is the name of a class would be taken for it.
        assert industries.normalise(word) in (word, code), word


def test_search_by_words_and_by_number():
    assert [found.code for found in industries.search("社区 服务")] == ["8421"]
    assert [found.code for found in industries.search("922")][:2] == ["922", "9221"]
    assert industries.search("标准化")[0].code == "7454"
    assert [found.code for found in industries.search("商业养老金")] == ["684"]
    assert {found.code for found in industries.search("684")} >= {"684", "6840"}
    assert industries.search("  ") == ()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_any_text_is_answered_and_normalising_twice_changes_nothing_more(text):
    once = industries.normalise(text)
    assert industries.normalise(once) == once
    answer = industries.check(once)
    assert (answer is None) == industries.exists(once)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([industry.code for industry in industries.all_industries()]))
def test_every_label_leads_back_to_its_code(code):
    assert industries.normalise(industries.label(code)) == code


def test_a_very_long_text_is_answered_at_once():
    assert industries.normalise("长" * 100_000) == "长" * 100_000
    assert len(str(industries.check("长" * 100_000))) < 200


def test_path_runs_from_the_letter_down():
    assert [step.code for step in industries.path("9221")] == ["S", "92", "922", "9221"]
    assert industries.path("0") == ()


def test_classes_of_public_administration():
    assert industries.name("9291") == "消防管理机构"
    assert industries.name("9610") == "社区居民自治组织"
    assert industries.name("8521") == "社会看护与帮助服务"
    assert industries.name("S") == "公共管理、社会保障和社会组织"


def test_every_class_has_the_one_above_it():
    def walk(code):
        for child in industries.children(code):
            assert child.parent == code
            assert len(child.code) in (1, 2) or child.code.startswith(code)
            walk(child.code)

    walk("")
