"""Shidian: runs a government call for standardization pilots."""
