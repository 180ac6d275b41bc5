"""A schema kept on disk: no request in the next session, and no trust in the file."""

from __future__ import annotations

import os
import pydoc
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import BadValue, Cassette, UnknownName, V1Meta
from assetmeta import sandbox as sandboxes
from assetmeta.wire.file_cache import KEPT, FileCache
from nonempty import nonempty

HERE, NAME = "127.0.0.1", "agility.example"


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
    assert all(server.token not in path.name for path in nonempty(tmp_path.iterdir()))


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


def test_an_old_file_is_read_again(server: sandboxes.Server, tmp_path: Path) -> None:
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


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system knows no users")
class TestTrust:
    """What somebody else may have put there is not read, and not waited for."""

    def kept(self, tmp_path: Path) -> tuple[FileCache, Path]:
        """A shelf with a text, and its file."""
        shelf = FileCache(tmp_path / "cache", "key", 1e9)
        shelf.save("text")
        assert shelf.load() == "text"
        [file] = (tmp_path / "cache").iterdir()
        return shelf, file

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        shelf, file = self.kept(tmp_path)
        file.unlink()
        os.mkfifo(file, 0o600)
        assert shelf.load() is None

    def test_a_pipe_with_a_writer_is_not_read(self, tmp_path: Path) -> None:
        shelf, file = self.kept(tmp_path)
        file.unlink()
        os.mkfifo(file, 0o600)
        both_ends = os.open(file, os.O_RDWR)
        try:
            os.write(both_ends, b"theirs")
            assert shelf.load() is None
        finally:
            os.close(both_ends)

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        shelf, file = self.kept(tmp_path)
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
        assert shelf.load() is None

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        shelf, file = self.kept(tmp_path)
        file.unlink()
        file.mkdir()
        assert shelf.load() is None

    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
    def test_a_file_that_others_can_write(self, tmp_path: Path, mode: int) -> None:
        shelf, file = self.kept(tmp_path)
        file.chmod(mode)
        assert shelf.load() is None
        shelf.save("ours")
        assert shelf.load() == "ours"

    @pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
    def test_a_folder_that_others_can_write(self, tmp_path: Path, mode: int) -> None:
        shelf, file = self.kept(tmp_path)
        file.parent.chmod(mode)
        assert shelf.load() is None
        shelf.save("ours")
        file.parent.chmod(0o700)
        assert shelf.load() == "text"

    @pytest.mark.parametrize("theirs", ["cache", "file"])
    def test_what_belongs_to_somebody_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: str) -> None:
        shelf, file = self.kept(tmp_path)
        odd = file.stat() if theirs == "file" else file.parent.stat()
        real = os.getuid()
        statted = {"file": "fstat", "cache": "stat"}[theirs]
        original = getattr(os, statted)

        def foreign(*args: object, **options: object) -> os.stat_result:
            found = original(*args, **options)
            return os.stat_result((*found[:4], real + 1, *found[5:])) if found.st_ino == odd.st_ino else found

        monkeypatch.setattr(os, statted, foreign)
        assert shelf.load() is None


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that the environment names."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ASSETMETA_CACHE", str(folder))
    return folder


@pytest.fixture
def named(server: sandboxes.Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Credentials of the server under a name that is no loopback address."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve(HERE if host == NAME else host, *rest, **more)
    )
    return {**server.token_credentials, "instance_url": server.url.replace(HERE, NAME), "allow_http": True}


def test_the_schema_is_kept_by_default(named: dict[str, Any], cache: Path) -> None:
    first = V1Meta(**named)
    assert first.Story.first() is not None
    assert len(list((cache / "schemas").iterdir())) == 1

    second = V1Meta(**named)
    assert second.Story.first() is not None
    assert [entry.path for entry in second.ledger] == ["query.v1"]


def test_nothing_is_kept_when_that_is_said_or_on_loopback_or_with_a_cassette(
    server: sandboxes.Server, named: dict[str, Any], cache: Path, tmp_path: Path
) -> None:
    assert V1Meta(**named, schema_cache=None).types
    assert V1Meta(**named, schema_cache=False).types
    assert V1Meta(**server.token_credentials).types
    with V1Meta(**named, cassette=Cassette(tmp_path / "tape.yaml", mode="all")) as session:
        assert session.types
    assert not cache.exists()


def test_a_name_that_the_kept_schema_lacks_has_it_read_again(named: dict[str, Any], cache: Path) -> None:
    assert V1Meta(**named).types
    [file] = (cache / "schemas").iterdir()
    text = file.read_text(encoding="utf-8")
    for change in (
        lambda v1: v1.Story.Custom_testfield,
        lambda v1: v1.Story.where(Custom_testfield="x"),
        lambda v1: v1.Story.select("Custom_testfield"),
        lambda v1: v1.Story(1005).set(Custom_testfield="x"),
        lambda v1: setattr(v1.Story(1005), "Custom_testfield", "x"),
        lambda v1: v1.Story.first().Custom_testfield,
    ):
        file.write_text(text.replace("Custom_testfield", "Custom_otherfield"), encoding="utf-8")
        session = V1Meta(**named)
        assert "Custom_testfield" not in session.schema.types["Story"].attributes
        change(session)
        assert [entry.path for entry in session.ledger].count("meta.v1/") == 1
        session.revert()
    file.write_text(text.replace('"Story"', '"Tale"'), encoding="utf-8")
    assert V1Meta(**named).Story.__name__ == "Story"


def test_an_attribute_that_the_server_has_no_more_is_left_out(named: dict[str, Any], cache: Path) -> None:
    assert V1Meta(**named).types
    [file] = (cache / "schemas").iterdir()
    text = file.read_text(encoding="utf-8")
    for read in (lambda v1: v1.Story.first().Name, lambda v1: v1.Story(v1.Story.select("Name").first().intid).Estimate):
        file.write_text(text.replace("Custom_testfield", "Custom_gone"), encoding="utf-8")
        session = V1Meta(**named)
        read(session)
        assert [entry.path for entry in session.ledger].count("meta.v1/") == 1
        with pytest.raises(UnknownName):
            session.Story.first().Custom_gone
        assert [entry.path for entry in session.ledger].count("meta.v1/") == 1


def test_a_slip_costs_one_reading_of_the_schema_at_most(named: dict[str, Any], cache: Path) -> None:
    assert V1Meta(**named).types
    session = V1Meta(**named)
    for slip in (lambda: session.Story.Nmae, lambda: session.Stroy, lambda: session.Story.where(Nmae=1)):
        with pytest.raises(UnknownName, match="Did you mean"):
            slip()
    assert [entry.path for entry in session.ledger] == ["meta.v1/"]


def test_help_and_completion_are_no_slips(named: dict[str, Any], cache: Path) -> None:
    assert V1Meta(**named).types
    session = V1Meta(**named)
    story = session.Story(5)
    assert "Estimate" in pydoc.render_doc(story)
    assert "Estimate" in pydoc.render_doc(session.Story)
    with pytest.raises(AttributeError):
        eval("story.Nmae", {"__name__": "rich._inspect", "story": story})
    with pytest.raises(AttributeError):
        eval("Story.Nmae", {"__name__": "rich._inspect", "Story": session.Story})
    assert [] == list(session.ledger)


def test_a_folder_holds_a_bounded_number_of_files(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        FileCache(tmp_path, f"key {number}", 3600).save("text")
    (tmp_path / "notes.json").write_text("mine", encoding="utf-8")
    FileCache(tmp_path, "last", 3600).save("text")
    assert len(list(tmp_path.iterdir())) == KEPT + 1
    assert FileCache(tmp_path, "last", 3600).load() == "text"


def test_a_user_without_a_home_folder_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "ASSETMETA_CACHE", "ASSETMETA_STATE"):
        monkeypatch.delenv(name, raising=False)

    def nobody(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    session = V1Meta(instance_url="https://v1.example/Work", token="t")
    with pytest.raises(BadValue, match="set ASSETMETA_STATE to a folder"):
        session.job("nightly").__enter__()
    with pytest.raises(BadValue, match="no home folder for '~/schemas'"):
        V1Meta(instance_url="https://v1.example/Work", token="t", schema_cache="~/schemas")


def test_a_folder_that_cannot_be_one_keeps_nothing(named: dict[str, Any]) -> None:
    for folder in ("/etc/hostname", "/tmp/\0", "/tmp/" + "x" * 5000):
        session = V1Meta(**named, schema_cache=folder)
        assert "Story" in session.types
        assert len(session.ledger) == 1
