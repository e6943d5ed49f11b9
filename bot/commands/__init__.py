"""The commands of `jury`, a module an audience; each parses, calls one service, and prints."""
