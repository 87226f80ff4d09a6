"""The base of the applicants' small forms stands where the desk can use it as well."""

from shidian.ui.plain import PlainCharField, PlainForm

__all__ = ("PlainCharField", "PlainForm")
