"""Which files are trusted, and in which folders they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assetmeta.model import folders, optional
from assetmeta.model.errors import BadValue


def about(mode: int, user: int = 1000) -> Any:
    return SimpleNamespace(st_uid=user, st_mode=stat.S_IFREG | mode)


def test_a_file_is_private_to_its_owner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000, raising=False)
    assert [folders.is_own(about(0o600, user)) for user in (1000, 0, 1001)] == [True, False, False]
    assert [mode for mode in (0o600, 0o644, 0o755, 0o620, 0o602, 0o622) if folders.is_private(about(mode))] == [
        *(0o600, 0o644, 0o755)
    ]
    assert not folders.is_private(about(0o600, 1001))
    monkeypatch.delattr(os, "getuid")
    assert folders.is_own(about(0o666, 1))
    assert folders.is_private(about(0o666, 1))


def test_files_are_opened_without_following_a_link_or_waiting_for_a_pipe() -> None:
    flags = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
    wanted = 0
    for flag in flags:
        wanted |= getattr(os, flag, 0)
    assert wanted == folders.READING


def test_a_variable_names_the_folder_and_without_a_home_it_is_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (folders.CACHE_VARIABLE, folders.STATE_VARIABLE) == ("ASSETMETA_CACHE", "ASSETMETA_STATE")
    given = {"ASSETMETA_CACHE": "/c", "ASSETMETA_STATE": "/s"}
    assert (folders.cache_folder(given), folders.state_folder(given)) == (Path("/c"), Path("/s"))
    cache, state = folders.cache_folder({}), folders.state_folder({"ASSETMETA_STATE": ""})
    assert cache.name == state.name == "assetmeta"
    assert cache != state

    def homeless(*given: object, **named: object) -> str:
        raise RuntimeError("no home")

    monkeypatch.setattr(
        optional, "load", lambda name: SimpleNamespace(user_cache_dir=homeless, user_state_dir=homeless)
    )
    for folder, variable in ((folders.cache_folder, "ASSETMETA_CACHE"), (folders.state_folder, "ASSETMETA_STATE")):
        with pytest.raises(BadValue, match=f"set {variable} to a folder"):
            folder({})
    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(BadValue, match="no home folder for '~/x'; give a whole path"):
        folders.expanded("~/x")
