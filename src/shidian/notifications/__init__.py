"""Telling people: reads recorded events after their commit and decides who hears. Nothing below knows of it."""
