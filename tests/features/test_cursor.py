"""The file that keeps how far a watch has come."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assetmeta.features.cursor import CursorFile
from assetmeta.model.errors import BadValue

ABOUT = {"server": "https://host", "type": "Story"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "cursor"


def test_a_line_with_the_state_and_a_line_for_each_change_since(path: Path) -> None:
    cursor = CursorFile(path, ABOUT)
    assert cursor.load() is None
    cursor.save({"at": 1})
    assert ({"at": 1}, []) == cursor.load()
    cursor.add("a")
    cursor.add(["b"])
    assert ({"at": 1}, ["a", ["b"]]) == CursorFile(path, ABOUT).load()
    cursor.save({"at": 2})
    assert ({"at": 2}, []) == cursor.load()
    head = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    # Files of an earlier version are read by later ones: another format is another number.
    assert {"about": {"format": 1, **ABOUT}, "state": {"at": 2}} == head


def test_it_is_private_and_alone(path: Path) -> None:
    CursorFile(path, ABOUT).save(1)
    assert [0o700, 0o600] == [place.stat().st_mode & 0o777 for place in (path.parent, path)]
    assert [path] == list(path.parent.iterdir())


def test_a_last_line_that_was_not_written_whole_does_not_count(path: Path) -> None:
    cursor = CursorFile(path, ABOUT)
    cursor.save(1)
    cursor.add("a")
    with path.open("a", encoding="utf-8") as file:
        file.write('"b')
    assert (1, ["a"]) == cursor.load()


@pytest.mark.parametrize("other", [{"server": "https://else"}, {"type": "Task"}, {"format": 2}, {"more": 1}])
def test_a_cursor_of_another_watch_names_what_differs(path: Path, other: dict[str, object]) -> None:
    CursorFile(path, ABOUT).save(1)
    with pytest.raises(BadValue, match=f"another watch: its {next(iter(other))} is"):
        CursorFile(path, {**ABOUT, **other}).load()


@pytest.mark.parametrize(
    "text", ["", "no json\n", "[]\n", "5\n", '{"about": {}}\n', '{"state": 1}\n', '{"about": 5, "state": 1}\nx\n']
)
def test_what_is_no_cursor_file_is_refused(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(BadValue, match="is no cursor file"):
        CursorFile(path, ABOUT).load()


def test_a_file_that_others_can_write_is_refused(path: Path) -> None:
    cursor = CursorFile(path, ABOUT)
    cursor.save(1)
    path.chmod(0o622)
    with pytest.raises(BadValue, match="others can write it"):
        cursor.load()


def test_without_a_path_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cursor = CursorFile(None, ABOUT)
    cursor.save(1)
    cursor.add("a")
    assert cursor.load() is None
    assert [] == list(tmp_path.iterdir())


def test_what_cannot_be_saved_leaves_the_file_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = CursorFile(path, ABOUT)
    cursor.save(1)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with pytest.raises(TypeError):
        cursor.save(object())
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        cursor.save(2)
    assert 1 == len(synced)
    assert (1, []) == cursor.load()
    assert [path] == list(path.parent.iterdir())
