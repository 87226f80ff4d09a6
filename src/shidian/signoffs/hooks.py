"""What sign-offs ask of the apps above them: exactly one consequence each, in the same transaction."""

from collections.abc import Sequence

from shidian.audit.actions import Actor
from shidian.core.hooks import Hook
from shidian.signoffs.models import Gate, Link, Reminder

gate_settled: Hook[[Gate, Actor]] = Hook("signoffs.gate_settled")
"""What a settled gate means to the app that opened the round, by its purpose."""
link_made: Hook[[Link]] = Hook("signoffs.link_made")
"""A link waits to be sent: whoever sends it makes its token (`links.issue_token`)."""
code_wanted: Hook[[Link]] = Hook("signoffs.code_wanted")
"""A code is wanted by the second channel: whoever sends it makes it (`links.issue_code`)."""
reminded: Hook[[Sequence[Reminder]]] = Hook("signoffs.reminded")
"""One letter for reminders that go to one address."""
