"""The sample pictures: enough of them, all different, the same every time."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from PIL import Image

from bot.demo.pictures.folder import RESTRICTED_FOLDER, SAFE_FOLDER, write_samples
from bot.demo.pictures.gallery import RESTRICTED, SAFE, SAMPLES
from bot.rating.scales import AESTHETIC, ARTIFACTS


def _shape(path: Path) -> tuple[int, ...]:
    """Return a small fingerprint of what the eye sees."""
    with Image.open(path) as picture:
        return tuple(picture.convert("L").resize((8, 8)).tobytes())


def test_there_are_enough_pictures_for_both_kinds_of_channels() -> None:
    assert len(SAFE) >= 24
    assert len(RESTRICTED) >= 6
    assert len(SAMPLES) == len(SAFE) + len(RESTRICTED)


def test_every_sample_has_a_prompt_and_believable_properties() -> None:
    for sample in SAMPLES.values():
        assert len(sample.prompt) > 10, sample.key
        assert AESTHETIC.low <= sample.beauty <= AESTHETIC.high
        assert ARTIFACTS.low <= sample.spoilt <= ARTIFACTS.high
        assert (sample.flaw is None) == (sample.spoilt < 1), sample.key
    assert len({sample.prompt for sample in SAMPLES.values()}) == len(SAMPLES)


def test_the_folder_holds_every_picture_with_its_prompt(pictures: Path) -> None:
    for name, samples in ((SAFE_FOLDER, SAFE), (RESTRICTED_FOLDER, RESTRICTED)):
        assert {path.stem for path in (pictures / name).glob("*.png")} == {s.key for s in samples}
        for sample in samples:
            beside = json.loads((pictures / name / f"{sample.key}.json").read_text("utf-8"))
            assert beside == {"prompt": sample.prompt}


def test_no_two_pictures_look_alike(pictures: Path) -> None:
    shapes = {path.stem: _shape(path) for path in pictures.rglob("*.png")}
    keys = sorted(shapes)
    for index, first in enumerate(keys):
        for second in keys[:index]:
            pairs = zip(shapes[first], shapes[second], strict=True)
            assert sum(abs(a - b) for a, b in pairs) > 64, (first, second)


def test_a_picture_is_the_same_every_time(pictures: Path) -> None:
    for key in ("cherry-tree", "torn-peaks", "julia-ember"):
        again = hashlib.sha256(SAMPLES[key].draw().tobytes()).digest()
        with Image.open(pictures / SAFE_FOLDER / f"{key}.png") as picture:
            assert hashlib.sha256(picture.tobytes()).digest() == again


def test_what_is_drawn_already_is_not_drawn_again(pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(pictures, folder)
    kept = folder / SAFE_FOLDER / "fern.png"
    lost = folder / SAFE_FOLDER / "ribbons.png"
    before = kept.stat().st_mtime_ns
    lost.unlink()
    write_samples(folder)
    assert lost.exists()
    assert kept.stat().st_mtime_ns == before
