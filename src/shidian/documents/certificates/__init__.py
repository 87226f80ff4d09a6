"""Signing papers with certificates, and checking what was signed: PAdES for PDFs, SM2 with SM3 for digests.

Nothing here knows of rounds, parties or screens: places, names and trusted roots are handed in. What reads the
settings of this installation is in `configured`.
"""
