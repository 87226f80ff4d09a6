"""What a page fetches by itself: the counties of a province, the list of industries."""

import gzip
import json

import pytest
from django.http import Http404

from shidian.organisations.codes import industries as table
from shidian.ui.views import counties, industries


def test_counties_of_a_province_by_city(rf):
    response = counties(rf.get("/"), "130000")

    cities = {city["name"]: city["counties"] for city in json.loads(response.content)["cities"]}
    assert {"code": "130102", "name": "长安区"} in cities["石家庄市"]
    assert len(cities) == 11
    assert "public" in response["Cache-Control"]


def test_a_municipality_has_one_group_without_a_name(rf):
    (city,) = json.loads(counties(rf.get("/"), "120000").content)["cities"]

    assert city["name"] == ""
    assert {each["code"]: each["name"] for each in city["counties"]}["120103"] == "河西区"
    assert len(city["counties"]) == 16


@pytest.mark.parametrize("code", ["120103", "999999", "x", "12000", "110100"])
def test_what_is_no_province_is_not_found(rf, code):
    with pytest.raises(Http404):
        counties(rf.get("/"), code)


def test_the_list_of_industries_is_whole_packed_and_kept(rf):
    response = industries(rf.get("/", headers={"Accept-Encoding": "gzip, br"}))

    codes = json.loads(gzip.decompress(response.content))["codes"]
    assert [code for code, _ in codes] == [industry.code for industry in table.all_industries()]
    assert len(response.content) < 30_000
    assert "immutable" in response["Cache-Control"]
    assert response["Vary"] == "Accept-Encoding"


def test_a_browser_that_unpacks_nothing_gets_the_list_plain(rf):
    response = industries(rf.get("/"))

    assert "Content-Encoding" not in response
    assert ["9221", "综合事务管理机构"] in json.loads(response.content)["codes"]
