"""The database backend for SQLite: Django's own, with a gate before the write lock."""
