from shidian.organisations.codes import economic_types

CODES = (
    "n/a 100 110 120 130 140 141 142 143 149 150 151 159 160 170 171 172 173 174 175 179 190 "
    "200 210 220 230 240 290 300 310 320 330 340 390 900"
)


def test_the_list_is_whole():
    assert [found.code for found in economic_types.all_types()] == CODES.split()


def test_parents_are_types():
    assert all(
        not found.parent or economic_types.exists(found.parent) for found in economic_types.all_types()
    )


def test_names():
    assert economic_types.name("110") == "国有全资"
    assert economic_types.name("n/a") == "不适用（机关法人）"
    assert economic_types.name("111") == ""
