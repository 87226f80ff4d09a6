"""Marks survive being written, read, spoken and typed; nothing else passes for one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.documents.marks.payload import (
    ALPHABET,
    Forged,
    Found,
    Mark,
    NotAMark,
    encode,
    read,
    spoken,
    typed,
)

KEY = bytes(range(32))
OLD = b"\x07" * 32
KEYS = [KEY, OLD]
ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
NUMBERS = st.integers(0, 9999)


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    pages = draw(st.integers(1, 9999))
    return Mark(
        draw(st.from_regex(r"[A-Z][A-Z0-9]{1,7}(-[A-Z]{1,6})?-[0-9]{1,5}", fullmatch=True)),
        draw(NUMBERS),
        draw(st.integers(1, pages)),
        pages,
        draw(NUMBERS),
        draw(NUMBERS),
        draw(st.booleans()),
    )


MARK = Mark("TJ10-0016", 3, 5, 13, copy=1, party=2)


def test_the_code_of_a_page_reads_as_documented() -> None:
    text = encode(MARK, "T", key=KEY)
    assert re.fullmatch(rf"TJ10-0016\.V3P5N13C1A2T\.[{ALPHABET}]{{10}}", text)
    assert encode(Mark("TJ10-0016", 0, 1, 2), "B", key=KEY).startswith("TJ10-0016.V0P1N2B.")
    assert encode(replace(MARK, aside=True), "B", key=KEY).startswith("TJ10-0016.V3P5N13C1A2EB.")


@given(marks(), st.sampled_from("TB"), st.sampled_from(KEYS))
def test_what_is_written_is_read_again_by_any_key_of_the_list(mark: Mark, corner: str, key: bytes) -> None:
    text = encode(mark, corner, key=key)
    assert ALPHANUMERIC.fullmatch(text)
    assert read(text, keys=KEYS) == Found(mark, corner)


@given(marks())
def test_what_is_spoken_can_be_typed(mark: Mark) -> None:
    assert typed(spoken(mark, keys=KEYS), keys=KEYS) == mark
    assert typed(spoken(mark, keys=[OLD]), keys=KEYS) == mark


@pytest.mark.parametrize(
    "around",
    [
        "HTTPS://PILOT.EXAMPLE.CN/S/{}",
        "https://elsewhere.example/s/{}/",
        "http://127.0.0.1:8000/S/{}",
        "  {}\n",
        "HTTPS://HOST/PILOTS/S/{}",
    ],
)
def test_a_code_is_read_behind_any_address(around: str) -> None:
    text = encode(MARK, "B", key=KEY)
    assert read(around.format(text), keys=KEYS) == Found(MARK, "B")
    assert encode(MARK, "B", key=KEY, address="HTTPS://H.CN/S/") == f"HTTPS://H.CN/S/{text}"


def test_a_hand_scanner_behind_an_input_method_is_read() -> None:
    text = encode(MARK, "T", key=KEY)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in text)
    assert read(text.lower(), keys=KEYS).mark == MARK
    assert read(wide, keys=KEYS).mark == MARK
    assert read(text.replace(".", "。"), keys=KEYS).mark == MARK


@given(st.data(), marks())
def test_an_edited_code_never_passes_for_another_mark(data: st.DataObject, mark: Mark) -> None:
    text = encode(mark, "T", key=KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-/:"))
    edited = text[:place] + sign + text[place + 1 :]
    if edited == text:
        return
    with pytest.raises((NotAMark, Forged)):
        read(edited, keys=KEYS)


def test_each_number_of_a_code_is_under_the_authenticator() -> None:
    tail = encode(MARK, "T", key=KEY).rpartition(".")[2]
    for other in (
        replace(MARK, reference="TJ10-0017"),
        *(replace(MARK, **{name: 7}) for name in ("version", "page", "copy", "party")),
        replace(MARK, pages=14),
        replace(MARK, aside=True),
    ):
        edited = f"{encode(other, 'T', key=KEY).rpartition('.')[0]}.{tail}"
        with pytest.raises(Forged) as refused:
            read(edited, keys=KEYS)
        assert refused.value.mark == other
    with pytest.raises(Forged):
        read(encode(MARK, "T", key=KEY).replace("A2T.", "A2B."), keys=KEYS)


def test_an_authenticator_cannot_be_guessed_or_taken_from_elsewhere() -> None:
    head = "TJ10-0016.V3P5N13C1A2T"
    said = spoken(MARK, keys=KEYS)
    guesses = [sign * 10 for sign in ALPHABET] + [said[-6:] + sign * 4 for sign in ALPHABET]
    for guess in guesses:
        with pytest.raises(Forged):
            read(f"{head}.{guess}", keys=KEYS)
    with pytest.raises(Forged):
        read(encode(MARK, "T", key=b"\x01" * 32), keys=KEYS)
    cut = encode(MARK, "T", key=KEY).rpartition(".")[2][:6]
    with pytest.raises(Forged):
        typed(f"TJ10-0016 V3-5/13 C1 A2 {cut}", keys=KEYS)


def test_a_number_written_otherwise_is_no_second_spelling_of_a_mark() -> None:
    text = encode(MARK, "T", key=KEY)
    for edited in (text.replace("V3", "V03"), text.replace("V3", "V3C0"), text.replace("C1A2", "C01A2")):
        with pytest.raises((NotAMark, Forged)):
            read(edited, keys=KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "X" * 5000,
        "https://example.cn/",
        "TJ10-0016",
        "TJ10-0016.V3P5N13T.",
        "TJ10-0016.V3P9N2T.ABCDEFGHJK",  # page 9 of 2
        f"TJ10-0016.V3P5N{'9' * 300}T.ABCDEFGHJK",
        "TJ10-0016.V3P5N13T.ABCDEFGHIL",  # letters that no authenticator has
        "WIFI:T:WPA;S:office;;",
    ],
)
def test_something_else_is_not_a_mark(text: str) -> None:
    with pytest.raises(NotAMark):
        read(text, keys=KEYS)
    with pytest.raises(NotAMark):
        typed(text, keys=KEYS)


def test_a_typed_text_may_be_careless() -> None:
    said = spoken(MARK, keys=KEYS)
    assert re.fullmatch(rf"TJ10-0016 V3-5/13 C1 A2 [{ALPHABET}]{{6}}", said)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign != " " else "\u3000" for sign in said)
    for careless in (
        said.lower(),
        said.replace(" ", ""),
        wide,
        said.replace("0", "O").replace("1", "l"),
        said.replace("1", "I").replace("0", "o"),
        said.replace("-", "—"),
        said.replace("/", "、"),
        f"\n {said}  ",
    ):
        assert typed(careless, keys=KEYS) == MARK


def test_a_reference_with_letters_that_look_like_digits_is_found_again() -> None:
    mark = Mark("OIL10-0016", 1, 1, 1)
    said = spoken(mark, keys=KEYS)
    assert typed(said.replace("OIL10", "0il1o"), keys=KEYS) == mark


@given(st.data(), marks())
def test_a_short_text_with_another_number_is_refused(data: st.DataObject, mark: Mark) -> None:
    name = data.draw(st.sampled_from(["version", "page", "pages", "copy", "party"]))
    value = data.draw(NUMBERS)
    try:
        other = replace(mark, **{name: value})
    except ValueError:
        return
    if other == mark:
        return
    head, tail = spoken(other, keys=KEYS)[:-6], spoken(mark, keys=KEYS)[-6:]
    try:
        found = typed(head + tail, keys=KEYS)
    except Forged as refused:
        assert refused.mark == other
    else:  # one in 2^30
        pytest.fail(f"{found} passed for {mark}")


def test_a_mark_that_no_page_can_carry_is_refused() -> None:
    for bad in (
        {"reference": "tj10-0016"},
        {"reference": "TJ10"},
        {"reference": "TJ10-0016." * 2},
        {"reference": f"TJ-{'1' * 60}"},
        {"page": 0},
        {"page": 14},
        {"version": -1},
        {"copy": 10000},
    ):
        with pytest.raises(ValueError):
            replace(MARK, **bad)
