"""A client for tests of the Valohai face: real HTTP, answers as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from assetmeta.sandbox import Server
from assetmeta.sandbox.valohai.app import Valohai

RECORDED = Path(__file__).parents[4] / "shared/reference/data/valohai"
ORGANIZATION = "harbour-lab"


class Web:
    """Talks to one running installation as *user*. Paths are below `/api/v0/`."""

    def __init__(self, server: Server, user: str = "admin") -> None:
        assert isinstance(server.face, Valohai)
        self.server = server
        self.face = server.face
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Token {self.face.user_token(user)}"

    def url(self, path: str) -> str:
        return f"{self.server.url}/api/v0/{path}"

    def send(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """One request, redirections not followed; *body* goes as JSON. A whole address may stand for the path."""
        if body is not None:
            more["json"] = body
        more.setdefault("allow_redirects", False)
        url = path if path.startswith("http") else self.url(path)
        return self.session.request(method, url, timeout=30, **more)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of a GET."""
        return told(self.send("GET", path, **more), status)

    def rows(self, path: str) -> list[Any]:
        """The rows of a page."""
        found: list[Any] = self.get(path)["results"]
        return found

    def post(self, path: str, body: object = None, status: int = 201, **more: Any) -> Any:
        """The JSON of a POST."""
        return told(self.send("POST", path, body, **more), status)

    def patch(self, path: str, body: object, status: int = 200) -> Any:
        """The JSON of a PATCH."""
        return told(self.send("PATCH", path, body), status)

    def put(self, path: str, body: object, status: int = 200) -> Any:
        """The JSON of a PUT."""
        return told(self.send("PUT", path, body), status)

    def delete(self, path: str) -> None:
        """A DELETE that must succeed and say nothing."""
        answer = self.send("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def project(self, name: str = "Fan", owner: str = ORGANIZATION) -> str:
        """The id of a new project."""
        return str(self.post("projects/", {"name": name, "owner": owner})["id"])

    def put_in(self, kind: str, **values: object) -> Any:
        """The key of an object that no request makes, put straight into the store."""
        store = self.face.space.store
        with store.lock, store.transaction():
            return self.face.space.add(kind, **values)

    def commit(self, project: str, identifier: str = "1f2e3d", **more: object) -> str:
        """The identifier of a new commit."""
        repository = self.face.space.store.pointing("repository", "project", project)[0]
        values: dict[str, object] = {"ref": "main", "ref_names": ["main"], "adhoc": False, "has_config": True}
        values |= {"commit_time": "2025-02-03T04:05:06Z", "description": "", "yaml_path": "valohai.yaml"}
        values |= {"config": [{"step": {"name": "train"}}]}
        self.put_in("commit", project=project, repository=repository, identifier=identifier, **{**values, **more})
        return identifier

    def datum(self, project: str, name: str = "model.pkl", **more: object) -> str:
        """The id of a new datum."""
        store = self.face.space.store.ids("store")[0]
        return str(self.put_in("datum", project=project, name=name, **{"size": 5, "store": store, **more}))

    def execution(self, project: str, **more: object) -> str:
        """The id of an execution that has come to its end."""
        space = self.face.space
        commits = space.store.pointing("commit", "project", project)
        if not commits:
            self.commit(project)
            commits = space.store.pointing("commit", "project", project)
        values = {"commit": commits[0], "step": "train", "status": "complete", "creator": 1}
        values |= {"environment": space.store.ids("environment")[0]}
        return str(self.put_in("execution", project=project, **{**values, **more}))


def told(answer: requests.Response, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text[:2000]
    return answer.json()


def recorded(name: str) -> Any:
    """One of the recorded bodies, None where they are not at hand."""
    path = RECORDED / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def keys_missing(recorded_body: Any, body: Any, where: str = "") -> list[str]:
    """The paths of keys that the recorded body has and *body* has not, and of values of another JSON type."""
    if isinstance(recorded_body, Mapping) and isinstance(body, Mapping):
        lost = [f"{where}.{name}" for name in recorded_body if name not in body]
        return lost + [
            path
            for name in recorded_body
            if name in body
            for path in keys_missing(recorded_body[name], body[name], f"{where}.{name}")
        ]
    if isinstance(recorded_body, list) and isinstance(body, list):
        return keys_missing(recorded_body[0], body[0], f"{where}[]") if recorded_body and body else []
    same = kind_of(recorded_body) == kind_of(body) or recorded_body is None or body is None
    return [] if same else [f"{where}: {kind_of(body)} for {kind_of(recorded_body)}"]


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__
