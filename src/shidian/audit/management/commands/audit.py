"""`shidian audit verify|anchor`: proof that the history was not changed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.audit.actions import anchor
from shidian.audit.queries import verify


class Command(BaseCommand):
    """Verifies all chains and anchors, or records an anchor now."""

    help = "核验全部历史链与锚点，或立即记录一个锚点"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """verify or anchor."""
        parser.add_argument("verb", choices=("verify", "anchor"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one of the two; a fault found ends with status 1."""
        if options["verb"] == "anchor":
            sealed = anchor()
            self.stdout.write(f"已记录锚点：{sealed.chains} 条链，摘要 {sealed.hash}")
            return
        report = verify()
        for fault in report.faults:
            self.stderr.write(fault)
        summary = f"{report.chains} 条链，{report.events} 条记录，{report.anchors} 个锚点"
        if not report.ok:
            raise CommandError(f"发现 {len(report.faults)} 处问题（{summary}）")
        self.stdout.write(f"全部无误：{summary}")
