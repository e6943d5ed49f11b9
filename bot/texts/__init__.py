"""Every word that a user of Discord reads: one catalogue a language, and who reads which."""

from bot.texts.catalogue import ENGLISH, LANGUAGES, Texts

__all__ = ["ENGLISH", "LANGUAGES", "Texts"]
