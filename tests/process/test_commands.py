"""The commands, as an operator or a script uses them."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.keyed_hash import KeyedHash
from tests.datasets.imports.votes.bringing import row, write
from tests.process.jury import Home
from tests.process.seed import draw
from tests.trust.scored import Shape, change, make

pytestmark = pytest.mark.process


@pytest.fixture
def alone(tmp_path: Path) -> Home:
    """Return an installation that talks to nobody."""
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "command"),
    [
        ("VOTES_PER_IMAGE", "none", ("dataset", "list")),
        ("DATABASE_URL", "postgresql://jury", ("db", "upgrade")),
        ("DISCORD_API_URL", "http://discord.example/api", ("run",)),
        ("OPERATOR_IDS", "me", ("doctor",)),
        ("DISCORD_TOKEN", "", ("run",)),
    ],
)
async def test_a_wrong_setting_is_named_in_one_line(
    alone: Home, variable: str, value: str, command: tuple[str, ...]
) -> None:
    finished = await alone.command(*command, **{variable: value})
    assert finished.code == 2
    assert finished.out == ""
    (line,) = finished.err.splitlines()
    assert variable in line


async def test_pictures_in_and_a_table_out(alone: Home) -> None:
    draw(alone.folder / "pictures", 3)
    first = await alone.command("import", "folder", "pictures", "--dataset", "drawn", "--json")
    again = await alone.command("import", "folder", "pictures", "--dataset", "drawn", "--json")
    assert [json.loads(each.out)["added"] for each in (first, again)] == [3, 0]

    listed = await alone.command("dataset", "list", "--json")
    assert [each["name"] for each in json.loads(listed.out)] == ["drawn"]

    exported = await alone.command("export", "horde", "out", "--json")
    assert exported.code == 0
    path = Path(json.loads(exported.out)["path"])
    assert path == alone.folder / "out" / "drawn_export.parquet"
    assert len(pd.read_parquet(path).columns) == 14


async def test_other_formats_and_a_selection_come_out(alone: Home) -> None:
    draw(alone.folder / "pictures", 1)
    await alone.command("import", "folder", "pictures", "--dataset", "drawn")
    with closing(sqlite3.connect(alone.database)) as connection, connection:
        connection.execute("INSERT INTO client_agents (name) VALUES ('jury')")
        for number, at in ((1, 1_767_225_600_000_000), (2, 1_767_312_000_000_000)):
            connection.execute("INSERT INTO raters (number, first_seen_at) VALUES (?, 0)", [number])
            connection.execute(
                "INSERT INTO votes (rater, image_id, aesthetic, aesthetic_at, post_id, surface,"
                " locale, client_agent_id, shown_at, created_at, changed_at)"
                " VALUES (?, 1, ?, ?, 1, 'private', 'en', 1, ?, ?, ?)",
                (number, number, at, at, at, at),
            )

    async def ratings(*options: str) -> list[int]:
        done = await alone.command("export", "votes", "votes.csv", "--json", *options)
        assert done.code == 0, done.err
        assert Path(json.loads(done.out)["path"]) == alone.folder / "votes.csv"
        return sorted(pd.read_csv(alone.folder / "votes.csv")["aesthetic"])

    assert await ratings() == [1, 2]
    assert await ratings("--since", "2026-01-02", "--surface", "private") == [2]
    assert await ratings("--until", "2026-01-02T00:00:00", "--data-set", "drawn") == [1]
    assert await ratings("--minimum-votes", "3", "--no-scores") == []
    assert await ratings("--linked-only") == await ratings("--safe", "yes") == []
    with closing(sqlite3.connect(alone.database)) as connection, connection:
        connection.execute("UPDATE votes SET horde_kudos = 1, horde_account_age = 1,"
            " horde_usage_requests = 1, horde_trusted = 0")  # fmt: skip
        connection.execute("UPDATE raters SET status = 'validated' WHERE number = 2")
    assert await ratings("--linked-only") == [1, 2]
    assert await ratings("--linked-only", "--raters", "validated") == [2]
    scores = await alone.command("export", "scores", "--as", "jsonl", "--json")
    path = alone.database.parent / "exports" / "drawn_scores.jsonl"
    counts = {"rows": 1, "images": 1, "unreadable": 0, "changed": 0, "hidden": 0}
    assert json.loads(scores.out) == {"path": str(path), "bytes": path.stat().st_size, **counts}
    assert json.loads(path.read_text())["votes"] == 2
    folder = await alone.command("export", "prepared", "parquets")
    assert (folder.code, len(list((alone.folder / "parquets").glob("*.parquet")))) == (0, 3)


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "never"),
        ("--minimum-votes", "0"),
        ("--minimum-reliability", "1.1"),
        ("--raters", "banned"),
        ("--surface", "mail"),
        ("--as", "xlsx"),
    ],
)
async def test_a_selection_that_makes_no_sense_is_wrong_use(
    alone: Home, options: tuple[str, ...]
) -> None:
    finished = await alone.command("export", "votes", *options)
    assert finished.code == 2
    assert "Traceback" not in finished.err


VOTES_IN = ("import", "votes", "nowhere", "--dataset", "drawn", "--format")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((*VOTES_IN, "ava", "--low", "0", "--rater-column", "who"), "--low, --rater-column: of"),
        ((*VOTES_IN, "horde", "--created-at-column", "at"), "--created-at-column: of --format csv"),
        ((*VOTES_IN, "sac", "--high", "10"), "--high: of --format csv"),
        (("release", "nowhere", "--verify", "--images", "parquet"), "--images: says what to"),
        (("release", "nowhere", "--verify", "--images", "none"), "--images: says what to"),
        (("import", "hf", ".", "--dataset", "a", "--safe-up-to", "0.2"), "needs --unsafe-column"),
        (("export", "horde", "--folder", "demo"), "--folder: is the demo's and needs --demo"),
    ],
)
async def test_options_that_would_change_nothing_are_refused(
    alone: Home, command: tuple[str, ...], said: str
) -> None:
    refused = await alone.command(*command)
    assert (refused.code, refused.out) == (2, "")
    assert said in " ".join(refused.err.replace("│", " ").split())
    assert not alone.database.exists()


async def test_grants_and_targets_change_what_the_list_says(alone: Home) -> None:
    draw(alone.folder / "pictures", 1)
    await alone.command("import", "folder", "pictures", "--dataset", "drawn")
    await alone.command("dataset", "grant", "drawn", "77")
    await alone.command("dataset", "grant", "drawn", "78")
    await alone.command("dataset", "revoke", "drawn", "77")
    await alone.command("dataset", "target", "drawn", "9")
    (listed,) = json.loads((await alone.command("dataset", "list", "--json")).out)
    assert (listed["target"], listed["servers"]) == (9, ["78"])
    audited = alone.rows("SELECT actor, action FROM audit_log ORDER BY id")
    assert audited == [
        ("operator", f"data_set.{action}") for action in ("grant", "grant", "revoke", "target")
    ]


async def test_prices_belong_to_the_data_set_until_they_are_given_up(alone: Home) -> None:
    draw(alone.folder / "pictures", 1)
    await alone.command("import", "folder", "pictures", "--dataset", "drawn")
    prices = ("dataset", "prices", "drawn", "--json")

    async def said(*options: str) -> dict[str, int]:
        answer: dict[str, int] = json.loads((await alone.command(*prices, *options)).out)
        return answer

    assert await said() == {"aesthetic": 5, "artifacts": 5}
    assert await said("--artifacts", "0") == {"aesthetic": 5, "artifacts": 0}
    assert await said("--aesthetic", "9") == {"aesthetic": 9, "artifacts": 0}
    assert await said("--default", "--artifacts", "2") == {"aesthetic": 5, "artifacts": 2}
    (listed,) = json.loads((await alone.command("dataset", "list", "--json")).out)
    assert listed["kudos"] == {"aesthetic": 5, "artifacts": 2}
    assert "kudos 5 for aesthetic, 2 for artifacts" in (await alone.command("dataset", "list")).out
    audited = alone.rows("SELECT details FROM audit_log WHERE action = 'data_set.prices'")
    assert len(audited) == 3
    assert (await alone.command("dataset", "prices", "drawn", "--aesthetic", "1001")).code == 2


async def test_votes_of_another_collection_in(alone: Home) -> None:
    write(alone.folder / "theirs.parquet", [row(n) for n in range(9)] + [row(9, rating=11)])
    command = ("import", "votes", "theirs.parquet", "--format", "horde", "--dataset", "drawn")
    first, again = await alone.command(*command), await alone.command(*command, "--json")
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines()[:5] == [
        "data set: drawn", "collection: horde", "read: 10", "new: 9", "already there: 0",
    ]  # fmt: skip
    assert first.out.splitlines()[-1] == "  row 10, column rating: 11"
    said = json.loads(again.out)
    assert (said["added"], said["already_there"], said["left_out"][0]["count"]) == (0, 9, 1)
    assert alone.rows("SELECT count(*) FROM votes") == [(0,)]
    await alone.command("export", "horde", "all.parquet", "--with-imported")
    assert len(pd.read_parquet(alone.folder / "all.parquet")) == 9
    refused = await alone.command("export", "scores", "scores.parquet", "--with-imported")
    assert refused.code == 1
    assert "drawn has none of the images that the imported votes are on" in refused.err
    listed = await alone.command("import", "list-votes")
    assert listed.out == "drawn: horde, 9 votes from 1 to 10, as horde files\n"
    unknown = await alone.command("import", "remove-votes", "hoard", "--dataset", "drawn")
    assert unknown.err == "jury: drawn has no imported collection hoard; there is: horde\n"
    removed = await alone.command("import", "remove-votes", "horde", "--dataset", "drawn", "--json")
    assert json.loads(removed.out)["removed"] == 9
    assert (await alone.command("import", "list-votes")).out.startswith("no imported votes yet")
    assert alone.rows("SELECT count(*) FROM imported_votes") == [(0,)]


async def test_votes_of_a_table_with_other_names_in(alone: Home) -> None:
    (alone.folder / "study.csv").write_text("who,picture,stars\nann,a,-2\nbob,a,3\n")
    command = ("import", "votes", "study.csv", "--format", "csv", "--dataset", "drawn", "--json")
    named = ("--rater-column", "who", "--item-column", "picture", "--score-column", "stars")
    refused = await alone.command(*command)
    assert (refused.code, refused.out) == (1, "")
    assert "study.csv has no column" in refused.err
    done = await alone.command(*command, *named, "--low", "-2", "--high", "2")
    said = json.loads(done.out)
    assert (said["collection"], said["added"]) == ("study", 1)
    assert said["left_out"][0]["names"] == ["row 3, column stars: '3'"]
    assert (await alone.command(*command, "--low", "7", "--high", "7")).code == 1


async def test_a_table_that_is_damaged_inside_tells_what_was_imported(alone: Home) -> None:
    draw(alone.folder / "pictures", 2)
    names = sorted(path.name for path in (alone.folder / "pictures").iterdir())
    table = alone.folder / "pictures" / "metadata.csv"
    table.write_text("".join(f"{line}\n" for line in ["file_name", *names]) + '"open')
    ended = await alone.command("import", "hf", "pictures", "--dataset", "drawn")
    assert (ended.code, ended.out) == (1, "")
    *summary, error = ended.err.splitlines()
    assert summary[:3] == ["data set: drawn", "read: 2", "added: 2 (0 safe, 2 not)"]
    assert error.startswith("jury: metadata.csv cannot be read after line 3")
    assert error.endswith(
        "; what came before is kept; once that is mended the same command goes on with the rest"
    )


@pytest.mark.parametrize(
    "command",
    [
        ("import", "votes", "nowhere", "--format", "horde", "--dataset", "drawn"),
        ("import", "votes", "hash.key", "--format", "horde", "--dataset", "drawn"),
        ("dataset", "grant", "unknown", "77"),
        ("dataset", "prices", "unknown", "--default"),
        ("dataset", "target", "unknown", "3"),
        ("export", "horde", "out"),
        ("export", "horde", "out", "--dataset", "unknown"),
        ("erase", "4711"),
        ("import", "folder", "nowhere", "--dataset", "drawn"),
        ("import", "diffusiondb", "nowhere"),
        ("import", "hf", "nowhere", "--dataset", "drawn"),
        ("import", "hf", "empty", "--dataset", "drawn"),
        ("import", "imagerewarddb", "empty"),
        ("import", "laion", "nowhere.parquet", "--dataset", "laion"),
        ("backup", "jury.db"),
        ("backup", "nowhere/copy.db"),
        ("import", "folder", "empty", "--dataset", "drawn"),
        ("export", "horde", "hash.key"),
        ("demo", "--folder", ".", "--headless", "--for", "1"),
    ],
)
async def test_a_refusal_is_one_line_and_code_one(alone: Home, command: tuple[str, ...]) -> None:
    await alone.command("db", "upgrade")
    (alone.folder / "empty").mkdir()
    finished = await alone.command(*command)
    assert finished.code == 1
    assert finished.out == ""
    (line,) = finished.err.splitlines()
    assert line.startswith("jury: ")


async def test_a_backup_is_a_database_of_its_own(alone: Home) -> None:
    await alone.command("db", "upgrade")
    assert (await alone.command("backup", "copy.db")).code == 0
    listed = await alone.command("dataset", "list", DATABASE_URL="sqlite:///copy.db")
    assert listed.code == 0


async def test_an_upgrade_says_what_it_did_and_then_nothing_more(alone: Home) -> None:
    first = await alone.command("db", "upgrade")
    second = await alone.command("db", "upgrade")
    assert "applied 0001 core" in first.out
    assert "up to date" in second.out


async def test_an_unknown_data_set_is_named_with_those_that_there_are(alone: Home) -> None:
    draw(alone.folder / "pictures", 1)
    await alone.command("import", "folder", "pictures", "--dataset", "drawn")
    for command in (
        ("dataset", "grant", "drwan", "7"),
        ("export", "horde", "out", "--dataset=drwan"),
    ):
        finished = await alone.command(*command)
        assert finished.err.strip() == "jury: there is no data set drwan; there is: drawn"


async def test_erase_says_which_kudos_are_forfeited(alone: Home) -> None:
    draw(alone.folder / "pictures", 1)
    await alone.command("import", "folder", "pictures", "--dataset", "drawn")
    with closing(sqlite3.connect(alone.database)) as connection, connection:
        connection.execute("INSERT INTO raters (discord_id, first_seen_at) VALUES (4711, 1)")
        connection.execute(
            "INSERT INTO awards (rater, image_id, scale, amount, earned_at)"
            " VALUES (1, 1, 'aesthetic', 7, 2)"
        )
        connection.execute("INSERT INTO award_days VALUES (0, 7)")
    erased = await alone.command("erase", "4711")
    assert "kudos forfeited: 7\nkudos under way: 0" in erased.out
    assert alone.rows("SELECT standing FROM awards") == [("forfeited",)]


@pytest.mark.parametrize("command", [("dataset", "grant", "drawn"), ("erase",)])
async def test_an_id_that_discord_cannot_give_is_wrong_use(
    alone: Home, command: tuple[str, ...]
) -> None:
    finished = await alone.command(*command, str(2**63))
    assert finished.code == 2
    assert "Traceback" not in finished.err


async def test_the_votes_of_a_demo_come_out(alone: Home) -> None:
    demo = await alone.command("demo", "--headless", "--for", "2", "--raters", "6")
    assert demo.code == 0, demo.err
    anew = demo.out.splitlines()[-1]
    assert anew.endswith("jury export horde votes.parquet --demo")
    hint = await alone.command("export", "horde", "votes.parquet")
    assert (hint.code, hint.err.strip()[-16:]) == (1, "horde OUT --demo")
    assert (await alone.command("export", "horde", "votes.parquet", "--demo")).code == 0
    assert len(pd.read_parquet(alone.folder / "votes.parquet")) > 0


@pytest.mark.parametrize("loaded", ["typer", "aiohttp", "bot.client", "bot.cli"])
async def test_an_early_ctrl_c_is_quiet(alone: Home, loaded: str) -> None:
    more = {"DISCORD_API_URL": "http://127.0.0.1:9", "PYTHONPROFILEIMPORTTIME": "1"}
    process = await alone.spawn("run", **more)
    assert process.stderr is not None
    async for line in process.stderr:  # Python tells each module there once it is loaded
        if line.decode().split("|")[-1].strip() == loaded:
            break
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert b"Traceback" not in err


async def test_the_list_says_how_many_images_there_are_and_how_many_are_safe(alone: Home) -> None:
    draw(alone.folder / "all", 3)
    draw(alone.folder / "safe" / "more", 2)
    for path in (alone.folder / "safe" / "more").iterdir():
        path.rename(path.with_name(f"more-{path.name}"))
    await alone.command("import", "folder", "all", "--dataset", "drawn")
    await alone.command("import", "folder", "safe", "--dataset", "drawn", "--safe")
    listed = await alone.command("dataset", "list")
    assert listed.out.startswith("drawn: 5 images (2 safe), 0 full, 0 begun; target 5 votes")


async def test_links_into_the_own_network_are_refused(alone: Home) -> None:
    """The program as it is delivered goes to no address of this machine or its network."""
    links = [
        "http://127.0.0.1/a.png", "http://localhost/a.png", "http://[::1]/a.png",
        "http://169.254.169.254/latest/meta-data/", "http://2130706433/a.png", "http://10.0.0.1/",
        "http://127.0.0.1:8080/a.png", "file:///etc/passwd",
    ]  # fmt: skip
    pq.write_table(pa.table({"URL": links, "TEXT": links}), alone.folder / "links.parquet")
    done = await alone.command("import", "laion", "links.parquet", "--dataset", "laion", "--json")
    summary = json.loads(done.out)
    assert (summary["read"], summary["added"]) == (8, 0)
    assert {each["reason"]: each["count"] for each in summary["left_out"]} == {
        "refused_address": 6,
        "wrong_link": 2,
    }


async def test_ctrl_c_in_an_import_says_what_is_kept(alone: Home) -> None:
    draw(alone.folder / "pictures", 2000)
    process = await alone.spawn("import", "folder", "pictures", "--dataset", "drawn")
    async with asyncio.timeout(30):
        while not (alone.database.exists() and _has_images(alone)):  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert err.decode().splitlines()[-1].startswith("jury: interrupted; what was imported so far")
    again = await alone.command("import", "folder", "pictures", "--dataset", "drawn", "--json")
    assert 0 < json.loads(again.out)["already_there"] < 2000


def _has_images(home: Home) -> bool:
    try:
        return home.rows("SELECT count(*) FROM images") != [(0,)]
    except sqlite3.OperationalError:  # not migrated yet
        return False


def crowd(home: Home) -> None:
    """Let people vote on a data set."""
    KeyedHash.load_or_create(home.folder / "hash.key")
    make(home.database, Shape(raters=20, each=20, panel=4, data_sets=1))


async def test_scores_of_the_database_are_made_and_said(alone: Home) -> None:
    crowd(alone)
    said = await alone.command("scores")
    assert said.code == 0
    assert "aesthetic votes: 400" in said.out.splitlines()
    assert alone.rows("SELECT count(*) FROM image_scores") == [(200,)]
    again = await alone.command("scores", "--json")
    assert json.loads(again.out)["artifacts"] == {
        "votes": 400, "images": 100, "raters": 20, "held": 0,
        "images_written": 0, "raters_written": 0,
    }  # fmt: skip


async def test_scores_need_a_database_or_a_whole_table(alone: Home) -> None:
    nothing = await alone.command("scores")
    assert (nothing.code, nothing.out) == (1, "")
    assert len(nothing.err.splitlines()) == 1
    half = await alone.command("scores", "--votes", "votes.csv", "--low", "1")
    assert half.code == 2
    assert "--high, --out" in half.err


async def test_an_export_scores_first_and_goes_on_where_that_fails(alone: Home) -> None:
    crowd(alone)
    without = await alone.command("export", "horde", "out", "--no-scores")
    assert (without.code, without.err) == (0, "")
    assert alone.rows("SELECT count(*) FROM score_runs") == [(0,)]
    scored = await alone.command("export", "horde", "out")
    assert (scored.code, scored.err) == (0, "")
    assert alone.rows("SELECT count(*) FROM image_scores") == [(200,)]
    change(alone.database, "ALTER TABLE image_scores RENAME TO away")
    change(
        alone.database,
        "INSERT INTO vote_history (rater, image_id, action, at) VALUES (1, 1, 'given', 1)",
    )
    change(alone.database, "UPDATE score_runs SET seen_at = 0")
    failed = await alone.command("export", "horde", "out", "--json")
    assert failed.code == 0
    assert json.loads(failed.out)["rows"] == 400
    assert "no such table" in failed.err
