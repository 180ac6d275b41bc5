"""Odd requests by the hundred: whatever is sent, the answer is never a server fault and never odd JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.valispace import catalogue
from assetmeta.sandbox.valispace.app import Valispace

ODD: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 1.5, 1e308, 10**30, 2**63, "", "1", "abc", "x" * 300),
    *("\x00", "\ud800", "ä\U0001f680", "\u202e", "2024-13-45", "2024-01-31", "01/02/2024", "true"),
    *("$1", "$C0.V0", "$V0+1", "sum(1", "1/0", "2^9999", "10^400", "sqrt(-1)", "if(1,2)", "$1\\max", "$C0.V0(3)"),
    *("5 kg", "5 nope", "1 m + 1 s", "1 degC + 1", "if(1>0,1 m,2 s)", "(" * 3000, "+" * 2000, "1e400", "\\"),
    '<span class="quill-autocomplete" host="vali" itemid="1" field="name">x</span>',
    *([], [1], [1, 1], ["1"], [None], [[1]], {}, {"id": 1}, {"id": 1, "contenttype": 5}, {"id": "x"}),
]
LOOK_UPS = ["project_id", "id__in", "object_id__in", "method__method_id", "parent__parent__name", "x__y", "id__nope"]
GRAPH = "valis/1/impact-analysis-graph-for/2/?range_min={}&range_max={}&range_step_size={}"
ENDPOINTS = (*catalogue.KINDS, *catalogue.ALIASES)
SEARCHABLE = ("valis", "components", "requirements", "files", "requirements/versions", "requirements/component-vms")


class Stranger:
    """Sends what no client should, reproducibly."""

    def __init__(self, face: Valispace, seed: int) -> None:
        self.face = face
        self.random = random.Random(seed)
        self.send("POST", "project/", {"name": "P", "workspace": 1})
        for number in range(3):
            self.send("POST", "components/", {"name": f"C{number}", "project": 1})
            self.send("POST", "valis/", {"shortname": f"V{number}", "parent": 1, "formula": "3 kg"})
        self.send("POST", "requirements/specifications/", {"name": "S", "project": 1})
        for number in range(2):
            self.send("POST", "requirements/", {"identifier": f"R{number}", "specification": 1})

    def send(self, method: str, path: str, body: Any = None) -> Response:
        where, _, query = path.partition("?")
        headers = {"authorization": f"Bearer {self.face.token}", "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        return self.face.answer(Request(method, f"/rest/{where}", query, headers, content, "http://host"))

    def odd(self) -> Any:
        return self.random.choice(ODD)

    def key(self) -> int:
        return self.random.randint(1, 6)

    def body(self, endpoint: str) -> Any:
        """Some fields of a kind with odd values; what is required is often as it should be."""
        kind = catalogue.find(endpoint)
        assert kind is not None
        if self.random.random() < 0.08:
            return self.odd()
        names = [field.name for field in kind.fields]
        body = {name: self.odd() for name in self.random.sample(names, min(len(names), self.random.randint(0, 8)))}
        for field in kind.fields:
            if field.required and self.random.random() < 0.7:
                body[field.name] = 1 if field.type in ("one", "content_type") else f"n{self.random.randint(0, 99999)}"
        return body

    def request(self) -> tuple[str, str, Any]:
        """Any request."""
        return self.random.choice([self.write, self.read, self.search, self.act])()

    def write(self) -> tuple[str, str, Any]:
        endpoint = self.random.choice(ENDPOINTS)
        method = self.random.choice(["POST", "POST", "PATCH", "PUT", "DELETE"])
        path = f"{endpoint}/" if method == "POST" else f"{endpoint}/{self.key() + 3 * (method == 'DELETE')}/"
        return method, path, None if method == "DELETE" else self.body(endpoint)

    def read(self) -> tuple[str, str, Any]:
        endpoint = self.random.choice(ENDPOINTS)
        kind = catalogue.find(endpoint)
        assert kind is not None
        name = self.random.choice([*kind.filters, "fields", "clean_text", "clean_html", "format"])
        value = str(self.odd())[:40].encode("ascii", "replace").decode()
        path = self.random.choice([f"{endpoint}/?{name}={value}", f"{endpoint}/{self.key()}/", f"{endpoint}/"])
        return self.random.choice(["GET", "GET", "OPTIONS"]), path, None

    def search(self) -> tuple[str, str, Any]:
        endpoint = self.random.choice(SEARCHABLE)
        kind = catalogue.find(endpoint)
        assert kind is not None
        names = [field.name for field in kind.fields] + LOOK_UPS
        ending = self.random.choice(["", "", "__in", "__gt", "__isnull", "__icontains"])
        filters = {self.random.choice(names) + ending: self.odd()} if self.random.random() < 0.9 else self.odd()
        body = {"query_filters": filters}
        for name in ("includes", "size"):
            if self.random.random() < 0.4:
                body[name] = self.odd()
        return "POST", f"{endpoint}/search/", body

    def act(self) -> tuple[str, str, Any]:
        odd, key = self.odd, self.key()
        return self.random.choice(
            [
                ("POST", f"valis/{key}/convert-to-dataset/", odd()),
                ("POST", f"valis/{key}/import-dataset/", {"data": [[1, 2], [3, odd()]], "headers": odd()}),
                ("POST", f"vali/{key}/impact-analysis/", {"dependency": odd(), "new_value": odd()}),
                ("PUT", f"requirements/{key}/add-child/", {"child": odd()}),
                ("PUT", f"user-tasks/{key}/add-member/", {"member": odd()}),
                ("POST", "requirements/bulk-update/", {"1": {"position": odd(), "text": odd()}, "2": odd()}),
                ("PATCH", "requirements/component-vms/bulk-update/", {"ids": odd(), "data": {"status": odd()}}),
                ("POST", "files/create-empty/", {"name": odd(), "link": odd(), "project": 1, "file_type": odd()}),
                ("PUT", "vali-assistant/general-custom-prompt/", self.prompt()),
                ("GET", f"alexa_what_if/C0.V0/C0.V{self.random.randint(0, 2)}/{self.number()}/", None),
                ("GET", GRAPH.format(self.number(), self.number(), self.number()), None),
                ("GET", f"fuzzysearch/Vali/name/{self.random.choice(['C0.V0', '%00', '%F0%9F', 'x' * 500])}/", None),
                ("GET", "requirements/complete/?clean_text=text", None),
            ]
        )

    def number(self) -> str:
        return self.random.choice(["1", "0", "-1", "x", "", "nan", "inf", "1e308", "1e-12", "5 kg", "%00"])

    def prompt(self) -> dict[str, Any]:
        return {"custom_prompt": "x", "content_type_id": self.odd(), "field": "text", "objects_ids": self.odd()}


@pytest.fixture(params=[1, 2, 3])
def stranger(request: pytest.FixtureRequest) -> Iterator[Stranger]:
    face = Valispace.filled(0, 1, None)
    yield Stranger(face, request.param)
    face.close()


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_never_a_server_fault(stranger: Stranger) -> None:
    for _ in range(1200):
        method, path, body = stranger.request()
        answer = stranger.send(method, path, body)
        assert answer.status in (200, 201, 204, 400, 404, 405, 406), (method, path, body)
        if answer.content_type == "application/json":
            json.loads(answer.body, parse_constant=refuse_constant)


def test_what_was_refused_has_changed_nothing(stranger: Stranger) -> None:
    for _ in range(300):
        method, path, body = stranger.write()
        before = stranger.send("GET", path.partition("?")[0]).body if method != "GET" else b""
        answer = stranger.send(method, path, body)
        if answer.status >= 400:
            assert stranger.send("GET", path).body == before, (method, path, body)
