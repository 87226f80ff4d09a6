"""The counties of a province, for the address field."""

import json

import pytest
from django.http import Http404

from shidian.ui.views import counties


def test_counties_of_a_province(rf):
    response = counties(rf.get("/"), "120000")

    found = {entry["code"]: entry["name"] for entry in json.loads(response.content)["counties"]}
    assert found["120103"] == "河西区"
    assert all(code.startswith("12") for code in found)
    assert "public" in response["Cache-Control"]


@pytest.mark.parametrize("code", ["120103", "999999", "x"])
def test_what_is_no_province_is_not_found(rf, code):
    with pytest.raises(Http404):
        counties(rf.get("/"), code)
