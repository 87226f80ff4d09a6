"""What was kept a section at a time comes over field by field, with every earlier value."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import steps

PROGRAM = """
import django
django.setup()
from datetime import UTC, datetime
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

def migrate(target):
    executor = MigrationExecutor(connection)
    executor.migrate([("applications", target)])
    return MigrationExecutor(connection).loader.project_state([("applications", target)]).apps

old = migrate("0002_protect_evidence")
at = datetime(2023, 7, 3, tzinfo=UTC)
person = old.get_model("accounts", "User").objects.create(email="a@example.cn", name="甲", joined_at=at)
other = old.get_model("accounts", "User").objects.create(email="b@example.cn", name="乙", joined_at=at)
call = old.get_model("calls", "Call").objects.create(key="c", title="批次")
lead = old.get_model("organisations", "Organisation").objects.create(name="单位", code="X", registered_at=at)
document = old.get_model("documents", "Document").objects.create(kind="application", reference="C-1")
application = old.get_model("applications", "Application").objects.create(
    reference="C-1", call=call, lead=lead, document=document, started_at=at, started_by=person
)
row = old.get_model("applications", "SectionAnswers").objects.create(
    application=application, section="cover", number=2, data={"name": "终", "contact": "王"}, saved_at=at, saved_by=other
)
saves = [(0, {"name": "带入"}, person), (1, {"name": "带入", "contact": "王"}, person), (2, {"name": "终", "contact": "王"}, other)]
for number, data, by in saves:
    old.get_model("applications", "SectionRevision").objects.create(
        answers=row, number=number, data=data, saved_at=at, saved_by=by
    )

new = migrate("0003_answers_by_field")
for answer in new.get_model("applications", "Answer").objects.order_by("field"):
    print(answer.section, answer.field, answer.value, answer.number, answer.saved_by.name)
for row in new.get_model("applications", "AnswerRevision").objects.order_by("pk"):
    print(row.answer.field, row.number, row.base, row.value, row.how, row.by.name)
"""


def test_sections_become_fields_with_their_history(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "SHIDIAN_MODE": "development",
        "SHIDIAN_DATA": str(tmp_path),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "shidian.config.settings",
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=steps.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "cover contact 王 1 甲",
        "cover name 终 2 乙",
        "name 1 0 带入 prefilled 甲",
        "contact 1 0 王 typed 甲",
        "name 2 1 终 typed 乙",
    ]
