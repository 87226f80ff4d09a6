"""SHA-256 digests of bytes and streams, and the short code that a person can read aloud."""

import hashlib
import re
from typing import Protocol

ALGORITHM = "sha256"
CHUNK = 1 << 20

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Readable(Protocol):
    """Anything that hands out its bytes piece by piece and b"" at the end."""

    def read(self, size: int, /) -> bytes: ...


def is_sha256(text: str) -> bool:
    """Say whether `text` is a SHA-256 as this system writes it: 64 lower-case hex digits."""
    return _HEX.fullmatch(text) is not None


def sha256_of_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data`, 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_stream(file: Readable, chunk: int = CHUNK) -> str:
    """Return the SHA-256 of what is left in `file`, read in pieces of `chunk` bytes; never holds more."""
    digest = hashlib.sha256()
    while piece := file.read(chunk):
        digest.update(piece)
    return digest.hexdigest()


def sm3_of_bytes(data: bytes) -> str:
    """Return the SM3 (GB/T 32905) of `data`, 64 lower-case hex digits."""
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def short_code(hex_digest: str) -> str:
    """Return the code printed on paper: the first eight hex digits as `7F3A-91C2`.

    It helps a person to compare two prints; it proves nothing, the whole digest does.
    Refuses with ValueError what does not begin with eight hex digits.
    """
    head = hex_digest[:8].upper()
    if not re.fullmatch(r"[0-9A-F]{8}", head, re.ASCII):
        raise ValueError(f"not a digest: {hex_digest!r}")
    return f"{head[:4]}-{head[4:]}"
