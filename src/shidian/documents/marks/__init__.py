"""Marks of printed pages: what a page says of itself, in a code and in a short text, and that it was not made up."""
