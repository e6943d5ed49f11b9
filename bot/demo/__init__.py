"""The real bot in a simulated Discord, with sample pictures and a simulated crowd."""
