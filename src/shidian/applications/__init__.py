"""Applications from the first draft to their nomination.

Nouns: Application, SectionAnswers and their revisions, Attachment, Lodgement. Imports calls and everything below.
"""
