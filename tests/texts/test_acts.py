"""Every act that the code writes into the audit log has words for people."""

from __future__ import annotations

from bot.texts import Texts
from bot.trust.acts import ACTIONS
from cogs.ui.acts import act_key
from tests.texts.recorded_acts import composed_acts, literal_acts


def test_every_recorded_act_is_known() -> None:
    assert literal_acts() - set(ACTIONS) == set()
    for beginning in composed_acts():
        assert any(action.startswith(beginning) for action in ACTIONS), beginning


def test_every_known_act_is_recorded() -> None:
    composed = tuple(composed_acts())
    recorded = literal_acts() | {"export"}
    assert [a for a in ACTIONS if a not in recorded and not a.startswith(composed)] == []


def test_every_known_act_has_a_text() -> None:
    texts = Texts.load()
    assert [action for action in ACTIONS if not texts.has(act_key(action))] == []
    assert list(ACTIONS) == sorted(set(ACTIONS))
    assert max(map(len, ACTIONS)) <= 35, "custom_ids have room for no more"
