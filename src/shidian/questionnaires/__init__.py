"""Questionnaires as data: what is asked, in which sections, with which types and checks.

A mechanism: it knows nothing of calls, parties or applications. `definition` describes a questionnaire, `forms` reads
what was posted, `checks` lists every problem, `completeness` counts, `printing` makes the words that go on paper, and
`codes` holds the national code tables.
"""
