"""A killed download is continued by the next one, in all four dialects, or begun anew; no other bytes get in."""

from __future__ import annotations

import base64
import hashlib
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from assetmeta.backends.testspace import Testspace
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.versionone import VersionOne
from assetmeta.core.checksums import Expected, Measured
from assetmeta.core.part_file import open_part
from assetmeta.core.whole_file import write_whole
from assetmeta.model.errors import InvalidResponse, NotFound
from assetmeta.model.values import Oid

from .conftest import Reply, Seen, Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="part files are continued where files can be locked")

CONTENT = random.Random(5).randbytes(200_000)
OTHER = random.Random(6).randbytes(200_000)
HALF = 100_000
TAG = {"ETag": '"v1"', "Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json"}
FILE = Reply(200, b'{"id": 5, "file_type": 1, "name": "x", "download_url": "/media/files/5/x"}', JSON)
LINK = Reply(200, b'{"url": "/storage/x"}', JSON)
DATUM = Oid("Datum", "0190a000-0000-7000-8000-000000000003")
DIALECTS = [
    (VersionOne(), Oid("Attachment", 5), []),
    (VersionOne(), Oid("EmbeddedImage", 5), []),
    (Valispace(survey="none"), Oid("File", 5), [FILE]),
    (Valohai(survey="none"), DATUM, [LINK]),
    (Testspace(), Oid("File", 5), []),
]
ONE = DIALECTS[-1]


def left(folder: Path, content: bytes = CONTENT[:HALF], **head: str) -> None:
    about = {"etag": '"v1"', "content-length": str(len(CONTENT))} | head
    with open_part(folder, "source") as part:
        part.begin({name.replace("_", "-"): text for name, text in about.items() if text})
        part.write(content)


def save(drive: Callable[..., Any], folder: Path, dialect: Any = ONE, digest: bytes = b"", **settings: Any) -> bytes:
    backend, oid, _ = dialect
    driver = drive(**settings)

    def fill(sink: Any) -> None:
        measured = Measured(sink, "sha256")
        driver.run(backend.download(oid, cast(Any, measured)))
        measured.check(Expected(None, ("sha256", hashlib.sha256(digest).hexdigest()) if digest else None), "file")

    found = write_whole(folder, "a.bin", fill, source="source")
    assert [found] == list(folder.iterdir())
    return found.read_bytes()


def rest(seen: Seen, content: bytes = CONTENT, **headers: str) -> Reply:
    start = int(seen.headers["range"].removeprefix("bytes=").removesuffix("-"))
    about = {**TAG, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    return Reply(206, content[start:], about | {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: f"{each[0].name} {each[1].type}")
def test_the_rest_alone_is_requested(server: Server, drive: Any, tmp_path: Path, dialect: Any) -> None:
    left(tmp_path)
    server.answers = [*dialect[2], rest]
    assert CONTENT == save(drive, tmp_path, dialect, CONTENT)
    assert [None] * len(dialect[2]) + [f"bytes={HALF}-"] == [seen.headers.get("range") for seen in server.seen]
    assert '"v1"' == server.seen[-1].headers["if-range"]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: f"{each[0].name} {each[1].type}")
def test_another_content_begins_again(server: Server, drive: Any, tmp_path: Path, dialect: Any) -> None:
    left(tmp_path)
    server.answers = [*dialect[2], Reply(200, OTHER, {**TAG, "ETag": '"v2"'})]
    assert OTHER == save(drive, tmp_path, dialect, OTHER)
    assert len(dialect[2]) + 1 == len(server.seen)


def test_a_server_of_whole_files_sends_the_whole_file(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path, etag="")
    server.answers = [Reply(200, CONTENT, {})]
    assert CONTENT == save(drive, tmp_path)
    assert "range" not in server.seen[0].headers


def test_a_date_is_enough_where_it_is_old(server: Server, drive: Any, tmp_path: Path) -> None:
    then, now = "Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:02:00 GMT"
    left(tmp_path, etag="", last_modified=then, date=now)
    server.answers = [lambda seen: rest(seen, Last_Modified=then)]
    assert CONTENT == save(drive, tmp_path)
    assert then == server.seen[0].headers["if-range"]
    left(tmp_path / "b" if (tmp_path / "b").mkdir() is None else tmp_path, etag="", last_modified=then, date=then)
    server.answers = [Reply(200, CONTENT, {})]
    assert CONTENT == save(drive, tmp_path / "b")
    assert "range" not in server.seen[1].headers


@pytest.mark.parametrize(
    "answer",
    [
        lambda seen: rest(seen, ETag='"v2"'),
        lambda seen: rest(seen, OTHER + b"more"),
        lambda seen: rest(seen, Content_Range=f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"),
        Reply(416, b"", {}),
    ],
    ids=["another tag", "another size", "another place", "no such part"],
)
def test_a_part_that_does_not_fit_is_no_part(server: Server, drive: Any, tmp_path: Path, answer: Any) -> None:
    left(tmp_path)
    server.answers = [answer, Reply(200, CONTENT, TAG)]
    assert CONTENT == save(drive, tmp_path, digest=CONTENT)
    assert [True, False] == ["range" in seen.headers for seen in server.seen]


def test_a_part_larger_than_the_file_is_not_built_upon(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path, CONTENT + b"more")
    server.answers = [Reply(200, CONTENT, TAG)]
    assert CONTENT == save(drive, tmp_path)
    assert "range" not in server.seen[0].headers


def test_one_that_lacks_its_name_alone_takes_one_byte(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path, CONTENT)
    server.answers = [rest]
    assert CONTENT == save(drive, tmp_path, digest=CONTENT)
    assert f"bytes={len(CONTENT) - 1}-" == server.seen[0].headers["range"]


@pytest.mark.parametrize("named", [True, False])
def test_bytes_that_somebody_changed_do_not_pass(server: Server, drive: Any, tmp_path: Path, named: bool) -> None:
    """By the checksum of the first answer's head, or by the one that the server keeps of the file."""
    whole = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    left(tmp_path, OTHER[:HALF], repr_digest=f"sha-256=:{whole}:" if named else "")
    server.answers = [rest]
    with pytest.raises(InvalidResponse, match=r"damaged|is not the server's"):
        save(drive, tmp_path, digest=b"" if named else CONTENT)
    assert [] == list(tmp_path.iterdir())


def test_a_break_after_the_continuation_is_continued_again(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path)

    def broken(seen: Seen) -> Reply:
        return Reply(206, (found := rest(seen)).body, found.headers, cut=80_000)

    server.answers = [broken, rest]
    assert CONTENT == save(drive, tmp_path, digest=CONTENT)
    assert HALF < int(server.seen[1].headers["range"].removeprefix("bytes=").removesuffix("-"))


def test_what_is_gone_leaves_nothing(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path)
    server.answers = [Reply(404, b"{}", JSON)]
    with pytest.raises(NotFound):
        save(drive, tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_datum_that_comes_without_a_link_begins_again(server: Server, drive: Any, tmp_path: Path) -> None:
    left(tmp_path)
    server.answers = [Reply(200, OTHER[:5000], {**TAG, "Content-Disposition": "attachment"})]
    assert OTHER[:5000] == save(drive, tmp_path, (Valohai(survey="none"), DATUM, []))


def test_what_is_noted_of_an_answer_is_enough_for_the_next_process(server: Server, drive: Any, tmp_path: Path) -> None:
    server.answers = [Reply(200, CONTENT, TAG)]
    backend, oid, _ = ONE
    with open_part(tmp_path, "source") as part:
        drive().run(backend.download(oid, cast(Any, Measured(cast(Any, part)))))
    server.answers = [rest]
    assert CONTENT == save(drive, tmp_path)
    assert f"bytes={len(CONTENT) - 1}-" == server.seen[1].headers["range"]
