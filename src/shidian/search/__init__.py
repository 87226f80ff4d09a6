"""Finding applications among all that one may see, looking at them together, and doing one verb to many of them.

Nouns: Entry (an application as one audience reads it), SavedView, Batch.
"""
