"""Text that stands in two places."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.core import fingerprints as f

WORDS = "".join(chr(0x4E00 + 7 * n) for n in range(1500))


def prose(seed: int, length: int = 3000) -> str:
    drawn = random.Random(seed)
    return "".join(drawn.choice(WORDS) + ("，" if drawn.random() < 0.08 else "") for _ in range(length))


def test_blanks_punctuation_width_and_case_do_not_matter() -> None:
    one = "（一）建立 ABC 标准体系，覆盖 2024 年全过程，逐项落实责任。"
    other = "(一)建立ａｂｃ标准体系;覆盖２０２４年 全过程\n逐项落实责任"

    assert f.plain(one) == f.plain(other)
    assert np.array_equal(f.fingerprint(one), f.fingerprint(other))


def test_a_copied_passage_is_found_among_many() -> None:
    texts = [prose(seed) for seed in range(60)]
    copied = texts[7][900:1500]
    texts[33] = texts[33][:1000] + copied + texts[33][1000:]
    prints = [f.fingerprint(text) for text in texts]

    assert set(f.pairs(prints)) == {(7, 33)}
    assert list(f.shared(prints[33], {n: prints[n] for n in range(60) if n != 33})) == [7]


def test_what_everybody_writes_and_what_the_form_prints_is_left_out() -> None:
    phrase, printed = prose(900, 400), prose(901, 400)
    texts = [prose(seed) + phrase for seed in range(f.COMMON + 2)]
    prints = [f.fingerprint(text) for text in texts]
    form = [f.fingerprint(prose(seed) + printed) for seed in (500, 501)]

    assert f.pairs(prints) == {}
    assert f.shared(prints[0], dict(enumerate(prints[1:]))) == {}
    assert f.pairs(form) and not f.pairs(form, known=f.fingerprint(printed))
    assert not f.shared(form[0], {1: form[1]}, known=f.fingerprint(printed))


def test_passages_point_into_the_texts_as_they_were_given() -> None:
    middle = "各部门明确职责，建立标准化联络员制度，每季度召开一次推进会，形成会议纪要并跟踪落实"
    one, other = (
        prose(1, 200) + middle + prose(2, 200),
        prose(3, 50) + middle.replace("，", "、") + prose(4, 90),
    )

    (found,) = f.passages(one, other)

    assert one[found.start : found.end] == middle
    assert other[found.other_start : found.other_end] == middle.replace("，", "、")


def test_a_small_difference_within_a_passage_is_bridged() -> None:
    passage = prose(5, 120)
    changed = passage[:60] + "改动" + passage[62:]

    (found,) = f.passages("甲" * 30 + passage, changed + "乙" * 30)

    assert found.end - found.start >= 110


@pytest.mark.parametrize("text", ["", "短", "。，、" * 100, "𠅤" * 40])
def test_texts_of_no_length_or_kind_are_no_error(text: str) -> None:
    assert f.unpacked(f.packed(f.fingerprint(text))).tolist() == f.fingerprint(text).tolist()
    assert f.passages(text, prose(1, 100)) == []


texts = st.text(alphabet="甲乙丙丁ABcd12０ﬁ，。 \n𠅤é", max_size=200)


@given(texts, texts, texts)
def test_every_passage_is_the_same_text_in_both(common: str, before: str, after: str) -> None:
    one, other = before + common, common + after

    for found in f.passages(one, other):
        mine, theirs = (
            f.plain(one[found.start : found.end]),
            f.plain(other[found.other_start : found.other_end]),
        )
        assert len(mine) >= 24
        assert mine[: f.RUN] == theirs[: f.RUN] and mine[-f.RUN :] == theirs[-f.RUN :]


@given(st.text(alphabet="甲乙丙丁", min_size=60, max_size=200), st.integers(0, 40))
def test_a_long_copy_is_always_found(text: str, at: int) -> None:
    assert f.passages(prose(9, at) + text, text)
