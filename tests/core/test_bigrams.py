"""Words of two characters: what is looked for is found wherever it stands, and marked there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shidian.core.bigrams import hits, marked, phrase, snippet, words

CHINESE = st.text(st.sampled_from("标准化应急减灾区 a1B，。"), max_size=30)


def found_in(text: str, wanted: str) -> bool:
    """As a full-text index looks: the words of the phrase follow one another."""
    looked = phrase(wanted)
    assert looked is not None
    there, size = words(text), len(looked.words)
    return any(
        there[at : at + size - 1] == list(looked.words[:-1])
        and (
            there[at + size - 1].startswith(looked.words[-1])
            if looked.begins
            else there[at + size - 1] == looked.words[-1]
        )
        for at in range(len(there) - size + 1)
    )


def test_words_are_pairs_and_the_last_character() -> None:
    assert words("标准化，GB/T 1.1") == ["标准", "准化", "化", "gb", "t", "1", "1"]
    assert words("ＴＪ10－0016") == ["tj10", "0016"]


@given(CHINESE, CHINESE, CHINESE)
def test_a_run_of_characters_is_found_inside_of_any_text(before: str, wanted: str, after: str) -> None:
    run = "".join(character for character in wanted if "\u4e00" <= character <= "\u9fff")
    if run:
        assert found_in(before + run + after, run)
        assert hits(before + run + after, [run])


def test_a_number_is_found_by_how_it_begins() -> None:
    assert found_in("TJ10-0016", "tj10-00")
    assert not found_in("TJ10-0016", "0010")


@given(CHINESE, CHINESE)
def test_marking_loses_nothing(text: str, wanted: str) -> None:
    assert "".join(piece.text for piece in marked(text, [wanted])) == text


def test_a_snippet_shows_what_was_looked_for() -> None:
    text = "本单位" * 40 + "综合 减灾社区" + "建设" * 60
    pieces = snippet(text, ["减灾社区"])

    assert [piece.text for piece in pieces if piece.hit] == ["减灾社区"]
    assert pieces[0].text == pieces[-1].text == "……"
    assert snippet(text, ["没有"]) == []
