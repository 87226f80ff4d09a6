from shidian.organisations.codes import industries

RANGES = {"A": 5, "B": 7, "C": 31, "D": 3, "E": 4, "F": 2, "G": 8, "H": 2, "I": 3, "J": 4, "K": 1, "L": 2}
RANGES |= {"M": 3, "N": 4, "O": 3, "P": 1, "Q": 2, "R": 5, "S": 6, "T": 1}


def test_all_letters_and_two_digit_classes_are_there():
    assert {letter.code: len(industries.children(letter.code)) for letter in industries.children()} == RANGES
    codes = [child.code for letter in industries.children() for child in industries.children(letter.code)]
    assert codes == [f"{number:02}" for number in range(1, 98)]


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
