"""Captchas: when one is asked, how one is made, and what follows from its answer."""
