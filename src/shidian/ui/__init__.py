"""The look: base templates, components, static files, and what every screen needs to show itself.

No rule of the procedure lives here.
"""
