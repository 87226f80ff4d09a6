"""Experts: who is in the pool, whom a conflict keeps away, and who reads which application in which panel."""
