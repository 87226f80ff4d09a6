"""RFC 8785: one value, one form."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.core.canonical import NotCanonical, canonical_json, digest_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_example_of_the_rfc_gives_its_bytes() -> None:
    # RFC 8785, 3.2.2 and 3.2.3
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\x0f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }

    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_json(value) == expected.encode()


def test_keys_are_ordered_by_utf16_code_units() -> None:
    # RFC 8785, 3.2.3: the emoji (a surrogate pair) sorts before U+FB33
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]

    written = canonical_json(dict.fromkeys(keys, 0))

    assert list(json.loads(written)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
        (1e-6, "0.000001"), (1e-7, "1e-7"), (5e-324, "5e-324"), (-1.5, "-1.5"), (9007199254740991, "9007199254740991"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert canonical_json(number) == text.encode()


def test_rare_chinese_stays_utf8() -> None:
    assert canonical_json({"名称": "𬭎𠅤㛃"}) == '{"名称":"𬭎𠅤㛃"}'.encode()


@given(json_values)
def test_reading_back_gives_the_value_and_the_same_bytes(value: object) -> None:
    written = canonical_json(value)

    # A float beyond 2^53 is written with all its digits, as ECMAScript does; it must come back as a float.
    again = json.loads(written, parse_int=lambda digits: int(digits) if len(digits) < 16 else float(digits))

    assert again == value
    assert canonical_json(again) == written


def test_order_of_keys_does_not_matter() -> None:
    assert digest_json({"a": 1, "b": [2]}) == digest_json({"b": [2], "a": 1})


def test_digest_is_the_sha256_of_the_canonical_form() -> None:
    assert digest_json({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_what_json_cannot_carry_is_refused() -> None:
    own = []
    own.append(own)
    for value in (
        2**53,
        -(2**53),
        math.nan,
        math.inf,
        "\ud800",
        {"\ud800": 1},
        {1: 1},
        b"x",
        {1, 2},
        object(),
        own,
    ):
        with pytest.raises(NotCanonical):
            canonical_json(value)
