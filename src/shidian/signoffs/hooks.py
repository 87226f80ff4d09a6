"""What a settled gate means to the app that opened the round: exactly one consequence, in the same transaction."""

from shidian.core.hooks import Hook
from shidian.signoffs.models import Gate

gate_settled: Hook[[Gate]] = Hook("signoffs.gate_settled")
