import pytest

from shidian.organisations.codes import regions

TIANJIN = {
    "120101": "和平区",
    "120102": "河东区",
    "120103": "河西区",
    "120104": "南开区",
    "120105": "河北区",
    "120106": "红桥区",
    "120110": "东丽区",
    "120111": "西青区",
    "120112": "津南区",
    "120113": "北辰区",
    "120114": "武清区",
    "120115": "宝坻区",
    "120116": "滨海新区",
    "120117": "宁河区",
    "120118": "静海区",
    "120119": "蓟州区",
}


def test_tianjin_has_its_sixteen_districts():
    assert {region.code: region.name for region in regions.counties("120000")} == TIANJIN


def test_former_codes_stay_known_but_are_not_offered():
    former = {
        "120107": "塘沽区",
        "120108": "汉沽区",
        "120109": "大港区",
        "120221": "宁河县",
        "120223": "静海县",
        "120225": "蓟县",
    }
    for code, name in former.items():
        assert regions.name(code) == name
        assert regions.get(code).legacy
    assert regions.get("120225").until == "2015-09"
    assert not any(region.legacy for region in regions.counties("120000"))


def test_the_table_is_whole():
    assert len(regions.provinces()) == 34
    assert sum(len(regions.counties(province.code)) for province in regions.provinces()) == 2978


def test_codes_no_longer_given_out_are_counted():
    legacy = [region for region in regions._table().values() if region.legacy]
    assert [sum(region.level == level for region in legacy) for level in (1, 2, 3)] == [0, 24, 806]
    assert all("2002-12" <= region.until <= "2017-10" for region in legacy)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("110103", "北京市崇文区"),
        ("310119", "上海市南汇区"),
        ("330104", "浙江省杭州市江干区"),
        ("130124", "河北省石家庄市栾城县"),
        ("371202", "山东省莱芜市莱城区"),
        ("230702", "黑龙江省伊春市伊春区"),
    ],
)
def test_former_codes_of_the_whole_country(code, name):
    assert regions.full_name(code) == name
    assert regions.get(code).legacy


def test_every_county_has_its_province_and_a_code_of_six_digits():
    provinces = {province.code for province in regions.provinces()}
    for code, region in regions._table().items():
        assert len(code) == 6
        assert code.isdigit()
        assert regions.province_of(code) in provinces
        assert region.name
        assert region.name == region.name.strip()


def test_full_name_leaves_out_names_that_only_gather():
    assert regions.full_name("120101") == "天津市和平区"
    assert regions.full_name("130102") == "河北省石家庄市长安区"
    assert regions.full_name("429004") == "湖北省仙桃市"
    assert regions.full_name("120000") == "天津市"
    assert regions.full_name("999999") == ""


def test_a_city_without_counties_stands_as_a_county():
    assert regions.full_name("441900") == "广东省东莞市"
    assert "441900" in {region.code for region in regions.counties("440000")}


def test_counties_come_in_groups_by_city():
    groups = dict(regions.counties_by_city("130000"))
    assert "长安区" in {region.name for region in groups["石家庄市"]}


def test_counties_of_a_municipality_stand_in_one_group_without_a_name():
    for municipality, count in {"110000": 16, "120000": 16, "310000": 16, "500000": 38}.items():
        assert [(name, len(members)) for name, members in regions.counties_by_city(municipality)] == [
            ("", count)
        ]


def test_counties_directly_under_the_province_have_no_city_above_them():
    groups = dict(regions.counties_by_city("420000"))
    assert "仙桃市" in {region.name for region in groups[""]}
    assert "省直辖县级行政区划" not in groups


def test_unknown_codes_have_no_name():
    assert (regions.name("x"), regions.get(""), regions.exists("1"), regions.counties("99")) == (
        "",
        None,
        False,
        (),
    )
