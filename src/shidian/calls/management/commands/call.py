"""`shidian call check|load|show`: call packages from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.audit.actions import SYSTEM
from shidian.calls.actions import load, publish
from shidian.calls.lint import lint
from shidian.calls.models import Call
from shidian.calls.packages import Package, PackageErrors, read


class Command(BaseCommand):
    """Checks, loads and shows call packages."""

    help = "检查、载入、查看征集批次的数据包"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """check FOLDER; load FOLDER [--shift-to DATE] [--draft]; show [KEY]."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        checking = verbs.add_parser("check", help="检查数据包：错误不能载入，提醒说明通知中的矛盾")
        checking.add_argument("package", type=Path)
        loading = verbs.add_parser("load", help="载入并发布数据包")
        loading.add_argument("package", type=Path)
        loading.add_argument(
            "--shift-to", type=date.fromisoformat, help="平移日期，作为演示批次载入，例如 2026-11-23"
        )
        loading.add_argument("--draft", action="store_true", help="载入但不发布")
        showing = verbs.add_parser("show", help="查看已载入的批次")
        showing.add_argument("key", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one of the three."""
        verb: str = options["verb"]
        if verb == "show":
            self._show(options["key"])
            return
        package = self._read(options["package"])
        if verb == "check":
            self._check(package)
        else:
            call = load(package, by=SYSTEM, shift_to=options["shift_to"])
            if call.state == "draft" and not options["draft"]:
                publish(call, by=SYSTEM)
            self.stdout.write(f"已载入 {call.key} 第 {call.number} 版：{call.title}")

    def _read(self, folder: Path) -> Package:
        try:
            return read(folder)
        except PackageErrors as found:
            for problem in found.problems:
                self.stderr.write(f"{problem.file}:{problem.line}: {problem.message}")
            raise CommandError(f"数据包有 {len(found.problems)} 处错误") from None

    def _check(self, package: Package) -> None:
        decided = {decision.code: decision.text for decision in package.call.accepted_warnings}
        warnings = lint(package)
        for warning in warnings:
            self.stdout.write(f"提醒 {warning.file}:{warning.line}: {warning.message} [{warning.code}]")
            if warning.code in decided:
                self.stdout.write(f"     本包的决定：{decided[warning.code]}")
        self.stdout.write(f"{package.call.key}：没有错误，{len(warnings)} 处提醒")

    def _show(self, key: str | None) -> None:
        rows = Call.objects.filter(key=key) if key else Call.objects.all()
        if key and not rows:
            raise CommandError(f"没有载入 {key}")
        for call in rows.order_by("pk"):
            version = call.versions.filter(number=call.number).first()
            self.stdout.write(f"{call.key}  {call.MACHINE.labels[call.state]}  {call.title}")
            if key and version is not None:
                self.stdout.write(
                    f"  第 {version.number} 版，载入于 {version.loaded_at:%F %T} UTC，摘要 {version.digest}"
                )
                for stage in call.definition.stages:
                    until = f"{stage.dispatch_until:%F %T}" if stage.dispatch_until else "未定"
                    received = f"{stage.hand_in_until:%F %T}" if stage.hand_in_until else "未定"
                    self.stdout.write(f"  {stage.label}：收件至 {received}，报送至 {until}")
                self.stdout.write(
                    f"  受理机构 {len(call.package.offices)} 个，申请 {call.applications.count()} 件"
                )
