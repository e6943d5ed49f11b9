"""Checks of this machine: settings, database, media folder, hash key."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from bot.doctor.checks import Check, failed, note, ok
from bot.errors import SettingsError
from bot.keyed_hash import KeyedHash
from bot.settings import Settings, unknown_names
from storage import ledger, payout_list, payout_restore
from storage.errors import StorageError
from storage.health import examine
from storage.payout_file import PayoutFile

MEBIBYTE = 2**20

_LIST_FAULTS: Final = {
    "list_missing": "is missing",
    "list_shorter": "is shorter than it was",
    "list_changed": "is another one than was written",
}


def check_settings(settings: Settings) -> Iterator[Check]:
    """Say which settings without a default are still empty; wrong ones never get this far."""
    wanted = {
        "HOME_GUILD_ID": "moderators' and operators' commands need it: set your server's id",
        "OPERATOR_IDS": "nobody may use operators' commands: set your own Discord id",
        "MODERATOR_ROLE_ID": "nobody may use moderators' commands: set the role's id",
        "ALERT_CHANNEL_ID": "alerts are shown nowhere: set a channel's id",
    }
    empty = [name for name in wanted if not getattr(settings, name.lower())]
    for name in empty:
        yield note("settings", f"{name} is empty", wanted[name])
    unknown = unknown_names()
    for sentence in unknown:
        yield note("settings", sentence, "correct the name or take the line away")
    if not empty and not unknown:
        yield ok("settings", "complete")


def check_database(path: Path) -> Check:
    """Examine the database file; one that is not there yet is made at the first start."""
    name = "database"
    if not path.exists():
        return note(name, f"{path} is not there yet", "the first import or start makes it")
    try:
        health = examine(path)
    except StorageError as error:
        return failed(name, str(error), "see that this account may write the file and its folder")
    if health.damage:
        return failed(name, f"damaged: {health.damage}", "restore the last backup")
    size = f"{health.size / MEBIBYTE:,.1f} MiB"
    if health.pending:
        return note(name, f"{health.pending} migrations to come, {size}", "run: jury db upgrade")
    return ok(name, f"schema {health.version}, intact, writable, {size}")


def check_ledger(connection: Connection) -> Iterator[Check]:
    """Say whether awards and payouts agree, and each way in which they do not."""
    faults = ledger.imbalances(connection)
    for sentence in faults:
        advice = "pause payouts with /kudos, keep a copy of the database, and report it"
        yield failed("ledger", sentence, advice)
    if not faults:
        awards, payouts = ledger.counts(connection)
        yield ok("ledger", f"{awards:,} awards, {payouts:,} payouts, balanced")


def check_lost(connection: Connection) -> Iterator[Check]:
    """Say what a restored backup was too old for."""
    number, kudos = payout_restore.lost(connection)
    if number:
        yield note(
            "restored backup",
            f"{number:,} payouts of {kudos:,} kudos were sent to raters whom it does not have",
            "they may earn for the same images once more: nothing prevents it",
        )


def check_list(connection: Connection, path: Path) -> Check:
    """Say whether the list of payouts beside the database is the one that was written."""
    name, file = "list of payouts", PayoutFile(path)
    try:
        fault = payout_list.fault(connection, file)
    except StorageError as error:
        return failed(
            name, str(error), "let this account read and write it: nothing is paid before"
        )
    if fault is None:
        return ok(name, f"{file.path.name}, {file.size():,} bytes")
    found = f"{file.path} {_LIST_FAULTS[fault]}"
    return failed(name, found, "put the right one back; /kudos says what resuming without it means")


def check_media(settings: Settings) -> Check:
    """Write a file to the media folder and look at the space that the cache may take."""
    name, folder = "media folder", settings.media_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"jury")
        free = shutil.disk_usage(folder).free // MEBIBYTE
    except OSError as error:
        return failed(name, f"{folder}: {error.strerror}", "let this account write to MEDIA_DIR")
    if free < settings.media_cache_mebibytes:
        return note(
            name,
            f"{folder} has {free:,} MiB free",
            f"the cache may grow to MEDIA_CACHE_MEBIBYTES={settings.media_cache_mebibytes}",
        )
    return ok(name, f"{folder} is writable, {free:,} MiB free")


def check_hash_key(path: Path) -> Check:
    """Read the hash key; one that is not there yet is made at the first start."""
    if not path.exists():
        return note(
            "hash key",
            f"{path} is not there",
            "a new database's first start makes it; one with raters needs your copy back",
        )
    try:
        KeyedHash.load_or_create(path)
    except SettingsError as error:
        return failed("hash key", str(error), "put the right file back, with mode 0600")
    return ok("hash key", f"{path} can be read by this account alone")
