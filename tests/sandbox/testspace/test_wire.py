"""The rules of the wire: log-in, methods, statuses, bodies, and what every answer carries."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Iterator

import pytest
import requests

from assetmeta import sandbox
from sandbox.testspace.web import JSON, Web, recorded, told

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


def asked(web: Web, authorization: str | None, method: str = "GET", path: str = "projects") -> requests.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Web(web.server, None).send(method, path, headers=headers)


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


class TestLogIn:
    def test_user_and_password(self, web: Web) -> None:
        assert 4 == len(told(asked(web, basic("admin:admin")), 200))

    def test_a_token_as_user_name(self, web: Web) -> None:
        assert 4 == len(told(asked(web, basic(f"{web.server.token}:")), 200))

    @pytest.mark.parametrize("word", ["Token", "token", "TOKEN"])
    def test_a_token_with_its_own_word(self, web: Web, word: str) -> None:
        assert 4 == len(told(asked(web, f"{word} {web.server.token}"), 200))

    @pytest.mark.parametrize("word", ["basic", "BASIC"])
    def test_the_word_basic_in_any_case(self, web: Web, word: str) -> None:
        assert 4 == len(told(asked(web, basic("admin:admin").replace("Basic", word)), 200))

    @pytest.mark.parametrize(
        "sent",
        [
            *(basic(text) for text in ("admin:wrong", "nobody:admin", "admin:", ":", "admin", "nope:", "ä:ö", "\0:\0")),
            *("Basic", "Basic !!!", "Basic //79", "Token", "Token nope", "Bearer nope", "Negotiate x", "admin"),
            basic("admin:admin") + " more",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_bad_credentials(self, web: Web, sent: str, method: str) -> None:
        assert {"message": "Bad credentials"} == told(asked(web, sent, method), 403)

    def test_the_passwords_colon_is_its_own(self, web: Web) -> None:
        assert {"message": "Bad credentials"} == told(asked(web, basic("admin:admin:")), 403)

    def test_credentials_for_the_client(self, web: Web) -> None:
        assert {"url": web.server.url, "username": "admin", "password": "admin"} == web.server.credentials
        assert {"url": web.server.url, "token": web.server.token} == web.server.token_credentials

    def test_there_is_no_oauth2(self, web: Web) -> None:
        with pytest.raises(LookupError, match="OAuth2"):
            assert web.server.oauth

    def test_tokens_are_the_same_at_every_start(self, web: Web) -> None:
        with sandbox.running("testspace") as other:
            assert web.server.token == other.token


class TestWithoutCredentials:
    def test_public_projects_can_be_read(self, web: Web) -> None:
        names = [row["name"] for row in told(asked(web, None), 200)]
        assert ["abccorp:application", "abccorp:server", "samples"] == names
        assert 6 == len(told(asked(web, None, path="projects/1/spaces/master/results"), 200))

    def test_private_ones_are_not_there(self, web: Web) -> None:
        for path in ("projects/3", "projects/abccorp%3Atest", "projects/3/spaces", "spaces/5"):
            assert {"message": "Not Found"} == told(asked(web, None, path=path), 404)

    @pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
    def test_nothing_can_be_changed(self, web: Web, method: str) -> None:
        assert {"message": "Forbidden"} == told(asked(web, None, method, "projects/1"), 403)

    def test_users_are_not_reported(self, web: Web) -> None:
        assert {"message": "Forbidden"} == told(asked(web, None, path="users"), 403)

    def test_a_closed_organization(self, web: Web) -> None:
        web.face.settings.anonymous = False
        try:
            assert {"message": "Forbidden"} == told(asked(web, None), 403)
            assert {"message": "Forbidden"} == told(asked(web, None, path="nowhere"), 403)
        finally:
            web.face.settings.anonymous = True


class TestPaths:
    def test_the_link_map(self, web: Web) -> None:
        found = web.get("")
        assert f"{web.server.url}/api/projects/{{project}}/spaces/{{space}}" == found["space_url"]
        sample = recorded("py_api_endpoints.json")
        if sample is not None:
            root = "https://s2.testspace.com"
            assert sample == {name: value.replace(web.server.url, root) for name, value in found.items()}

    @pytest.mark.parametrize("path", ["", "projects", "projects/1", "spaces/1", "users", "spaces/1/results"])
    def test_a_slash_at_the_end_does_no_harm(self, web: Web, path: str) -> None:
        slashed = requests.get(f"{web.url(path)}/", auth=("admin", "admin"), timeout=30)
        assert web.get(path) == told(slashed, 200)

    @pytest.mark.parametrize(
        "path", ["nowhere", "projects/1/nowhere", "project/1", "spaces", "files", "results/1", "spaces/1/results/1/x"]
    )
    def test_unknown_paths(self, web: Web, path: str) -> None:
        assert "Not Found" == web.refused("GET", path, 404)
        sample = recorded("seed_error.json")
        assert sample is None or {"message": "Not Found"} == sample

    def test_beside_the_api_there_is_no_json(self, web: Web) -> None:
        answer = requests.get(f"{web.server.url}/projects", timeout=30)
        assert (404, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["Content-Type"])

    def test_addresses_follow_the_host_that_was_asked(self, web: Web) -> None:
        headers = {"Host": "abccorp.example.org:8443"}
        found = web.get("projects/1", headers=headers)
        assert "http://abccorp.example.org:8443/api/projects/1/spaces" == found["spaces_url"]

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "projects/1", "GET, PATCH, PUT, DELETE"),
            ("DELETE", "projects", "GET, POST"),
            ("PATCH", "users/1", "GET"),
            ("PATCH", "spaces/3/results/8/contents", "GET, DELETE"),
            ("OPTIONS", "spaces/3", "GET, PATCH, PUT, DELETE"),
        ],
    )
    def test_methods_that_a_path_does_not_take(self, web: Web, method: str, path: str, allowed: str) -> None:
        answer = web.send(method, path)
        assert {"message": "Method Not Allowed"} == told(answer, 405)
        assert allowed == answer.headers["Allow"]

    def test_head_is_get_without_its_body(self, web: Web) -> None:
        answer = web.send("HEAD", "projects")
        assert (200, b"") == (answer.status_code, answer.content)

    def test_https_only(self, web: Web) -> None:
        web.face.settings.https_only = True
        try:
            assert "HTTPS is required" == web.refused("GET", "projects", 403)
        finally:
            web.face.settings.https_only = False


class TestBodies:
    @pytest.mark.parametrize("sent", [FORM, "text/plain", "application/xml", ""])
    @pytest.mark.parametrize(("method", "path"), [("POST", "projects"), ("PATCH", "spaces/1"), ("DELETE", "spaces/1")])
    def test_a_body_that_is_not_called_json(self, web: Web, method: str, path: str, sent: str) -> None:
        more = {"data": b'{"name": "x"}', "headers": {"Content-Type": sent}}
        assert web.refused(method, path, 415, **more).startswith("Unsupported Media Type")

    def test_an_empty_body_needs_no_type(self, web: Web) -> None:
        project = web.project("of nothing")
        answer = web.send("PATCH", f"projects/{project}", headers={"Content-Type": FORM})
        assert "of nothing" == told(answer, 205)["name"]
        web.delete(f"projects/{project}")

    def test_json_with_a_charset(self, web: Web) -> None:
        more = {"data": '{"description": "ä"}'.encode(), "headers": {"Content-Type": "application/json; charset=utf-8"}}
        assert "ä" == told(web.send("PATCH", "spaces/1", **more), 205)["description"]

    @pytest.mark.parametrize(
        "sent", [b"{", b"nope", b"[]", b'"x"', b"1", b"null", b'{"a": NaN}', b"\xff", b"[" * 99999]
    )
    def test_a_body_that_is_no_object(self, web: Web, sent: bytes) -> None:
        assert web.refused("POST", "projects", 400, data=sent, headers={"Content-Type": "application/json"})

    def test_unknown_parameters_do_no_harm(self, web: Web) -> None:
        assert web.get("projects") == web.get("projects?name=nobody&limit=1&per_page=2&sort=-id&%00=%ff&x")
        found = web.patch("spaces/1", {"nobody": {"knows": ["this"]}, "id": 77, "project_id": 3, "created_at": None})
        assert (1, 1) == (found["id"], found["project_id"])


class TestTheAnswerToAChange:
    def raw(self, web: Web) -> bytes:
        """What comes over the socket after a PATCH, to the end."""
        body = json.dumps({"description": "raw"}).encode()
        head = (
            f"PATCH /api/spaces/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('admin:admin')}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection((web.server.host, web.server.port), 30) as connection:
            connection.sendall(head.encode() + body)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def test_205_has_a_body_on_the_wire(self, web: Web) -> None:
        head, _, body = self.raw(web).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 205 Reset Content\r\n")
        assert f"content-length: {len(body)}".encode() in head.lower()
        assert (1, "raw") == (json.loads(body)["id"], json.loads(body)["description"])

    def test_205_without_a_body_where_the_switch_says_so(self, web: Web) -> None:
        web.face.settings.body_of_205 = False
        try:
            head, _, body = self.raw(web).partition(b"\r\n\r\n")
        finally:
            web.face.settings.body_of_205 = True
        assert head.startswith(b"HTTP/1.1 205 Reset Content\r\n")
        assert (b"", True) == (body, b"content-length: 0" in head.lower())

    def test_the_standard_library_reads_it_and_goes_on(self, web: Web) -> None:
        """A connection is good for more after a 205 with a body."""
        connection = http.client.HTTPConnection(web.server.host, web.server.port, timeout=30)
        headers = {"Authorization": basic("admin:admin"), "Content-Type": "application/json"}
        for text in ("one", "two"):
            connection.request("PATCH", "/api/spaces/1", json.dumps({"description": text}), headers)
            answer = connection.getresponse()
            assert (205, text) == (answer.status, json.loads(answer.read())["description"])
        connection.close()

    def test_put_is_patch(self, web: Web) -> None:
        assert "put" == told(web.send("PUT", "spaces/1", {"description": "put"}), 205)["description"]

    def test_201_says_where(self, web: Web) -> None:
        answer = web.send("POST", "projects/4/spaces", {"name": "where"})
        found = told(answer, 201)
        assert f"{web.server.url}/api/spaces/{found['id']}" == answer.headers["Location"]
        assert found == requests.get(answer.headers["Location"], auth=("admin", "admin"), timeout=30).json()
        web.delete(f"spaces/{found['id']}")

    def test_the_status_header(self, web: Web) -> None:
        seen = [
            web.send("POST", "projects", {"name": "told"}),
            web.send("PATCH", "projects/told", {"description": "x"}),
            web.send("DELETE", "projects/told"),
            web.send("GET", "projects/told"),
        ]
        wanted = ["201 Created", "205 Reset Content", "204 No Content", "404 Not Found"]
        assert wanted == [answer.headers["Status"] for answer in seen]


class TestServerFaults:
    def test_they_have_no_json(self, web: Web) -> None:
        for kind in ("500", "503"):
            web.server.add_fault(kind)
            answer = web.send("GET", "projects")
            assert (int(kind), False) == (answer.status_code, "json" in answer.headers["Content-Type"])

    def test_a_failure_of_its_own_has_none_either(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(web.face.store, "one", lambda *_: 1 / 0)
        answer = web.send("GET", "projects/1")
        assert (500, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["Content-Type"])
        assert JSON != answer.headers["Content-Type"]

    def test_a_request_whose_answer_was_dropped_was_performed(self, web: Web) -> None:
        web.server.add_fault("drop", path="/api/projects", method="POST")
        with pytest.raises(requests.ConnectionError):
            web.send("POST", "projects", {"name": "dropped"})
        assert "dropped" == web.get("projects/dropped")["name"]
        web.delete("projects/dropped")
