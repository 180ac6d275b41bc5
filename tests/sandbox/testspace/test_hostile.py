"""Odd requests by the hundred: whatever is sent, the answer is never a server fault and never odd JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.testspace.app import Testspace as Organization

ODD: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 1.5, 1e308, 10**30, 2**63, "", "1", "abc", "x" * 300, "master", "result.6"),
    *("\x00", "\ud800", "ä\U0001f680", "\u202e", "a/b", "../..", "%2F", "' OR 1=1 --", '"); DROP TABLE user; --'),
    *("/[cases]", "/a[b]", "d1", "d1/0", "concat(d1)", "(" * 300, "1" * 400, "github:a/b", "github:a/..", "manager"),
    *([], [1], ["x"], [None], [[1]], {}, {"name": "x"}, {"id": 1}, {"expression": "d1"}, [{"expression": 1}]),
    [{"name": "n", "color": "c", "expression": "d1*d1*d1"}],
    {"name": "n", "value_expression": "d1 / d2", "criteria_expression": "v1 > t1", "is_enabled": True},
]
FIELDS = (
    *("name", "description", "is_private", "source_repo", "is_hidden", "min_run_period", "result_set_aggregation"),
    *("complete", "pinned", "build_url", "data_source", "chart_type", "max_range", "max_range_limit", "units"),
    *("variables", "thresholds", "badge", "user_id", "role", "notifications", "id", "case_counts", "\x00"),
)
WORDS = ("projects", "spaces", "results", "metrics", "datasets", "contents", "failures", "users", "files", "badge")
TYPES = ("application/json", "application/json", "application/json", "text/plain", "", "application/json;;;", "\xff")
METHODS = ("GET", "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
QUERIES = ("", "", "page=2", "page=-1", "page=99999999999999999999", "name=%00", "name=%ff&name", "&&=&", "%", "a=1;b")
KNOWN = {200, 201, 204, 205, 400, 403, 404, 405, 415, 422}


class Stranger:
    """Sends what no client should, reproducibly."""

    def __init__(self, face: Organization, seed: int) -> None:
        self.face = face
        self.random = random.Random(seed)

    def send(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Response:
        sent = {"authorization": f"Token {self.face.token}"} | {key.replace("_", "-"): v for key, v in headers.items()}
        return self.face.answer(Request(method, path, query, sent, body, "http://host"))

    def odd(self) -> Any:
        return self.random.choice(ODD)

    def part(self) -> str:
        """One part of a path: a word, an id or anything."""
        choice = self.random.random()
        if choice < 0.6:
            return self.random.choice(WORDS)
        if choice < 0.85:
            return str(self.random.randint(0, 12))
        return quote(str(self.odd()).encode("utf-8", "replace"), safe=self.random.choice(["", "/"]))[:200]

    def path(self) -> str:
        """Mostly a path that exists."""
        number = self.random.randint
        space = self.random.choice([f"spaces/{number(1, 9)}", f"projects/{number(1, 6)}/spaces/{self.part()}"])
        result = f"{space}/results/{self.random.choice([self.part(), 'result.6', 'build.1'])}"
        known = [
            *(
                "",
                "projects",
                f"projects/{number(1, 6)}",
                f"projects/{number(1, 6)}/users",
                "users",
                f"users/{self.part()}",
            ),
            *(f"projects/{number(1, 6)}/users/{number(1, 5)}", f"projects/{number(1, 6)}/spaces", space, result),
            *(f"{space}/results", f"{result}/contents", f"{result}/contents/{self.part()}", f"{result}/failures"),
            *(f"{space}/metrics", f"{space}/metrics/{number(1, 40)}", f"{space}/metrics/{number(1, 40)}/datasets"),
            *(f"files/{self.part()}", "/".join(self.part() for _ in range(number(1, 9)))),
        ]
        return f"/api/{self.random.choice(known)}"

    def body(self) -> bytes:
        if self.random.random() < 0.1:
            return json.dumps(self.odd()).encode()
        names = self.random.sample(FIELDS, self.random.randint(0, 8))
        body = {name: self.odd() for name in names}
        if self.random.random() < 0.6:
            body["name"] = f"n{self.random.randint(0, 9999)}"
        return json.dumps(body).encode()

    def request(self) -> tuple[str, str, str, bytes, str]:
        choose = self.random.choice
        method = choose(METHODS)
        if method == "DELETE" and self.random.random() < 0.6:
            method = "PATCH"
        body = b"" if method in ("GET", "HEAD") else choose([self.body(), self.body(), self.body(), b"", b"{", b"\xff"])
        return method, self.path(), choose(QUERIES), body, choose(TYPES)


@pytest.fixture(params=[1, 2, 3])
def stranger(request: pytest.FixtureRequest) -> Iterator[Stranger]:
    face = Organization.filled(0, 1, None)
    yield Stranger(face, request.param)
    face.close()


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_never_a_server_fault(stranger: Stranger) -> None:
    seen = set()
    for _ in range(1500):
        method, path, query, body, kind = stranger.request()
        answer = stranger.send(method, path, query, body, content_type=kind)
        assert answer.status in KNOWN, (method, path, query, body)
        seen.add(answer.status)
        if answer.content_type == "application/json; charset=utf-8":
            found = json.loads(answer.body, parse_constant=refuse_constant)
            assert answer.status < 400 or list(found) == ["message"]
    assert seen >= {200, 201, 204, 205, 400, 404, 405, 415, 422}


def test_what_was_refused_has_changed_nothing(stranger: Stranger) -> None:
    refused = 0
    for _ in range(400):
        method, path, query, body, kind = stranger.request()
        before = stranger.send("GET", path).body
        answer = stranger.send(method, path, query, body, content_type=kind)
        if answer.status >= 400:
            refused += 1
            assert stranger.send("GET", path).body == before, (method, path, body)
    assert refused > 50


@pytest.mark.parametrize(
    "sent", ["", " ", "Basic", "Basic \xff", "Token \xff", "Token \x00", "\xff\xff", "Basic " + "A" * 99999]
)
def test_odd_credentials(sent: str) -> None:
    face = Organization.filled(0, 1, None)
    answer = face.answer(Request("GET", "/api/projects", "", {"authorization": sent}, b"", "http://host"))
    assert answer.status == (200 if not sent.strip() else 403)
    face.close()


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/api//projects", "/%61pi", "/API", "/api%2Fprojects", "/spaces/1/metrics/1/badge"]
)
def test_odd_roots(path: str) -> None:
    face = Organization.filled(0, 1, None)
    for query in ("", "token", "token=%ff", "token=x&token=y"):
        assert face.answer(Request("GET", path, query, {}, b"", "http://host")).status in (200, 404)
    face.close()
