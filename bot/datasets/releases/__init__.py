"""Releases: folders with every format of one moment, which are never changed afterwards."""
