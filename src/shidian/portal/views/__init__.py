"""The views, one file for each area; each finds, calls one verb, and shows."""
