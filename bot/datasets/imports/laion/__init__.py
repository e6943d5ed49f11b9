"""LAION's tables of links and captions in."""
