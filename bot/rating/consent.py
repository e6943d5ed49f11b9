"""Which wording of the consent a rater must have agreed to."""

CONSENT_VERSION = 4
"""Raised when what is stored or published changes: everybody is then asked once more."""
