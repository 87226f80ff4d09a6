"""Score sheets of experts, what they come to, the panel's discussion and its meeting.

`calculation`, `frozen` and `what_if` know numbers only: no database, no clock, no language.
"""
