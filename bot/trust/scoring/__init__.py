"""Scores of images and quality of raters from votes alone; plain functions over numpy arrays."""
