"""A client of api/asset over HTTP, for tests: requests as data, posted in JSON or YAML."""

from __future__ import annotations

import itertools
import json
from typing import Any

import requests
import yaml

from assetmeta.sandbox import Server

FORMS = ["json", "yaml"]
_numbers = itertools.count(1)


def spelled(commands: list[Any], form: str) -> bytes:
    """Commands as one JSON array, or as YAML documents."""
    if form == "json":
        return json.dumps(commands).encode()
    return yaml.safe_dump_all(commands, sort_keys=False, allow_unicode=True).encode()


class Bulk:
    """One member's session with one server. *form* is the format in which commands are posted."""

    def __init__(self, server: Server, form: str = "json") -> None:
        self.server = server
        self.form = form
        self.session = requests.Session()
        self.session.auth = (server.user, server.secret)

    def send(self, body: bytes | str, path: str = "api/asset") -> requests.Response:
        """The answer to a body as it is."""
        content = body.encode() if isinstance(body, str) else body
        return self.session.post(f"{self.server.url}/{path}", data=content, timeout=60)

    def post(self, *commands: Any) -> Any:
        """The report of a request, which must have been understood."""
        answer = self.send(spelled(list(commands), self.form))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        return answer.json()

    def preview(self, *commands: Any) -> Any:
        """The projection of a request."""
        answer = self.send(spelled(list(commands), self.form), "api/asset?previewOnly=true")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, *commands: Any) -> list[str]:
        """The tokens of the assets a request makes; nothing in it may fail."""
        report = self.post(*commands)
        assert report["commandFailures"] == {"commands": [], "count": 0}
        assert report["assetsCreated"]["count"] == len(report["assetsCreated"]["oidTokens"])
        return list(report["assetsCreated"]["oidTokens"])

    def ask(self, from_: str, *select: Any, **more: Any) -> Any:
        """The only result set of one query."""
        (found,) = self.post({"from": from_, "select": list(select), **more})["queryResult"]["results"]
        return found

    def scope(self, **values: Any) -> dict[str, Any]:
        """The create of a project with a name of its own."""
        return {
            "AssetType": "Scope",
            "Name": unique("Project"),
            "Parent": "Scope:0",
            "BeginDate": "2020-07-23",
            **values,
        }

    def member(self, **values: Any) -> dict[str, Any]:
        """The create of a member with a name of their own."""
        name = unique("member")
        texts = {"Name": name, "Nickname": name, "Username": name, "Password": name}
        return {"AssetType": "Member", **texts, "DefaultRole": "Role.Name'Observer", **values}

    def get(self, path: str) -> Any:
        """The JSON at a path below the instance."""
        answer = self.session.get(f"{self.server.url}/{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


def unique(name: str) -> str:
    """A name nobody else has."""
    return f"{name} no {next(_numbers)}"


def story(**values: Any) -> dict[str, Any]:
    """The create of a story in the root project."""
    return {"AssetType": "Story", "Name": "A story", "Scope": "Scope:0", **values}


def counted(*oids: str) -> dict[str, Any]:
    """A section of the report that lists these assets."""
    return {"oidTokens": list(oids), "count": len(oids)}


def refs(*oids: str) -> list[dict[str, str]]:
    """The value of a multi-value relation in a result."""
    return [{"_oid": oid} for oid in oids]
