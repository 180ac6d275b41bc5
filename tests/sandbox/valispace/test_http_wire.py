"""The rules of the wire: bearer checks, slashes, formats, methods, bodies, and what every answer carries."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest
import requests

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.valispace.web import Web, told

OF_LIST = "GET, POST, HEAD, OPTIONS"
OF_ONE = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
UNKNOWN = {"detail": "Authentication credentials were not provided."}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace") as server:
        web = Web(server)
        web.post("tag/", {"name": "a", "color": "#FFFFFF"})
        yield web


class TestBearer:
    def refused(self, web: Web, authorization: str | None, method: str = "GET") -> str:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = requests.request(method, web.url("tag/"), headers=headers, json={"name": "x"}, timeout=30)
        assert told(answer, 401) == UNKNOWN
        assert (answer.headers["Vary"], answer.headers["Allow"]) == ("Accept, Cookie", OF_LIST)
        return answer.headers["WWW-Authenticate"]

    @pytest.mark.parametrize("sent", [None, "", "abc", "Bearer", "Bearer ", "Bearer a b", "Basic YWRtaW46YWRtaW4="])
    def test_without_a_token(self, web: Web, sent: str | None) -> None:
        assert self.refused(web, sent) == 'Bearer realm="api"'

    def test_without_the_word(self, web: Web) -> None:
        assert self.refused(web, web.server.token) == 'Bearer realm="api"'

    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
    def test_an_unknown_token(self, web: Web, method: str) -> None:
        text = 'Bearer realm="api",error="invalid_token",error_description="The access token is invalid."'
        assert self.refused(web, "Bearer nope", method) == text

    def test_an_expired_token(self, web: Web) -> None:
        web.face.settings.token_lifetime = 0.0
        try:
            token = web.log_in()["access_token"]
        finally:
            web.face.settings.token_lifetime = 36000.0
        text = 'Bearer realm="api",error="invalid_token",error_description="The access token has expired."'
        assert self.refused(web, f"Bearer {token}") == text

    def test_the_word_in_any_case(self, web: Web) -> None:
        headers = {"Authorization": f"bearer {web.server.token}"}
        assert requests.get(web.url("own-profile/"), headers=headers, timeout=30).json()["username"] == "admin"

    def test_no_right(self, web: Web) -> None:
        headers = {"Authorization": f"Bearer {web.log_in(scope='read')['access_token']}"}
        assert web.get("tag/", headers=headers)
        body = web.post("tag/", {"name": "b"}, 403, headers=headers)
        assert body == {"detail": "You do not have permission to perform this action."}
        assert "actions" not in told(web.send("OPTIONS", "tag/", headers=headers), 200)


class TestSlashes:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("tag", "/rest/tag/"),
            ("valis/1", "/rest/valis/1/"),
            ("requirements/specifications?project=1", "/rest/requirements/specifications/?project=1"),
            ("fuzzysearch/Vali/name/a%20b.c", "/rest/fuzzysearch/Vali/name/a%20b.c/"),
        ],
    )
    def test_every_method_is_sent_on(self, web: Web, method: str, path: str, location: str) -> None:
        answer = web.send(method, path, headers={"Authorization": ""})
        assert (answer.status_code, answer.headers["Location"], answer.content) == (301, location, b"")

    def test_the_root(self, web: Web) -> None:
        answer = requests.get(f"{web.server.url}/rest", timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/rest/")

    def test_a_post_becomes_a_list(self, web: Web) -> None:
        before = len(web.get("tag/"))
        answer = web.send("POST", "tag", {"name": "never"}, allow_redirects=True)
        assert (answer.status_code, len(answer.json())) == (200, before)

    def test_a_patch_loses_its_body(self, web: Web) -> None:
        tag = web.post("tag/", {"name": "kept"})
        answer = web.send("PATCH", f"tag/{tag['id']}", {"name": "lost"}, allow_redirects=True)
        assert (answer.status_code, answer.json()) == (200, tag)

    def test_a_put_lacks_its_fields_and_a_delete_works(self, web: Web) -> None:
        tag = web.post("tag/", {"name": "doomed"})["id"]
        answer = web.send("PUT", f"tag/{tag}", {"name": "x"}, allow_redirects=True)
        assert (answer.status_code, answer.json()) == (400, {"name": ["This field is required."]})
        assert web.send("DELETE", f"tag/{tag}", allow_redirects=True).status_code == 204
        assert web.send("GET", f"tag/{tag}/").status_code == 404


class TestPages:
    @pytest.mark.parametrize(
        "path", ["/rest/nope/", "/rest/nope", "/nope", "/", "/rest//tag/", "/o/nope/", "/rest/tag/1/2/"]
    )
    def test_unknown_paths_are_html(self, web: Web, path: str) -> None:
        answer = web.session.get(web.server.url + path, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "<h1>Not Found</h1>" in answer.text

    def test_server_faults_are_html(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*arguments: object, **named: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(type(web.face.engine), "profile", broken)
        answer = web.send("GET", "own-profile/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
        assert "<h1>Server Error (500)</h1>" in answer.text and "broken" not in answer.text


class TestFormats:
    @pytest.mark.parametrize(
        "accept", [None, "*/*", "application/json", "application/*", "text/html, application/json"]
    )
    def test_json_is_the_rule(self, web: Web, accept: str | None) -> None:
        answer = web.send("GET", "tag/", headers={"Accept": accept})
        assert isinstance(told(answer, 200), list)
        assert b": " not in answer.content and (answer.headers["Allow"], answer.headers["Vary"]) == (OF_LIST, "Accept")

    @pytest.mark.parametrize("accept", ["text/html", BROWSER])
    def test_browsers_get_a_page(self, web: Web, accept: str) -> None:
        answer = web.send("GET", "valis/", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert '<form method="get" data-method="GET"' in answer.text and 'data-method="POST"' in answer.text

    def test_the_page_has_the_same_answer_and_status(self, web: Web) -> None:
        answer = web.send("GET", "tag/999/", headers={"Accept": "text/html"})
        assert answer.status_code == 404 and "No Tag matches the given query." in answer.text

    @pytest.mark.parametrize("accept", ["text/csv", "image/*", "nonsense"])
    def test_nothing_else_is_admitted(self, web: Web, accept: str) -> None:
        body = web.get("tag/", 406, headers={"Accept": accept})
        assert body == {"detail": "Could not satisfy the request Accept header."}

    def test_a_format_by_name(self, web: Web) -> None:
        tag = web.get("tag/")[0]
        assert web.get("tag/?format=json", headers={"Accept": BROWSER}) == web.get("tag/")
        assert web.get("tag.json") == web.get("tag/")
        assert web.get(f"tag/{tag['id']}.json") == tag
        assert web.send("GET", "tag/?format=api").headers["Content-Type"] == "text/html; charset=utf-8"
        assert web.send("GET", "tag.api").headers["Content-Type"] == "text/html; charset=utf-8"

    def test_a_format_must_still_be_admitted(self, web: Web) -> None:
        assert web.send("GET", "tag/?format=json", headers={"Accept": "text/html"}).status_code == 406
        assert web.send("GET", "tag/?format=api", headers={"Accept": "application/json"}).status_code == 406

    @pytest.mark.parametrize("path", ["tag/?format=xml", "tag.xml", "tag/1.xml"])
    def test_unknown_formats(self, web: Web, path: str) -> None:
        assert web.get(path, 404) == {"detail": "Not found."}


class TestRoot:
    def test_names_with_their_addresses(self, web: Web) -> None:
        root = web.get("")
        assert root["requirements/specifications"] == web.url("requirements/specifications/")
        assert web.send("GET", "").headers["Allow"] == "GET, HEAD, OPTIONS"
        for name, url in nonempty(root.items()):
            assert url == web.url(f"{name}/")
            assert isinstance(web.get(f"{name}/"), list), name

    def test_as_json_by_ending(self, web: Web) -> None:
        assert web.get(".json")["tag"] == web.url("tag.json")

    def test_the_host_is_the_one_asked(self, web: Web) -> None:
        root = web.get("", headers={"Host": "portal.example.org"})
        assert root["tag"] == "http://portal.example.org/rest/tag/"


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("DELETE", "valis/", OF_LIST),
            ("POST", "tag/1/", OF_ONE),
            ("POST", "user/", "GET, HEAD, OPTIONS"),
            ("GET", "requirements/bulk-update/", "POST, OPTIONS"),
            ("GET", "requirements/1/add-child/", "PUT, OPTIONS"),
            ("TRACE", "tag/", OF_LIST),
        ],
    )
    def test_not_allowed(self, web: Web, method: str, path: str, allow: str) -> None:
        answer = web.send(method, path)
        assert told(answer, 405) == {"detail": f'Method "{method}" not allowed.'}
        assert answer.headers["Allow"] == allow

    def test_head(self, web: Web) -> None:
        answer, whole = web.send("HEAD", "tag/"), web.send("GET", "tag/")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Length"] == whole.headers["Content-Length"]


class TestBodies:
    def test_broken_json(self, web: Web) -> None:
        answer = web.send("POST", "tag/", data="{bad", headers={"Content-Type": "application/json"})
        text = "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
        assert told(answer, 400) == {"detail": text}

    @pytest.mark.parametrize("body", ["NaN", "[" * 100_000, "1" * 10_000, '{"name": Infinity}'])
    def test_hostile_json(self, web: Web, body: str) -> None:
        answer = web.send("POST", "tag/", data=body, headers={"Content-Type": "application/json"})
        assert told(answer, 400)["detail"].startswith("JSON parse error - ")

    @pytest.mark.parametrize("kind", ["text/csv", "text/plain"])
    def test_a_type_that_nothing_reads(self, web: Web, kind: str) -> None:
        answer = web.send("POST", "tag/", data="a,b", headers={"Content-Type": kind})
        assert told(answer, 415) == {"detail": f'Unsupported media type "{kind}" in request.'}

    def test_no_type(self, web: Web) -> None:
        answer = web.send("POST", "tag/", data='{"name":"x"}')
        assert told(answer, 415) == {"detail": 'Unsupported media type "text/plain" in request.'}

    def test_an_array_is_no_object(self, web: Web) -> None:
        body = web.post("tag/", [{"name": "x"}], 400)
        assert body == {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}

    def test_an_empty_body_is_an_empty_object(self, web: Web) -> None:
        assert told(web.send("POST", "tag/"), 400) == {"name": ["This field is required."]}

    def test_forms(self, web: Web) -> None:
        made = told(web.send("POST", "tag/", data={"name": "by form", "color": "#000000"}), 201)
        assert (made["name"], made["color"]) == ("by form", "#000000")
        made = told(web.send("POST", "tag/", files={"name": (None, "by parts")}), 201)
        assert made["name"] == "by parts"

    def test_forms_hold_lists_and_nulls(self, web: Web) -> None:
        project = web.project("forms")
        tags = [web.post("tag/", {"name": name})["id"] for name in ("f1", "f2")]
        form = {"name": "Formed", "project": str(project), "parent": "", "tags": [str(tag) for tag in tags]}
        made = told(web.send("POST", "components/", data=form), 201)
        assert (made["parent"], made["tags"], made["project"]) == (None, tags, project)

    def test_text_survives_letter_by_letter(self, web: Web) -> None:
        name = "ä \u2028 \u00a0<b>&amp;</b> \U0001f680"
        made = web.post("tag/", {"name": name})
        raw = web.send("GET", f"tag/{made['id']}/").content
        assert made["name"] == name and json.loads(raw)["name"] == name
        assert b"\\u2028" in raw and "\U0001f680".encode() in raw


class TestKeptConnections:
    @pytest.mark.parametrize("status", [200, 400, 401, 404, 405, 406])
    def test_the_body_is_read_whatever_the_answer(self, web: Web, status: int) -> None:
        connection = http.client.HTTPConnection(web.server.host, web.server.port, timeout=30)
        body = json.dumps({"parent": 1, "padding": "x" * 300_000})
        good = {"Authorization": f"Bearer {web.server.token}", "Content-Type": "application/json"}
        changed = {401: {"Authorization": "Bearer nope"}, 406: {"Accept": "text/csv"}}.get(status, {})
        method = {405: "DELETE", 400: "POST"}.get(status, "GET")
        path = "/rest/valis/abc/" if status == 404 else "/rest/tag/"
        connection.request(method, path, body, good | changed)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
        connection.request("GET", "/rest/own-profile/", headers=good)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["username"]) == (200, "admin")
        connection.close()

    def test_a_json_body_on_get_is_no_filter(self, web: Web) -> None:
        assert web.get("contenttypes/", json={"model": "requirement"}) == web.get("contenttypes/")


class TestThrottle:
    def test_too_many_requests(self, web: Web) -> None:
        web.face.settings.throttle = 2
        try:
            answers = [web.send("GET", "tag/") for _ in range(3)]
        finally:
            web.face.settings.throttle = None
        assert [answer.status_code for answer in answers[:2]] == [200, 200]
        seconds = int(answers[2].headers["Retry-After"])
        assert 50 <= seconds <= 60
        text = f"Request was throttled. Expected available in {seconds} seconds."
        assert told(answers[2], 429) == {"detail": text}
        assert web.get("tag/")
