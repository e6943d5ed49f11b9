"""The crowd is as honest and as dishonest as it should be."""

from __future__ import annotations

from random import Random
from statistics import correlation, mean

from bot.demo.personas import Dice, Honest, OneButton, personas
from bot.demo.pictures.gallery import SAMPLES
from bot.rating.scales import SCALES


def test_all_scores_are_on_their_scales() -> None:
    random = Random(1)
    for persona in personas(24, random):
        for sample in SAMPLES.values():
            scores = persona.scores(sample, random)
            assert set(scores) == set(SCALES)
            assert all(value in SCALES[name] for name, value in scores.items())


def test_the_honest_agree_with_what_there_is_to_see_and_the_others_do_not() -> None:
    random = Random(2)
    samples = list(SAMPLES.values())
    beauty = [sample.beauty for sample in samples]

    def agreement(persona: Honest | Dice) -> float:
        scores = [float(persona.scores(s, random)["aesthetic"]) for s in samples]
        return correlation(beauty, scores)

    honest = [p for p in personas(36, random) if isinstance(p, Honest)]
    assert mean(agreement(persona) for persona in honest) > 0.6
    assert abs(mean(agreement(Dice()) for _ in range(40))) < 0.15


def test_a_crowd_has_some_of_everybody() -> None:
    kinds = [type(persona) for persona in personas(12, Random(3))]
    assert [kinds.count(kind) for kind in (Honest, OneButton, Dice)] == [8, 2, 2]
    assert sum(persona.reports for persona in personas(12, Random(3))) == 3
