"""The bytes kept with assets: where they may go, and what a broken download leaves behind."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from assetmeta.core.inspection import inspect
from assetmeta.model.errors import BadValue, Misuse, ReadOnly, Unreachable, Unsupported
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.backend.can = replace(bench.backend.can, file_types=frozenset({"Epic"}))
    bench.backend.files[bench.add("Epic:5", Name="log.txt")] = b"as it is now"
    return bench


def test_a_file_is_read_and_replaced_at_once(bench: Bench) -> None:
    epic = bench.Epic(5)
    assert epic.file_data == b"as it is now"
    epic.file_data = b"other"
    inspect(epic).upload(io.BytesIO(b"another"))
    assert epic.file_data == b"another"
    assert bench.requests == 4


def test_a_file_of_the_past_is_read_only(bench: Bench, tmp_path: Path) -> None:
    past = bench.workspace.asset(Oid("Epic", 5, 77))
    (tmp_path / "new.txt").write_bytes(b"overwritten")
    for content in (b"overwritten", io.BytesIO(b"overwritten"), tmp_path / "new.txt"):
        with pytest.raises(ReadOnly, match="as of 77"):
            past.file_data = content
        with pytest.raises(ReadOnly, match="as of 77"):
            inspect(past).upload(content)
    assert bench.requests == 0
    assert bench.backend.files == {Oid("Epic", 5): b"as it is now"}


def test_what_is_no_file_and_who_has_none_is_refused(bench: Bench) -> None:
    with pytest.raises(BadValue, match="bytes, an open binary file or a Path"):
        bench.Epic(5).file_data = "a text"
    with pytest.raises(Unsupported, match="keeps no file with a Story"):
        inspect(bench.Story(1)).upload(b"x")
    with pytest.raises(Misuse, match="commit it"):
        bench.Epic.new(Name="x").file_data = b"x"
    assert bench.requests == 0


@pytest.mark.parametrize("error", [Unreachable("cut off"), KeyboardInterrupt(), OSError("disk full")], ids=repr)
def test_a_download_that_fails_leaves_no_file_behind(bench: Bench, tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "log.txt").write_bytes(b"was here before")
    epic = bench.Epic(5)
    assert epic.Name == "log.txt"

    def broken() -> None:
        raise error

    bench.backend.meanwhile += [broken]
    with pytest.raises(type(error)):
        inspect(epic).save(tmp_path)
    assert {"log.txt": b"was here before"} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert tmp_path / "log-2.txt" == inspect(epic).save(tmp_path)
    assert (tmp_path / "log-2.txt").read_bytes() == b"as it is now"
