"""What the captchas alone refuse."""

from __future__ import annotations

from bot.errors import RateLimitedError


class TooManyCaptchasError(RateLimitedError):
    """Another captcha is made in `seconds`, at least 1; the scores that wait are kept."""

    key = "error.too_many_captchas"
