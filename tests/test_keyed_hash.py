import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.keyed_hash import KEY_BYTES, KeyedHash

ONE = KeyedHash(b"1" * KEY_BYTES)
OTHER = KeyedHash(b"2" * KEY_BYTES)


def test_a_digest_is_hmac_sha256_of_purpose_and_value() -> None:
    expected = hmac.new(b"1" * KEY_BYTES, b"rater\x007", hashlib.sha256).hexdigest()
    assert ONE.digest("rater", 7) == expected
    assert ONE.digest("rater", "7") == expected


def test_digests_differ_by_key_purpose_and_value() -> None:
    digests = [ONE.digest("a", 1), ONE.digest("b", 1), ONE.digest("a", 2), OTHER.digest("a", 1)]
    assert len(set(digests)) == len(digests)


def test_a_purpose_cannot_reach_into_the_value() -> None:
    with pytest.raises(ValueError, match="NUL"):
        ONE.digest("a\0b", "c")


def test_the_key_is_not_shown() -> None:
    assert "1111" not in repr(ONE)


def test_the_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "hash.key"
    first = KeyedHash.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeyedHash.load_or_create(path) == first
    assert [child.name for child in path.parent.iterdir()] == ["hash.key"]


def test_two_new_keys_differ(tmp_path: Path) -> None:
    first = KeyedHash.load_or_create(tmp_path / "1.key")
    assert first != KeyedHash.load_or_create(tmp_path / "2.key")


def test_many_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        hashes = list(pool.map(KeyedHash.load_or_create, [tmp_path / "hash.key"] * 64))
    assert all(other == hashes[0] for other in hashes)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "hash.key"
    KeyedHash.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=r"^HASH_KEY_FILE: .*chmod 600"):
        KeyedHash.load_or_create(path)


@pytest.mark.parametrize("length", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_file_of_another_length_is_refused_and_kept(tmp_path: Path, length: int) -> None:
    path = tmp_path / "hash.key"
    path.write_bytes(b"x" * length)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="HASH_KEY_FILE"):
        KeyedHash.load_or_create(path)
    assert path.read_bytes() == b"x" * length


def test_nobody_is_told_to_change_the_mode_of_what_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(b"root:x:0:0" * 10)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="must have 32 bytes"):
        KeyedHash.load_or_create(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="HASH_KEY_FILE"):
        KeyedHash.load_or_create(tmp_path / "file" / "hash.key")
