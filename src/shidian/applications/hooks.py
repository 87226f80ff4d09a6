"""What it means for other apps that somebody was named in a comment: exactly one consequence, in the same transaction."""

from shidian.applications.models import Mention
from shidian.core.hooks import Hook

mentioned: Hook[[Mention]] = Hook("applications.mentioned")
