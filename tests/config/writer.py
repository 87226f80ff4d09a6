"""`python -m tests.config.writer NAME TURNS SECONDS`: a process that writes its name TURNS times, holding the lock each time.

It says `ready`, begins when a line arrives, and says `in` inside of every transaction.
"""

from __future__ import annotations

import sys
import time

import django
from django.conf import settings


def main(name: str, turns: int, seconds: float) -> None:
    from shidian.config.settings import DATABASES

    settings.configure(DATABASES=DATABASES, USE_TZ=True)
    django.setup()
    from django.db import connection, transaction

    connection.ensure_connection()
    _say("ready")
    sys.stdin.readline()
    for _ in range(turns):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO turn (name) VALUES (%s)", [name])
            _say("in")
            time.sleep(seconds)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
