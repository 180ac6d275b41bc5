"""A client for tests of the Valispace face: real HTTP, answers as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from assetmeta.sandbox import Server
from assetmeta.sandbox.valispace.app import Valispace

RECORDED = Path(__file__).parents[4] / "shared/reference/data/valispace"


class Web:
    """Talks to one running deployment. Paths are below `/rest/`."""

    def __init__(self, server: Server) -> None:
        assert isinstance(server.face, Valispace)
        self.server = server
        self.face = server.face
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server.token}"

    def url(self, path: str) -> str:
        return f"{self.server.url}/rest/{path}"

    def send(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """One request, redirections not followed; *body* goes as JSON."""
        if body is not None:
            more["json"] = body
        more.setdefault("allow_redirects", False)
        return self.session.request(method, self.url(path), timeout=30, **more)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of a GET."""
        return told(self.send("GET", path, **more), status)

    def post(self, path: str, body: object, status: int = 201, **more: Any) -> Any:
        """The JSON of a POST."""
        return told(self.send("POST", path, body, **more), status)

    def patch(self, path: str, body: object, status: int = 200, **more: Any) -> Any:
        """The JSON of a PATCH."""
        return told(self.send("PATCH", path, body, **more), status)

    def put(self, path: str, body: object, status: int = 200, **more: Any) -> Any:
        """The JSON of a PUT."""
        return told(self.send("PUT", path, body, **more), status)

    def delete(self, path: str) -> None:
        """A DELETE that must succeed."""
        answer = self.send("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def token(self, form: dict[str, Any] | None = None, **more: Any) -> requests.Response:
        """A request of the token endpoint."""
        return requests.post(f"{self.server.url}/o/token/", data=form, timeout=30, allow_redirects=False, **more)

    def log_in(self, **changed: Any) -> Any:
        """Tokens of the administrator by password."""
        form = {"grant_type": "password", "username": self.server.user, "password": self.server.secret}
        return told(self.token(form | {"client_id": "ValispaceREST"} | changed), 200)

    def project(self, name: str = "Fan") -> int:
        """The id of a new project."""
        workspaces = self.get("workspace/")
        workspace = workspaces[0]["id"] if workspaces else self.post("workspace/", {"name": "Space"})["id"]
        return int(self.post("project/", {"name": name, "workspace": workspace})["id"])

    def component(self, name: str, project: int, parent: int | None = None, **more: Any) -> int:
        """The id of a new component."""
        body = {"name": name, "project": project, "parent": parent} | more
        return int(self.post("components/", body)["id"])

    def vali(self, shortname: str, parent: int, formula: object = "1", **more: Any) -> int:
        """The id of a new vali."""
        return int(self.post("valis/", {"shortname": shortname, "parent": parent, "formula": formula} | more)["id"])


def told(answer: requests.Response, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text[:2000]
    return answer.json()


def recorded(name: str) -> Any:
    """One of the recorded files, None where they are not at hand."""
    path = RECORDED / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
