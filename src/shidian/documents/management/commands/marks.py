"""`shidian marks show|add-key`: the keys that tell printed sheets from made-up ones."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from shidian.documents.marks.keys import add_key, keys


class Command(BaseCommand):
    """Shows how many keys there are, or adds one for what is printed from now on."""

    help = "查看页面标记的密钥，或增加一个新密钥（以前打印的纸面照样有效）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """show or add-key."""
        parser.add_argument("verb", choices=("show", "add-key"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one of the two; a key itself is never shown."""
        if options["verb"] == "add-key":
            add_key()
            self.stdout.write("已增加一个新密钥，从现在起用它打印。请随 secret-key 一起备份。")
        self.stdout.write(f"{settings.MARK_KEYS}：{len(keys())} 个密钥")
