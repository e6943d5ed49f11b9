"""Votes of other collections in."""
