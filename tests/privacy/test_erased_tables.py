"""Every column of the schema that names a rater is filled, and empty after an erasure or listed."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Final, NamedTuple

from tests.trust.home import Home, caller


class Place(NamedTuple):
    """A column that names a rater."""

    table: str
    column: str


STAYS: Final[Mapping[Place, str]] = {
    Place(
        "vote_history", "rater"
    ): "append-only: only so can anyone trust that nothing was changed",
    Place("audit_log", "rater"): "append-only",
    Place("awards", "rater"): "money: nobody earns for the same twice",
    Place("payouts", "rater"): "money",
    Place("posts", "rater"): "the history names them",
    Place("reports", "rater"): "moderators looked at the image for them",
    Place("void_orders", "rater"): "that there was a decision",
    Place("review_queue", "rater"): "that there was a case",
    Place("review_queue", "settled_by"): "what a moderator decided about others",
    Place("appeals", "rater"): "that there was an appeal",
    Place("appeals", "answered_by"): "what a moderator decided about others",
    Place("gold_images", "decided_by"): "what a moderator decided about an image",
}
"""What stays under the bare number, and why. PRIVACY.md says so."""

EMPTIED: Final[Mapping[str, tuple[str, ...]]] = {
    "posts": ("guild_id", "channel_id", "message_id"),
    "reports": ("reason",),
    "void_orders": ("reason",),
    "appeals": ("words", "answer"),
    "raters": ("discord_id", "locale", "status_reason"),
}
"""What is NULL in the rows about the rater that stay."""

ROWS: Final = """
    INSERT INTO votes (rater, image_id, aesthetic, aesthetic_at, post_id, surface, locale,
        client_agent_id, shown_at, created_at, changed_at) VALUES (:rater, :image, 7, 1, :post,
        'private', 'en', 1, 1, 1, 1);
    INSERT INTO vote_history (rater, image_id, action, at) VALUES (:rater, :image, 'given', 1);
    INSERT INTO skips VALUES (:rater, :image, 'not_for_me', 1);
    INSERT INTO reports (image_id, rater, post_id, reason, interaction_id, reported_at) VALUES
        (:image, :rater, :post, 'words', 1, 1);
    INSERT INTO reservations (image_id, rater, post_id, kept_since, expires_at) VALUES (:image,
        :rater, :post, 1, 1);
    INSERT INTO rate_limits VALUES (:rater, 'score', 1);
    INSERT INTO horde_links (rater, horde_id, name, linked_at) VALUES (:rater, 7, 'me', 1);
    INSERT INTO horde_displaced VALUES (:rater, 7, 'me', 1);
    INSERT INTO horde_proofs (rater, nonce, expires_at) VALUES (:rater, 'nonce', 1);
    INSERT INTO holds VALUES (:rater, 'review', 1);
    INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state, planned_at,
        first_sent_at, settled_at) VALUES (1, :key, :rater, 7, 0, 5, 'paid', 1, 1, 1);
    INSERT INTO awards (rater, image_id, scale, amount, payout_id, earned_at) VALUES (:rater,
        :image, 'aesthetic', 5, 1, 1);
    INSERT INTO void_orders (id, rater, cause, since, last_vote_id, reason, ordered_at, reached)
        VALUES (1, :rater, 'revert', 1, 9, 'words', 1, 9);
    INSERT INTO voids (rater, image_id, order_id, undone) VALUES (:rater, :image, 1, 0);
    INSERT INTO bars (guild_id, rater, barred_at) VALUES (7, :rater, 1);
    INSERT INTO captcha_records (rater) VALUES (:rater);
    INSERT INTO captchas (rater, kind, answer_hash, tries_left, state, post_id, scale, value,
        interaction_id, made_at, expires_at, settled_at) VALUES (:rater, 'picture', 'x', 3,
        'passed', :post, 'aesthetic', 7, 1, 1, 1, 1);
    INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high, proposed_at,
        decided_by) VALUES (:image, 'accepted', 7, 10, 1, :rater);
    INSERT INTO gold_answers VALUES (:rater, :image, 0, 7, 1, 1, 0, 1);
    INSERT INTO onboardings (rater, lessons, begun_at) VALUES (:rater, 5, 1);
    INSERT INTO repeat_answers (rater, image_id, post_id, shown_at, changed_at) VALUES (:rater,
        :image, :post, 1, 1);
    INSERT INTO check_presses VALUES (1, :rater, :post, 7, 1, 'given', 0, 1, 1);
    INSERT INTO rule_records VALUES (:rater, 1, '{}', '{}');
    INSERT INTO findings (rater, rule, figure, votes, since) VALUES (:rater, 'same_button', 1,
        20, 1);
    INSERT INTO risks (rater, gold_percent, changed_at) VALUES (:rater, 20, 1);
    INSERT INTO rater_pairs VALUES (:rater, :last, 3, 20, 1), (:first, :rater, 3, 20, 1);
    INSERT INTO rater_scores (rater, scale, votes, bias, inconsistency, reliability, weight,
        llr, correlation_z, mode_share, residual_sd, held, scored_at) VALUES (:rater,
        'aesthetic', 9, 0, 1, .5, 1, 0, 0, 0, 0, 0, 1);
    INSERT INTO reliability_history VALUES (:rater, 'aesthetic', 1, 9, .5);
    INSERT INTO appeals (rater, words, locale, opened_at, interaction_id) VALUES (:rater,
        'words', 'en', 1, 1);
    INSERT INTO appeals (rater, words, locale, opened_at, interaction_id, answered_at, outcome,
        answer, answered_by) VALUES (:last, 'theirs', 'en', 1, 2, 1, 'refused', 'mine', :rater);
    INSERT INTO review_queue (kind, rater, details, opened_at) VALUES ('suspect', :rater,
        '{"votes":100}', 1);
    INSERT INTO review_queue (kind, rater, opened_at, settled_at, settled_by, outcome) VALUES
        ('suspect', :last, 1, 1, :rater, 'watch');
    INSERT INTO review_queue (kind, rater, opened_at, claimed_by, claimed_until) VALUES
        ('suspect', :first, 1, :rater, 4000000000000000);
    INSERT INTO audit_log (at, actor, rater, action) VALUES (1, 'rater', :rater, 'horde.link');
    UPDATE raters SET locale = 'de', status_reason = 'words' WHERE number = :rater
"""
"""A row for each place, as of a person who did and suffered everything there is."""


def places(connection: Connection) -> set[Place]:
    """Return every column of the schema that names a rater."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        Place(table, key[3])
        for (table,) in tables
        for key in connection.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        if key[2] == "raters"
    }


async def filled(home: Home, place: Place, number: int) -> bool:
    """Tell whether a rater is named in a place."""
    query = f"SELECT count(*) FROM {place.table} WHERE {place.column} = ?"  # noqa: S608 - the schema
    return bool(await home.world.value(query, number))


async def test_an_erasure_leaves_nothing_but_what_is_listed(home: Home) -> None:
    await home.raters(1, 2, 3)
    await home.world.data_set(2)
    post = (await home.services.sessions.start(caller(2))).post_id
    first, number, last = [await home.world.number(person) for person in (1, 2, 3)]
    values = {
        "rater": number,
        "first": first,
        "last": last,
        "post": post,
        "image": (await home.world.image(post)).id,
        "key": "k" * 36,
    }

    def unit(connection: Connection) -> None:
        connection.execute("DELETE FROM reservations")
        connection.execute("INSERT OR IGNORE INTO client_agents (id, name) VALUES (1, 'jury')")
        connection.execute("DELETE FROM rate_limits")
        for row in ROWS.split(";"):
            connection.execute(row, values)

    await home.world.database.write(unit)
    known = await home.world.database.read(places)
    for place in known:
        assert await filled(home, place, number), f"nothing to erase in {place}"

    await home.services.erasure.erase(caller(2))
    left = {place for place in known if await filled(home, place, number)}
    assert left == set(STAYS)
    for table, columns in EMPTIED.items():
        name = "number" if table == "raters" else "rater"
        for column in columns:
            query = f"SELECT count({column}) FROM {table} WHERE {name} = ?"  # noqa: S608 - above
            assert await home.world.value(query, number) == 0, f"{table}.{column}"
    query = "SELECT count(*) FROM review_queue WHERE rater = ? AND details <> '{}'"
    assert await home.world.value(query, number) == 0
