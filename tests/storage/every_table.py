"""A row in every table of the newest schema, most of them about rater 1 and image 1."""

from __future__ import annotations

from typing import Final

FILL: Final = """
INSERT INTO data_sets (id, name, target, created_at) VALUES (1, 'set', 5, 1);
INSERT INTO grants (data_set_id, guild_id, granted_at) VALUES (1, 8, 1);
INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/pictures');
INSERT INTO sets (id, data_set_id, key, prompt) VALUES (1, 1, 'a prompt', 'a hill');
INSERT INTO images (id, data_set_id, key, source_id, member, sha256, set_id, safe, random_key,
    imported_at, perceptual_hash)
VALUES (1, 1, 'one', 1, 'one.png', zeroblob(32), 1, 1, 3, 1, 7);
INSERT INTO raters (number, discord_id, first_seen_at) VALUES (1, 101, 1), (2, 102, 1);
INSERT INTO erased_raters (discord_hash, banned, erased_at) VALUES ('a', 1, 1);
INSERT INTO erased_bars (discord_hash, guild_id, placed_by) VALUES ('a', 8, 'manager');
INSERT INTO earned_before (digest) VALUES ('b');
INSERT INTO rate_limits (rater, kind, arrival_at) VALUES (1, 'score', 1);
INSERT INTO servers (guild_id, first_seen_at) VALUES (8, 1);
INSERT INTO channels (channel_id, guild_id, data_set_id, open_posts, safe_only, set_up_at)
VALUES (9, 8, 1, 1, 1, 1);
INSERT INTO posts (id, image_id, surface, guild_id, channel_id, state, shown_at)
VALUES (1, 1, 'public', 8, 9, 'open', 1);
INSERT INTO reservations (image_id, rater, post_id, kept_since, expires_at) VALUES (1, 2, 1, 1, 9);
INSERT INTO client_agents (id, name) VALUES (1, 'us');
INSERT INTO votes (id, rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at, state,
    post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at, completed_at,
    row_id)
VALUES (1, 1, 1, 7, 1, 2, 2, 'void', 1, 'public', 'en', 1, 1, 2, 2, 2, zeroblob(16));
INSERT INTO vote_history (rater, image_id, action, aesthetic, artifacts, post_id, at)
VALUES (1, 1, 'voided', 7, 1, 1, 3);
INSERT INTO void_orders (id, rater, cause, last_vote_id, ordered_at, settled_at)
VALUES (1, 1, 'ban', 1, 3, 3);
INSERT INTO voids (rater, image_id, order_id, undone) VALUES (1, 1, 1, 0);
INSERT INTO releases (number, identity, folder, begun_at) VALUES (1, 'c', 'release', 2);
INSERT INTO removed_rows (row_id, reason, removed_at, told_in)
VALUES (zeroblob(16), 'voided', 3, 1);
INSERT INTO skips (rater, image_id, reason, skipped_at) VALUES (2, 1, 'cannot_judge', 2);
INSERT INTO reports (image_id, rater, post_id, reason, interaction_id, reported_at)
VALUES (1, 2, 1, 'broken hands', 1, 2);
INSERT INTO review_queue (kind, image_id, opened_at) VALUES ('reported_image', 1, 2);
INSERT INTO audit_log (id, at, actor, rater, action) VALUES (1, 3, 'rater', 2, 'refused:rater.ban');
INSERT INTO audit_repeats (entry, times) VALUES (1, 2);
INSERT INTO alerts (kind, count, latest, first_at, last_at)
VALUES ('image_reported', 1, '{}', 2, 2);
INSERT INTO leases (name, holder, expires_at) VALUES ('run', 'nobody', 1);
INSERT INTO remembered (name, value) VALUES ('a fact', 'known');
INSERT INTO bars (guild_id, rater, placed_by, barred_at) VALUES (8, 1, 'manager', 1);
INSERT INTO appeals (rater, words, locale, opened_at, interaction_id) VALUES (1, 'why', 'en', 4, 2);

INSERT INTO horde_links (rater, horde_id, name, linked_at) VALUES (1, 7, 'one#7', 1);
INSERT INTO horde_displaced (rater, horde_id, name, displaced_at) VALUES (2, 7, 'one#7', 1);
INSERT INTO horde_proofs (rater, nonce, expires_at) VALUES (1, 'n', 9);
INSERT INTO holds (rater, reason, since) VALUES (1, 'review', 1);
INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state, planned_at)
VALUES (1, printf('%036d', 1), 2, 7, 0, 25, 'planned', 3);
INSERT INTO payout_attempts (payout_id, sent_at) VALUES (1, 3);
INSERT INTO payout_pauses (cause, answer, since) VALUES ('operator', '', 3);
INSERT INTO awards (rater, image_id, scale, amount, standing, earned_at)
VALUES (1, 1, 'aesthetic', 5, 'void', 2);
INSERT INTO award_days (day, amount) VALUES (0, 5);

INSERT INTO captcha_records (rater) VALUES (1);
INSERT INTO captchas (rater, kind, answer_hash, tries_left, post_id, scale, value, interaction_id,
    made_at, expires_at)
VALUES (1, 'picture', 'd', 3, 1, 'aesthetic', 7, 3, 1, 9);
INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high, proposed_at)
VALUES (1, 'proposed', 7, 10, 1);
INSERT INTO gold_answers (rater, image_id, lesson, asked, wrong, answered_at)
VALUES (2, 1, 0, 1, 1, 2);
INSERT INTO onboardings (rater, lessons, begun_at) VALUES (1, 5, 1);
INSERT INTO repeat_answers (rater, image_id, post_id, aesthetic, shown_at, changed_at)
VALUES (1, 1, 1, 6, 3, 3);
INSERT INTO check_presses (interaction_id, rater, post_id, aesthetic, state, changed, completed,
    pressed_at)
VALUES (4, 1, 1, 6, 'given', 0, 0, 3);
INSERT INTO closed_images (image_id, closed_at) VALUES (1, 3);
INSERT INTO rule_records (rater, votes, states, agreement) VALUES (1, 1, '{}', '{}');
INSERT INTO findings (rater, rule, figure, votes, since) VALUES (1, 'too_fast', 0.5, 1, 2);
INSERT INTO risks (rater, gold_percent, changed_at) VALUES (1, 20, 2);
INSERT INTO rater_pairs (rater, other, score, shared, found_at) VALUES (1, 2, 3.5, 20, 2);
INSERT INTO score_runs (scale, low, high, centre, spread, crowd_bias, crowd_weight)
VALUES ('aesthetic', 1, 10, 5, 2, 0, 1);
INSERT INTO score_centres (data_set_id, scale, centre) VALUES (1, 'aesthetic', 5);
INSERT INTO image_scores (image_id, scale, score, standard_error, votes, plain_mean, difficulty,
    scored_at)
VALUES (1, 'aesthetic', 7, 0.5, 1, 7, 0, 3);
INSERT INTO rater_scores (rater, scale, votes, bias, inconsistency, reliability, weight, held,
    scored_at)
VALUES (1, 'aesthetic', 1, 0, 1, 0.5, 1, 0, 3);
INSERT INTO reliability_history (rater, scale, day, votes, reliability)
VALUES (1, 'aesthetic', 0, 1, 0.5);

INSERT INTO dead_links (data_set_id, url, reason, tried_at) VALUES (1, 'https://a.test', 'gone', 1);
INSERT INTO imported_collections (id, data_set_id, name, format, low, high)
VALUES (1, 1, 'ava', 'ava', 1, 10);
INSERT INTO imported_files (id, collection_id, name, sha256, columns, imported_at)
VALUES (1, 1, 'AVA.txt', zeroblob(32), '[]', 1);
INSERT INTO imported_images (id, data_set_id, key) VALUES (1, 1, 'two');
INSERT INTO imported_raters (id, collection_id, key, name) VALUES (1, 1, 'somebody', 'somebody');
INSERT INTO imported_client_agents (id, collection_id, name) VALUES (1, 1, 'them');
INSERT INTO imported_votes (collection_id, file_id, image_id, rater_id, client_agent_id, rating)
VALUES (1, 1, 1, 1, 1, 7);
INSERT INTO imported_histograms (collection_id, file_id, image_id, counts)
VALUES (1, 1, 1, '[0, 0, 1, 3, 5, 2, 1, 0, 0, 0]');
"""
