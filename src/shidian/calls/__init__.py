"""Calls as data: a call package is a folder of YAML and templates, read strictly, linted, and never changed once out.

`definition` is the shape of a package, `packages` reads one and names every error by file and line, and `lint` reports
what a notice says that cannot all be true, together with what the package has decided about it.
"""
