"""Turns plain values into printed papers (PDF) with Typst; knows no model and no setting."""
