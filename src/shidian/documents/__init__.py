"""Files, and documents whose versions never change. Nouns: StoredFile, Document, DocumentVersion.

Mechanisms below the procedure: rendering, sheets, file inspection and storage know nothing of calls or applications.
"""
