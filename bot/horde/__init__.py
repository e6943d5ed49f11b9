"""The AI Horde: a typed client of the part of its API by which raters are proved and paid."""
