"""Screens of offices, the institute, administrators and auditors. They find, ask one verb, and show; no rule lives here."""
