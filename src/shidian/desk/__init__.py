"""Screens for offices, the institute, administrators and auditors."""
