"""The bytes of Valispace files: where the object says they are, and what has none."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valispace.files import upload_new
from assetmeta.model.errors import InvalidResponse, NotFound, Rejected, Unsupported
from assetmeta.model.http import Request, Response
from assetmeta.model.values import Oid

Play = Callable[..., tuple[Any, list[Request]]]
FILE = Oid("File", 3)
JSON = {"content-type": "application/json"}


def item(**fields: Any) -> Response:
    return Response(200, JSON, json.dumps({"id": 3, "name": "a.txt", "file_type": 1, **fields}).encode())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"file_type": 2, "download_url": "media/x", "link": "https://else.where/x"}, "https://else.where/x"),
        ({"file_type": 2, "download_url": "media/x"}, "media/x"),
        ({"file_type": 3, "download_url": "media/x", "reference_file": 9}, "media/x"),
        ({"file_type": 3, "reference_file": 9}, "9"),
        ({"file_type": 1, "download_url": ""}, "nothing"),
        ({"file_type": 1, "download_url": None}, "nothing"),
        ({"file_type": 1, "download_url": 7}, "7"),
    ],
)
def test_what_has_no_bytes_says_where_it_leads(play: Play, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(Unsupported, match=f"leads to {named}"):
        play(Valispace(survey="none").download(FILE, io.BytesIO()), item(**fields))


@pytest.mark.parametrize("kind", [1, None, 4])
def test_a_file_is_read_by_its_address(play: Play, kind: int | None) -> None:
    sink = io.BytesIO()
    flow = Valispace(survey="none").download(FILE, sink)
    found, made = play(flow, item(file_type=kind, download_url="/media/x"), Response(200, {"content-type": "a/b"}))
    assert "a/b" == found
    assert ["GET rest/files/3/", "GET media/x"] == [request.line for request in made]
    assert (sink, True, False) == (made[1].sink, made[1].idempotent, made[1].writes)


def test_failures_are_raised(play: Play) -> None:
    backend = Valispace(survey="none")
    with pytest.raises(NotFound):
        play(backend.download(FILE, io.BytesIO()), Response(404, JSON, b"{}"))
    with pytest.raises(NotFound):
        play(backend.download(FILE, io.BytesIO()), item(download_url="media/x"), Response(404))
    with pytest.raises(Rejected):
        play(backend.upload(FILE, io.BytesIO(b"x")), item(), Response(413))
    with pytest.raises(InvalidResponse):
        play(upload_new({}, "a", io.BytesIO(b"x"), backend), Response(201, JSON, b"[]"))


@pytest.mark.parametrize("oid", [Oid("Vali", 3), Oid("Project", 3)])
def test_other_assets_keep_no_bytes(play: Play, oid: Oid) -> None:
    with pytest.raises(Unsupported, match="Only a File"):
        play(Valispace(survey="none").download(oid, io.BytesIO()))
    with pytest.raises(Unsupported, match="Only a File"):
        play(Valispace(survey="none").upload(oid, io.BytesIO()))


@pytest.mark.parametrize(("name", "sent"), [("b.txt", b'filename="b.txt"'), ("", b'filename="file"')])
def test_bytes_are_replaced_under_the_name_that_there_is(play: Play, name: str, sent: bytes) -> None:
    _, made = play(Valispace(survey="none").upload(FILE, io.BytesIO(b"payload")), item(name=name), item())
    assert ["GET rest/files/3/", "PATCH rest/files/3/"] == [request.line for request in made]
    body = made[1].body.read()  # type: ignore[union-attr]
    assert sent in body
    assert b"payload" in body
    assert (True, False) == (made[1].writes, made[1].idempotent)


def test_a_new_file_is_a_form_with_its_fields(play: Play) -> None:
    fields = {"project": "24", "folder": "7"}
    _, [made] = play(upload_new(fields, "a.txt", io.BytesIO(b"payload"), Valispace(survey="none")), item())
    body = made.body.read()  # type: ignore[union-attr]
    assert "POST rest/files/" == made.line
    assert b'name="project"\r\n\r\n24\r\n' in body
    assert b'name="folder"\r\n\r\n7\r\n' in body
    assert dict(made.headers)["Content-Type"].startswith("multipart/form-data; boundary=")
    assert (True, False) == (made.writes, made.idempotent)
