"""History: append-only events, hash-chained by subject, anchored as a whole; and `move`, the one writer of states.

Nouns: Event, Chain, Anchor. Imports core only. Written by every app above, read by notifications and screens.
"""
