"""The table of everything that people can use, by who may, and how to try it.

Whoever adds a command, context menu, button, select, modal or autocomplete classifies it here;
`test_authority.py` fails until then, and tries what is privileged by everybody who may not.

    COMMANDS   by qualified name, "/rater ban"; a context menu by its name, "menu Rater info"
    PRESSES    by the name of the JuryItem, a use for each kind of custom_id that its template knows
    MODALS     by the name of the JuryModal, with what is typed
    TYPING     an autocomplete by command and option, "/image hide image"

A `Use` says who may (`rank`), how (options, custom_id, typed words), which refusal is logged
(`refused`, without the prefix) and which acts are (`act`, several of them sorted and with spaces
between; empty for a look that changes nothing).
Options name what a scene has: VICTIM, CHANNEL. What a rightful person needs to find (a case, an
image, something open) is set up by `Scene.build` in `test_authority.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Rank = Literal["everybody", "manager", "moderator", "operator"]
Kind = Literal["command", "press", "modal"]

VICTIM: Final = "<a rater of the home server>"
VICTIM_ID: Final = 7_777_777
"""In a custom_id: the victim's Discord id."""

CHANNEL: Final = "<a channel of whoever uses it>"
DATA_SET: Final = "hidden-set"
HOME_POST: Final = 1
"""A public post in the home server."""

PRIVATE_POST: Final = 2
"""A post of the victim's private session."""

REPORTED: Final = 1
IN_DOUBT: Final = 2
APPEALED: Final = 3
SUSPECTED: Final = 4
CANDIDATE: Final = 5
"""Cases of the review queue."""

REVERT: Final = 1
"""An order that takes out votes of the victim, of which there are none."""


@dataclass(frozen=True, slots=True)
class Use:
    """One way to use the bot, with arguments for a try."""

    rank: Rank
    options: Mapping[str, object] = field(default_factory=dict)
    custom_id: str = ""
    choices: tuple[str, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    act: str = ""
    message: bool = False
    """A context menu of messages instead of users."""


def everybody(**options: object) -> Use:
    return Use("everybody", options)


def manager(refused: str, act: str = "", **options: object) -> Use:
    return Use("manager", options, refused=refused, act=act)


def moderator(refused: str, act: str = "", **options: object) -> Use:
    return Use("moderator", options, refused=refused, act=act)


def operator(refused: str, act: str = "", **options: object) -> Use:
    return Use("operator", options, refused=refused, act=act)


def press(custom_id: str, *choices: str) -> Use:
    """Return a press that everybody may do."""
    return Use("everybody", custom_id=custom_id, choices=choices)


def press_of(rank: Rank, custom_id: str, refused: str, act: str = "", *choices: str) -> Use:
    """Return a press that only some may do."""
    return Use(rank, custom_id=custom_id, choices=choices, refused=refused, act=act)


def typed(custom_id: str, **words: str) -> Use:
    """Return a modal that everybody may send."""
    return Use("everybody", custom_id=custom_id, typed=words)


def typed_by(rank: Rank, custom_id: str, refused: str, act: str = "", **words: str) -> Use:
    """Return a modal that only some may send."""
    return Use(rank, custom_id=custom_id, typed=words, refused=refused, act=act)


COMMANDS: Final[Mapping[str, tuple[Use, ...]]] = {
    "/rate": (everybody(), everybody(dataset=DATA_SET)),
    "/me": (everybody(),),
    "/stats": (everybody(),),
    "/language": (
        everybody(language="de"),
        manager("language.server", "language.server", language="de", where="server"),
    ),
    "/privacy show": (everybody(),),
    "/privacy download": (everybody(),),
    "/privacy erase": (everybody(),),
    "/horde link": (everybody(account="victim"),),
    "/horde verify": (everybody(),),
    "/horde status": (everybody(),),
    "/horde unlink": (everybody(),),
    "/appeal": (everybody(),),
    "/jury setup": (
        manager("jury.setup", "jury.setup", channel=CHANNEL, dataset=DATA_SET, posts=9),
    ),
    "/jury start": (
        manager("jury.start", "jury.start"),
        manager("jury.start", "jury.start", channel=CHANNEL),
    ),
    "/jury stop": (
        manager("jury.stop", "jury.stop"),
        manager("jury.stop", "jury.stop", channel=CHANNEL),
    ),
    "/jury status": (manager("jury.status"),),
    "/jury bar": (manager("jury.bar", "jury.bar", user=VICTIM),),
    "/jury unbar": (manager("jury.unbar", "jury.unbar", user=VICTIM),),
    "/rater ban": (
        moderator("rater.ban", "rater.ban", user=VICTIM, reason="spam"),
        moderator("rater.ban", "rater.ban", user=VICTIM, reason="spam", length="day", place="here"),
    ),
    "/rater unban": (moderator("rater.unban", "rater.unban", user=VICTIM),),
    "/rater revert": (
        moderator("rater.revert", "rater.revert", user=VICTIM, since="1d"),
        moderator("rater.revert", "rater.revert", user=VICTIM, since="1d", reason="spam"),
    ),
    "/rater restore": (
        moderator("rater.restore", "rater.restore", user=VICTIM, revert=REVERT),
        moderator("rater.restore", "rater.restore", user=VICTIM),
    ),
    "/rater review": (moderator("rater.review"),),
    "/rater info": (moderator("rater.info", user=VICTIM),),
    "/rater ratings": (
        moderator("rater.ratings", user=VICTIM),
        moderator("rater.ratings", user=VICTIM, scale="artifacts", at_least=1, divergence=2),
    ),
    "/rater check": (moderator("rater.check", user=VICTIM, minutes=5, divergence=1),),
    "/rater validate": (moderator("rater.validate", "rater.validate", user=VICTIM),),
    "/rater unvalidate": (moderator("rater.unvalidate", "rater.unvalidate", user=VICTIM),),
    "menu Rater: info": (moderator("rater.info"),),
    "menu Rater: ban": (moderator("rater.ban"),),
    "/image info": (moderator("image.info", image="#1"),),
    "/audit": (
        moderator("audit"),
        moderator("audit", actor="rater", action="refused", rater=VICTIM, image="#1", since="1d"),
    ),
    "/image hide": (moderator("image.find", "image.hide", image="#1"),),
    "/image restore": (moderator("image.find", "image.restore", image="#1"),),
    "/image gold": (
        moderator("image.gold"),
        moderator("image.find", "image.gold", image="#1", aesthetic="9", explanation="mine"),
    ),
    "/export": (
        operator("export", "export", dataset=DATA_SET),
        operator(
            "export", "export", dataset=DATA_SET, format="votes", raters="validated", void=True
        ),
    ),
    "/kudos": (operator("kudos"),),
}

PRESSES: Final[Mapping[str, tuple[Use, ...]]] = {
    "ScoreButton": tuple(
        press(f"vote:aesthetic:7:{post}") for post in (HOME_POST, PRIVATE_POST, 999)
    ),
    "AgreeButton": (press(f"agree:aesthetic:7:{HOME_POST}"),),
    "UndoButton": (press(f"undo:{HOME_POST}"), press(f"undo:{PRIVATE_POST}")),
    "KeepButton": (press(f"keep:{HOME_POST}"), press(f"keep:{PRIVATE_POST}")),
    "BackButton": (press(f"back:{PRIVATE_POST}"),),
    "SkipSelect": (press(f"skip:{PRIVATE_POST}", "cannot_judge"),),
    "MoreButton": (press(f"more:{HOME_POST}"), press(f"more:{PRIVATE_POST}")),
    "LessonButton": tuple(
        press(f"lesson:{step}:{PRIVATE_POST}") for step in ("next", "begin", "skip")
    ),
    "ReportButton": (press(f"report:{HOME_POST}"),),
    "CaptchaAnswerButton": (press("captcha:answer:1"),),
    "CaptchaKindButton": (press("captcha:kind:question:1"),),
    "PrivacyButton": (press("privacy:keep"), press("privacy:erase")),
    "ProveButton": (press("horde:prove"),),
    "AppealButton": (press("appeal:write"),),
    "ReviewButton": (
        press_of("moderator", f"review:appeal_grant:{APPEALED}", "review.appeal_grant"),
        press_of("moderator", f"review:appeal_refuse:{APPEALED}", "review.appeal_refuse"),
        press_of("moderator", f"review:hide:{REPORTED}", "review.hide", "image.hide"),
        press_of("moderator", f"review:restore:{REPORTED}", "review.restore", "image.restore"),
        press_of("moderator", f"review:dismiss:{REPORTED}", "review.dismiss", "image.dismiss"),
        press_of("moderator", f"review:later:{REPORTED}", "rater.review"),
        press_of("moderator", f"review:honest:{SUSPECTED}", "review.honest", "suspect.honest"),
        press_of("moderator", f"review:watch:{SUSPECTED}", "review.watch", "suspect.watch"),
        press_of("moderator", f"review:ban:{SUSPECTED}", "review.ban"),
        press_of(
            "moderator", f"review:gold_accept:{CANDIDATE}", "review.gold_accept", "image.gold"
        ),
        press_of(
            "moderator",
            f"review:gold_refuse:{CANDIDATE}",
            "review.gold_refuse",
            "image.gold_refused",
        ),
    ),
    "RaterButton": (
        press_of("moderator", f"rater:info:{VICTIM_ID}", "rater.info"),
        press_of("moderator", f"rater:ratings:{VICTIM_ID}", "rater.ratings"),
        press_of("moderator", f"rater:validate:{VICTIM_ID}", "rater.validate", "rater.validate"),
        press_of(
            "moderator", f"rater:unvalidate:{VICTIM_ID}", "rater.unvalidate", "rater.unvalidate"
        ),
        press_of("moderator", f"rater:ban:{VICTIM_ID}", "rater.ban"),
        press_of("moderator", f"rater:unban:{VICTIM_ID}", "rater.unban", "rater.unban"),
    ),
    "RatingsButton": (
        press_of("moderator", "ratings:older:999:1:aesthetic:::", "rater.ratings"),
        press_of("moderator", "ratings:newer:0:1:artifacts:1:5:2", "rater.ratings"),
    ),
    "RatingSelect": (
        press_of("moderator", "rating:0:1:aesthetic:::", "rater.ratings", "vote.void", "void:1"),
        press_of("moderator", "rating:999:1:artifacts:1:5:2", "rater.ratings", "", "restore:1"),
    ),
    "AuditButton": (
        press_of("moderator", "audit:older:999:::::", "audit"),
        press_of("moderator", "audit:newer:0:mo:image.hide:1:1:1", "audit"),
    ),
    "KudosButton": (
        press_of("operator", "kudos:pause", "kudos.pause", "kudos.pause"),
        press_of("operator", "kudos:resume", "kudos.resume", "kudos.resume"),
        press_of("operator", "kudos:cases", "payout.review"),
        press_of("operator", "kudos:refresh", "kudos"),
    ),
    "PayoutButton": (
        press_of("operator", f"payout:paid:{IN_DOUBT}", "payout.settle", "payout.paid"),
        press_of("operator", f"payout:unpaid:{IN_DOUBT}", "payout.settle", "payout.unpaid"),
        press_of("operator", f"payout:later:{IN_DOUBT}", "payout.review"),
    ),
}

MODALS: Final[Mapping[str, tuple[Use, ...]]] = {
    "BanModal": (
        typed_by("moderator", f"ban:{VICTIM_ID}", "rater.ban", "rater.ban", reason="spam"),
    ),
    "ReportModal": (
        typed(f"report:reason:{HOME_POST}", reason="mine"),
        typed(f"report:reason:{PRIVATE_POST}", reason="mine"),
    ),
    "AppealModal": (typed("appeal:words", words="mine"),),
    "CaptchaModal": (typed("captcha:typed:1", answer="mine"),),
    "ReviewModal": (
        typed_by(
            "moderator",
            f"review:words:appeal_grant:{APPEALED}",
            "review.appeal_grant",
            "appeal.grant hold.lifted rater.unban",
            words="why",
        ),
        typed_by(
            "moderator",
            f"review:words:appeal_refuse:{APPEALED}",
            "review.appeal_refuse",
            "appeal.refuse",
            words="why",
        ),
        typed_by(
            "moderator", f"review:words:ban:{SUSPECTED}", "review.ban", "rater.ban", words="why"
        ),
        typed_by(
            "moderator", f"review:words:hide:{REPORTED}", "review.hide", "image.hide", words="why"
        ),
    ),
    "SharedKeyModal": (typed("horde:key", key="01234567-89ab-cdef-0123-456789abcdef"),),
}

TYPING: Final[Mapping[str, Rank]] = {
    "/rate dataset": "everybody",
    "/jury setup dataset": "manager",
    "/image info image": "moderator",
    "/rater restore revert": "moderator",
    "/image hide image": "moderator",
    "/audit action": "moderator",
    "/audit image": "moderator",
    "/image restore image": "moderator",
    "/image gold image": "moderator",
    "/export dataset": "operator",
    "/export format": "operator",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A use with what it is used through: a command's name, or the name of a button or modal."""

    kind: Kind
    name: str
    use: Use

    def __str__(self) -> str:
        return f"{self.name} {self.use.custom_id or ' '.join(self.use.options)}".strip()


def _ways(kind: Kind, table: Mapping[str, tuple[Use, ...]]) -> Iterator[Way]:
    for name, uses in table.items():
        yield from (Way(kind, name, use) for use in uses)


WAYS: Final = (*_ways("command", COMMANDS), *_ways("press", PRESSES), *_ways("modal", MODALS))
PRIVILEGED: Final = tuple(way for way in WAYS if way.use.rank != "everybody")
EVERYBODYS: Final = tuple(way for way in WAYS if way.use.rank == "everybody")
