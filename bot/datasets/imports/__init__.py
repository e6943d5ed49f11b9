"""Images and votes of other collections in."""
