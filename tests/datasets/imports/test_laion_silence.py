from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.imports.laion.gathering import Outcome
from bot.datasets.imports.laion.pictures import Kept
from bot.datasets.imports.laion.silence import FOR_NOW, NOT_ONLINE, UNHEARD, Silence
from bot.datasets.imports.laion.tables import Row
from bot.datasets.imports.summary import Reason
from bot.images.decoding import Measured

KEPT = Kept("aa/aa.png", bytes(32), Measured(1, 1, animated=False, perceptual_hash=None))
RESULTS = [
    KEPT,
    *sorted(FOR_NOW),
    Reason.NOT_FOUND,
    Reason.BROKEN,
    Reason.WRONG_LINK,
    Reason.DISALLOWED,
    *sorted(NOT_ONLINE),
]


def outcome(result: Kept | Reason, number: int = 0) -> Outcome:
    url = f"http://{number}.test/a.png"
    return Outcome(str(number), url, Row("a, row 1", url, None), result)


@pytest.mark.parametrize("result", [KEPT, Reason.BUSY, Reason.NOT_FOUND, Reason.BROKEN])
def test_any_word_condemns_the_silent(result: Kept | Reason) -> None:
    silence = Silence()
    silent = [outcome(reason, number) for number, reason in enumerate(sorted(NOT_ONLINE))]
    assert silence.judge(silent) == []
    assert silence.servers == len(NOT_ONLINE)
    dead = silence.judge([outcome(result, 9)])
    assert dead[: len(NOT_ONLINE)] == [(each.url, each.result) for each in silent]
    assert silence.servers == 0


def test_a_link_that_is_no_use_says_nothing_of_the_network() -> None:
    silence = Silence()
    assert silence.judge([outcome(Reason.TOO_SLOW)]) == []
    wrong = outcome(Reason.WRONG_LINK)
    assert silence.judge([wrong]) == [(wrong.url, Reason.WRONG_LINK)]
    assert (silence.servers, silence.rest()) == (1, [])


@pytest.mark.parametrize("result", [Reason.DISALLOWED, Reason.RULES_UNKNOWN])
def test_remembered_rules_say_nothing_of_the_network(result: Reason) -> None:
    silence = Silence()
    silent = [outcome(Reason.UNREACHABLE, number) for number in range(29)]
    assert silence.judge(silent) == []
    known = outcome(result, 99)
    expected = [(known.url, result)] if result == Reason.DISALLOWED else []
    assert silence.judge([known]) == expected
    assert (silence.servers, silence.rest()) == (29, [])
    dead = silence.judge([replace(outcome(result, 98), heard=True)])
    assert dead[:29] == [(each.url, each.result) for each in silent]
    assert silence.servers == 0


def test_many_links_of_one_server_are_one_silence() -> None:
    silence = Silence()
    silence.judge([outcome(Reason.UNREACHABLE)] * 100)
    assert silence.servers == 1


def test_links_of_one_server_that_differ_are_one_silence() -> None:
    silence = Silence()
    links = [f"http://one.test/{number}.png" for number in range(30)]
    silence.judge([replace(outcome(Reason.UNREACHABLE), url=link) for link in links])
    assert silence.servers == 1


@pytest.mark.parametrize("host", ["xn--", "xn--a", "xn--a-ecp.ru", "XN--.test"])
def test_a_name_that_decodes_to_nothing_is_a_server_too(host: str) -> None:
    silence = Silence()
    silent = replace(outcome(Reason.UNREACHABLE), url=f"http://{host}/a.png")
    assert silence.judge([silent]) == []
    assert (silence.servers, silence.rest()) == (1, [])


@given(st.lists(st.lists(st.sampled_from(RESULTS))))
def test_every_dead_link_is_told_once(rounds: list[list[Kept | Reason]]) -> None:
    silence, told, given_up = Silence(), [], []
    for number, results in enumerate(rounds):
        outcomes = [outcome(result, 1000 * number + place) for place, result in enumerate(results)]
        told += silence.judge(outcomes)
        given_up += [
            (each.url, each.result)
            for each in outcomes
            if isinstance(each.result, Reason) and each.result not in FOR_NOW
        ]
    heard = any(result not in UNHEARD for results in rounds for result in results)
    told += silence.rest()
    if not heard:
        given_up = [each for each in given_up if each[1] not in NOT_ONLINE]
    assert sorted(told) == sorted(given_up)
