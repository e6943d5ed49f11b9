"""Rate limits, grants, roles and moderation."""
