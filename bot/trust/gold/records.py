"""What a rater's record says of gold: written in the unit of the vote."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from bot.trust.gold.judging import judge
from storage import gold_answers, gold_images, gold_times
from storage.votes import Vote


def note_gold(connection: Connection, vote: Vote, now: datetime) -> None:
    """Bring the record in line with a gold vote: it is answered while any score of it is given.

    A score is held against what is right at once, whether others follow or not: who gave one and
    passed over the rest would be judged on none. A gold image that was retired before the answer
    leaves none.
    """
    if vote.state != "given" or not vote.scores:
        gold_answers.remove(connection, vote.rater, vote.image_id)
        return
    if vote.complete:
        gold_times.note_answer(connection, vote.post_id, now)
    gold = gold_images.find(connection, vote.image_id)
    if gold is None or gold.state != "accepted":
        return
    judged = judge(gold.ranges, vote.scores)
    gold_answers.store(
        connection,
        vote.rater,
        vote.image_id,
        vote.scores,
        asked=judged.asked,
        wrong=judged.wrong,
        lesson=False,
        now=now,
    )
