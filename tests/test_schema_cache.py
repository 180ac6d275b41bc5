"""A schema kept on disk: no request in the next session, and no trust in the file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetmeta import V1Meta
from assetmeta import sandbox as sandboxes


@pytest.fixture(scope="module")
def server() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone", assets=60) as running:
        yield running


def test_the_next_session_reads_no_schema(server: sandboxes.Server, tmp_path: Path) -> None:
    first = V1Meta(**server.credentials, schema_cache=tmp_path)
    types = first.types
    second = V1Meta(**server.credentials, schema_cache=tmp_path)
    assert second.types == types
    assert len(second.ledger) == 0
    for name in types:
        assert second.schema.type(name) == first.schema.type(name)
    assert isinstance(second.Story.first().CreateDate.year, int)


def test_users_and_servers_have_files_of_their_own(server: sandboxes.Server, tmp_path: Path) -> None:
    assert V1Meta(**server.credentials, schema_cache=tmp_path).types
    assert V1Meta(**server.token_credentials, schema_cache=tmp_path).types
    assert len(list(tmp_path.iterdir())) == 2
    assert all(server.token not in path.name for path in tmp_path.iterdir())


def test_the_file_is_private(server: sandboxes.Server, tmp_path: Path) -> None:
    folder = tmp_path / "below"
    assert V1Meta(**server.credentials, schema_cache=folder).types
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 99}', b'{"format":1,"version":"x","types":3}', b"\xff"]
)
def test_a_broken_file_is_no_file(server: sandboxes.Server, tmp_path: Path, content: bytes) -> None:
    assert V1Meta(**server.credentials, schema_cache=tmp_path).types
    [file] = tmp_path.iterdir()
    file.write_bytes(content)
    session = V1Meta(**server.credentials, schema_cache=tmp_path)
    assert "Story" in session.types
    assert len(session.ledger) == 1
    assert V1Meta(**server.credentials, schema_cache=tmp_path).types == session.types


def test_an_old_file_is_read_anew(server: sandboxes.Server, tmp_path: Path) -> None:
    assert V1Meta(**server.credentials, schema_cache=tmp_path).types
    [file] = tmp_path.iterdir()
    os.utime(file, (1, 1))
    session = V1Meta(**server.credentials, schema_cache=tmp_path)
    assert session.types
    assert len(session.ledger) == 1


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(server: sandboxes.Server, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert V1Meta(**server.credentials, schema_cache=blocked).types


def test_a_login_that_does_not_say_who_it_is_keeps_nothing(server: sandboxes.Server, tmp_path: Path) -> None:
    assert V1Meta(instance_url=server.url, token=lambda: server.token, schema_cache=tmp_path).types
    assert list(tmp_path.iterdir()) == []
