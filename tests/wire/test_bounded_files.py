"""The bytes of files are bounded in memory in all four dialects, also what is small only while it is compressed."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import pytest

from assetmeta.backends.testspace import Testspace
from assetmeta.backends.testspace.files import body
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.versionone import VersionOne
from assetmeta.core.checksums import Measured
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.values import Oid

from .conftest import Reply, Server

BOMB = gzip.compress(b"\0" * (64 << 20))
MOST = 1 << 20
PACKED = Reply(200, BOMB, {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"})
ATTACHED = Reply(200, BOMB, PACKED.headers | {"Content-Disposition": "attachment"})
JSON = {"Content-Type": "application/json"}
FILE = Reply(200, b'{"id": 5, "file_type": 1, "name": "x", "download_url": "/media/files/5/x"}', JSON)
LINK = Reply(200, b'{"url": "/storage/x"}', JSON)
DATUM = Oid("Datum", "0190a000-0000-7000-8000-000000000003")


@pytest.mark.parametrize(
    ("backend", "oid", "answers"),
    [
        (VersionOne(), Oid("Attachment", 5), [PACKED]),
        (VersionOne(), Oid("EmbeddedImage", 5), [PACKED]),
        (Valispace(survey="none"), Oid("File", 5), [FILE, PACKED]),
        (Valohai(survey="none"), DATUM, [ATTACHED]),
        (Valohai(survey="none"), DATUM, [PACKED]),
        (Valohai(survey="none"), DATUM, [LINK, PACKED]),
        (Testspace(), Oid("File", 5), [PACKED]),
    ],
    ids=["v1 attachment", "v1 image", "valispace", "valohai attached", "valohai", "valohai linked", "testspace"],
)
def test_a_small_answer_that_becomes_a_large_one_is_stopped(
    server: Server, drive: Callable[..., Any], backend: Any, oid: Oid, answers: list[Any]
) -> None:
    server.answers = list(answers)
    driver = drive()
    sink = io.BytesIO()
    tracemalloc.start()
    try:
        with pytest.raises(InvalidResponse, match="too much"):
            driver.run(backend.download(oid, cast(Any, Measured(sink, most=MOST, advice="too much"))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(sink.getvalue()) <= MOST
    assert peak < 16 << 20
    assert len(answers) == len(server.seen)


def test_suite_files_that_are_read_are_bounded(server: Server, drive: Callable[..., Any]) -> None:
    server.answers = [PACKED]
    with pytest.raises(InvalidResponse, match="max_bytes"):
        drive(max_bytes=MOST).run(body(f"{server.url}/api/files/5", Testspace()))
