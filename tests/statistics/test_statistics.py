"""Pages and pictures from real databases, made by the real child process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from bot.datasets.exports.selection import Selection
from bot.datasets.exports.target import RELEASED
from bot.errors import UnknownDataSetError
from bot.statistics.drawing import DOTS, LINE_HIGH
from bot.statistics.errors import StatisticsFailedError
from bot.statistics.service import Made, StatisticsService
from storage.times import to_microseconds
from tests.datasets.exports.children import children, started_child
from tests.datasets.exports.votes_file import KEY, VOTED, VotesFile
from tests.rating.world import TurnedClock
from tests.trust.scored import Shape, make, run

VOID_TAGS = {"meta", "link", "br", "path", "use", "rect"}


class Page(HTMLParser):
    """What a page says: its headlines, the cells of each plot's table, alt texts, addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headlines: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.alts: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.subject: list[str] = []
        self._plot = ""
        self._tags: list[str] = []
        self.feed(text)
        self.close()
        assert self._tags == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID_TAGS:
            self._tags.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "figure":
            self._plot = values["id"]
        if tag == "svg":
            self.alts.append(values["aria-label"])
        if tag == "tr":
            self.rows.setdefault(self._plot, []).append([])
        self.addresses += [
            value for name, value in values.items() if name in {"href", "src", "xlink:href"}
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID_TAGS:
            self._tags.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID_TAGS:
            assert self._tags.pop() == tag

    def handle_data(self, data: str) -> None:
        tag = self._tags[-1] if self._tags else ""
        if tag == "dd":
            self.headlines.append(data)
        if tag == "p" and not self._plot and not self.ids:
            self.subject.append(data)
        if tag in {"td", "th"}:
            self.rows[self._plot][-1].append(data)

    def table(self, plot: str) -> dict[str, str]:
        """Return a plot's numbers without those that are 0."""
        return {row[0]: row[1] for row in self.rows.get(plot, [])[1:] if row[1] != "0"}


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    yield file
    file.close()


def service(path: Path) -> StatisticsService:
    return StatisticsService(path, TurnedClock(VOTED), KEY)


async def made(path: Path, *data_sets: str, name: str = "page.html", language: str = "en") -> Made:
    return await service(path).make(path.parent / name, language, Selection(data_sets))


async def page(path: Path, *data_sets: str, **wanted: object) -> Page:
    selection = Selection.parsed({**asdict(Selection(data_sets)), **wanted})
    done = await service(path).make(path.parent / "page.html", "en", selection)
    return Page(done.path.read_text())


async def test_the_page_tells_the_votes_that_exports_publish(votes: VotesFile) -> None:
    votes.data_set()
    raters = [votes.rater() for _ in range(6)]
    images = [votes.image(str(number)) for number in range(4)]
    for rater in raters:
        votes.vote(rater, images[0], 7, 2)
    votes.vote(raters[0], images[1], 3, None, at=VOTED - timedelta(days=2))
    votes.vote(raters[1], images[1], 9, 0, state="void")
    votes.vote(raters[2], images[1], 9, 0, state="undone")
    votes.vote(raters[3], images[2], 9, 0, gold=True)
    votes.vote(votes.rater(erased=True), images[0], 9, 0)

    told = await page(votes.path)

    assert told.headlines == ["7", "2", "4", "6"]
    assert told.table("answers-aesthetic") == {"7": "6", "3": "1"}
    assert told.table("answers-artifacts") == {"2": "6"}
    assert told.table("days") == {"2026-01-11": "1", "2026-01-13": "6"}
    assert told.table("image_votes") == {"6": "1", "1": "1"}
    assert told.table("agreement-aesthetic") == {"90\u2013100": "1"}
    assert told.table("activity") == {"1\u20139": "6"}
    assert len(told.alts) == 10


async def test_scored_images_are_placed_by_score_and_error(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=12, each=10))
    run(path)
    told = await page(path)
    placed = told.table("uncertainty-aesthetic")
    assert sum(map(int, placed.values())) == int(told.headlines[1])
    assert "Least certain is" in told.alts[6]


async def test_a_page_is_whole_and_asks_for_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=12, each=10))
    told = await page(path)
    assert [one for one in told.addresses if not one.startswith(("#", "data:"))] == []
    assert len(told.ids) == len(set(told.ids))
    assert {one[1:] for one in told.addresses if one.startswith("#")} <= set(told.ids)
    text = (tmp_path / "page.html").read_text()
    assert "@import" not in text
    assert "<script" not in text
    assert "#0101" not in text


async def test_no_vote_and_one_vote_make_a_page_each(votes: VotesFile) -> None:
    assert (await page(votes.path)).headlines == ["0", "0", "0", "Fewer than 5"]
    votes.data_set()
    votes.vote(votes.rater(), votes.image("a"))
    one = await page(votes.path)
    assert one.headlines == ["1", "1", "1", "Fewer than 5"]
    assert one.table("activity") == {}
    assert one.table("agreement-aesthetic") == {}


async def test_one_data_set_is_told_without_the_others(votes: VotesFile) -> None:
    votes.data_set()
    other = votes.data_set("<script>alert(1)</script> & co")
    rater = votes.rater()
    votes.vote(rater, votes.image("a"), 1)
    votes.vote(rater, votes.image("b", other), 10)
    assert (await page(votes.path, "diffusiondb")).table("answers-aesthetic") == {"1": "1"}
    both = await made(votes.path)
    assert both.votes == 2
    assert "<script" not in both.path.read_text()
    with pytest.raises(UnknownDataSetError):
        await made(votes.path, "nothing")


async def test_a_selection_is_told_without_the_others(votes: VotesFile) -> None:
    votes.data_set()
    raters = [votes.rater(status="validated"), *(votes.rater() for _ in range(5))]
    safe, unsafe = votes.image("a"), votes.image("b", safe=False)
    for place, rater in enumerate(raters):
        votes.vote(rater, safe, 1 + place, 0, surface="private" if place % 2 else "public")
    votes.vote(raters[1], unsafe, 10, 5, at=VOTED - timedelta(days=3))
    since = to_microseconds(VOTED - timedelta(days=1))

    recent = await page(votes.path, since=since)
    assert recent.table("answers-aesthetic") == {str(n): "1" for n in range(1, 7)}
    assert recent.subject == [
        "Data sets: diffusiondb", "Votes begun at 2026-01-12 05:45:38 UTC or later",
    ]  # fmt: skip
    earlier = await page(votes.path, until=since)
    assert earlier.table("answers-aesthetic") == {"10": "1"}
    assert earlier.headlines == ["1", "1", "2", "Fewer than 5"]
    private = await page(votes.path, surface="private", safety="safe")
    assert private.table("answers-aesthetic") == {"2": "1", "4": "1", "6": "1"}
    assert private.headlines == ["3", "1", "1", "Fewer than 5"]
    assert private.subject[1:] == [
        "Votes given in private sessions", "Images that are known to be safe",
    ]  # fmt: skip
    validated = await page(votes.path, raters="validated")
    assert validated.table("answers-aesthetic") == {"1": "1"}
    both = await page(votes.path, raters="validated", linked=True)
    assert both.table("answers-aesthetic") == {}
    assert both.subject[1:] == [
        "Votes of raters whom moderators have validated",
        "Votes given with a proved account of the AI Horde",
    ]
    several = await page(votes.path, minimum_votes=2)
    assert several.headlines == ["6", "1", "2", "6"]
    assert several.subject[1:] == ["Images with 2 or more of these votes"]


async def test_a_selection_of_nothing_is_a_page_too(votes: VotesFile) -> None:
    votes.data_set()
    votes.vote(votes.rater(), votes.image("a"))
    nothing = await page(votes.path, linked=True, minimum_reliability=0.5, safety="unsafe")
    assert nothing.headlines == ["0", "0", "0", "Fewer than 5"]
    assert nothing.subject[1:] == [
        "Votes given with a proved account of the AI Horde",
        "Votes of raters whose reliability is 0.50 or more",
        "Images that are not known to be safe",
    ]
    with pytest.raises(StatisticsFailedError) as refused:
        await page(votes.path, since=2, until=2)
    assert "not after its beginning" in str(refused.value.values["reason"])


async def test_scores_are_made_of_the_selected_votes_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=12, each=10))
    told = await page(path, surface="public")
    placed = told.table("uncertainty-aesthetic")
    assert sum(map(int, placed.values())) == int(told.headlines[1])
    assert (await page(path)).table("uncertainty-aesthetic") == {}, "none were made of all votes"


async def test_kudos_are_told_of_months_with_five_paid_raters(votes: VotesFile) -> None:
    votes.data_set()
    image = votes.image("a")
    for settled, many in (("2026-01-31 23:59:59", 5), ("2026-02-01", 4)):
        for rater in [votes.rater() for _ in range(many)]:
            votes.connection.execute(
                "INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state,"
                " planned_at, first_sent_at, settled_at)"
                " VALUES (?1, printf('%036d', ?1), ?1, 1, 1, 10, 'paid', 0, 0,"
                " unixepoch(?2) * 1000000)",
                (rater, settled),
            )
            votes.connection.execute(
                "INSERT INTO awards (rater, image_id, scale, amount, payout_id, earned_at)"
                " VALUES (?1, ?2, 'aesthetic', 1000, ?1, 0)",
                (rater, image),
            )
    told = await page(votes.path)
    assert told.table("kudos") == {"2026-01": "5\u00a0000"}
    assert told.headlines[-1] == "5\u00a0000"
    some = await page(votes.path, surface="public")
    assert len(some.headlines) == 4
    assert not [alt for alt in some.alts if "Kudos" in alt]


async def test_the_picture_has_every_plot_and_says_so(votes: VotesFile) -> None:
    votes.data_set()
    votes.vote(votes.rater(), votes.image("a"))
    done = await made(votes.path, name="plots.png", language="de")
    with Image.open(BytesIO(done.path.read_bytes())) as picture:
        assert picture.format == "PNG"
        assert 1000 < picture.width < picture.height < 2500
    assert done.lines[0] == "Bewertungen: 1"
    assert done.alt.count("Noch") == 0
    assert "Gefallen: Bewertungen nach Noten. Am höchsten ist 7 (Note) mit 1" in done.alt


async def test_the_picture_says_what_it_is_of(votes: VotesFile) -> None:
    """In so many lines above the same plots; words in a picture are for eyes."""
    votes.data_set("first")
    votes.data_set("second")
    votes.vote(votes.rater(), votes.image("a"))

    async def picture(selection: Selection) -> Image.Image:
        out = votes.path.with_name("plots.png")
        await service(votes.path).make(out, "en", selection)
        with Image.open(out) as opened:
            return opened.convert("RGB")

    public = Selection(("first",), surface="public")
    alone = await picture(public)
    assert ImageChops.difference(alone, await picture(public)).getbbox() is None
    both = await picture(replace(public, data_sets=("first", "second")))
    assert alone.size == both.size
    changed = ImageChops.difference(alone, both).getbbox()
    assert changed is not None
    assert changed[3] < LINE_HIGH * DOTS + 30, "the line of the data sets, and nothing below it"
    longer = await picture(replace(public, safety="safe"))
    assert longer.height - alone.height == pytest.approx(LINE_HIGH * DOTS, abs=1)


async def test_only_an_earlier_page_gives_way(votes: VotesFile) -> None:
    await made(votes.path)
    await made(votes.path)
    (votes.path.parent / "mine.html").write_text("<p>mine</p>")
    with pytest.raises(StatisticsFailedError) as refused:
        await made(votes.path, name="mine.html")
    assert "stays" in str(refused.value.values["reason"])
    assert (votes.path.parent / "mine.html").read_text() == "<p>mine</p>"
    with pytest.raises(StatisticsFailedError):
        await made(votes.path, name="page.pdf")
    with pytest.raises(StatisticsFailedError):
        await made(votes.path, name="jury.db/page.html")


@pytest.mark.parametrize("name", ["stats.html", "ava/plots.png"])
async def test_nothing_is_added_to_a_release(votes: VotesFile, name: str) -> None:
    release = votes.path.parent / "release"
    release.mkdir()
    (release / RELEASED).write_text("{}")
    with pytest.raises(StatisticsFailedError) as refused:
        await made(votes.path, name=f"release/{name}")
    assert str(refused.value.values["reason"]).startswith(f"{release} is a release")
    assert [path.name for path in release.iterdir()] == [RELEASED]


@pytest.mark.parametrize("home", ["", "/nonexistent/home", "a file"])
async def test_no_home_is_needed_and_none_is_looked_into(
    votes: VotesFile,
    home: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nothing can be made below a file, whoever asks: not even root as in a container."""
    folder = votes.path.parent
    if home == "a file":
        home = str(folder / "home")
        (folder / "home").write_text("")
    monkeypatch.setenv("HOME", home)
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    before = {path.name for path in folder.iterdir()}
    await made(votes.path)
    assert capfd.readouterr().err == ""
    assert {path.name for path in folder.iterdir()} - before == {"page.html"}
    assert not os.path.lexists("/nonexistent")  # noqa: ASYNC240 - a look


async def test_what_a_killed_child_leaves_is_taken_away(votes: VotesFile) -> None:
    folder = votes.path.parent
    left = folder / ".page.html.matplotlib"
    left.mkdir()
    (left / "fontlist.json").write_text("cut o")
    (folder / ".page.html.partial").write_text("cut o")
    done = await made(votes.path)
    assert done.path.read_text().endswith("</html>\n")
    assert not [path for path in folder.iterdir() if path.name.startswith(".page")]


async def test_a_killed_child_leaves_the_earlier_page(votes: VotesFile) -> None:
    before = await made(votes.path)
    text = before.path.read_bytes()
    running = children()
    again = asyncio.create_task(made(votes.path))
    os.kill(await started_child(running), signal.SIGKILL)
    with pytest.raises(StatisticsFailedError, match="statistics_failed"):
        await again
    assert before.path.read_bytes() == text
