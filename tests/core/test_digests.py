"""Digests of bytes and streams, and the code on paper."""

import hashlib
import io

import pytest

from shidian.core.digests import ALGORITHM, is_sha256, sha256_of_bytes, sha256_of_stream, short_code


def test_digest_of_bytes() -> None:
    # FIPS 180-4, example "abc"
    assert sha256_of_bytes(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashlib.new(ALGORITHM, b"abc").hexdigest() == sha256_of_bytes(b"abc")


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_digest_of_a_stream_does_not_depend_on_the_pieces(chunk: int) -> None:
    data = bytes(range(256)) * 5

    assert sha256_of_stream(io.BytesIO(data), chunk) == sha256_of_bytes(data)


def test_digest_of_a_stream_begins_where_the_stream_stands() -> None:
    stream = io.BytesIO(b"xxabc")
    stream.seek(2)

    assert sha256_of_stream(stream) == sha256_of_bytes(b"abc")


def test_short_code_is_the_first_eight_digits() -> None:
    assert short_code("7f3a91c2" + "0" * 56) == "7F3A-91C2"


@pytest.mark.parametrize("text", ["", "7f3a91c", "7f3a 1c2" + "0" * 56, "７f3a91c2" + "0" * 56])
def test_short_code_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        short_code(text)


def test_only_64_lower_case_hex_digits_are_a_digest() -> None:
    assert is_sha256("a0" * 32)
    assert not any(map(is_sha256, ["A0" * 32, "a0" * 31, "a0" * 32 + "\n", "g0" * 32, "../" + "a" * 61]))
