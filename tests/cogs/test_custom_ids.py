import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rating.scales import SCALES
from bot.trust.acts import ACTIONS, REFUSED, refused
from cogs.ui import custom_ids

POSTS = st.integers(min_value=0, max_value=10**18 - 1)

BUILT = {
    custom_ids.VOTE: st.builds(
        custom_ids.vote, st.sampled_from(sorted(SCALES)), st.integers(0, 999), POSTS
    ),
    custom_ids.AGREE: st.builds(
        custom_ids.agree, st.sampled_from(sorted(SCALES)), st.integers(0, 999), POSTS
    ),
    custom_ids.UNDO: st.builds(custom_ids.undo, POSTS),
    custom_ids.KEEP: st.builds(custom_ids.keep, POSTS),
    custom_ids.BACK: st.builds(custom_ids.back, POSTS),
    custom_ids.SKIP: st.builds(custom_ids.skip, POSTS),
    custom_ids.REPORT: st.builds(custom_ids.report, POSTS),
    custom_ids.REPORT_REASON: st.builds(custom_ids.report_reason, POSTS),
    custom_ids.MORE: st.builds(custom_ids.more, POSTS),
    custom_ids.LESSON: st.builds(
        custom_ids.lesson, st.sampled_from(["next", "begin", "skip"]), POSTS
    ),
    custom_ids.REVIEW: st.builds(
        custom_ids.review, st.sampled_from(["hide", "restore", "dismiss"]), POSTS
    ),
    custom_ids.REVIEW_WORDS: st.builds(
        custom_ids.review_words, st.sampled_from(["hide", "restore", "dismiss"]), POSTS
    ),
    custom_ids.CAPTCHA_ANSWER: st.builds(custom_ids.captcha_answer, POSTS),
    custom_ids.CAPTCHA_TYPED: st.builds(custom_ids.captcha_typed, POSTS),
    custom_ids.CAPTCHA_KIND: st.builds(
        custom_ids.captcha_kind, st.sampled_from(["picture", "audio", "question"]), POSTS
    ),
    custom_ids.RATER: st.builds(
        custom_ids.rater, st.sampled_from(["info", "unvalidate"]), st.integers(0, 2**63 - 1)
    ),
    custom_ids.BAN: st.builds(custom_ids.ban, st.integers(0, 2**63 - 1)),
    custom_ids.RATINGS: st.builds(
        custom_ids.ratings,
        st.sampled_from(["newer", "older"]),
        POSTS,
        POSTS,
        st.sampled_from(sorted(SCALES)),
        st.lists(st.none() | st.integers(0, 10), min_size=3, max_size=3),
    ),
    custom_ids.RATING: st.builds(
        custom_ids.rating,
        POSTS,
        POSTS,
        st.sampled_from(sorted(SCALES)),
        st.lists(st.none() | st.integers(0, 10), min_size=3, max_size=3),
    ),
    custom_ids.AUDIT: st.builds(
        custom_ids.audit,
        st.sampled_from(["newer", "older"]),
        st.integers(0, 10**12 - 1),
        st.sampled_from(["", "ra", "ma", "mo", "op", "pr"]),
        st.sampled_from(["", REFUSED, *ACTIONS, *(refused(action) for action in ACTIONS)]),
        st.tuples(
            st.none() | st.integers(0, 10**10 - 1),
            st.none() | st.integers(0, 10**12 - 1),
            st.none() | st.integers(0, 10**11 - 1),
        ),
    ),
    custom_ids.PRIVACY: st.builds(custom_ids.privacy, st.sampled_from(["erase", "keep"])),
    custom_ids.HORDE_PROVE: st.just(custom_ids.HORDE_PROVE),
    custom_ids.HORDE_KEY: st.just(custom_ids.HORDE_KEY),
    custom_ids.APPEAL_WRITE: st.just(custom_ids.APPEAL_WRITE),
    custom_ids.APPEAL_WORDS: st.just(custom_ids.APPEAL_WORDS),
    custom_ids.KUDOS: st.builds(
        custom_ids.kudos, st.sampled_from(["pause", "resume", "cases", "refresh"])
    ),
    custom_ids.PAYOUT: st.builds(
        custom_ids.payout, st.sampled_from(["paid", "unpaid", "later"]), POSTS
    ),
}


def matching(custom_id: str) -> list[str]:
    return [t for t in custom_ids.TEMPLATES if re.fullmatch(t, custom_id)]


@pytest.mark.parametrize("template", custom_ids.TEMPLATES)
@given(data=st.data())
def test_an_id_is_parsed_by_its_own_template_alone(template: str, data: st.DataObject) -> None:
    custom_id = data.draw(BUILT[template])
    assert matching(custom_id) == [template]
    assert len(custom_id) <= 100


@given(
    st.from_regex(
        "|".join(f"(?:{re.sub('[?]P<[a-z]+>', '', t)})" for t in custom_ids.TEMPLATES),
        fullmatch=True,
    )
)
def test_templates_never_overlap(custom_id: str) -> None:
    assert len(matching(custom_id)) == 1


@pytest.mark.parametrize(
    "forged",
    [
        "vote:aesthetic:7:",
        "vote:aesthetic:-1:4",
        "vote:aesthetic:7:1e3",
        "undo:9999999999999999999",
        "x",
    ],
)
def test_forged_ids_match_nothing(forged: str) -> None:
    assert matching(forged) == []
