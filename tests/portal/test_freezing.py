"""Checking, freezing, and taking back."""

from shidian.applications import actions
from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of


def test_every_problem_is_listed_with_the_way_to_its_field(cast, call):
    application = actions.start(call, cast.lead, by=cast.lead_writer)
    client = signed_in(cast.lead_writer)

    page = client.get(at("check", application))

    assert title_of(page).startswith("错误：")
    assert f'href="{at("section", application, section="cover")}?check=all#f-name"' in text_of(page)
    assert f'href="{at("attachments", application)}?check=all#slot-registration"' in text_of(page)
    assert client.get(at("freeze", application)).url == at("check", application)
    assert client.post(at("freeze", application)).url == at("check", application)
    asked = client.get(at("attachments", application) + "?check=all")
    assert "请上传“法人登记证书”" in text_of(asked)


def test_warnings_are_told_apart_and_stop_nothing(cast, call):
    application = steps.start_filled(cast, call)
    steps.write(application, cast.lead_writer, **{"conditions__foundation-body": "no"})
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("check", application)))

    assert "没有要改的了，可以冻结" in page
    assert "请核对的：" in page
    assert client.get(at("freeze", application)).status_code == 200


def test_freezing_shows_everything_once_more_and_who_has_to_agree(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("freeze", application)))
    answer = client.post(at("freeze", application))

    assert "和平区示范人民政府" in page
    assert "没有填写的：参加单位" in page
    assert "天津市和平区" in page
    assert "法人登记证书.pdf" in page
    application = steps.fresh(application)
    assert application.state == "signing"
    assert application.version.code in text_of(client.get(answer.url))


def test_freezing_twice_is_not_possible(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)

    assert client.get(at("freeze", application)).url == at("application", application)
    assert client.post(at("freeze", application)).status_code == 409
    assert application.document.versions.count() == 1


def test_taking_back_names_every_opinion_before_it_becomes_void(cast, call):
    application = steps.signed(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("reopening", application)))
    empty = client.post(at("reopening", application), {"reason": " "})
    client.post(at("reopening", application), {"reason": "改进度安排"})

    assert "下面 3 家单位已对 v1 出具意见" in page
    for name in ("和平区示范应急服务中心", "和平区示范人民政府", "天津市示范应急管理局"):
        assert name in page
    assert "2023 年 7 月 3 日" in page
    assert title_of(empty).startswith("错误：")
    assert steps.fresh(application).state == "draft"


def test_taking_back_a_draft_is_explained(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("reopening", application)))

    assert "只有会签中的申请可以重新打开" in page
    assert client.post(at("reopening", application), {"reason": "x"}).status_code == 409
