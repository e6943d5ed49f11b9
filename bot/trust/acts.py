"""The words of the audit log: every act that the program writes there.

`audit.act.<act>`, with _ for the dot, is its text; a test compares them with the code. Refusals are
not among them: they are `refused:` and the name of any act or look that was asked for.
"""

from __future__ import annotations

from typing import Final

REFUSED: Final = "refused"
"""What begins the word of a refusal, and alone means every one."""

LONGEST: Final = 35
"""Characters of a word that can be looked for."""

ACTIONS: Final = (
    "appeal.grant",
    "appeal.refuse",
    "data_set.grant",
    "data_set.prices",
    "data_set.remove_votes",
    "data_set.revoke",
    "data_set.target",
    "export",
    "hold.lifted",
    "hold.placed",
    "horde.bar",
    "horde.displace",
    "horde.link",
    "horde.unlink",
    "horde.verify",
    "image.dismiss",
    "image.gold",
    "image.gold_refused",
    "image.gold_retired",
    "image.hide",
    "image.restore",
    "jury.bar",
    "jury.setup",
    "jury.start",
    "jury.stop",
    "jury.unbar",
    "kudos.pause",
    "kudos.resume",
    "language.server",
    "payout.contradicted",
    "payout.paid",
    "payout.retry",
    "payout.unpaid",
    "payouts.listed",
    "payouts.pause",
    "payouts.restored",
    "payouts.resume",
    "privacy.download",
    "privacy.erase",
    "rater.ban",
    "rater.restore",
    "rater.revert",
    "rater.suspect",
    "rater.unban",
    "rater.unvalidate",
    "rater.validate",
    "suspect.honest",
    "suspect.watch",
    "vote.restore",
    "vote.void",
)


def refused(action: str) -> str:
    """Return the log's word for the refusal of an act or a look."""
    return f"{REFUSED}:{action}"
