"""`shidian scores verify`: frozen results worked out again from their own sheets and rules."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.documents.models import DocumentVersion
from shidian.reviews.scoring.queries import RESULT, is_equal


class Command(BaseCommand):
    """Proves frozen results."""

    help = "按冻结的评分和规则重新计算评审结果，与冻结的结果逐字节比较"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """verify [REFERENCE]."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verifying = verbs.add_parser("verify", help="重新计算，逐字节比较")
        verifying.add_argument("reference", nargs="?", help="结果编号，例如 TJ10-P1；不写则全部")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work every frozen result out again; an unequal one ends the command with an error."""
        rows = DocumentVersion.objects.filter(document__kind=RESULT).select_related("document")
        if options["reference"]:
            rows = rows.filter(document__reference=options["reference"])
        unequal = 0
        for version in rows.order_by("document", "number"):
            equal = is_equal(version)
            unequal += not equal
            said = "重新计算的结果与冻结的逐字节相同" if equal else "重新计算的结果与冻结的不同"
            self.stdout.write(f"{version}（版本码 {version.code}）：{said}")
        if unequal:
            raise CommandError(f"有 {unequal} 份冻结的评审结果不能由冻结的评分算出")
        self.stdout.write(f"共 {rows.count()} 份冻结的评审结果，全部相同")
