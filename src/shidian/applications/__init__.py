"""Applications from the first draft to their nomination.

Nouns: Application, Answer and its revisions, Collaborator, Comment, Attachment, Lodgement. Imports calls and everything below.
"""
