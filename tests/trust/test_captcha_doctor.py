"""What the doctor says of captchas."""

from __future__ import annotations

from pathlib import Path
from random import Random

from bot.doctor.captchas import check_captchas
from bot.texts import Texts
from bot.trust.captcha.challenges import Made
from bot.trust.captcha.pictures import PictureMaker
from bot.trust.captcha.sounds import SoundMaker
from bot.trust.captcha.workshop import makers_of

MAKERS = makers_of(Texts.load(), Random(1))


class Counted:
    """Says whether it was asked."""

    made = 0

    def make(self, language: str) -> Made:
        self.made += 1
        return Made(language)


def test_one_of_each_kind_is_made() -> None:
    makers = {kind: Counted() for kind in MAKERS}
    check = check_captchas(50, makers)
    assert (check.state, {maker.made for maker in makers.values()}) == ("ok", {1})


def test_a_missing_font_and_missing_voices_are_faults_that_say_what_is_wrong() -> None:
    without_font = PictureMaker(Random(1), [Path("/nowhere/font.ttf")])
    check = check_captchas(50, {**MAKERS, "picture": without_font})
    assert check.state == "failed"
    assert check.found == "no picture can be made: OSError: cannot open resource"
    check = check_captchas(50, {**MAKERS, "audio": SoundMaker(Random(1), Path("/nowhere"))})
    assert check.state == "failed"
    assert "no audio can be made: FileNotFoundError" in check.found
    assert check.advice


def test_captchas_that_are_off_are_noted_and_not_made() -> None:
    makers = {kind: Counted() for kind in MAKERS}
    check = check_captchas(0, makers)
    assert (check.state, check.found) == ("note", "are off: CAPTCHA_EVERY is 0")
    assert {maker.made for maker in makers.values()} == {0}
