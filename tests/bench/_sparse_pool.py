"""Real votes made sparse, with a share of raters who do not look at the images.

Every rater keeps the same number of votes, drawn at random; an image's votes are dealt into images
of their own with exactly five votes each. The truth of such an image is the mean of all other
votes on the real one. Attackers' votes are replaced, honest ones are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.trust.scoring.tables import read_votes
from bot.trust.scoring.votes import Flags, Floats, Index, Votes

PANEL = 5
RATERS = 700
AWAKE = 0.6
GROUP, HOLDING, PUSHED = 8, 3, 0.15
"""A group has so many members, holds so many places of an image, and pushes this share."""
SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SAMPLE = Path(__file__).with_name("london_faces_150.txt")


@dataclass(frozen=True, slots=True)
class Study:
    """Scores of raters (rows) for images (columns), NaN where there is none."""

    name: str
    scores: Floats
    low: int
    high: int
    is_sample: bool = False

    @property
    def means(self) -> Floats:
        """The mean of all votes on each image."""
        means: Floats = np.nanmean(self.scores, axis=0)
        return means


@dataclass(frozen=True, slots=True)
class Pool:
    """Votes, the true score of each image, and who attacks."""

    votes: Votes
    truth: Floats
    bad: Flags

    def gain(self, score: Floats) -> float:
        """Return by how many per cent the RMSE is below that of the plain mean."""
        mean = self.votes.by_item(self.votes.score) / self.votes.by_item()
        return 100 * (1 - rmse(score, self.truth) / rmse(mean, self.truth))


def load(name: str, low: int, high: int) -> Study | None:
    """Read a study's votes where they are there."""
    path = SHARED / f"{name}.csv"
    if not path.exists():
        return None
    votes = read_votes(path, low, high).votes
    scores = np.full((votes.raters, votes.items), np.nan)
    scores[votes.rater, votes.item] = votes.score
    return Study(name, scores, low, high)


def london_faces() -> Study:
    """Return the votes on the faces, or those of 150 of the 2,513 raters where they are missing.

    From the R package faux (debruine/faux, data/faceratings.rda), MIT.
    """
    return load("london_faces", 1, 7) or sample()


def sample() -> Study:
    """Return the votes of 150 raters on the faces, which come with the tests."""
    lines = SAMPLE.read_text("ascii").split()
    scores = np.array([[float(score) for score in line] for line in lines])
    return Study("sample of london_faces", scores, 1, 7, is_sample=True)


def sparse_pool(study: Study, seed: int, each: int, kind: str, share: float) -> Pool:
    """Draw a pool of `each` votes a rater in which a `share` of the raters attacks."""
    rng = np.random.default_rng(seed)
    table, rater, image, item = dealt(rng, study, each)
    raters = len(table)
    honest = table[rater, image]
    bad = np.zeros(raters, bool)
    bad[rng.permutation(raters)[: round(share * raters)]] = kind != "none"
    false = attack(rng, kind, honest, rater, (study.low, study.high), study.means[image])
    truth = truth_of(study, image, item, honest)
    votes = Votes.of(
        rater, item, np.where(bad[rater], false, honest),
        low=study.low, high=study.high, raters=raters, items=len(truth),
    )  # fmt: skip
    return Pool(votes, truth, bad)


def dealt(rng: np.random.Generator, study: Study, each: int) -> tuple[Floats, Index, Index, Index]:
    """Return the scores of those who are drawn, and rater, image and item of each vote."""
    busy = np.flatnonzero(np.isfinite(study.scores).sum(1) >= each)
    table = study.scores[rng.permutation(busy)[:RATERS]]
    key = np.where(np.isfinite(table), rng.random(table.shape), 2.0)
    image = np.argsort(key, axis=1)[:, :each].ravel()
    return table, *_deal(rng, np.repeat(np.arange(len(table)), each), image)


def truth_of(study: Study, image: Index, item: Index, honest: Floats) -> Floats:
    """Return the mean of all votes on each item's real image that are not in the item."""
    there = np.isfinite(study.scores)
    total, many = np.where(there, study.scores, 0.0).sum(0), there.sum(0)
    of_item = np.zeros(item.max() + 1, int)
    of_item[item] = image
    truth: Floats = (total[of_item] - np.bincount(item, honest)) / (many[of_item] - PANEL)
    return truth


def shuffled(pool: Pool, seed: int) -> Pool:
    """Return the pool with its images in random order, for whoever plays them one by one."""
    votes = pool.votes
    place = np.random.default_rng(seed).permutation(votes.items)
    mixed = Votes.of(
        votes.rater, place[votes.item], votes.score,
        low=votes.low, high=votes.high, raters=votes.raters, items=votes.items,
    )  # fmt: skip
    return Pool(mixed, pool.truth[np.argsort(place)], pool.bad)


def sleeper_pool(study: Study, seed: int, each: int, share: float) -> Pool:
    """Return a shuffled pool in which attackers look at 60 % of their images, and then at none."""
    pool = shuffled(sparse_pool(study, seed, each, "none", 0), seed)
    rng = np.random.default_rng(seed)
    bad = np.zeros(pool.votes.raters, bool)
    bad[rng.permutation(len(bad))[: round(share * len(bad))]] = True
    return Pool(asleep(rng, pool.votes, bad), pool.truth, bad)


def asleep(rng: np.random.Generator, votes: Votes, bad: Flags) -> Votes:
    """Return the votes as if these raters had looked at 60 % of their images, and then at none."""
    order = np.argsort(votes.rater, kind="stable")
    rank = np.empty(len(votes), int)
    many = np.bincount(votes.rater, minlength=votes.raters)
    rank[order] = np.arange(len(votes)) - np.repeat(np.cumsum(many) - many, many)
    late = bad[votes.rater] & (rank >= AWAKE * many[votes.rater])
    uniform = rng.integers(int(votes.low), int(votes.high) + 1, len(votes))
    return Votes.of(
        votes.rater, votes.item, np.where(late, uniform, votes.score),
        low=votes.low, high=votes.high, raters=votes.raters, items=votes.items,
    )  # fmt: skip


def collusion_pool(study: Study, seed: int, each: int, share: float) -> Pool:
    """Return a pool in which groups of eight push 15 % of their images to the top.

    Three members hold three of the five places of such an image. Whoever had a place there gets
    the one that the member leaves.
    """
    rng = np.random.default_rng(seed)
    table, rater, image, item = dealt(rng, study, each)
    raters, many = len(table), round(share * len(table)) // GROUP * GROUP
    groups = rng.permutation(raters)[:many].reshape(-1, GROUP)
    rows = np.argsort(item, kind="stable").reshape(-1, PANEL)
    free = rng.permutation(len(rows)).tolist()
    pushed = np.zeros(len(rater), bool)
    for group in groups:
        for _ in range(round(PUSHED * each * GROUP / HOLDING)):
            places = rows[free.pop()]
            members = [one for one in rng.permutation(group) if one not in rater[places]]
            seats = [row for row in rng.permutation(places) if rater[row] not in group]
            for member, seat in zip(members[:HOLDING], seats, strict=False):
                left = _place_left(rng, rows, rater, item, pushed, member=member, to=rater[seat])
                if left is not None and _both(table, member, rater[seat], image, left, seat):
                    rater[left], rater[seat], pushed[seat] = rater[seat], member, True
    bad = np.zeros(raters, bool)
    bad[groups.ravel()] = True
    honest = table[rater, image]
    votes = Votes.of(
        rater, item, np.where(pushed, study.high, honest),
        low=study.low, high=study.high, raters=raters, items=len(rows),
    )  # fmt: skip
    return Pool(votes, truth_of(study, image, item, honest), bad)


def _place_left(
    rng: np.random.Generator,
    rows: Index,
    rater: Index,
    item: Index,
    pushed: Flags,
    *,
    member: int,
    to: int,
) -> int | None:
    """Return a place that a member may leave to somebody else."""
    for row in rng.permutation(np.flatnonzero((rater == member) & ~pushed)):
        if to not in rater[rows[item[row]]]:
            return int(row)
    return None


def _both(  # noqa: PLR0917 - the parts of one simulation
    table: Floats, one: int, two: int, image: Index, left: int, seat: int
) -> bool:
    """Tell whether both have really judged what they are to judge now."""
    return bool(np.isfinite(table[one, image[seat]]) and np.isfinite(table[two, image[left]]))


def _deal(rng: np.random.Generator, rater: Index, image: Index) -> tuple[Index, Index, Index]:
    """Return rater, real image and image of five votes of the votes that come out even."""
    order = np.lexsort((rng.random(len(rater)), image))
    rater, image = rater[order], image[order]
    many = np.bincount(image)
    rank = np.arange(len(image)) - (np.cumsum(many) - many)[image]
    dealt = many // PANEL
    even = rank < dealt[image] * PANEL
    item = (np.cumsum(dealt) - dealt)[image] + rank // PANEL
    return rater[even], image[even], item[even]


def attack(  # noqa: PLR0917 - the parts of one simulation
    rng: np.random.Generator, kind: str, honest: Floats, rater: Index, scale: tuple[int, int],
    mean: Floats | None = None,
) -> Floats:  # fmt: skip
    """Return what everybody would vote who attacks in this way."""
    low, high = scale
    raters, votes = rater.max() + 1, len(honest)
    uniform = rng.integers(low, high + 1, votes).astype(float)
    match kind:
        case "none":
            return honest
        case "uniform":
            return uniform
        case "fixed":
            return np.asarray(rng.integers(low, high + 1, raters)[rater], float)
        case "narrow":
            begin = rng.integers(low, high - 1, raters)[rater]
            return np.asarray(begin + rng.integers(0, 3, votes), float)
        case "copy" if mean is not None:
            return np.clip(np.rint(mean + rng.normal(0, 0.5, votes)), low, high)
        case "50 % spam" | "30 % spam":
            return np.where(rng.random(votes) < int(kind[:2]) / 100, uniform, honest)
    raise ValueError(kind)


def dense_panel(study: Study, seed: int, share: float) -> Pool:
    """Let a share of a laboratory's raters vote at random; the truth is the mean of all votes."""
    rng = np.random.default_rng(seed)
    raters, items = study.scores.shape
    rater, item = np.nonzero(np.isfinite(study.scores))
    honest = study.scores[rater, item]
    truth = np.bincount(item, honest) / np.bincount(item)
    bad = np.zeros(raters, bool)
    bad[rng.permutation(raters)[: round(share * raters)]] = True
    false = attack(rng, "uniform", honest, rater, (study.low, study.high))
    votes = Votes.of(
        rater, item, np.where(bad[rater], false, honest),
        low=study.low, high=study.high, raters=raters, items=items,
    )  # fmt: skip
    return Pool(votes, truth, bad)


def rmse(one: Floats, two: Floats) -> float:
    """Return the root of the mean squared difference."""
    return float(np.sqrt(np.mean((one - two) ** 2)))


def auc(figure: Floats, bad: Flags) -> float:
    """Return how often an attacker's figure is above an honest rater's; ties count half."""
    _, place, many = np.unique(figure, return_inverse=True, return_counts=True)
    rank = (np.cumsum(many) - (many - 1) / 2)[place]
    attackers = int(bad.sum())
    above = rank[bad].sum() - attackers * (attackers + 1) / 2
    return float(above / (attackers * (len(bad) - attackers)))
