"""How experts score, as a call package says it (`scoring.yaml`): the sheet, the formula, the discussion, the meeting.

Numbers are decimals, never floats. What they mean is worked out in `reviews.scoring`.
"""

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from shidian.questionnaires.definition import Value, Words

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Points = Annotated[Decimal, Field(ge=0, le=1000, max_digits=7, decimal_places=3)]
Weight = Annotated[Decimal, Field(ge=0, le=1000, max_digits=7, decimal_places=3)]
OVERALL = "overall"
"""Where a sheet keeps its overall comment and its recommendation; no item may have this key."""
TIES = ("items", "median", "lowest", "highest", "recommended", "reference")
"""What may break a tie, besides `item:<key>`: see `reviews.scoring.ranking`."""


def written(value: Decimal) -> str:
    """A number as people write it: 17.5, 20, 0."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Anchor(Value):
    """What a word of judgement means for an item, with the points that go with it."""

    label: Words
    low: Points
    high: Points
    text: Words

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.low > self.high:
            raise ValueError("low 大于 high")
        return self


class ScoreItem(Value):
    """One thing that is scored, from 0 to `points`; `comment_below` asks for words on fewer points than that."""

    key: Key
    label: Words
    hint: str = ""
    points: Points = Field(gt=0)
    weight: Weight = Decimal(1)
    step: Points = Field(default=Decimal(1), gt=0)
    anchors: list[Anchor] = Field(default=[])
    comment: Literal["always", "below", "free"] = "free"
    comment_below: Points | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.key == OVERALL:
            raise ValueError(f"“{OVERALL}”留给总体意见，请换一个 key")
        if self.points % self.step:
            raise ValueError("points 不是 step 的整数倍")
        if (self.comment == "below") != (self.comment_below is not None):
            raise ValueError("comment: below 和 comment_below 要一起写")
        return self

    def needs_comment(self, score: Decimal) -> bool:
        """Whether so many points have to be explained."""
        if self.comment == "below":
            return self.comment_below is not None and score < self.comment_below
        return self.comment == "always"

    def anchor(self, score: Decimal) -> Anchor | None:
        """The judgement that so many points stand for; None where the call names none."""
        return next((each for each in self.anchors if each.low <= score <= each.high), None)


class Recommendation(Value):
    """One answer to what shall become of the application; `favours` counts for the ties rule `recommended`."""

    key: Key
    label: Words
    favours: bool = False


class Formula(Value):
    """How sheets become a result and results an order.

    `trim` sheets at each end are dropped for the trimmed mean where at least `trim_from` are there. Normalising moves
    every expert's totals to the panel's mean and spread (`z`) or range (`minmax`); an expert with fewer than
    `normalise_from` sheets is left as is. `outlier` is how many points a total may differ from the mean of the others.
    """

    result: Literal["mean", "trimmed", "normalised"] = "mean"
    trim: int = Field(default=1, ge=1, le=10)
    trim_from: int = Field(default=5, ge=3, le=100)
    normalise: Literal["z", "minmax"] = "z"
    normalise_from: int = Field(default=3, ge=2, le=100)
    decimals: int = Field(default=2, ge=0, le=6)
    ties: list[str] = Field(default=["items", "median", "reference"])
    outlier: Points = Field(default=Decimal(15), gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.trim_from <= 2 * self.trim:
            raise ValueError("trim_from 必须大于 trim 的两倍，否则去掉以后一份也不剩")
        if len(set(self.ties)) != len(self.ties):
            raise ValueError("ties 里有重复")
        return self


class Meeting(Value):
    """How a panel decides when it meets: by counted or named votes, from how many members on, and by what share.

    `quorum` and `majority` are shares of two whole numbers: “2/3”. A majority is of those who vote on the item;
    `more_than` asks for more than that share, not just for it.
    """

    votes: Literal["counts", "named"] = "named"
    quorum: Annotated[str, StringConstraints(pattern=r"^[1-9]\d?/[1-9]\d?$")] = "2/3"
    majority: Annotated[str, StringConstraints(pattern=r"^[1-9]\d?/[1-9]\d?$")] = "1/2"
    more_than: bool = True
    title: Words = "评审会会议纪要"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("quorum", "majority"):
            part, whole = map(int, getattr(self, name).split("/"))
            if part > whole:
                raise ValueError(f"{name} 不能大于 1")
        return self


class Scoring(Value):
    """`scoring.yaml`: everything on scoring; `note` says where the rules come from, and is shown with the sheet."""

    title: Words
    note: str = ""
    items: list[ScoreItem] = Field(min_length=1)
    out_of: Points | None = Field(default=None, gt=0)
    overall_comment: bool = False
    recommendations: list[Recommendation] = Field(default=[])
    formula: Formula = Formula()
    names_in_discussion: bool = False
    meeting: Meeting = Meeting()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        keys = [item.key for item in self.items]
        if len(set(keys)) != len(keys):
            raise ValueError("items 里有重复的 key")
        if not any(item.weight for item in self.items):
            raise ValueError("所有 weight 都是 0，算不出总分")
        options = [each.key for each in self.recommendations]
        if len(set(options)) != len(options):
            raise ValueError("recommendations 里有重复的 key")
        known = {*TIES, *(f"item:{key}" for key in keys)}
        if unknown := [rule for rule in self.formula.ties if rule not in known]:
            raise ValueError(
                f"ties 里不认识“{'、'.join(unknown)}”，可以写 {'、'.join(TIES)} 和 item:某一项的 key"
            )
        return self

    @cached_property
    def by_key(self) -> dict[str, ScoreItem]:
        """The items by their keys."""
        return {item.key: item for item in self.items}

    @cached_property
    def full(self) -> Decimal:
        """The highest total that a sheet can have."""
        return self.out_of or sum((item.points * item.weight for item in self.items), Decimal(0))

    @cached_property
    def option_labels(self) -> dict[str, str]:
        """The words of the recommendations by their keys."""
        return {each.key: each.label for each in self.recommendations}
