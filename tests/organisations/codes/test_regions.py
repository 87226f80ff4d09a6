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
    for code, name in {"120221": "宁河县", "120223": "静海县", "120225": "蓟县"}.items():
        assert regions.name(code) == name
        assert regions.get(code).legacy
    assert not any(region.legacy for region in regions.counties("120000"))


def test_the_table_is_whole():
    assert len(regions.provinces()) == 34
    assert sum(len(regions.counties(province.code)) for province in regions.provinces()) == 2978


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


def test_unknown_codes_have_no_name():
    assert (regions.name("x"), regions.get(""), regions.exists("1"), regions.counties("99")) == (
        "",
        None,
        False,
        (),
    )
