"""Whoever wants to write waits at a gate, in turn, and only then asks SQLite for its write lock.

SQLite has no queue: it sleeps and asks again, and who has slept longest is found last. The gate is an exclusive `flock`
on a file beside the database, taken before a transaction begins and given back when it ends: the kernel keeps the queue,
between threads as between processes, and takes the lock from a process that is killed.
"""

from __future__ import annotations

import fcntl
import os

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that passes the gate with every transaction; a statement outside of one goes straight to SQLite."""

    _gate: int | None = None
    """The open file while this connection is inside."""

    def _start_transaction_under_autocommit(self) -> None:
        self._pass()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        # Not when that failed: a rollback follows.
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _pass(self) -> None:
        if self.is_in_memory_db():
            return
        # Opened anew each time: a process forked meanwhile must not share its parent's place. Reading is enough to lock.
        gate = os.open(f"{self.settings_dict['NAME']}-gate", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
        except BaseException:
            os.close(gate)
            raise
        self._gate = gate

    def _leave(self) -> None:
        if self._gate is not None:
            gate, self._gate = self._gate, None
            fcntl.flock(gate, fcntl.LOCK_UN)  # whoever was forked meanwhile has the file open still
            os.close(gate)
