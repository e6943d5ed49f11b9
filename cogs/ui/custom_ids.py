"""The custom_ids: a format, for they live in Discord's messages for ever.

Every button, select and modal of the bot is built and parsed here. Nothing secret is in them:
clients see and replay them. Ids are whole decimal numbers of at most 18 digits, so that they fit
SQLite's integers and Discord's 100 characters; only Discord's own have 19. Templates never overlap:
the first that matches answers the press.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_POST = r"(?P<post>[0-9]{1,18})"
_SCORE = rf"(?P<scale>[a-z_]{{1,20}}):(?P<value>[0-9]{{1,3}}):{_POST}"

VOTE: Final = f"vote:{_SCORE}"
AGREE: Final = f"agree:{_SCORE}"
UNDO: Final = f"undo:{_POST}"
KEEP: Final = f"keep:{_POST}"
BACK: Final = f"back:{_POST}"
SKIP: Final = f"skip:{_POST}"
REPORT: Final = f"report:{_POST}"
REPORT_REASON: Final = f"report:reason:{_POST}"
MORE: Final = f"more:{_POST}"
REVIEW: Final = r"review:(?P<action>[a-z_]{1,20}):(?P<entry>[0-9]{1,18})"
REVIEW_WORDS: Final = r"review:words:(?P<action>[a-z_]{1,20}):(?P<entry>[0-9]{1,18})"
CAPTCHA_ANSWER: Final = r"captcha:answer:(?P<captcha>[0-9]{1,18})"
CAPTCHA_TYPED: Final = r"captcha:typed:(?P<captcha>[0-9]{1,18})"
CAPTCHA_KIND: Final = r"captcha:kind:(?P<kind>picture|audio|question):(?P<captcha>[0-9]{1,18})"
PRIVACY: Final = r"privacy:(?P<answer>erase|keep)"
KUDOS: Final = r"kudos:(?P<action>pause|resume|cases|refresh)"
RATER: Final = r"rater:(?P<action>[a-z_]{1,20}):(?P<user>[0-9]{1,19})"
BAN: Final = r"ban:(?P<user>[0-9]{1,19})"
_PAGE: Final = (
    r"(?P<place>[0-9]{1,18}):(?P<rater>[0-9]{1,18})"
    r":(?P<scale>[a-z_]{1,20}):(?P<low>[0-9]{0,3}):(?P<high>[0-9]{0,3}):(?P<apart>[0-9]{0,3})"
)
RATINGS: Final = f"ratings:(?P<way>newer|older):{_PAGE}"
RATING: Final = f"rating:{_PAGE}"
AUDIT: Final = (
    r"audit:(?P<way>newer|older):(?P<place>[0-9]{1,12}):(?P<actor>[a-z]{0,2})"
    r":(?P<action>refused:[a-z_.]{1,27}|[a-z_.]{0,35}):(?P<rater>[0-9]{0,10}):(?P<image>[0-9]{0,12})"
    r":(?P<since>[0-9]{0,11})"
)
HORDE_PROVE: Final = "horde:prove"
HORDE_KEY: Final = "horde:key"
APPEAL_WRITE: Final = "appeal:write"
APPEAL_WORDS: Final = "appeal:words"
PAYOUT: Final = r"payout:(?P<answer>paid|unpaid|later):(?P<entry>[0-9]{1,18})"

LESSON: Final = f"lesson:(?P<step>next|begin|skip):{_POST}"

TEMPLATES: Final = (
    VOTE,
    AGREE,
    UNDO,
    KEEP,
    BACK,
    SKIP,
    REPORT,
    REPORT_REASON,
    MORE,
    LESSON,
    REVIEW,
    REVIEW_WORDS,
    CAPTCHA_ANSWER,
    CAPTCHA_TYPED,
    CAPTCHA_KIND,
    RATER,
    BAN,
    RATINGS,
    RATING,
    AUDIT,
    PRIVACY,
    HORDE_PROVE,
    HORDE_KEY,
    KUDOS,
    PAYOUT,
    APPEAL_WRITE,
    APPEAL_WORDS,
)
"""Every template, for the fallback that answers what none of them knows."""


def vote(scale: str, value: int, post_id: int) -> str:
    """Return the id of a score button."""
    return f"vote:{scale}:{value}:{post_id}"


def agree(scale: str, value: int, post_id: int) -> str:
    """Return the id of the consent button that then counts the pressed score."""
    return f"agree:{scale}:{value}:{post_id}"


def undo(post_id: int) -> str:
    """Return the id of the button that takes a vote back where it was given."""
    return f"undo:{post_id}"


def keep(post_id: int) -> str:
    """Return the id of the button that gives an undone vote again."""
    return f"keep:{post_id}"


def back(post_id: int) -> str:
    """Return the id of the private session's undo: to the post before."""
    return f"back:{post_id}"


def skip(post_id: int) -> str:
    """Return the id of the select with the reasons to skip."""
    return f"skip:{post_id}"


def report(post_id: int) -> str:
    """Return the id of the report button."""
    return f"report:{post_id}"


def report_reason(post_id: int) -> str:
    """Return the id of the modal that asks for a report's reason."""
    return f"report:reason:{post_id}"


def more(post_id: int) -> str:
    """Return the id of the button that goes on in a private session."""
    return f"more:{post_id}"


def lesson(step: str, post_id: int) -> str:
    """Return the id of a lesson's button: to the next one, to the first image, or past all."""
    return f"lesson:{step}:{post_id}"


def review(action: str, entry_id: int) -> str:
    """Return the id of a moderator's button on an entry of the review queue."""
    return f"review:{action}:{entry_id}"


def review_words(decision: str, entry_id: int) -> str:
    """Return the id of the modal that asks for the words of a moderator's decision."""
    return f"review:words:{decision}:{entry_id}"


def captcha_answer(captcha_id: int) -> str:
    """Return the id of the button that asks for a captcha's answer."""
    return f"captcha:answer:{captcha_id}"


def captcha_typed(captcha_id: int) -> str:
    """Return the id of the modal into which a captcha's answer is typed."""
    return f"captcha:typed:{captcha_id}"


def captcha_kind(kind: str, captcha_id: int) -> str:
    """Return the id of the button that asks for a captcha of a kind in another one's place."""
    return f"captcha:kind:{kind}:{captcha_id}"


def rater(action: str, discord_id: int) -> str:
    """Return the id of a moderator's button about a rater."""
    return f"rater:{action}:{discord_id}"


def ban(discord_id: int) -> str:
    """Return the id of the modal that asks how somebody is to be banned."""
    return f"ban:{discord_id}"


def ratings(
    way: str,
    place: int,
    number: int,
    scale: str,
    bounds: Sequence[int | None] = (None, None, None),
) -> str:
    """Return the id of a way on in a rater's votes; `bounds`: at least, at most, apart."""
    return f"ratings:{way}:{place}:{number}:{scale}:{_filled(bounds)}"


def rating(
    place: int, number: int, scale: str, bounds: Sequence[int | None] = (None, None, None)
) -> str:
    """Return the id of the select that decides about one vote of a page.

    `place`: the page has the votes below, 0: the newest.
    """
    return f"rating:{place}:{number}:{scale}:{_filled(bounds)}"


def audit(
    way: str,
    place: int,
    actor: str = "",
    action: str = "",
    numbers: Sequence[int | None] = (None, None, None),
) -> str:
    """Return the id of a way on in the audit log; `numbers`: rater, image, since when."""
    return f"audit:{way}:{place}:{actor}:{action}:{_filled(numbers)}"


def _filled(numbers: Sequence[int | None]) -> str:
    """Write numbers one after another; of those that are not given nothing."""
    return ":".join("" if number is None else str(number) for number in numbers)


def privacy(answer: str) -> str:
    """Return the id of a button that answers whether everything about its presser is erased."""
    return f"privacy:{answer}"


def kudos(action: str) -> str:
    """Return the id of an operator's button below the sums of kudos."""
    return f"kudos:{action}"


def payout(answer: str, entry_id: int) -> str:
    """Return the id of a button that says what became of a payout in doubt."""
    return f"payout:{answer}:{entry_id}"
