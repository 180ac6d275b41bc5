"""The wire: slashes, methods, media types, addresses by the Host header, the API root, OPTIONS, the throttle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox.valohai.catalogue import KINDS
from nonempty import nonempty
from sandbox.valohai.web import ORGANIZATION, Web, told


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valohai") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def project(web: Web) -> str:
    return web.project()


class TestPaths:
    @pytest.mark.parametrize("path", ["projects", "users/me", "projects?limit=1&name=a%20b"])
    def test_a_missing_slash_is_redirected(self, web: Web, path: str) -> None:
        answer = web.send("GET", path)
        bare, mark, query = path.partition("?")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/api/v0/{bare}/{mark}{query}")
        assert web.send("GET", path, allow_redirects=True).status_code == 200

    def test_of_an_object_too(self, web: Web, project: str) -> None:
        assert web.send("GET", f"projects/{project}", allow_redirects=True).json()["id"] == project

    def test_a_redirection_stays_on_the_host(self, web: Web) -> None:
        answer = requests.get(f"{web.server.url}//api/v0//projects", allow_redirects=False, timeout=30)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v0/projects/")

    @pytest.mark.parametrize("path", ["//projects/", "projects//{}/", "projects/{}//", "//projects//{}//commits//"])
    def test_doubled_slashes_count_as_one(self, web: Web, project: str, path: str) -> None:
        assert web.send("GET", path.format(project)).status_code == 200

    @pytest.mark.parametrize(
        "path", ["nope/", "nope", "users/1/", "projects/{}/nope/", "get-token/x/", "server/", "%00/"]
    )
    def test_unknown_paths_in_the_api_are_json(self, web: Web, project: str, path: str) -> None:
        assert web.get(path.format(project), 404) == {"detail": "Not found."}

    @pytest.mark.parametrize("path", ["projects%2F{}/", "projects/{}%2F", "projects%2f{}%2Fcommits%2f"])
    def test_an_encoded_slash_divides_as_any_other(self, web: Web, project: str, path: str) -> None:
        plain = path.replace("%2F", "/").replace("%2f", "/").format(project)
        assert web.get(plain) == web.get(path.format(project))

    def test_unknown_paths_outside_are_html(self, web: Web) -> None:
        for path in ("/", "/nope", "/api/", "/p/harbour-lab/fan/"):
            answer = requests.get(f"{web.server.url}{path}", timeout=30)
            assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


class TestAddresses:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "valohai.example.org"])
    def test_they_are_built_from_the_host_header(self, web: Web, project: str, host: str) -> None:
        named = f"{host}:{web.server.port}"
        page = web.get("environments/?limit=1", headers={"Host": named})
        assert page["next"] == f"http://{named}/api/v0/environments/?limit=1&offset=1"
        body = web.get(f"projects/{project}/", headers={"Host": named})
        assert body["url"] == f"http://{named}/api/v0/projects/{project}/"
        assert all(url.startswith(f"http://{named}/") for url in nonempty(body["urls"].values()))
        addresses = nonempty(web.get("", headers={"Host": named}).values())
        assert all(url.startswith(f"http://{named}/api/v0/") for url in addresses)

    def test_every_own_address_leads_back(self, web: Web, project: str) -> None:
        web.commit(project)
        web.execution(project)
        seen = 0
        for list_url in nonempty(web.get("").values()):
            for row in web.get(list_url)["results"]:
                if "url" in row and row["url"].startswith(web.server.url):
                    assert web.get(row["url"])["url"] == row["url"]
                    seen += 1
        assert seen >= 7


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("DELETE", "projects/"),
            ("PUT", "projects/"),
            ("POST", "environments/"),
            ("PATCH", "environments/{environment}/"),
            ("DELETE", "environments/{environment}/"),
            ("POST", "users/"),
            ("POST", "commits/"),
            ("POST", "data/"),
            ("POST", "repositories/"),
            ("GET", "data/metadata/apply/"),
            ("PATCH", "users/me/"),
        ],
    )
    def test_not_allowed(self, web: Web, method: str, path: str) -> None:
        environment = web.rows("environments/")[0]["id"]
        answer = web.send(method, path.format(environment=environment), {})
        assert told(answer, 405) == {"detail": f'Method "{method}" not allowed.'}
        assert method not in answer.headers["Allow"].split(", ")

    def test_head_is_like_get(self, web: Web) -> None:
        answer = web.send("HEAD", "projects/")
        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", "text/html, */*;q=0.1"])
    def test_accept(self, web: Web, accept: str) -> None:
        assert web.send("GET", "projects/", headers={"Accept": accept}).status_code == 200

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
    def test_not_acceptable(self, web: Web, accept: str) -> None:
        answer = web.send("GET", "projects/", headers={"Accept": accept})
        assert told(answer, 406) == {"detail": "Could not satisfy the request Accept header."}


class TestBodies:
    def test_json_form_and_multipart(self, web: Web) -> None:
        fields = {"name": "Fürth \U0001f6a2", "description": "a b", "owner": ORGANIZATION}
        parts = {name: (None, text) for name, text in fields.items()}
        for more in ({"json": fields}, {"data": fields}, {"files": parts}):
            made = told(web.send("POST", "projects/", **more), 201)
            assert (made["name"], made["description"]) == (fields["name"], "a b")

    def test_nested_values_in_a_form_are_json(self, web: Web) -> None:
        form = {"name": "a", "tags": '[{"name": "x", "color": "#fff"}]'}
        made = told(web.send("POST", "projects/", data=form), 201)
        assert made["tags"] == [{"project": made["id"], "name": "x", "color": "#fff"}]
        answer = web.send("POST", "projects/", data={"name": "a", "tags": "[x"})
        assert told(answer, 400) == {"tags": [{"message": "Value must be valid JSON.", "code": "invalid"}]}

    @pytest.mark.parametrize("sent", ["text/plain", "application/xml", "application/octet-stream", "nonsense"])
    def test_unsupported_media_types(self, web: Web, sent: str) -> None:
        answer = web.send("POST", "projects/", data=b"name=x", headers={"Content-Type": sent})
        assert told(answer, 415) == {"detail": f'Unsupported media type "{sent}" in request.'}

    @pytest.mark.parametrize(
        "sent",
        [
            b"{",
            b"{'name': 1}",
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b"\xff",
            b"[" * 5000,
            b'{"a":' * 300 + b"1" + b"}" * 300,
        ],
    )
    def test_what_is_no_json(self, web: Web, sent: bytes) -> None:
        answer = web.send("POST", "projects/", data=sent, headers={"Content-Type": "application/json"})
        assert told(answer, 400)["detail"].startswith("JSON parse error")

    @pytest.mark.parametrize("body", [[], [1], "x", 1, True])
    def test_what_is_no_object(self, web: Web, body: Any) -> None:
        assert list(told(web.send("POST", "projects/", json=body), 400)) == ["non_field_errors"]


class TestRoot:
    def test_it_links_every_list(self, web: Web) -> None:
        root = web.get("")
        assert root == {kind.path: web.url(f"{kind.path}/") for kind in KINDS.values()}
        for url in nonempty(root.values()):
            assert list(web.get(url)) == ["count", "next", "previous", "results"]


class TestOptions:
    def test_of_a_list(self, web: Web) -> None:
        about = web.send("OPTIONS", "stores/").json()
        assert list(about) == ["name", "description", "renders", "parses", "actions"]
        fields = about["actions"]["POST"]
        assert fields["name"] == {
            "type": "string",
            "required": True,
            "read_only": False,
            "label": "Name",
            "max_length": 64,
        }
        assert fields["id"] == {"type": "field", "required": False, "read_only": True, "label": "ID"}
        assert {"value": "s3", "display_name": "s3"} in fields["type"]["choices"] and fields["type"]["type"] == "choice"
        assert fields["project"]["type"] == "field"

    def test_of_an_object(self, web: Web, project: str) -> None:
        fields = web.send("OPTIONS", f"projects/{project}/").json()["actions"]["PUT"]
        assert fields["owner"]["read_only"] and not fields["description"]["read_only"]

    def test_no_actions_where_the_user_may_not_write(self, web: Web, project: str) -> None:
        reader = Web(web.server, "reader")
        for path in ("projects/", f"projects/{project}/"):
            assert "actions" not in reader.send("OPTIONS", path).json()
        assert "actions" not in web.send("OPTIONS", "environments/").json()

    def test_of_what_is_not_there(self, web: Web) -> None:
        assert told(web.send("OPTIONS", "projects/nope/"), 404) == {"detail": "Not found."}


class TestThrottle:
    def test_429_with_the_seconds_to_wait(self, web: Web) -> None:
        outsider = Web(web.server, "outsider")
        web.face.settings.throttle = 2
        try:
            answers = [outsider.send("GET", "users/me/") for _ in range(3)]
            assert web.send("GET", "users/me/").status_code == 200
        finally:
            web.face.settings.throttle = None
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        wait = int(answers[2].headers["Retry-After"])
        assert 0 < wait <= 60
        assert answers[2].json()["detail"].startswith(f"Request was throttled. Expected available in {wait} second")
