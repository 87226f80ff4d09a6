"""National code tables and the checks of single codes: unit codes, regions, industries, economic types, contacts, months.

Tables are CSV files beside the modules (sources and dates in README.md), read once, when first asked for. A `check`
returns None when all is well, else a Chinese sentence that says what is wrong and what to do.
"""
