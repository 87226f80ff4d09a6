"""A part of the corpus of `make bench-scan`, the same in every run: filed rightly or left to a person, never wrongly."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.documents.scans import corpus
from tests.documents.scans.prints import Prints

pytestmark = pytest.mark.above_database


@pytest.mark.long(10)
def test_pages_are_filed_rightly_and_none_wrongly(prints: Prints) -> None:
    outcomes = [corpus.outcome(case, prints) for case in corpus.cases(prints, share=0.014)]

    assert [(each.case.name, each.filed) for each in outcomes if each.wrong] == []
    due = Counter(each.case.group for each in outcomes)
    right = Counter(each.case.group for each in outcomes if each.right)
    left = [(each.case.name, each.why) for each in outcomes if each.case.truth and not each.right]
    assert set(due) >= {"scanner", "coarse", "phone", "attack"}
    assert right["scanner"] >= due["scanner"] - 1, left
    assert right["phone"] >= due["phone"] - 1, left
