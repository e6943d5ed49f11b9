"""What Discord users see: one module an audience."""
