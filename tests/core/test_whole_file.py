"""Files appear under their names whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from assetmeta.core import whole_file
from assetmeta.core.whole_file import naming, numbered, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def writing(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda sink: sink.write(content)


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    def fill(sink: BinaryIO) -> None:
        sink.write(b"some of it")
        [part] = names(tmp_path)
        assert part.startswith(".")
        assert part.endswith(".part")

    assert tmp_path / "log.txt" == write_whole(tmp_path, "log.txt", fill)
    assert ["log.txt"] == names(tmp_path)
    assert b"some of it" == (tmp_path / "log.txt").read_bytes()


@pytest.mark.parametrize("replace", [False, True])
def test_a_killed_process_leaves_nothing_under_the_name(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "log.txt").write_bytes(b"was here before")
    program = (
        "import os, signal, sys; from pathlib import Path; from assetmeta.core.whole_file import write_whole\n"
        "def fill(sink):\n"
        "    sink.write(b'x' * 100_000); sink.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_whole(Path(sys.argv[1]), 'log.txt', fill, replace={replace})"
    )
    found = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert -signal.SIGKILL == found.returncode
    assert [b"was here before"] == [path.read_bytes() for path in tmp_path.glob("log*")]
    assert ["log.txt"] == [name for name in names(tmp_path) if not name.endswith(".part")]


@pytest.mark.parametrize("linked", [True, False], ids=["links", "no links"])
def test_what_somebody_puts_there_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    if not linked:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))

    def fill(sink: BinaryIO) -> None:
        sink.write(b"mine")
        (tmp_path / "theirs").write_bytes(b"theirs")
        (tmp_path / "theirs").rename(tmp_path / "log.txt")

    assert tmp_path / "log-2.txt" == write_whole(tmp_path, "log.txt", fill)
    assert [b"mine", b"theirs"] == [(tmp_path / name).read_bytes() for name in ("log-2.txt", "log.txt")]
    assert ["log-2.txt", "log.txt"] == names(tmp_path)


def test_what_somebody_puts_there_meanwhile_is_not_deleted_by_a_failure(tmp_path: Path) -> None:
    def fill(sink: BinaryIO) -> None:
        (tmp_path / "log.txt").write_bytes(b"theirs")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path, "log.txt", fill)
    assert ["log.txt"] == names(tmp_path)


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"before")

    def fill(sink: BinaryIO) -> None:
        sink.write(b"after")
        sink.flush()
        assert b"before" == (tmp_path / "log.txt").read_bytes()

    assert tmp_path / "log.txt" == write_whole(tmp_path, "log.txt", fill, replace=True)
    assert [b"after"] == [path.read_bytes() for path in tmp_path.iterdir()]


def test_numbers_go_on_until_a_name_is_free(tmp_path: Path) -> None:
    found = [write_whole(tmp_path, "a.tar.gz", writing(b"x")).name for _ in range(3)]
    assert ["a.tar.gz", "a.tar-2.gz", "a.tar-3.gz"] == found
    assert ["log", "log-2", "log-3"] == [path.name for path in islice(numbered(Path("log")), 3)]


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_a_name_is_taken_by_anything(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "log.txt").mkdir()
    else:
        (tmp_path / "log.txt").symlink_to(tmp_path / "nowhere")
    assert "log-2.txt" == write_whole(tmp_path, "log.txt", writing(b"x")).name
    assert not (tmp_path / "nowhere").exists()


def test_a_new_file_may_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        found = write_whole(tmp_path, "log.txt", writing(b"x"))
    finally:
        os.umask(before)
    assert 0o644 == stat.S_IMODE(found.stat().st_mode)


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    def full(sink: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(tmp_path, "log.txt", full)
    assert (errno.ENOSPC, str(tmp_path / "log.txt")) == (caught.value.errno, caught.value.filename)
    assert [] == names(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the system bounds no sizes of files")
def test_a_file_that_is_too_large_for_the_disk_names_itself_and_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path; from assetmeta.core.whole_file import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try:\n"
        "    write_whole(Path(sys.argv[1]), 'log.txt', lambda sink: sink.write(b'x' * int(sys.argv[2])))\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, error.filename)"
    )
    for size in ("100000", "6000"):
        run = [sys.executable, "-c", program, str(tmp_path), size]
        found = subprocess.run(run, check=True, timeout=60, capture_output=True, text=True)
        assert f"OSError {tmp_path / 'log.txt'}" == found.stdout.strip()
    assert [] == names(tmp_path)


def test_a_folder_that_is_not_there_is_named_by_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "none", "log.txt", writing(b"x"))
    assert str(tmp_path / "none" / "log.txt") == caught.value.filename


@pytest.mark.parametrize(
    ("error", "target", "filename"),
    [
        (OSError(errno.ENOSPC, "full"), "a.txt", "a.txt"),
        (OSError(errno.EDQUOT, "full"), Path("a.txt"), "a.txt"),
        (OSError(errno.ENOSPC, "full", "b.txt"), "a.txt", "b.txt"),
        (OSError(errno.ENOSPC, "full"), 3, None),
        (OSError(errno.ENOSPC, "full"), None, None),
        (OSError(errno.ECONNRESET, "reset"), "a.txt", None),
    ],
)
def test_only_errors_of_the_disk_get_a_name(error: OSError, target: Any, filename: str | None) -> None:
    with pytest.raises(OSError, match=str(error.strerror)) as caught, naming(target):
        raise error
    assert (error.errno, filename) == (caught.value.errno, caught.value.filename)


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[list[str]] = []
    monkeypatch.setattr(whole_file.os, "fsync", lambda _: synced.append(names(tmp_path)))
    write_whole(tmp_path, "log.txt", writing(b"x"))
    [seen] = synced
    assert "log.txt" not in seen
