"""The completeness check and the decision of an office on what arrived. Nouns: Check, Decision, Reason."""
