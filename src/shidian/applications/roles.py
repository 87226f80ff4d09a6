"""What a person is to an application: a role, the sections given to the person, and what follows from both."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy


class Role(models.TextChoices):
    """From the most to the least: each may do what the following may."""

    OWNER = "owner", gettext_lazy("负责")
    EDITOR = "editor", gettext_lazy("可编辑")
    COMMENTER = "commenter", gettext_lazy("可批注")
    VIEWER = "viewer", gettext_lazy("只读")


@dataclass(frozen=True, slots=True)
class Access:
    """What one person is to one application.

    `member` is the person's role in the lead unit, or "". `mine` are the sections given to this person or its unit,
    `given` those given to anybody.
    """

    role: Role | None
    member: str
    mine: frozenset[str]
    given: frozenset[str]

    @property
    def takes_part(self) -> bool:
        """Whether the person sees what is being written."""
        return self.role is not None

    @property
    def edits(self) -> bool:
        """Whether the person writes by its role, not only where a section was given to it."""
        return self.role in (Role.OWNER, Role.EDITOR)

    @property
    def leads(self) -> bool:
        """Whether the person acts for the lead unit with this application: freezes, hands in, withdraws."""
        return bool(self.member) and self.edits

    @property
    def comments(self) -> bool:
        """Whether the person may comment."""
        return self.role in (Role.OWNER, Role.EDITOR, Role.COMMENTER) or bool(self.mine)

    def writes(self, section: str) -> bool:
        """Whether the person writes in a section; what was given away is written by owners and who has it."""
        if section in self.mine or self.role == Role.OWNER:
            return True
        return self.role == Role.EDITOR and section not in self.given


NOBODY = Access(None, "", frozenset(), frozenset())


def access_from(*, member: str, starter: bool, named: str, mine: str, given: str) -> Access:
    """Put together what the database told: sections come joined by commas.

    The head is always owner; who started is owner and other writers are editors, unless named with another role.
    A person whose section was given to it, without a role of its own, reads the rest.
    """
    role: Role | None
    if member == "head":
        role = Role.OWNER
    elif named:
        role = Role(named)
    elif member:
        role = Role.OWNER if starter else Role.EDITOR
    else:
        role = Role.VIEWER if mine else None
    return Access(role, member, _set(mine), _set(given))


def _set(joined: str) -> frozenset[str]:
    return frozenset(joined.split(",")) if joined else frozenset()
