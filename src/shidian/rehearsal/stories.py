"""What happens to each unit of a rehearsal: one story a unit, every turn of the procedure at least once."""

from __future__ import annotations

from enum import StrEnum

from shidian.applications.states import LEFT

ROUNDS = 3
"""Of correction, for the unit whose problem lists find something wanting each time but the last."""


class Story(StrEnum):
    """The turn that a unit's application takes; the value is the word printed."""

    EARLY = "提前申报被拒，开始以后正常申报"
    NO_PARTNER = "没有参加单位"
    FIVE_PARTNERS = "五家参加单位"
    DECLINED = "推荐机构不予推荐"
    TWO_ROLES = "一家单位担任两种角色"
    WITHDRAWN = "清单审批以后撤回"
    SHORT_CODE = "只有 9 位组织机构代码"
    RETURNED = "按问题清单补正三次"
    DISAGREED = "一方先不同意，新版本才同意"
    EDITED = "冻结以后又修改，意见失效"
    UNFINISHED = "没有填完，停在草稿"
    TAKEN_BACK = "推荐以后收回，复核后再推荐"
    LATE = "晚一秒递交，被拒绝"
    LAST_SECOND = "截止的最后一秒递交"
    RETURNED_ABOVE = "最后一级退回补正一次"
    NOT_SELECTED = "最后一级不予选报"
    FORGOTTEN = "最后一级漏登意见，补登后才能列入清单"
    OUTAGE = "停机误了截止，统一延期以后递交"
    JOINT = "两个推荐机构联合推荐"
    CALLED_BACK = "报送以后由补充更正清单撤下"
    OBJECTED = "公示期间异议成立，不再选报"
    CLEARED = "公示期间异议不成立，照常报送"
    NOT_CHOSEN = "国家未选入"
    TWICE = "同一项目又递交另一推荐机构，并入联合推荐"
    PLAIN = "一次办成"

    @property
    def end(self) -> str:
        """The state in which the application must end."""
        return {
            Story.DECLINED: "declined",
            Story.NOT_SELECTED: "declined",
            Story.CALLED_BACK: "declined",
            Story.OBJECTED: "declined",
            Story.NOT_CHOSEN: "not_selected",
            Story.TWICE: "merged",
            Story.WITHDRAWN: "withdrawn",
            Story.UNFINISHED: "draft",
            Story.LATE: "signing",
        }.get(self, "approved")

    @property
    def is_nominated(self) -> bool:
        """Whether it leaves for the destination."""
        return self.end in LEFT

    @property
    def is_handed_in(self) -> bool:
        """Whether it reaches an office at all."""
        return self not in (Story.UNFINISHED, Story.LATE)

    @property
    def leaves_first_stage(self) -> bool:
        """Whether the first office sends it on; a supplement may call it back later."""
        return self.is_handed_in and self not in (Story.DECLINED, Story.WITHDRAWN, Story.TWICE)

    @property
    def versions(self) -> int:
        """How many versions it is frozen in."""
        if self is Story.UNFINISHED:
            return 0
        if self is Story.RETURNED:
            return 1 + ROUNDS
        return 2 if self in (Story.DISAGREED, Story.EDITED, Story.RETURNED_ABOVE) else 1

    @property
    def partners(self) -> int:
        """How many partners it names."""
        return {Story.NO_PARTNER: 0, Story.FIVE_PARTNERS: 5, Story.DISAGREED: 2}.get(self, 1)


TOLD = [story for story in Story if story not in (Story.TWICE, Story.PLAIN)]
"""One story a unit; the unit of `JOINT` has a second application, which is told as `TWICE`."""
FEWEST = len(TOLD)
"""The number of units at which every story is told once."""


def story_of(number: int) -> Story:
    """The story of unit `number`, counted from 1; after one of each, all is plain."""
    return TOLD[number - 1] if number <= FEWEST else Story.PLAIN
