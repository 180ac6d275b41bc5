"""The bytes kept with assets: where they may go, and what a broken download leaves behind."""

from __future__ import annotations

import errno
import hashlib
import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from assetmeta.core.attachments import download, expected_of
from assetmeta.core.checksums import Expected, Measured, known_digest
from assetmeta.core.inspect import inspect
from assetmeta.model.errors import BadValue, InvalidResponse, ReadOnly, Unreachable, Unsupported, UsageError
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
    past = bench.context.asset(Oid("Epic", 5, 77))
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
    with pytest.raises(UsageError, match="commit it"):
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


def test_bytes_in_memory_are_bounded_and_files_are_not(bench: Bench, tmp_path: Path) -> None:
    oid = Oid("Epic", 5)
    bench.backend.files[oid] = b"x" * 1000
    assert 1000 == len(bench.Epic(5).file_data)
    bench.backend.files[oid] = b"x" * 1001
    with pytest.raises(InvalidResponse, match=r"Epic:5: .*larger than max_bytes=1000.*save"):
        bench.Epic(5).file_data
    assert 1001 == inspect(bench.Epic(5)).save(tmp_path).stat().st_size
    sink = io.BytesIO()
    inspect(bench.Epic(5)).download(sink)
    assert 1001 == len(sink.getvalue())


def test_bytes_are_compared_with_what_is_loaded_of_them(bench: Bench, tmp_path: Path) -> None:
    bench.backend.file_facts = {"size": "Estimate", "sha256": "Name"}
    content = bench.backend.files[Oid("Epic", 5)]
    digest = hashlib.sha256(content).hexdigest()
    story = bench.Epic(5)
    for known in (Expected(), Expected(len(content)), Expected(None, ("sha256", digest))):
        measured = Measured(io.BytesIO(), "sha256")
        measured.write(content)
        measured.check(known, "Epic:5")
    assert Expected() == expected_of(story)
    bench.backend.assets[Oid("Epic", 5)] = {"Name": digest.upper()}
    assert story.Name
    assert Expected(None, ("sha256", digest)) == expected_of(story)
    assert inspect(story).save(tmp_path).read_bytes() == content
    bench.backend.files[Oid("Epic", 5)] = b"damaged"
    with pytest.raises(InvalidResponse, match="Epic:5: the sha256"):
        inspect(story).save(tmp_path)
    assert [content] == [path.read_bytes() for path in tmp_path.iterdir()]


def test_a_wrong_size_is_an_error() -> None:
    measured = Measured(io.BytesIO())
    measured.write(b"four")
    for size in (3, 5):
        with pytest.raises(InvalidResponse, match=f"Datum:1: 4 bytes came of {size}"):
            measured.check(Expected(size), "Datum:1")
    measured.check(Expected(4), "Datum:1")


def test_the_most_trustworthy_checksum_counts() -> None:
    assert ("sha256", "ab") == known_digest({"md5": "cd", "sha256": "AB", "sha1": "ef"})
    assert ("sha1", "ef") == known_digest({"md5": "cd", "sha256": "", "sha1": "ef"})
    assert ("md5", "cd") == known_digest({"md5": "cd", "sha256": None})
    assert known_digest({}) is None


def test_a_download_into_a_file_that_is_full_names_it(bench: Bench, tmp_path: Path) -> None:
    class Full(io.BytesIO):
        name = str(tmp_path / "mine.bin")

        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        download(bench.Epic(5), Full())
    assert str(tmp_path / "mine.bin") == caught.value.filename


class TestMeasured:
    def test_it_goes_back_to_where_the_sink_stood(self) -> None:
        sink = io.BytesIO(b"head")
        sink.seek(4)
        seen: list[int] = []
        measured = Measured(sink, "md5", seen.append)
        measured.write(b"half")
        assert 0 == measured.seek(0)
        measured.truncate()
        assert b"head" == sink.getvalue()
        measured.write(b"whole")
        assert 5 == measured.truncate()
        assert (b"headwhole", [4, 5], 5) == (sink.getvalue(), seen, measured.tell())
        assert hashlib.md5(b"whole").hexdigest() == measured.sum

    def test_it_goes_nowhere_else(self) -> None:
        measured = Measured(io.BytesIO())
        for place, whence in ((1, io.SEEK_SET), (0, io.SEEK_END)):
            with pytest.raises(io.UnsupportedOperation):
                measured.seek(place, whence)

    def test_it_cannot_go_back_where_the_sink_cannot(self) -> None:
        class Pipe:
            def write(self, data: bytes) -> int:
                return len(data)

        class Once(Pipe):
            def seekable(self) -> bool:
                return False

        assert not Measured(Once()).seekable()  # type: ignore[arg-type]
        measured = Measured(Pipe())  # type: ignore[arg-type]
        assert not measured.seekable()
        with pytest.raises(io.UnsupportedOperation):
            measured.seek(0)
