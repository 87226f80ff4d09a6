"""`shidian bounces`: read mails that came back, from a folder (Maildir), a file (mbox) or the standard input."""

from __future__ import annotations

import mailbox
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.notifications.bounces import Outcome, take

_WORDS = {
    Outcome.BOUNCED: "新标为退回",
    Outcome.KNOWN: "以前已标",
    Outcome.DELAYED: "还在投递或者已经送到",
    Outcome.UNKNOWN: "不是本系统寄出的",
    Outcome.NO_REPORT: "不是退信",
}


class Command(BaseCommand):
    """Marks the messages that the mails give back; safe to run over the same mails again."""

    help = "读取退信（RFC 3464），把对应的邮件标为被退回：给出 Maildir 文件夹或 mbox 文件，- 表示从标准输入读一封"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the mails are."""
        parser.add_argument("source", help="Maildir 文件夹、mbox 文件，或者 -")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read them all and say what came of them."""
        found: Counter[Outcome] = Counter()
        for raw in _mails(options["source"]):
            found[take(raw)] += 1
        told = [f"{_WORDS[outcome]} {found[outcome]}" for outcome in Outcome if found[outcome]]
        self.stdout.write(f"读了 {found.total()} 封：{'，'.join(told) or '没有邮件'}")


def _mails(source: str) -> Iterator[bytes]:
    if source == "-":
        yield sys.stdin.buffer.read()
        return
    path = Path(source)
    if path.is_dir():
        if not (path / "new").is_dir() and not (path / "cur").is_dir():
            raise CommandError(f"{source} 不是 Maildir 文件夹（里面没有 new 和 cur）")
        box: mailbox.Mailbox[Any] = mailbox.Maildir(str(path), create=False)
    elif path.is_file():
        box = mailbox.mbox(str(path), create=False)
    else:
        raise CommandError(f"没有 {source}")
    for key in box.iterkeys():
        yield box.get_bytes(key)
