"""The ground everything stands on: clock, digests, verdicts, refusals, transitions, hooks.

No models and no words of the procedure live here.
"""
