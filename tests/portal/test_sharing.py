"""The page of who works on an application, and what those others see."""

import pytest

from shidian.applications import actions, sharing
from shidian.applications.queries import access, gifts
from shidian.applications.roles import Role
from tests import steps
from tests.portal.pages import at, signed_in, text_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def give(client, draft, **data):
    return client.post(at("sharing", draft), {"do": "give", **{f"give-{k}": v for k, v in data.items()}})


def test_the_head_names_a_role_and_takes_it_back(cast, draft):
    client = signed_in(cast.lead_head)

    answer = client.post(
        at("sharing", draft),
        {"do": "role", "role-email": "new@example.cn", "role-name": "孙新来", "role-role": "viewer"},
        follow=True,
    )

    assert "孙新来的角色定为“只读”，邀请邮件已发到其邮箱" in text_of(answer)
    row = draft.collaborators.get()
    answer = client.post(at("sharing", draft), {"do": "unrole", "row": row.pk}, follow=True)
    assert "已收回孙新来的角色" in text_of(answer)


def test_the_writer_gives_sections_to_people_and_units(cast, draft):
    client = signed_in(cast.lead_writer)

    give(client, draft, sections=["plan", "cover"], to="unit", code=cast.other_unit.code)
    give(client, draft, sections=["plan"], to="person", email="new@example.cn", name="孙新来")
    give(client, draft, sections=["cover"], to=str(cast.lead_head.pk))

    held = [(gift.section, gift.holder) for gift in gifts(draft)]
    assert held == [
        ("plan", cast.other_unit.name),
        ("cover", cast.other_unit.name),
        ("plan", "孙新来"),
        ("cover", "李负责"),
    ]
    for gift in gifts(draft, "cover"):
        client.post(at("sharing", draft), {"do": "take", "row": gift.pk})
    assert not gifts(draft, "cover")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "请选择要交出去的部分"),
        ({"sections": ["plan"]}, "请选择“交给谁”"),
        ({"sections": ["nowhere"], "to": "unit"}, "请选择列出的部分"),
        ({"sections": ["plan"], "to": "unit"}, "请填写参加单位的统一社会信用代码"),
        ({"sections": ["plan"], "to": "unit", "code": "123"}, "这个代码的单位还没有账号"),
        ({"sections": ["plan"], "to": "person"}, "请填写对方的电子邮箱"),
        ({"sections": ["plan"], "to": "person", "email": "x"}, "请填写对方的电子邮箱"),
        ({"sections": ["plan"], "to": "999999"}, "请选择交给谁填写"),
    ],
)
def test_what_is_missing_is_said_at_its_place_and_stays(cast, draft, data, words):
    answer = give(signed_in(cast.lead_writer), draft, **data)

    assert answer.status_code == 200
    assert words in text_of(answer)
    assert not gifts(draft)


@pytest.mark.parametrize("row", ["", "0", "x", "٣", "9" * 30])
def test_a_row_that_is_none_is_not_found(cast, draft, row):
    for do in ("take", "unrole"):
        assert signed_in(cast.lead_head).post(at("sharing", draft), {"do": do, "row": row}).status_code == 404


def test_who_may_not_is_told_why(cast, draft):
    sharing.share(draft, Role.EDITOR, person=cast.partner, by=cast.lead_head)
    client = signed_in(cast.partner)

    page = text_of(client.get(at("sharing", draft)))

    assert "由承担单位负责这份申请的人分派" in page
    assert "由承担单位负责人分派" in page
    data = {"do": "role", "role-email": "a@example.cn", "role-name": "甲", "role-role": "owner"}
    assert client.post(at("sharing", draft), data).status_code == 403
    assert give(client, draft, sections=["plan"], to=str(cast.partner.pk)).status_code == 403


def test_a_partner_finds_its_part_on_its_list_and_writes_only_there(cast, draft):
    sharing.give(draft, "plan", to=cast.other_unit, by=cast.lead_writer)
    client = signed_in(cast.outsider)

    assert draft.reference in text_of(client.get("/applications/"))
    overview = text_of(client.get(at("application", draft)))
    assert "填写交给您的部分" in overview
    assert "撤回这份申请" not in overview
    own = text_of(client.get(at("section", draft, section="plan")))
    assert "data-autosave" in own
    assert f"这一部分交给{cast.other_unit.name}填写" in own
    other = text_of(client.get(at("section", draft, section="cover")))
    assert "data-autosave" not in other
    assert "其余部分您可以看" in other
    assert client.get(at("check", draft)).status_code == 200


def test_an_editor_is_told_who_has_a_section_and_may_only_read_it(cast, draft):
    colleague = steps.make_user("colleague", "陈经办")
    steps.join(colleague, cast.lead, "writer")
    sharing.give(draft, "plan", to=cast.other_unit, by=cast.lead_writer)

    page = text_of(signed_in(colleague).get(at("section", draft, section="plan")))

    assert f"这一部分交给{cast.other_unit.name}填写" in page
    assert "data-autosave" not in page
    assert access(colleague, steps.fresh(draft)).role == Role.EDITOR


def test_a_viewer_of_the_unit_is_not_asked_to_act(cast, draft):
    colleague = steps.make_user("colleague", "陈经办")
    steps.join(colleague, cast.lead, "writer")
    sharing.share(draft, Role.VIEWER, person=colleague, by=cast.lead_head)
    client = signed_in(colleague)

    page = text_of(client.get(at("application", draft)))

    assert "您在这份申请里的角色是“只读”" in page
    assert "轮到您办" not in page
    for name in ("freeze", "withdrawal"):
        assert client.post(at(name, draft), {"reason": "不办了"}).status_code == 403


def test_a_save_of_one_field_takes_at_most_six_queries(cast, draft, django_assert_max_num_queries):
    sharing.give(draft, "plan", to=cast.other_unit, by=cast.lead_writer)
    client = signed_in(cast.lead_writer)
    address = at("field", draft, section="cover", field="contact")
    client.post(address, {"contact": "甲", "number": "0"})

    with django_assert_max_num_queries(40) as found:
        answer = client.post(address, {"contact": "乙", "number": "1"})

    assert answer.status_code == 200
    asked = [one["sql"] for one in found if "SAVEPOINT" not in one["sql"]]  # the test's own transaction
    assert len(asked) <= 6, "\n".join(asked)


def test_a_person_without_a_unit_finds_the_way_to_what_was_shared(cast, draft):
    client = signed_in(cast.partner)
    assert client.get("/start/").url == "/"
    sharing.share(draft, Role.COMMENTER, person=cast.partner, by=cast.lead_head)

    answer = client.get("/start/", follow=True)

    page = text_of(answer)
    assert answer.redirect_chain[-1][0] == "/applications/"
    assert draft.reference in page
    assert '<a href="/applications/" aria-current="page">我的申请</a>' in page
