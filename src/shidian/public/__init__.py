"""Public pages: calls and help."""
