"""Public posts: sent, found again, closed, and what becomes of channels that cannot be served."""
