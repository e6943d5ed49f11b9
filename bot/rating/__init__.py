"""Scales, posts, choosing the next image, taking a vote."""
