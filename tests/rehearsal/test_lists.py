"""The quota that a rehearsal puts into a call whose notice has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from shidian.rehearsal.lists import with_quota
from tests import steps

pytestmark = pytest.mark.above_database


@pytest.mark.parametrize(
    ("folder", "office"),
    [(steps.TIANJIN, "heping"), (steps.PREFECTURE, "liuxi")],
    ids=["tianjin", "prefecture"],
)
def test_one_office_gets_a_quota_and_nothing_else_changes(folder: Path, office: str) -> None:
    before = steps.package(folder)

    package = with_quota(before, office, 2)

    quota = package.call.stages[0].quota
    assert quota is not None
    assert (quota.offices[office].maximum, quota.maximum, quota.waived_by) == (2, None, "receiver")
    first = package.call.stages[0].model_copy(update={"quota": None})
    assert package.call.model_copy(update={"stages": [first, *package.call.stages[1:]]}) == before.call
    assert (package.questionnaire, package.offices) == (before.questionnaire, before.offices)
    assert package.digest != before.digest
