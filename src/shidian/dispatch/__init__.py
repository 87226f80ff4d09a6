"""What leaves an office: candidate lists, paper copies and electronic material registered, packages.

Nouns: CandidateList, ListItem, PaperCopy, ElectronicMaterial, Package.
"""
