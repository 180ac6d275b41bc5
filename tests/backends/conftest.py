"""Playing a backend's flow against answers written down: a test of a dialect needs no server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.responses import parse_xml
from assetmeta.backends.rest.discovery import Discovery
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.testspace.codecs import codec_for as ts_codec
from assetmeta.backends.testspace.connection import bundled as ts_api
from assetmeta.backends.valispace.codecs import codec_for as vs_codec
from assetmeta.backends.valispace.connection import bundled as vs_api
from assetmeta.backends.valohai.codecs import codec_for as vh_codec
from assetmeta.backends.valohai.connection import bundled as vh_api
from assetmeta.backends.versionone.schema import read_schema
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.http import Pause, Request, Response
from assetmeta.model.schema import Schema

CASES = File(__file__).parent / "cases"


@pytest.fixture(scope="session")
def v1_schema() -> Schema:
    body = (CASES / "versionone" / "meta.xml").read_bytes()
    return read_schema(parse_xml(Response(200, {"content-type": "text/xml"}, body)))


@pytest.fixture(scope="session")
def vs_schema() -> Schema:
    """The Valispace schema of the bundled table, with content types as one deployment numbers them."""
    numbers = {"group": 4, "user": 5, "project": 13, "component": 60, "vali": 61, "requirement": 120, "file": 171}
    return build_schema(vs_api(), vs_codec, Discovery(content_types=numbers))


@pytest.fixture(scope="session")
def ts_schema() -> Schema:
    """The Testspace schema, which is that of the bundled table."""
    return build_schema(ts_api(), ts_codec, version="bundled")


@pytest.fixture(scope="session")
def vh_schema() -> Schema:
    """The Valohai schema of the bundled table."""
    return build_schema(vh_api(), vh_codec)


@pytest.fixture
def play() -> Callable[..., tuple[Any, list[Request]]]:
    """Return a player: play(flow, *answers) -> (what the flow returns, the requests it made).

    Each answer is a Response, an error, or a function from the request to either.
    """

    def player(flow: Any, *answers: Any) -> tuple[Any, list[Request]]:
        waiting, made = list(answers), []

        def answer(request: Request) -> Any:
            made.append(request)
            if not waiting:
                raise AssertionError(f"unexpected request: {request}")
            given = waiting.pop(0)
            given = given(request) if callable(given) else given
            if isinstance(given, Response):
                return Response(given.status, given.headers, given.body, request)
            return given

        try:
            yielded = next(flow)
            while True:
                if isinstance(yielded, tuple):
                    yielded = flow.send(tuple(answer(request) for request in yielded))
                    continue
                if isinstance(yielded, Pause):
                    # RetryPolicy lasts as long as there are answers.
                    yielded = flow.send(()) if waiting else flow.throw(yielded.error)
                    continue
                given = answer(yielded)
                yielded = flow.throw(given) if isinstance(given, AssetmetaError) else flow.send(given)
        except StopIteration as stop:
            if waiting:
                raise AssertionError(f"{len(waiting)} answers were not asked for") from None
            return stop.value, made

    return player
