"""Puts the sample pictures where an import can find them."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bot.demo.pictures.gallery import RESTRICTED, SAFE, SAMPLES, Sample

SAFE_FOLDER = "safe"
RESTRICTED_FOLDER = "restricted"


def _write(key: str, path: Path) -> None:
    """Draw one sample to `path`; a killed program leaves no half picture under that name."""
    half = path.with_suffix(".part")
    SAMPLES[key].draw().save(half, "PNG")
    half.replace(path)


def _missing(folder: Path, samples: tuple[Sample, ...]) -> list[tuple[str, Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = []
    for sample in samples:
        path = folder / f"{sample.key}.png"
        path.with_suffix(".json").write_text(json.dumps({"prompt": sample.prompt}), "utf-8")
        if not path.exists():
            wanted.append((sample.key, path))
    return wanted


def write_samples(folder: Path) -> None:
    """Draw the pictures that `folder` lacks: `safe` and `restricted` ones in folders so named.

    Takes about four seconds of two cores the first time and nothing afterwards.
    """
    wanted = _missing(folder / SAFE_FOLDER, SAFE) + _missing(folder / RESTRICTED_FOLDER, RESTRICTED)
    if not wanted:
        return
    # Ctrl-C reaches the workers too; only the program itself decides what becomes of it.
    with ProcessPoolExecutor(
        min(4, os.cpu_count() or 1),
        get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        list(pool.map(_write, *zip(*wanted, strict=True)))
