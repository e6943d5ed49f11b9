from __future__ import annotations

from tests.rewards.paying import FIRST_PAYEE, Treasury


async def test_released_awards_are_paid_in_one_payout(kudos: Treasury) -> None:
    await kudos.earn(1, 5, 5, 7)
    await kudos.work(kudos.worker())
    assert kudos.received() == {FIRST_PAYEE: 17}
    (payout,) = await kudos.payouts()
    assert (payout.state, payout.amount, payout.rater) == ("paid", 17, 1)
    assert payout.key == kudos.stand_in.paid[0].key
    await kudos.check()
