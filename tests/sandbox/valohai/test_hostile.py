"""Odd requests by the hundred: whatever is sent, the answer is never a server fault, odd JSON, or somebody's secret."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.valohai.app import Valohai
from assetmeta.sandbox.valohai.catalogue import KINDS
from assetmeta.sandbox.valohai.model import Kind
from nonempty import nonempty

ODD: list[Any] = [
    *(None, True, False, 0, 1, 2, 7, -1, 1.5, 1e308, 10**30, 2**63, 10**400, "", "1", "abc", "x" * 300),
    *("\x00", "\ud800", "ä\U0001f680", "\u202e", "2024-13-45", "true", "main", "default", "latest", "PROJECT_DEFAULT"),
    *("harbour-lab", "harbour-lab:vision", "admin", ":", "a:b", "s3://harbour-data/a", "s3://harbour-data/missing"),
    *("incomplete", "complete", "s3", "docker", "execution", "grid_search", "-counter", "../..", "<b>", "' OR 1=1 --"),
    *([], [1], ["a"], [None], [[1]], [{}], {}, {"id": 1}, {"type": "execution", "id": 1}, {"a": {"files": {"m": 1}}}),
    *({"datum": 1}, [{"datum": "x"}], {"url": "u", "ref": "r"}, {"valohai.tags": [1]}, {"valohai.alias": "\ud800"}),
]
METHODS = ("GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
USERS = ("admin", "admin", "ada", "reader", "outsider")
PARAMETERS = ("limit", "offset", "ordering", "no_count", "include", "exclude", "deleted", "project", "name", "start")
FINE = {200, 201, 204, 301, 400, 403, 404, 405}


class Stranger:
    """Sends what no client should, reproducibly."""

    def __init__(self, face: Valohai, seed: int) -> None:
        self.face = face
        self.random = random.Random(seed)
        self.routes = [route.pattern for route in every_route(face)]

    def send(self, method: str, path: str, query: str = "", body: Any = None, user: str = "admin") -> Response:
        headers = {"authorization": f"Token {self.face.user_token(user)}", "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        return self.face.answer(Request(method, f"/api/v0/{path}", query, headers, content, "http://host"))

    def key(self) -> str:
        """The key of any object, or something odd."""
        if self.random.random() < 0.2:
            return str(self.random.choice(["nope", "1", "%00", "a%2Fb", "x:latest", "%ED%A0%80", "~" + "0" * 64]))
        kind = self.random.choice(list(KINDS))
        ids = self.face.space.store.ids(kind)
        return str(self.random.choice(ids)) if ids else "none"

    def value(self) -> Any:
        return self.key() if self.random.random() < 0.4 else self.random.choice(ODD)

    def path(self) -> str:
        pattern = self.random.choice(self.routes)
        return "".join(f"{self.key() if part is None else part}/" for part in pattern)

    def of_kind(self) -> tuple[str, Kind]:
        """The path of an object with its own kind."""
        kind = self.random.choice(list(KINDS.values()))
        ids = self.face.space.store.ids(kind.name)
        if not ids or self.random.random() < 0.4:
            return f"{kind.path}/", kind
        return f"{kind.path}/{self.random.choice(ids)}/", kind

    def body(self, kind: Kind) -> Any:
        """Some fields of a kind with odd values; what is required is often as it should be."""
        if self.random.random() < 0.08:
            return self.random.choice(ODD)
        names = [field.name for field in kind.fields] + ["url", "value", "datum_metadata", "secret", "owner"]
        body = {name: self.value() for name in self.random.sample(names, min(len(names), self.random.randint(0, 6)))}
        for field in kind.fields:
            if field.required and self.random.random() < 0.8:
                body[field.name] = self.right(field.to, field.choices)
        return body

    def right(self, to: tuple[str, ...], choices: tuple[str, ...]) -> Any:
        if choices:
            return self.random.choice(choices)
        ids = self.face.space.store.ids(to[-1]) if to else []
        if to == ("commit",):
            return "main"
        return self.random.choice(ids) if ids else f"n{self.random.randint(0, 9999)}"

    def query(self) -> str:
        if self.random.random() < 0.5:
            return ""
        name = self.random.choice([*PARAMETERS, *(filter for kind in KINDS.values() for filter in kind.filters)])
        value = str(self.value())[:60].encode("ascii", "replace").decode()
        return f"{name}={value}&{self.random.choice(PARAMETERS)}={self.random.choice(['1', 'true', 'x,y', '%ff', ''])}"

    def request(self) -> tuple[str, str, str, Any]:
        if self.random.random() < 0.5:
            path, kind = self.of_kind()
        else:
            path, kind = self.path(), self.random.choice(list(KINDS.values()))
        method = self.random.choice(METHODS)
        body = self.body(kind) if method in ("POST", "PUT", "PATCH") or self.random.random() < 0.1 else None
        return method, path, self.query(), body


def every_route(face: Valohai) -> list[Any]:
    router = face._api._router
    return [*router._fixed.values(), *(route for same in router._patterns.values() for route in same)]


@pytest.fixture(params=[1, 2, 3])
def stranger(request: pytest.FixtureRequest) -> Iterator[Stranger]:
    face = Valohai.filled(80, 1, None)
    yield Stranger(face, request.param)
    face.close()


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_never_a_server_fault(stranger: Stranger) -> None:
    seen = set()
    for _ in range(1500):
        method, path, query, body = stranger.request()
        answer = stranger.send(method, path, query, body, stranger.random.choice(USERS))
        seen.add(answer.status)
        assert answer.status in FINE, (method, path, query, body)
        if answer.content_type == "application/json":
            json.loads(answer.body, parse_constant=refuse_constant)
        tokens = [stranger.face.user_token(user).encode() for user in set(USERS)]
        if path != "get-token/":
            assert not any(token in answer.body for token in tokens)
    assert seen >= {200, 201, 400, 403, 404, 405}, seen


def test_what_was_refused_has_changed_nothing(stranger: Stranger) -> None:
    store = stranger.face.space.store
    for _ in range(700):
        method, path, query, body = stranger.request()
        before = {name: dict(store.rows(name)) for name in KINDS}
        answer = stranger.send(method, path, query, body)
        if answer.status >= 400 or method in ("GET", "HEAD", "OPTIONS"):
            assert {name: dict(store.rows(name)) for name in KINDS} == before, (method, path, query, body)


def test_every_list_and_object_still_answers_afterwards(stranger: Stranger) -> None:
    for _ in range(700):
        method, path, query, body = stranger.request()
        stranger.send(method, path, query, body)
    for kind in KINDS.values():
        page = json.loads(stranger.send("GET", f"{kind.path}/", "limit=10000").body)
        for row in page["results"] if kind.single else ():
            assert stranger.send("GET", f"{kind.path}/{row[kind.key]}/").status == 200, (kind.name, row)


@pytest.mark.parametrize("user", ["admin", "outsider"])
def test_secrets_are_in_no_answer(user: str) -> None:
    face = Valohai.filled(80, 1, None)
    stranger = Stranger(face, 1)
    for kind in KINDS.values():
        for id in (*face.space.store.ids(kind.name), ""):
            text = stranger.send(
                "GET", f"{kind.path}/{id}{'/' if id else ''}", "include=secret,configuration", user=user
            )
            assert b"hush" not in text.body and b"secret_access_key" not in text.body
            for row in nonempty(face.space.store.rows("user").values()):
                assert row["secret"].encode() not in text.body
    face.close()
