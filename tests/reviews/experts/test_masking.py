"""Blind reading: nothing that an expert gets tells who applied."""

from __future__ import annotations

import pytest
from django.urls import reverse

from shidian.calls.models import Call
from shidian.reviews.experts import assignment, panels
from shidian.reviews.experts.masking import masked, masker
from shidian.reviews.models import Assignment, Panel
from tests import steps
from tests.desk.pages import signed_in, source_of
from tests.reviews.experts import scene

NAMES = ("和平区示范应急服务中心", "和平区示范人民政府", "天津市示范应急管理局", "王经办", "周某", "吴某")
TRACES = (*NAMES, "12120101PDY00001X0", "13800000000", "022-27110000", "unit@example.cn")


@pytest.fixture
def blind(cast: steps.Cast, call: Call) -> Assignment:
    application = scene.there(cast, call)
    panel = scene.panel(cast, call)
    Panel.objects.filter(pk=panel.pk).update(blind=True)
    panel.refresh_from_db()
    [row] = assignment.assign(panel, [(scene.expert(cast), application)], by=cast.commission_officer)
    panels.open_panel(panel, by=cast.commission_officer)
    return row


def test_names_codes_and_addresses_are_hidden_everywhere(cast: steps.Cast, call: Call) -> None:
    version = scene.there(cast, call).version
    assert version is not None
    assert all(trace in version.content for trace in TRACES)

    text = masked(version).content

    assert [trace for trace in TRACES if trace in text] == []
    assert steps.LONG in text
    assert "［承担单位］" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("由和平区示范应急服务中心牵头，和平区示范人民政府保证", "由［承担单位］牵头，［保证单位］保证"),
        ("电话13912345678，022-87654321", "电话［匿名］，［匿名］"),
        ("a.b@c.example.cn", "［匿名］"),
        ("代码91120116MA05TEST01", "代码91120116MA05TEST01"),
        ("2024年投入120000元", "2024年投入120000元"),
    ],
)
def test_names_in_running_text_become_roles(cast: steps.Cast, call: Call, text: str, shown: str) -> None:
    version = scene.there(cast, call).version
    assert version is not None

    assert masker(version)(text) == shown


@pytest.mark.above_database
def test_no_page_of_a_blind_panel_tells_who_applied(cast: steps.Cast, blind: Assignment) -> None:
    client = signed_in(cast.expert)
    pages = [
        reverse("desk:readings"),
        reverse("desk:reading", args=(blind.pk,)),
        reverse("desk:reading-conflict", args=(blind.pk,)),
    ]
    for page in pages:
        source = source_of(client.get(page))
        assert blind.application.reference in source, page
        assert [trace for trace in TRACES if trace in source] == [], page
    assert "没有找到" in source_of(client.get(pages[0] + "?q=和平区示范应急"))
    assert client.get(reverse("desk:reading-form", args=(blind.pk,))).status_code == 404
    assert client.get(reverse("desk:reading-file", args=(blind.pk, 1))).status_code == 404
