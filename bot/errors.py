"""The error tree. A `UserError` is shown to the person who caused it; all else is logged."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class JuryError(Exception):
    """Base of every error that this program raises on purpose."""


class SettingsError(JuryError):
    """A setting is missing or wrong; the text names the variable. Exit code 2."""


class ImageUnreadableError(JuryError):
    """The bytes of one image cannot be shown, now or later; `fault` says why in one word."""

    def __init__(self, fault: str, text: str) -> None:
        super().__init__(text)
        self.fault = fault


class ImportRefusedError(JuryError):
    """An import cannot be done at all; the text says why in one sentence for an operator."""


class SourceUnavailableError(JuryError):
    """A whole folder or archive, or the media folder, cannot be read or written at the moment.

    No fault of an image: it may be shown again once the disk is back.
    """


class UserError(JuryError):
    """A refusal to show, ephemerally, in the person's own language.

    `key` names the text in the catalogues; `values` are its placeholders.
    """

    key: ClassVar[str] = "error.refused"

    def __init__(self, **values: str | int) -> None:
        super().__init__(self.key)
        self.values = values


class UnknownPostError(UserError):
    """The button belongs to no post of this database, or its custom_id was forged."""

    key = "error.unknown_post"


class ForeignPostError(UserError):
    """The post is somebody else's private post."""

    key = "error.foreign_post"


class ClosedPostError(UserError):
    """The post is closed, or its image was hidden."""

    key = "error.closed_post"


class PlaceTakenError(UserError):
    """All places of the image are taken or reserved by other raters."""

    key = "error.place_taken"


class WrongValueError(UserError):
    """The scale or its value does not exist."""

    key = "error.wrong_value"


class ConsentNeededError(UserError):
    """The rater has not agreed yet; the press counts once they do."""

    key = "error.consent_needed"


class CaptchaNeededError(UserError):
    """A captcha comes first; the press counts once it is passed."""

    key = "error.captcha_needed"


class CaptchaPausedError(UserError):
    """Too many captchas were failed; `until`, in seconds since 1970, none is offered."""

    key = "error.captcha_paused"


class UnknownCaptchaError(UserError):
    """There is no such captcha any more, or there never was."""

    key = "error.unknown_captcha"


class ForeignCaptchaError(UserError):
    """The captcha is somebody else's."""

    key = "error.foreign_captcha"


class CaptchaReplacedError(UserError):
    """The captcha gave way to a newer one, or ran out."""

    key = "error.captcha_replaced"


class CaptchaFailedError(UserError):
    """The captcha was answered wrongly too often."""

    key = "error.captcha_failed"


class NoAnswerError(UserError):
    """Nothing was typed that could be an answer; no try is spent."""

    key = "error.no_answer"


class BannedError(UserError):
    """The rater is banned, until a moderator ends it."""

    key = "error.banned"

    @staticmethod
    def ending(until: datetime | None) -> BannedError:
        """Return the refusal of somebody who is banned until this moment, or for good."""
        return BannedError() if until is None else BannedForNowError(until=int(until.timestamp()))


class BannedForNowError(BannedError):
    """The rater is banned `until` a moment, in seconds since 1970."""

    key = "error.banned_until"


class BarredError(UserError):
    """The rater may not rate in this server, nor elsewhere what only this server may use."""

    key = "error.barred"


class BannedRaterError(UserError):
    """Somebody is banned whom a moderator wants to validate; `user` is a mention."""

    key = "error.banned_rater"


class RateLimitedError(UserError):
    """Too many score presses; `seconds` to wait, at least 1."""

    key = "error.rate_limited"


class WrongAnswerError(RateLimitedError):
    """The answer was wrong, and the captcha that follows is made in `seconds`, at least 1."""

    key = "error.wrong_answer"


class NotAllowedError(UserError):
    """The person lacks the role, or the data set was not granted to this place."""

    key = "error.not_allowed"


class NotAgeRestrictedError(UserError):
    """An image that is not known to be safe would be shown outside an age-restricted channel."""

    key = "error.not_age_restricted"


class NothingLeftError(UserError):
    """No image is left here for this rater; `today`: their complete votes since 00:00 UTC."""

    key = "error.nothing_left"

    def __init__(self, today: int) -> None:
        super().__init__()
        self.today = today


class LessonsOverError(UserError):
    """The lessons of a new rater are over; the session goes on after the post `post_id`.

    `right` of the `asked` scores were right.
    """

    key = "error.lessons_over"

    def __init__(self, post_id: int, asked: int, right: int) -> None:
        super().__init__()
        self.post_id = post_id
        self.asked = asked
        self.right = right


class PicturesUnavailableError(UserError):
    """The pictures themselves cannot be read at the moment; no fault of an image."""

    key = "error.pictures_unavailable"


class UnknownDataSetError(UserError):
    """No data set of that name is usable here."""

    key = "error.unknown_data_set"


class NothingToUndoError(UserError):
    """There is no vote here that can be taken back or kept."""

    key = "error.nothing_to_undo"


class StoppingError(UserError):
    """The program is stopping and takes no new presses; nothing was recorded."""

    key = "error.stopping"


class BusyError(UserError):
    """Too many presses are in flight; nothing was recorded."""

    key = "error.busy"


class UnknownButtonError(UserError):
    """The custom_id is none of ours, or not on the message: too old, or forged."""

    key = "error.unknown_button"


class UnknownImageError(UserError):
    """The key, link or message names no image, or a key that several data sets have."""

    key = "error.unknown_image"


class SettledError(UserError):
    """Somebody else has decided this case already."""

    key = "error.settled"


class ClaimedError(UserError):
    """Another moderator has this case in hand; `until` is a Unix time in seconds."""

    key = "error.claimed"


class NothingKeptError(UserError):
    """Nothing is kept about this person."""

    key = "error.nothing_kept"


class NeverSeenError(UserError):
    """Nothing is known of somebody whom a moderator asks about; `user` is a mention."""

    key = "error.never_seen"


class NotSetUpError(UserError):
    """The channel, or every channel of the server, was never set up."""

    key = "error.not_set_up"


class MissingPermissionsError(UserError):
    """The bot lacks permissions in a channel; `missing` are Discord's names of them."""

    key = "error.missing_permissions"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__()
        self.missing = missing


class UnknownFormatError(UserError):
    """There is no format `name` to export in; `known` are those that there are."""

    key = "error.unknown_format"


class UnknownActionError(UserError):
    """The log has no word `action` for anything that was done or refused."""

    key = "error.unknown_action"


class ExportBusyError(UserError):
    """An export is running; one at a time."""

    key = "error.export_busy"


class ExportFailedError(UserError):
    """The export came to nothing; `reason` is one plain line for an operator."""

    key = "error.export_failed"


class PaidVoteError(UserError):
    """The vote was paid, or is being paid: it can be changed, but not taken back."""

    key = "error.paid_vote"


class RewardsOffError(UserError):
    """No kudos are paid: `HORDE_API_KEY` is empty."""

    key = "error.rewards_off"


class HordeSilentError(UserError):
    """The AI Horde did not answer, or not sensibly; nothing changed."""

    key = "error.horde_silent"


class UnknownPayoutError(UserError):
    """There is no such payout, or no such case."""

    key = "error.unknown_payout"


class PayoutSettledError(SettledError):
    """The payout is settled: by a proof, or by somebody's word."""

    key = "error.payout_settled"


class PayoutOnItsWayError(UserError):
    """A request for the payout is on its way; its answer may settle it."""

    key = "error.payout_on_its_way"


class PayoutNotSentError(UserError):
    """The payout was not sent yet, so nobody has to say whether it was paid."""

    key = "error.payout_not_sent"


class GoldRangeError(UserError):
    """What was typed is no score of the scale and no range of its scores, `low` to `high`."""

    key = "error.gold_range"


class NoGoldScoresError(UserError):
    """A gold image needs known scores on one scale at least."""

    key = "error.no_gold_scores"


class NotGoldError(UserError):
    """The image is no gold image, so there is nothing to retire."""

    key = "error.not_gold"


class NotLimitedError(UserError):
    """Nothing limits the person, so there is nothing to appeal against."""

    key = "error.appeal.not_limited"


class ManagersMatterError(UserError):
    """Managers of other servers alone limit the person; moderators cannot lift that."""

    key = "error.appeal.managers"


class AppealOpenError(UserError):
    """The person's appeal since `opened`, in seconds since 1970, is not answered yet."""

    key = "error.appeal.open"


class AppealTooSoonError(UserError):
    """One appeal a day: the next may be written at `when`, in seconds since 1970."""

    key = "error.appeal.too_soon"


class WordsNeededError(UserError):
    """Nothing readable was typed where words are needed."""

    key = "error.words_needed"
