"""A client for tests of the Testspace face: real HTTP, answers as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import requests

from assetmeta.sandbox import Server
from assetmeta.sandbox.testspace import app
from assetmeta.sandbox.testspace.publication import publish
from assetmeta.sandbox.testspace.suites import ERRORED, FAILED, NOT_APPLICABLE, PASSED, UNTESTED, Case, Suite

RECORDED = Path(__file__).parents[4] / "shared/reference/data/testspace"
JSON = "application/json; charset=utf-8"
STATUSES = {"P": PASSED, "F": FAILED, "E": ERRORED, "N": NOT_APPLICABLE, "T": UNTESTED}
LETTERS = {status: letter for letter, status in STATUSES.items()}


class Web:
    """Talks to one running organization. Paths are below `/api/`, spelled as they go on the wire."""

    def __init__(self, server: Server, user: str | None = "admin") -> None:
        assert isinstance(server.face, app.Testspace)
        self.server = server
        self.face = server.face
        self.session = requests.Session()
        self.session.trust_env = False
        if user is not None:
            self.session.auth = (user, user)

    def url(self, path: str = "") -> str:
        return f"{self.server.url}/api{'/' if path else ''}{path}"

    def send(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """One request; *body* goes as JSON."""
        if body is not None:
            more["json"] = body
        return self.session.request(method, self.url(path), timeout=30, **more)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of a GET."""
        return told(self.send("GET", path, **more), status)

    def all(self, path: str) -> list[Any]:
        """The rows of all pages of a list."""
        url, found = self.url(path), []
        while url:
            answer = self.session.get(url, timeout=30)
            found += told(answer, 200)
            url = answer.links.get("next", {}).get("url", "")
        return found

    def post(self, path: str, body: object, status: int = 201) -> Any:
        """The JSON of a POST."""
        return told(self.send("POST", path, body), status)

    def patch(self, path: str, body: object, status: int = 205) -> Any:
        """The JSON of a PATCH."""
        return told(self.send("PATCH", path, body), status)

    def delete(self, path: str) -> None:
        """A DELETE that must succeed."""
        answer = self.send("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def refused(self, method: str, path: str, status: int, body: object = None, **more: Any) -> str:
        """The message of a request that must be refused."""
        found = told(self.send(method, path, body, **more), status)
        assert list(found) == ["message"]
        return str(found["message"])

    def project(self, name: str, **more: object) -> int:
        """The id of a new project."""
        return int(self.post("projects", {"name": name} | more)["id"])

    def space(self, project: int, name: str, **more: object) -> int:
        """The id of a new space."""
        return int(self.post(f"projects/{project}/spaces", {"name": name} | more)["id"])

    def result(self, space: int, name: str, **more: object) -> int:
        """The id of a new result without contents."""
        return int(self.post(f"spaces/{space}/results", {"name": name} | more)["id"])

    def push(self, space: int, name: str, *suites: Suite, moment: int = 1_700_000_000_000, **more: Any) -> int:
        """The id of a new result with contents, which only Python can give it."""
        store = self.face.store
        with store.lock, store.transaction():
            return publish(store, space, name, suites, moment=moment, user=1, **more)


def told(answer: requests.Response, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert (answer.status_code, answer.headers.get("Content-Type")) == (status, JSON), answer.text[:2000]
    assert answer.headers["Status"].split(" ", 1)[0] == str(status)
    return answer.json()


def suite(path: str, **cases: str) -> Suite:
    """A suite whose cases have the outcomes that letters stand for."""
    return Suite(path, tuple(Case(name, STATUSES[letter]) for name, letter in cases.items()))


def recorded(name: str) -> Any:
    """One of the recorded bodies, None where they are not at hand."""
    path = RECORDED / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def outcomes(web: Web, result: str, folder: str = "") -> dict[str, str]:
    """The letters of all automated cases of a result, by the key their failures have."""
    found: dict[str, str] = {}
    for item in web.all(f"{result}/contents{f'/{folder}' if folder else ''}"):
        if item["type"] == "folder":
            found |= outcomes(web, result, item["path"])
        elif item["download_url"] is not None:
            text = web.session.get(item["download_url"], timeout=30).content
            for case in ElementTree.fromstring(text):
                found[f"{item['path']}().{case.get('name')}"] = LETTERS[case.get("status", "")]
    return found
