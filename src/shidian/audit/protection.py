"""Evidence: a migration operation after which the database itself refuses to change or delete a table's rows."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION shidian_evidence() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION 'evidence is never changed: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


class Protect(Operation):
    """Refuse UPDATE and DELETE on the tables of `models` (names in the migration's app)."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, models: list[str]) -> None:
        self.models = models

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How the operation is written in a migration."""
        return (self.__class__.__name__, [self.models], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model state does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Create the triggers; again after a change of the table, with which SQLite loses them."""
        vendor = schema_editor.connection.vendor
        for model in self.models:
            table = _table(to_state, app_label, model)
            for statement in [*drop_statements(vendor, table), *create_statements(vendor, table)]:
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop the triggers."""
        for model in self.models:
            for statement in drop_statements(
                schema_editor.connection.vendor, _table(from_state, app_label, model)
            ):
                schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """A line for the migration's output."""
        return f"Refuse changes of {', '.join(self.models)}"


def _table(state: Any, app_label: str, model: str) -> str:
    return str(state.apps.get_model(app_label, model)._meta.db_table)


def create_statements(vendor: str, table: str) -> list[str]:
    """The statements that protect `table` on SQLite or PostgreSQL."""
    if vendor == "sqlite":
        return [
            (
                f"CREATE TRIGGER evidence_{verb.lower()}_{table} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'evidence is never changed: {table}'); END"
            )
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        _POSTGRES_FUNCTION,
        (
            f"CREATE TRIGGER evidence_{table} BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION shidian_evidence()"
        ),
    ]


def drop_statements(vendor: str, table: str) -> list[str]:
    """The statements that take the protection away; used by migrations and by tests that play a forger."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS evidence_{verb}_{table}" for verb in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS evidence_{table} ON {table}"]
