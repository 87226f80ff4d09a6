"""Agreement: a round of parties on one frozen version. Nouns: Round, Party, Signature, Gate.

Knows documents, not applications: whoever opens a round registers what its completion means (`hooks`).
"""
