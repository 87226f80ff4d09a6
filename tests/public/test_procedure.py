"""The picture and the deadlines follow the package, whatever its stages and parties."""

from shidian.public.procedure import deadlines, numeral, picture
from tests import steps


def test_the_way_of_the_tianjin_call():
    drawn = picture(steps.package())

    assert [step.names for level in drawn.levels for step in level.steps] == [
        ["承担单位"],
        ["各方会签"],
        ["区市场监管局", "行业主管部门"],
        ["市标准化研究院"],
        ["市市场监管委"],
        ["部级联席办公室"],
    ]
    assert drawn.back == 3
    assert drawn.levels[0].steps[1].items == ["参加单位", "保证单位", "业务指导单位"]


def test_a_party_of_a_later_gate_stands_at_the_stage_before_it():
    commission = picture(steps.package()).levels[2].steps[1]

    assert commission.items == ["管理单位出具意见"]


def test_every_stage_of_another_package_has_its_box():
    package = steps.package(steps.PREFECTURE)

    drawn = picture(package)

    labels = [level.label for level in drawn.levels]
    assert [stage.label for stage in package.call.stages] == [
        label for label in labels if label not in ("单位", "接收", "报送")
    ]
    assert drawn.count == sum(len(steps) for _, steps in drawn.numbered)


def test_deadlines_name_who_receives():
    rows = deadlines(steps.package())

    assert [row.who for row in rows] == ["承担单位", "区市场监管局或行业主管部门", "市市场监管委"]
    assert rows[1].what.endswith("报送市标准化研究院")
    assert rows[2].until is None


def test_an_offices_own_time_stands_beneath_the_general_one():
    package = steps.package()
    own = package.call.stages[0].hand_in_until.replace(day=20)
    offices = [package.offices[0].model_copy(update={"hand_in_until": own}), *package.offices[1:]]

    first, *_ = deadlines(
        type(package)(package.call, package.questionnaire, offices, package.files, package.digest)
    )

    assert first.offices == [(package.offices[0].short, own)]


def test_numerals_go_on_in_figures():
    assert [numeral(0), numeral(9), numeral(10)] == ["一", "十", "11"]
