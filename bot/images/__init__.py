"""Bytes of pictures: folders, zips, decoding, renditions, cache."""
