"""A text kept on disk: how old and how large it may be."""

from __future__ import annotations

import os

import pytest

from assetmeta.wire import file_cache
from assetmeta.wire.file_cache import FileCache


@pytest.mark.parametrize(
    ("now", "is_there"), [(999.0, False), (1000.0, True), (1060.0, True), (1060.5, False), (1e9, False)]
)
def test_a_text_counts_for_its_age_and_never_before_it_was_written(tmp_path, now, is_there):
    kept = FileCache(tmp_path, "key", 60.0, lambda: now)
    kept.save("text")
    [file] = tmp_path.iterdir()
    os.utime(file, (1000.0, 1000.0))
    assert ("text" if is_there else None) == kept.load()


@pytest.mark.parametrize(("length", "is_there"), [(9, True), (10, True), (11, False)])
def test_a_text_that_is_too_large_is_no_text(tmp_path, monkeypatch, length, is_there):
    monkeypatch.setattr(file_cache, "MAX_BYTES", 10)
    kept = FileCache(tmp_path, "key", 60.0, lambda: next(tmp_path.iterdir()).stat().st_mtime)
    kept.save("x" * length)
    assert ("x" * length if is_there else None) == kept.load()
    assert FileCache(tmp_path, "other", 60.0).load() is None


def test_the_texts_written_last_are_kept(tmp_path):
    for number in range(file_cache.KEPT + 3):
        (tmp_path / f"{number:064x}.json"[-file_cache._NAME - 5 :]).write_text("old")
        os.utime(tmp_path / f"{number:064x}.json"[-file_cache._NAME - 5 :], (number, number))
    (tmp_path / "other.json").write_text("not ours")
    FileCache(tmp_path, "key", 60.0).save("text")
    left = sorted(file.stat().st_mtime for file in tmp_path.iterdir() if file.name != "other.json")
    assert len(left) == file_cache.KEPT
    assert left[: file_cache.KEPT - 1] == [float(number) for number in range(4, file_cache.KEPT + 3)]
    assert (tmp_path / "other.json").exists()
