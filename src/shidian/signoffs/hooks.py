"""What a settled gate means to the app that opened the round: exactly one consequence, in the same transaction."""

from shidian.audit.actions import Actor
from shidian.core.hooks import Hook
from shidian.signoffs.models import Gate

gate_settled: Hook[[Gate, Actor]] = Hook("signoffs.gate_settled")
