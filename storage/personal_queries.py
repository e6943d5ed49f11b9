"""What is kept about one rater, a query for each table.

Parameters are `rater`, `discord_hash` and `rested`, 1 for whoever has not rated for some time.
Until then nothing is told that is measured: who looks right after a vote would see whether it was
gold, by an answer that appears, a figure that moves, or a count of votes that does not. Rules look
at gold, scores leave it out, and what follows from either has its time. The sums that the rules
keep of gold answers are never told: they say no more than these answers, but where the right
scores lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOLD_HOLD: Final = """
    (:rested OR NOT EXISTS (
        SELECT 1 FROM audit_log l WHERE l.subject = 'rater:' || :rater AND l.actor = 'program'
        AND l.action = 'hold.placed' AND json_extract(l.details, '$.reason') = holds.reason
    ))
"""
"""People placed the hold, or it may be told that the program did."""

TOLD_CASE: Final = """
    ((rater = :rater AND (kind <> 'suspect' OR :rested))
        OR settled_by = :rater OR claimed_by = :rater)
"""
TOLD_ENTRY: Final = """
    (rater = :rater OR subject = 'rater:' || :rater AND (:rested OR actor <> 'program'
        OR action NOT IN ('hold.placed', 'hold.lifted', 'rater.suspect')))
"""
"""What people did is told at once, what the program decided about the rater has its time."""

_OF_ANOTHER: Final = """
    (subject GLOB 'rater:*' AND subject <> 'rater:' || :rater OR subject GLOB 'erased:*'
        OR subject GLOB 'unseen:*')
"""

QUERIES: Mapping[str, str] = {
    "raters": """
        SELECT number, discord_id, status, status_reason, status_until, locale, consent_version,
               consented_at, first_seen_at, erased_before
        FROM raters WHERE number = :rater
    """,
    "erased_raters": """
        SELECT discord_hash, banned, banned_until, erased_at, horde_hash, held,
               held_by_operators, captcha_fails, captcha_not_before
        FROM erased_raters
        WHERE discord_hash = :discord_hash
    """,
    "erased_bars": """
        SELECT guild_id, placed_by, until FROM erased_bars
        WHERE discord_hash = :discord_hash ORDER BY guild_id
    """,
    "votes": """
        SELECT d.name AS data_set, i.key AS image, v.aesthetic, v.artifacts, v.aesthetic_at,
               v.artifacts_at, v.state, v.post_id, v.surface, v.locale, a.name AS client_agent,
               v.shown_at, v.created_at, v.changed_at, v.completed_at, v.after_reveal,
               v.horde_kudos, v.horde_account_age, v.horde_usage_requests, v.horde_trusted,
               v.captchas_failed
        FROM votes v JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
            JOIN client_agents a ON a.id = v.client_agent_id
        WHERE v.rater = :rater ORDER BY v.id
    """,
    "vote_history": """
        SELECT d.name AS data_set, i.key AS image, h.action, h.aesthetic, h.artifacts, h.post_id,
               h.interaction_id, h.at
        FROM vote_history h JOIN images i ON i.id = h.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE h.rater = :rater ORDER BY h.id
    """,
    "skips": """
        SELECT d.name AS data_set, i.key AS image, s.reason, s.skipped_at
        FROM skips s JOIN images i ON i.id = s.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE s.rater = :rater ORDER BY s.skipped_at
    """,
    "reports": """
        SELECT d.name AS data_set, i.key AS image, r.reason, r.post_id, r.interaction_id,
               r.reported_at, r.by_moderator, r.settled_at, r.upheld
        FROM reports r JOIN images i ON i.id = r.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE r.rater = :rater ORDER BY r.id
    """,
    "posts": """
        SELECT d.name AS data_set, i.key AS image, p.id AS post_id, p.guild_id, p.channel_id,
               p.message_id, p.state, p.shown_at, p.closed_at
        FROM posts p JOIN images i ON i.id = p.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE p.rater = :rater ORDER BY p.id
    """,
    "reservations": """
        SELECT d.name AS data_set, i.key AS image, r.post_id, r.expires_at
        FROM reservations r JOIN images i ON i.id = r.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE r.rater = :rater ORDER BY r.expires_at
    """,
    "rate_limits": "SELECT kind, arrival_at FROM rate_limits WHERE rater = :rater ORDER BY kind",
    "horde_links": """
        SELECT horde_id, name, linked_at, verified_at, kudos, account_age, usage_requests, trusted,
               read_at, refused_answer, not_before
        FROM horde_links WHERE rater = :rater
    """,
    "horde_displaced": """
        SELECT horde_id, name, displaced_at FROM horde_displaced WHERE rater = :rater
    """,
    "horde_proofs": "SELECT nonce, expires_at, tries FROM horde_proofs WHERE rater = :rater",
    "holds": f"""
        SELECT reason, since FROM holds WHERE rater = :rater AND {TOLD_HOLD} ORDER BY reason
    """,  # noqa: S608 - constants
    "awards": """
        SELECT d.name AS data_set, i.key AS image, a.scale, a.amount, a.standing, a.payout_id,
               a.earned_at
        FROM awards a JOIN images i ON i.id = a.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE a.rater = :rater ORDER BY a.earned_at
    """,
    "payouts": """
        SELECT id, key, horde_id, verified, amount, state, server, sender_id, resendable, answer,
               planned_at, first_sent_at, next_try_at, settled_at
        FROM payouts WHERE rater = :rater ORDER BY id
    """,
    "payout_attempts": """
        SELECT t.payout_id, t.sent_at, t.outcome
        FROM payout_attempts t JOIN payouts p ON p.id = t.payout_id
        WHERE p.rater = :rater ORDER BY t.id
    """,
    "void_orders": """
        SELECT o.cause, o.guild_id, o.since, d.name AS data_set, i.key AS image, o.reason,
               o.ordered_at, o.lifted_at
        FROM void_orders o LEFT JOIN images i ON i.id = o.image_id
            LEFT JOIN data_sets d ON d.id = i.data_set_id
        WHERE o.rater = :rater ORDER BY o.id
    """,
    "voids": """
        SELECT d.name AS data_set, i.key AS image, o.cause, o.ordered_at
        FROM voids v JOIN void_orders o ON o.id = v.order_id
            JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE v.rater = :rater ORDER BY v.image_id, v.order_id
    """,
    "bars": """
        SELECT guild_id, placed_by, reason, until, barred_at FROM bars WHERE rater = :rater
    """,
    "captcha_records": """
        SELECT failed, passed, expired, unavailable, fails_in_a_row, not_before, kind
        FROM captcha_records WHERE rater = :rater
    """,
    "captchas": """
        SELECT kind, tries_left, state, post_id, scale, value, interaction_id, made_at, expires_at,
               settled_at
        FROM captchas WHERE rater = :rater ORDER BY id
    """,
    "gold_images": """
        SELECT d.name AS data_set, i.key AS image, g.state, g.explanation, g.decided_at
        FROM gold_images g JOIN images i ON i.id = g.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE g.decided_by = :rater ORDER BY g.decided_at
    """,
    "gold_answers": """
        SELECT lesson, asked, wrong FROM gold_answers
        WHERE rater = :rater AND (lesson = 1 OR :rested)
        ORDER BY lesson, asked, wrong
    """,
    "onboardings": "SELECT begun_at, ended_at, outcome FROM onboardings WHERE rater = :rater",
    "repeat_answers": """
        SELECT d.name AS data_set, i.key AS image, a.aesthetic, a.artifacts, a.first_aesthetic,
               a.first_artifacts, a.answered_at
        FROM repeat_answers a JOIN images i ON i.id = a.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE a.rater = :rater ORDER BY a.id
    """,
    "check_presses": """
        SELECT interaction_id, post_id, aesthetic, artifacts, state, pressed_at FROM check_presses
        WHERE rater = :rater ORDER BY interaction_id
    """,
    "rule_records": """
        SELECT votes, json_remove(states, '$.gold') AS states, agreement FROM rule_records
        WHERE rater = :rater AND :rested
    """,
    "findings": """
        SELECT rule, figure, votes, since, held, queued_at FROM findings
        WHERE rater = :rater AND :rested ORDER BY rule
    """,
    "risks": """
        SELECT gold_percent, captcha_asked_at, changed_at FROM risks
        WHERE rater = :rater AND :rested
    """,
    "rater_pairs": """
        SELECT score, shared, found_at FROM rater_pairs
        WHERE (rater = :rater OR other = :rater) AND :rested
    """,
    "rater_scores": """
        SELECT scale, votes, bias, inconsistency, reliability, weight, llr, correlation_z,
               mode_share, residual_sd, pair_score, held, scored_at
        FROM rater_scores WHERE rater = :rater AND :rested ORDER BY scale
    """,
    "reliability_history": """
        SELECT scale, day, votes, reliability FROM reliability_history
        WHERE rater = :rater AND :rested ORDER BY day, scale
    """,
    "appeals": """
        SELECT iif(rater = :rater, words, NULL) AS words, locale, opened_at, answered_at, outcome,
               answer, tried_at, delivered_at,
               iif(rater = :rater, interaction_id, NULL) AS interaction_id,
               answered_by = :rater AS answered_by_you
        FROM appeals WHERE rater = :rater OR answered_by = :rater ORDER BY id
    """,
    "review_queue": f"""
        SELECT kind, iif(rater = :rater, details, NULL) AS details, payout_id, opened_at,
               settled_at, outcome,
               settled_by = :rater AS settled_by_you,
               iif(claimed_by = :rater, claimed_until, NULL) AS yours_until
        FROM review_queue WHERE {TOLD_CASE}
        ORDER BY id
    """,  # noqa: S608 - constants
    "audit_log": f"""
        SELECT at, actor, action, iif({_OF_ANOTHER}, 'somebody', subject) AS subject,
               iif({_OF_ANOTHER} OR action GLOB 'image.gold*', NULL, details) AS details,
               rater = :rater AS done_by_you,
               coalesce((SELECT r.times FROM audit_repeats r WHERE r.entry = audit_log.id), 1)
                   AS times
        FROM audit_log WHERE {TOLD_ENTRY} ORDER BY id
    """,  # noqa: S608 - constants
}
"""A query for each table that names a rater; a test compares it with the schema.

Nobody learns the number of anybody else, such as of whom their proof displaced, nor which images
were gold. Of what they did about others, and about gold, moderators read that they did it, and
nothing more.
"""
