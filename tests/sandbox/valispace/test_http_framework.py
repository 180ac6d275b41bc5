"""The recorded answers of the framework, case by case: status, headers, and the bodies of refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from sandbox.valispace.web import Web, recorded

ELSEWHERE = {
    "old access after refresh",
    "expired token",
    "create types",
    "filter number bad",
    "filter date bad",
    "delete",
    "delete again",
    "throttle",
    "LO",
    "LO2",
    "PN",
    "PN bad",
    "405 readonly post",
    "403",
    "500",
}
"""Cases of a path or a field that only the recorded application has; the other tests have their like."""

SENT: dict[str, dict[str, str]] = {
    "bad token": {"Authorization": "Bearer nope"},
    "token without Bearer": {"Authorization": "nope"},
    "bad json": {"Content-Type": "application/json"},
    "415": {"Content-Type": "text/csv"},
    "406": {"Accept": "text/csv"},
    "format json": {"Accept": "text/html"},
}
"""Headers that the record leaves out."""

NO_LOGIN = {"no auth", "root noauth"}
CASES = [case for case in recorded("framework/rest_framework.json") or [] if case["case"] not in ELSEWHERE]


class Bench:
    """A deployment with the objects of the recorded application, and their ids here."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.project = web.project("Fan")
        self.tag = int(web.post("tag/", {"name": "a"})["id"])
        self.fan = web.component("Fan", self.project)
        self.blade = web.component("Blade", self.project, self.fan)
        self.vali = web.vali("Mass", self.fan, "5", unit="kg")

    def path(self, url: str) -> str:
        """The recorded address with the ids of here."""
        for name, here in (("components", self.fan), ("valis", self.vali), ("tag", self.tag)):
            url = re.sub(rf"/{name}/1\b", f"/{name}/{here}", url)
        return re.sub(r"=(1|99)\b", lambda match: f"={self.key(int(match[1]), 'parent')}", url)

    def key(self, value: Any, name: str) -> Any:
        """A recorded id as it is here; 99 stands for none."""
        if value == 99:
            return 99_000_000
        if value in (1, "1") and name in ("parent", "project", "tags"):
            here = {"parent": self.fan, "project": self.project, "tags": self.tag}[name]
            return str(here) if isinstance(value, str) else here
        return value

    def body(self, value: Any, name: str = "") -> Any:
        """A recorded body as it is here."""
        if isinstance(value, dict) and name != "parent":
            return {key: self.body(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.body(each, name) for each in value]
        return value if isinstance(value, dict) else self.key(value, name)

    def send(self, case: dict[str, Any]) -> requests.Response:
        """The recorded request."""
        headers = {} if case["case"] in NO_LOGIN else {"Authorization": f"Bearer {self.web.server.token}"}
        url = self.web.server.url + self.path(case["url"])
        sent = {kind: self.body(body) for kind, body in (case["request"] or {}).items()}
        headers |= SENT.get(case["case"], {})
        return requests.request(case["method"].upper(), url, headers=headers, timeout=30, allow_redirects=False, **sent)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with sandbox.running("valispace") as server:
        yield Bench(Web(server))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_recorded(bench: Bench, case: dict[str, Any]) -> None:
    answer = bench.send(case)
    assert answer.status_code == case["status"], answer.text
    for name, value in case["headers"].items():
        assert answer.headers[name] == (bench.path(value) if name == "Location" else value)
    if case["status"] >= 400 and "json" in answer.headers["Content-Type"]:
        expected = str(case["body"]).replace('"99"', '"99000000"')
        assert str(answer.json()) == expected
