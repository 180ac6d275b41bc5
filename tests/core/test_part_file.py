"""Part files: one writer each, continued after a kill, and nobody else's bytes in them."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from assetmeta.core.checksums import Measured
from assetmeta.core.part_file import PartFile, open_part
from assetmeta.core.whole_file import write_whole
from assetmeta.model.http import Earlier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="part files are continued where files can be locked")

HEAD = {"etag": '"v1"', "content-length": "10"}


def left(folder: Path, content: bytes = b"some", head: dict[str, str] | None = None, source: str = "a") -> Path:
    """What a killed process leaves: all that it had written, and no lock."""
    part = open_part(folder, source)
    part.begin(HEAD if head is None else head)
    part.write(content)
    part.close()
    return part.path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_there_for_the_next_one(tmp_path: Path) -> None:
    left(tmp_path)
    with open_part(tmp_path, "a") as part:
        assert Earlier(4, HEAD) == part.earlier()
        assert b"so" == b"".join(part.pieces(2))
        part.resume(3)
        part.write(b"ewhere")
        assert part.earlier() is None
        assert b"somewhere" == b"".join(part.pieces(100))


def test_a_process_that_is_killed_lets_go_of_it(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from assetmeta.core.whole_file import write_whole\n"
        "def fill(sink):\n"
        "    sink.begin({'etag': '\"v1\"'}); sink.write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path(sys.argv[1]), 'log.txt', fill, source='a')"
    )
    found = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert -signal.SIGKILL == found.returncode
    assert 2 == len(names(tmp_path))

    def go_on(sink: BinaryIO) -> None:
        assert isinstance(sink, PartFile)
        assert Earlier(4, {"etag": '"v1"'}) == sink.earlier()
        sink.resume(4)
        sink.write(b" and half")

    assert b"half and half" == write_whole(tmp_path, "log.txt", go_on, source="a").read_bytes()
    assert ["log.txt"] == names(tmp_path)


@pytest.mark.parametrize("source", ["b", ""])
def test_bytes_from_elsewhere_are_another_file(tmp_path: Path, source: str) -> None:
    before = left(tmp_path)
    with open_part(tmp_path, source) as part:
        assert part.path != before
        assert part.earlier() is None


def test_what_is_not_continued_is_written_again(tmp_path: Path) -> None:
    def fill(sink: BinaryIO) -> None:
        sink.write(b"new")

    left(tmp_path, b"much longer than that")
    assert b"new" == write_whole(tmp_path, "log.txt", fill, source="a").read_bytes()
    left(tmp_path)
    assert b"" == write_whole(tmp_path, "log.txt", lambda sink: None, source="a").read_bytes()
    assert ["log-2.txt", "log.txt"] == names(tmp_path)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fill(sink: BinaryIO) -> None:
        assert isinstance(sink, PartFile)
        sink.begin(HEAD)
        sink.write(b"x")
        raise KeyboardInterrupt

    left(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path, "log.txt", fill, source="a")
    assert [] == names(tmp_path)


def test_two_writers_never_share_a_part_file(tmp_path: Path) -> None:
    def fill(sink: BinaryIO) -> None:
        sink.write(b"first ")
        inner = write_whole(tmp_path, "log.txt", lambda other: other.write(b"second"), source="a")
        assert b"second" == inner.read_bytes()
        with open_part(tmp_path, "a") as other:
            assert other.earlier() is None
            other.remove()
        sink.write(b"of two")

    assert b"first of two" == write_whole(tmp_path, "log.txt", fill, source="a").read_bytes()
    assert ["log-2.txt", "log.txt"] == names(tmp_path)


def test_a_file_that_has_its_name_already_is_not_written_to(tmp_path: Path) -> None:
    """A process was killed after it linked the whole file and before it removed the part's name."""
    part = left(tmp_path, b"whole file")
    os.link(part, tmp_path / "log.txt")
    second = write_whole(tmp_path, "log.txt", lambda sink: sink.write(b"second"), source="a")
    assert (b"whole file", b"second") == ((tmp_path / "log.txt").read_bytes(), second.read_bytes())


def test_a_head_goes_when_its_bytes_go(tmp_path: Path) -> None:
    steps: list[Callable[[PartFile], object]] = [
        lambda part: part.begin({}),
        lambda part: part.truncate(0),
        lambda part: part.write(b"x"),
    ]
    for step in steps:
        left(tmp_path)
        with open_part(tmp_path, "a") as part:
            step(part)
            part.write(b"other")
        with open_part(tmp_path, "a") as part:
            assert part.earlier() is None


class TestTrust:
    """Whoever plants a file in a shared folder neither gets bytes into a download nor has one written elsewhere."""

    @pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
    def test_only_regular_files_are_used(self, tmp_path: Path, kind: str) -> None:
        path = left(tmp_path)
        path.unlink()
        victim = tmp_path / "victim"
        if kind == "link":
            victim.write_bytes(b"precious")
            path.symlink_to(victim)
        elif kind == "dangling link":
            path.symlink_to(victim)
        elif kind == "folder":
            path.mkdir()
        else:
            os.mkfifo(path)
        found = write_whole(tmp_path, "log.txt", lambda sink: sink.write(b"mine"), source="a")
        assert b"mine" == found.read_bytes()
        assert victim.exists() is (kind == "link")
        assert kind != "link" or victim.read_bytes() == b"precious"

    @pytest.mark.parametrize("name", ["part", "head"])
    def test_what_others_can_write_is_not_built_upon(self, tmp_path: Path, name: str) -> None:
        path = left(tmp_path)
        (path if name == "part" else path.with_name(f"{path.name}.head")).chmod(0o666)
        with open_part(tmp_path, "a") as part:
            assert path == part.path
            assert part.earlier() is None

    @pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"3"])
    def test_a_head_that_is_none_counts_for_nothing(self, tmp_path: Path, text: bytes) -> None:
        path = left(tmp_path)
        path.with_name(f"{path.name}.head").write_bytes(text)
        with open_part(tmp_path, "a") as part:
            assert part.earlier() is None

    def test_a_head_is_not_read_through_a_link(self, tmp_path: Path) -> None:
        path = left(tmp_path)
        head = path.with_name(f"{path.name}.head")
        head.rename(tmp_path / "elsewhere")
        head.symlink_to(tmp_path / "elsewhere")
        with open_part(tmp_path, "a") as part:
            assert part.earlier() is None


def test_what_measures_a_file_leaves_resuming_to_it(tmp_path: Path) -> None:
    left(tmp_path, b"some")
    digest = hashlib.sha256(b"somewhere").hexdigest()
    with open_part(tmp_path, "a") as part:
        measured = Measured(cast(BinaryIO, part), "sha256")
        assert Earlier(4, HEAD) == measured.earlier()
        assert b"som" == b"".join(measured.pieces(3))
        measured.resume(4)
        measured.write(b"where")
        assert (9, digest) == (measured.size, measured.sum)
        assert b"somewhere" == b"".join(part.pieces(100))
    with open_part(tmp_path, "b") as part:
        Measured(cast(BinaryIO, part)).begin({"etag": '"v2"'})
        part.write(b"else")
        part.close()
    with open_part(tmp_path, "b") as again:
        assert Earlier(4, {"etag": '"v2"'}) == again.earlier()


def test_what_measures_another_sink_has_nothing_to_resume() -> None:
    measured = Measured(io.BytesIO(), "sha256")
    assert (None, []) == (measured.earlier(), list(measured.pieces(3)))
    measured.begin(HEAD)
    measured.resume(4)
    measured.write(b"some")
    assert 4 == measured.size
