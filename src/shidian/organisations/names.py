"""Names of bodies, made comparable: the same body is written with other brackets, blanks and dots in other places."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u3164]+")
_FORMS = str.maketrans(
    {
        **dict.fromkeys("〔【［[｛{〈《<", "("),
        **dict.fromkeys("〕】］]｝}〉》>", ")"),
        **dict.fromkeys("•‧・∙⋅˙.", "·"),
        **dict.fromkeys("‐‑‒–—―−﹣", "-"),
        **dict.fromkeys("“”„‟\"‘’'`「」『』", None),
    }
)
LONGEST = 200


def comparable(name: str) -> str:
    """What two spellings of one name have in common: NFKC, without blanks and quotes, one kind of bracket and dot.

    Not a guess: names that differ in a character stay different. Empty for a text that is too long to be a name.
    """
    if len(name) > LONGEST:
        return ""
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", name).translate(_FORMS)).casefold()
    # Once more: what stood between a letter and its accent is gone, so that they may join.
    key = unicodedata.normalize("NFKC", plain).casefold().strip(",;:、，；：。·-*")
    return key if len(key) <= LONGEST else ""
