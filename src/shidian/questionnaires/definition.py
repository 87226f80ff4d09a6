"""The shape of a questionnaire: sections, fields, columns and choices, as immutable values.

Written by hand in a call package (YAML) and validated here; the same objects drive the page, the checks, the paper
and the comparison of versions. No rule about any particular form lives here.
"""

import re
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Attribute

FieldType = Literal[
    "text",
    "long_text",
    "month",
    "month_range",
    "month_or_text",
    "date",
    "region",
    "unit_code",
    "industry",
    "economic_type",
    "postcode",
    "phone",
    "email",
    "document_number",
    "standard_number",
    "yes_no",
    "choice",
    "area",
    "rows",
]
ColumnType = Literal[
    "text",
    "long_text",
    "month",
    "month_or_text",
    "date",
    "unit_code",
    "postcode",
    "phone",
    "email",
    "document_number",
    "standard_number",
    "choice",
]
Severity = Literal["error", "warning"]
OrganisationAttribute = Literal[
    "name",
    "code",
    "address",
    "region",
    "head_name",
    "industry",
    "economic_type",
    "postcode",
    "phone",
    "email",
    "business_scope",
]

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
FieldKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(-[a-z][a-z0-9_]*)*$", max_length=90)]
Words = Annotated[str, StringConstraints(min_length=1)]

COMPOSITE: dict[str, tuple[str, ...]] = {
    "month_range": ("from", "to"),
    "region": ("province", "county", "detail"),
}
"""Types whose value has several controls: control names are `<field>-<part>`."""

_MONTHS = ("month", "month_or_text")
_PLACED = ("unit_code", "postcode")


class Value(BaseModel):
    """Base of everything read from a package: unknown keys are refused, nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as wrong:
        raise ValueError(f"pattern 不是有效的正则表达式：{pattern}") from wrong
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""A condition in CEL; what it may look at and call is checked when the package is read (`expressions`)."""
_UNEXPLAINED = "写了 pattern，就必须写 pattern_message（告诉填写人怎样改）"


class Choice(Value):
    """One answer of a closed list."""

    value: Words
    label: Words


class Column(Value):
    """One column of a `rows` field; its cells are text."""

    key: Key
    label: Words
    screen_label: str = ""
    type: ColumnType = "text"
    required: bool = False
    width: int = Attribute(default=1, ge=1, le=100)
    max_chars: int | None = Attribute(default=None, ge=1)
    hint: str = ""
    pattern: Pattern | None = None
    pattern_message: str = ""
    pattern_severity: Severity = "warning"
    choices: list[Choice] = Attribute(default=[])

    @property
    def name(self) -> str:
        """The words shown on the screen."""
        return self.screen_label or self.label

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pattern and not self.pattern_message:
            raise ValueError(_UNEXPLAINED)
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices 只用于 type: choice，且不能为空")
        return self


class Field(Value):
    """One thing that is asked.

    `label` is the notice's own wording, `screen_label` replaces it on the screen where the official one is too long.
    `paper` is False for what the procedure needs but the official form has no place for. `group` is a heading shown
    above the field (a condition, for instance). `qualifies` with `explain` makes an answer of yes or no that does not
    qualify a warning in plain words. `not_before` names a field of the same section whose month may not be later;
    `region_from` names the region field against which a code or a postcode is compared; `expected_months` is the
    usual length of a period; `same_as` (`section.field`) asks the same elsewhere and should be answered alike.
    `visible_when` is a condition on earlier answers; while it does not hold the field is not asked, not checked and not
    printed, and what was written in it stays. `rich`: a long text that may hold numbered items, tables and pictures (see
    `prose`).
    """

    key: FieldKey
    label: Words
    screen_label: str = ""
    type: FieldType
    required: bool = False
    paper: bool = True
    group: str = ""
    hint: str = ""
    max_chars: int | None = Attribute(default=None, ge=1)
    pattern: Pattern | None = None
    pattern_message: str = ""
    pattern_severity: Severity = "warning"
    columns: list[Column] = Attribute(default=[])
    min_rows: int = Attribute(default=0, ge=0)
    max_rows: int | None = Attribute(default=None, ge=1)
    choices: list[Choice] = Attribute(default=[])
    profile: OrganisationAttribute | None = None
    qualifies: Literal["yes", "no"] | None = None
    explain: str = ""
    not_before: Key | None = None
    region_from: Key | None = None
    same_as: str | None = None
    expected_months: int | None = Attribute(default=None, ge=1, le=240)
    visible_when: Expression | None = None
    rich: bool = False

    @property
    def name(self) -> str:
        """The words shown on the screen."""
        return self.screen_label or self.label

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Names of the form controls of a field without rows; the id of each is `f-` and its name."""
        parts = COMPOSITE.get(self.type)
        return tuple(f"{self.key}-{part}" for part in parts) if parts else (self.key,)

    def column(self, key: str) -> Column:
        """The column with this key; KeyError if there is none."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        faults = (
            (self.pattern and not self.pattern_message, _UNEXPLAINED),
            ((self.type == "rows") != bool(self.columns), "columns 只用于 type: rows，且不能为空"),
            (self.type == "choice" and not self.choices, "type: choice 必须写 choices"),
            (self.choices and self.type not in ("choice", "area"), "choices 只用于 type: choice"),
            (
                self.type != "rows" and (self.min_rows or self.max_rows),
                "min_rows 和 max_rows 只用于 type: rows",
            ),
            (self.max_rows is not None and self.min_rows > self.max_rows, "min_rows 大于 max_rows"),
            (self.qualifies and self.type != "yes_no", "qualifies 只用于 type: yes_no"),
            (self.qualifies and not self.explain, "写了 qualifies，就必须写 explain"),
            (self.expected_months and self.type != "month_range", "expected_months 只用于 type: month_range"),
            (self.not_before and self.type not in _MONTHS, "not_before 只用于 type: month 或 month_or_text"),
            (self.region_from and self.type not in _PLACED, "region_from 只用于 type: unit_code 或 postcode"),
            (self.rich and self.type != "long_text", "rich 只用于 type: long_text 的栏目"),
        )
        for wrong, message in faults:
            if wrong:
                raise ValueError(message)
        for values, what in (
            ([c.key for c in self.columns], "columns"),
            ([c.value for c in self.choices], "choices"),
        ):
            if repeated := _first_repeated(values):
                raise ValueError(f"{what} 中“{repeated}”出现了两次")
        return self


class Derived(Value):
    """A line that the paper has but nobody is asked for, because the answer stands elsewhere.

    `source` is `section.field`, `party:<role>` (the names of that party) or `date` (the day of printing).
    """

    label: Words
    source: Words


class Section(Value):
    """A part of the form: one page on the screen, one block on the paper.

    `visible_when` is a condition on answers of earlier sections; see `Field`.
    """

    key: Key
    mark: Words
    title: Words
    paper_title: str = ""
    paper: bool = True
    guidance: list[str] = Attribute(default=[])
    fields: list[Field] = Attribute(min_length=1)
    derived: list[Derived] = Attribute(default=[])
    visible_when: Expression | None = None

    @cached_property
    def prepared(self) -> dict[str, Any]:
        """Room for what a module works out once from this section, under its own name; never part of its value."""
        return {}

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """The fields by key."""
        return {field.key: field for field in self.fields}

    def field(self, key: str) -> Field:
        """The field with this key; KeyError if there is none."""
        return self.by_key[key]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if repeated := _first_repeated([field.key for field in self.fields]):
            raise ValueError(f"字段“{repeated}”出现了两次")
        types = {field.key: field.type for field in self.fields}
        for field in self.fields:
            # A posted form is flat: `plan-1-content` must not also be the name of another field.
            for other in self.fields:
                if (other.type == "rows" or other.type in COMPOSITE) and field.key.startswith(
                    other.key + "-"
                ):
                    raise ValueError(f"字段“{field.key}”的名字与“{other.key}”的分项重名")
            if field.not_before and types.get(field.not_before) not in _MONTHS:
                raise ValueError(
                    f"字段“{field.key}”的 not_before 没有指向本部分的年月字段：{field.not_before}"
                )
            if field.region_from and types.get(field.region_from) != "region":
                raise ValueError(
                    f"字段“{field.key}”的 region_from 没有指向本部分的 region 字段：{field.region_from}"
                )
        return self


class Rule(Value):
    """What answers must be to one another.

    `at` is where a violation is shown: `section.field`, or `section.field[].column` for a rule that is asked of every
    row and sees its cells as `row`. The rule is asked while `when` holds (always, without one) and something is written
    at `at` (or nothing, with `also_blank`); then `must` has to hold. `message` says what to do; `{row}` in it is the
    number of the row, other names are worked out by the expressions in `show`.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
    at: Annotated[
        str,
        StringConstraints(
            pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*(-[a-z][a-z0-9_]*)*(\[\]\.[a-z][a-z0-9_]*)?$"
        ),
    ]
    when: Expression | None = None
    must: Expression
    message: Words
    show: dict[Key, Expression] = Attribute(default={})
    severity: Severity = "warning"
    also_blank: bool = False

    @property
    def section(self) -> str:
        """The section in which a violation is shown."""
        return self.at.partition(".")[0]

    @property
    def field(self) -> str:
        """The field at which a violation is shown."""
        return self.at.partition(".")[2].partition("[]")[0]

    @property
    def column(self) -> str:
        """The column, for a rule that is asked of every row; else nothing."""
        return self.at.partition("[].")[2]


class Questionnaire(Value):
    """A whole form in one version.

    `rules` hold across fields and sections. `instructions` are the official notes on filling it in; `opinions_title` and `opinions_box` the heading and the lines
    of the boxes in which the parties sign, which are no questions but belong to the form. `pictures` names the slot of
    attachments that holds the pictures of its rich answers.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    version: int = Attribute(ge=1)
    title: Words
    instructions: list[str] = Attribute(default=[])
    sections: list[Section] = Attribute(min_length=1)
    rules: list[Rule] = Attribute(default=[])
    opinions_title: str = ""
    opinions_box: list[str] = Attribute(default=[])
    pictures: str | None = None

    @cached_property
    def prepared(self) -> dict[str, Any]:
        """Room for what a module works out once from this form, under its own name; never part of its value."""
        return {}

    @cached_property
    def by_key(self) -> dict[str, Section]:
        """The sections by key."""
        return {section.key: section for section in self.sections}

    def section(self, key: str) -> Section:
        """The section with this key; KeyError if there is none."""
        return self.by_key[key]

    def find(self, path: str) -> Field | None:
        """The field at `section.field`, or None."""
        section_key, _, field_key = path.partition(".")
        section = self.by_key.get(section_key)
        return section.by_key.get(field_key) if section else None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if repeated := _first_repeated([section.key for section in self.sections]):
            raise ValueError(f"部分“{repeated}”出现了两次")
        if self.pictures and not any(field.rich for section in self.sections for field in section.fields):
            raise ValueError("写了 pictures，就必须有 rich: true 的栏目")
        return self


def _first_repeated(values: list[str]) -> str:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return ""
