"""A new table is drawn alone, and yet is known to what it refers to; migrations make theirs so."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.migrations.state import ProjectState

from shidian.core.tables import CreateModel

SOURCES = Path(__file__).resolve().parents[2] / "src" / "shidian"


def _table(name: str, *refers_to: str) -> CreateModel:
    fields = [(to.lower(), models.ForeignKey(f"core.{to}", models.PROTECT)) for to in refers_to]
    return CreateModel(name=name, fields=[("id", models.BigAutoField(primary_key=True)), *fields])


def _drawn(*operations: migrations.CreateModel) -> ProjectState:
    state = ProjectState()
    assert state.apps  # as `migrate` does, which is what makes new tables dear
    for operation in operations:
        operation.state_forwards("core", state)
    return state


def test_what_is_there_is_not_drawn_again() -> None:
    state = _drawn(_table("Office"), _table("Desk", "Office"))
    office, desk = (state.apps.get_model("core", name) for name in ("Office", "Desk"))

    _table("Drawer", "Desk", "Office").state_forwards("core", state)

    assert state.apps.get_model("core", "Office") is office
    assert state.apps.get_model("core", "Desk") is desk
    drawer = state.apps.get_model("core", "Drawer")
    assert drawer._meta.get_field("desk").related_model is desk
    assert {found.related_model for found in office._meta.related_objects} == {desk, drawer}


def test_a_later_change_reaches_all_that_are_related() -> None:
    state = _drawn(_table("Office"), _table("Desk", "Office"), _table("Drawer", "Desk"))

    chief = models.ForeignKey("core.Desk", models.PROTECT, related_name="+", null=True)
    migrations.AddField("Office", "chief", chief).state_forwards("core", state)

    office, desk, drawer = (state.apps.get_model("core", name) for name in ("Office", "Desk", "Drawer"))
    assert office._meta.get_field("chief").related_model is desk
    assert desk._meta.get_field("office").related_model is office
    assert drawer._meta.get_field("desk").related_model is desk


def test_nothing_is_drawn_before_somebody_asks() -> None:
    state = ProjectState()

    _table("Office").state_forwards("core", state)

    assert "apps" not in state.__dict__
    assert state.apps.get_model("core", "Office")


def test_migrations_make_tables_so() -> None:
    """`makemigrations` writes Django's own operation."""
    found = [
        str(path.relative_to(SOURCES))
        for path in SOURCES.glob("*/migrations/*.py")
        if "migrations.CreateModel" in path.read_text()
    ]

    assert found == []
