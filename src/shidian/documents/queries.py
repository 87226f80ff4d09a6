"""What versions say of themselves, checked."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shidian.core.digests import sha256_of_bytes, sm3_of_bytes
from shidian.documents.models import DocumentVersion

_ALGORITHMS = {"sha256": sha256_of_bytes, "sm3": sm3_of_bytes}


def changed_versions() -> Iterator[str]:
    """Every version whose content no longer gives its digests, as sentences for a person."""
    for version in DocumentVersion.objects.select_related("document").iterator(chunk_size=200):
        content = version.content.encode()
        told = [(version.algorithm, version.digest), (version.second_algorithm, version.second_digest)]
        for algorithm, digest in told:
            if algorithm and _ALGORITHMS[algorithm](content) != digest:
                yield _("{version}：内容与所记的摘要（{algorithm}）不符，内容或者摘要被改动过").format(
                    version=version, algorithm=algorithm.upper()
                )
