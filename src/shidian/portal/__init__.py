"""Screens for applicants: registering a unit, filling in, sign-off on paper, handing in."""
