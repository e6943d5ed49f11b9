"""What is kept about a rater: shown, handed out, erased."""
