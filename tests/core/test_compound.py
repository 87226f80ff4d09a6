"""Compound files are read as they are, and refused when they lie."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.core.compound import BadCompound, Compound, Part
from tests.ole_samples import compound, word


def test_every_stream_is_found_and_read_back() -> None:
    streams = {
        "WordDocument": b"w" * 9000,
        "small": b"s" * 100,
        "Folder/inner": b"i" * 4096,
        "Folder/empty": b"",
    }

    found = Compound(io.BytesIO(compound(streams)))

    read = {"/".join(part.path): b"".join(found.read(part)) for part in found.parts if part.kind == 2}
    assert read == streams
    assert [part.name for part in found.parts if part.kind == 1] == ["Folder"]


def test_only_the_beginning_is_read_when_asked() -> None:
    found = Compound(io.BytesIO(compound({"a": b"0123456789" * 1000})))

    assert b"".join(found.read(found.parts[0], 25)) == b"0123456789012345678901234"


@pytest.mark.parametrize("size", [0, 100, 511, 512, 1024])
def test_a_cut_file_is_refused(size: int) -> None:
    with pytest.raises(BadCompound):
        Compound(io.BytesIO(word()[:size]))


def test_a_chain_in_a_circle_is_refused() -> None:
    data = bytearray(compound({"a": b"x" * 9000}))
    first_table = int.from_bytes(data[76:80], "little")
    data[512 * (first_table + 1) : 512 * (first_table + 1) + 8] = (
        b"\x01\0\0\0\0\0\0\0"  # 0 after 1, 1 after 0
    )

    found = Compound(io.BytesIO(bytes(data)))

    with pytest.raises(BadCompound):
        list(found.read(Part(("a",), 2, 0, 10**9)))


@given(st.integers(0, 8000), st.binary(min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_damage_never_does_worse_than_a_refusal(at: int, damage: bytes) -> None:
    data = bytearray(word(more={"Folder/x": b"y" * 300}))
    at %= len(data) - len(damage)
    data[at : at + len(damage)] = damage

    try:
        found = Compound(io.BytesIO(bytes(data)))
        for part in found.parts:
            if part.kind == 2:
                for _ in found.read(part):
                    pass
    except BadCompound:
        pass
