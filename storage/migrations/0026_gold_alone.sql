-- Gold is shown as gold alone: an answer that waited for its own image to be full, or whose twin is
-- on gold below its target, would be open for ever. It gets a twin: the newest private vote of its
-- data set on an image that is not gold; before the first one, as if a vote on an image without
-- result had been complete when it was given itself.
UPDATE posts SET twin_image_id = t.image_id, twin_completed_at = t.completed_at
FROM images i, (
    SELECT o.data_set_id, v.image_id, v.completed_at, max(v.id)
    FROM votes v JOIN images o ON o.id = v.image_id
    WHERE v.surface = 'private' AND v.gold = 0 AND v.state = 'given' AND v.completed_at IS NOT NULL
    AND (o.stage = 'begun' OR o.stage = 'full' AND o.change_until IS NOT NULL)
    AND o.id NOT IN (SELECT image_id FROM gold_images WHERE state = 'accepted')
    GROUP BY o.data_set_id
) t
WHERE posts.purpose = 'gold' AND i.id = posts.image_id AND t.data_set_id = i.data_set_id
AND iif(posts.twin_image_id IS NULL, i.stage <> 'full', posts.twin_image_id IN (
    SELECT g.image_id FROM gold_images g JOIN images w ON w.id = g.image_id
    WHERE g.state = 'accepted' AND w.stage IN ('begun', 'waiting')
));

UPDATE posts SET twin_image_id = t.image_id,
    twin_completed_at = coalesce(posts.answered_at, posts.shown_at)
FROM images i, (
    SELECT data_set_id, id AS image_id, min(stage) FROM images
    WHERE stage IN ('begun', 'waiting') AND revealed_at IS NULL
    AND id NOT IN (SELECT image_id FROM gold_images WHERE state = 'accepted')
    GROUP BY data_set_id
) t
WHERE posts.purpose = 'gold' AND i.id = posts.image_id AND t.data_set_id = i.data_set_id
AND iif(posts.twin_image_id IS NULL, i.stage <> 'full', posts.twin_image_id IN (
    SELECT g.image_id FROM gold_images g JOIN images w ON w.id = g.image_id
    WHERE g.state = 'accepted' AND w.stage IN ('begun', 'waiting')
));

-- Half an answer on gold is judged, too; one that was given after its image was retired is none, and
-- of who is erased nothing is kept but votes.
INSERT INTO gold_answers (rater, image_id, lesson, aesthetic, artifacts, asked, wrong, answered_at)
SELECT v.rater, v.image_id, 0, v.aesthetic, v.artifacts,
    (v.aesthetic IS NOT NULL AND g.aesthetic_low IS NOT NULL)
    + (v.artifacts IS NOT NULL AND g.artifacts_low IS NOT NULL),
    coalesce(v.aesthetic NOT BETWEEN g.aesthetic_low AND g.aesthetic_high, 0)
    + coalesce(v.artifacts NOT BETWEEN g.artifacts_low AND g.artifacts_high, 0),
    v.changed_at
FROM votes v JOIN gold_images g ON g.image_id = v.image_id
WHERE v.gold = 1 AND v.state = 'given' AND v.completed_at IS NULL
AND (g.state = 'accepted' OR g.state = 'retired' AND v.changed_at < g.decided_at)
AND v.rater NOT IN (SELECT number FROM raters WHERE erased_at IS NOT NULL)
ON CONFLICT (rater, image_id) DO NOTHING;
