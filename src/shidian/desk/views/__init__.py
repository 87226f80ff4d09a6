"""Views of the desk, one file an area: each finds, calls one verb, and shows."""
