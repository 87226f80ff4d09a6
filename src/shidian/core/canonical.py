"""The one JSON form that is hashed: RFC 8785 (JSON Canonicalization Scheme).

Two values that mean the same give the same bytes, on any machine and in any year.
"""

from typing import Any

import rfc8785

from shidian.core.digests import sha256_of_bytes


class NotCanonical(ValueError):
    """The value has no canonical JSON form; the message says why."""


def canonical_json(value: Any) -> bytes:
    """Return `value` as canonical JSON in UTF-8 (RFC 8785).

    Refuses with NotCanonical what JSON cannot carry without loss: integers beyond ±(2^53 - 1), NaN and
    infinities, lone surrogates, keys that are not strings, other types, a value that contains itself.
    """
    try:
        return rfc8785.dumps(value)
    except RecursionError as error:
        raise NotCanonical("the value is nested too deeply or contains itself") from error
    except ValueError as error:  # the library's own errors, and UnicodeEncodeError from a key
        raise NotCanonical(str(error)) from error


def digest_json(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, 64 lower-case hex digits."""
    return sha256_of_bytes(canonical_json(value))
