"""Tokens and hardware modules by PKCS#11: off unless a driver is named in the settings.

Needs the extra `pkcs11`. The token stands at the server, or is a network module; tokens in people's own computers are
used with their own signing software, and the result is uploaded (`checking`).
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from shidian.core.said import say
from shidian.core.verdict import YES, Verdict, not_now
from shidian.documents.certificates import holders
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.signers import usable


def available(driver: Path | None) -> Verdict:
    """Whether tokens can be used here, or why not."""
    if driver is None:
        return not_now(say("本系统没有设置密码设备（PKCS#11）。请使用证书文件，或者用签名软件签好后上传。"))
    if importlib.util.find_spec("pkcs11") is None:
        return not_now(say("本系统没有安装 PKCS#11 组件，不能使用密码设备。请联系系统管理员。"))
    if not driver.is_file():
        return not_now(say("密码设备的驱动程序不在设置所写的位置。请联系系统管理员。"))
    return YES


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate on a token whose key is there too; `id` chooses it."""

    id: bytes
    label: str
    chain: tuple[x509.Certificate, ...]


class Token:
    """One token, by its label, opened with its PIN for as long as one thing takes; the PIN is kept in memory only."""

    def __init__(self, driver: Path, label: str, pin: str) -> None:
        self._driver, self._label, self._pin = driver, label, pin

    def entries(self) -> list[Entry]:
        """What one can sign with. Unusable: "token" (not there), "password" (wrong PIN), "token_locked"."""
        with self._session() as session:
            from pkcs11 import Attribute, ObjectClass

            keys = {
                key[Attribute.ID] for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
            }
            found = []
            for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
                with suppress(*holders.UNREADABLE):  # nobody can sign with that one
                    certificate = x509.load_der_x509_certificate(one[Attribute.VALUE])
                    found.append((one[Attribute.ID], one[Attribute.LABEL], certificate))
        all_ = [certificate for _, _, certificate in found]
        return [
            Entry(id_, label, holders.ordered(all_, certificate))
            for id_, label, certificate in found
            if id_ in keys
        ]

    def signer(self, entry: Entry, *, at: datetime) -> TokenSigner:
        """A signer with the key of `entry`. Refuses what `holders.problems` finds."""
        usable(entry.chain, at)
        return TokenSigner(self, entry)

    def sign(self, entry: Entry, message: bytes) -> bytes:
        """Have the token sign `message` (SHA-256)."""
        from asn1crypto import x509 as asn1_x509
        from cryptography.hazmat.primitives.serialization import Encoding
        from pkcs11.exceptions import PKCS11Error
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.pkcs11 import PKCS11Signer

        with self._session() as session:
            certificate = asn1_x509.Certificate.load(entry.chain[0].public_bytes(Encoding.DER))
            # Few tokens hash for EC themselves; the raw mechanism is on all.
            signer = PKCS11Signer(
                session,
                signing_cert=certificate,
                key_id=entry.id,
                other_certs_to_pull=(),
                use_raw_mechanism=certificate.public_key.algorithm == "ec",
            )
            try:
                return asyncio.run(signer.async_sign_raw(message, "sha256"))
            except (PKCS11Error, SigningError) as error:
                raise Unusable(
                    "token", say("密码设备没有完成签名。请检查设备后重试；一直不行的，请联系系统管理员。")
                ) from error

    @contextmanager
    def _session(self) -> Iterator[Any]:
        from pkcs11 import exceptions
        from pyhanko.config.pkcs11 import TokenCriteria
        from pyhanko.sign.pkcs11 import open_pkcs11_session

        try:
            session = open_pkcs11_session(
                str(self._driver), token_criteria=TokenCriteria(label=self._label), user_pin=self._pin
            )
        except (exceptions.PinIncorrect, exceptions.PinLenRange, exceptions.PinInvalid) as error:
            raise Unusable(
                "password", say("密码设备的 PIN 不对。请核对后再输；连续输错会锁住设备。")
            ) from error
        except exceptions.PinLocked as error:
            raise Unusable("token_locked", say("密码设备已经锁住。请用管理 PIN 解锁后再试。")) from error
        except (exceptions.PKCS11Error, OSError, ValueError, RuntimeError) as error:
            raise Unusable("token", say("找不到密码设备。请检查设备是否插好、名称是否正确。")) from error
        with session:
            yield session


class TokenSigner:
    """A key on a token as a `Signer`."""

    def __init__(self, token: Token, entry: Entry) -> None:
        self._token, self._entry = token, entry

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates of the entry, as far as they are on the token."""
        return self._entry.chain

    def sign(self, message: bytes) -> bytes:
        """Sign with the key on the token."""
        return self._token.sign(self._entry, message)
