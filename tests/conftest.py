"""How hypothesis looks for examples: anew in each run, without a limit of time.

`--hypothesis-profile=ci` is hypothesis' own profile for build machines: the same examples always.
"""

from __future__ import annotations

from hypothesis import settings


def pytest_configure() -> None:
    """Load the profile; the plugin of hypothesis loads what the command line names after it."""
    settings.register_profile("search", deadline=None, print_blob=True)
    settings.load_profile("search")
