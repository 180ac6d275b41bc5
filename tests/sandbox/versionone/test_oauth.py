"""oauth.v1: the flow of a client with client_secrets.json, expiry, scopes, refusals."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from assetmeta.sandbox.messages import Response

from ..conftest import Instance

HERE = "http://localhost:9999/done"


@pytest.fixture
def seconds(v1: Instance) -> list[float]:
    """The time in seconds, as the only item; it moves when it is changed."""
    time = [1000.0]
    v1.face.logins.clock = lambda: time[0]
    return time


def secrets(v1: Instance) -> dict[str, str]:
    installed = v1.face.client_secrets("http://x/VersionOne")["installed"]
    assert isinstance(installed, dict)
    return {name: installed[name] for name in ("client_id", "client_secret")}


def authorization(v1: Instance, **changed: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": secrets(v1)["client_id"], "redirect_uri": HERE, "scope": "apiv1"}
    return asked | changed


def granted_code(v1: Instance, **changed: str) -> str:
    answer = v1.post("oauth.v1/auth", urlencode(authorization(v1, **changed)))
    assert answer.status == 302
    return parse_qs(urlsplit(dict(answer.headers)["Location"]).query)["code"][0]


def token(v1: Instance, status: int = 200, **form: str) -> Any:
    answer = v1.post("oauth.v1/token", urlencode(secrets(v1) | form), authorization="")
    assert (answer.status, answer.content_type) == (status, "application/json")
    assert ("Cache-Control", "no-store") in answer.headers
    return json.loads(answer.body)


def redeemed(v1: Instance, **changed: str) -> Any:
    code = granted_code(v1, **changed)
    return token(v1, grant_type="authorization_code", code=code, redirect_uri=HERE)


def get(v1: Instance, path: str, access: str) -> Response:
    return v1.get(path, authorization=f"Bearer {access}")


class TestFlow:
    def test_code_then_token_then_the_twin_of_rest(self, v1: Instance, seconds: list[float]) -> None:
        answer = redeemed(v1)
        assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("bearer", 600, "apiv1")
        assert get(v1, "rest-1.oauth.v1/Data/Member?where=IsSelf='true'&sel=", answer["access_token"]).status == 200

    def test_state_comes_back(self, v1: Instance) -> None:
        answer = v1.post("oauth.v1/auth", urlencode(authorization(v1, state="a&b")))
        assert parse_qs(urlsplit(dict(answer.headers)["Location"]).query)["state"] == ["a&b"]

    def test_consent_is_asked_on_a_page_that_posts_back(self, v1: Instance) -> None:
        page = v1.get("oauth.v1/auth?" + urlencode(authorization(v1, state='"<>')))
        assert page.status == 200
        assert b'name="state" value="&quot;&lt;&gt;"' in page.body
        assert b'action="/VersionOne/oauth.v1/auth"' in page.body

    def test_out_of_band_the_code_is_on_the_page(self, v1: Instance) -> None:
        wanted = authorization(v1, redirect_uri="urn:ietf:wg:oauth:2.0:oob")
        page = v1.post("oauth.v1/auth", urlencode(wanted)).body.decode()
        code = page.partition("Success code=")[2].partition("<")[0]
        answer = token(v1, grant_type="authorization_code", code=code, redirect_uri="urn:ietf:wg:oauth:2.0:oob")
        assert answer["access_token"]

    def test_an_access_token_ends_and_is_refreshed(self, v1: Instance, seconds: list[float]) -> None:
        first = redeemed(v1)
        seconds[0] += 600
        assert get(v1, "rest-1.oauth.v1/Data/Scope/0", first["access_token"]).status == 401
        second = token(v1, grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert second["access_token"] != first["access_token"]
        assert get(v1, "rest-1.oauth.v1/Data/Scope/0", second["access_token"]).status == 200

    def test_the_client_may_use_basic_for_its_secret(self, v1: Instance) -> None:
        import base64

        pair = secrets(v1)
        login = base64.b64encode(f"{pair['client_id']}:{pair['client_secret']}".encode()).decode()
        form = urlencode({"grant_type": "authorization_code", "code": granted_code(v1), "redirect_uri": HERE})
        assert v1.post("oauth.v1/token", form, authorization=f"Basic {login}").status == 200

    def test_the_urls_are_those_of_the_instance(self, v1: Instance) -> None:
        installed: Any = v1.face.client_secrets("http://h/VersionOne")["installed"]
        assert installed["auth_uri"] == "http://h/VersionOne/oauth.v1/auth"
        assert installed["token_uri"] == "http://h/VersionOne/oauth.v1/token"
        assert installed["server_base_uri"] == "http://h/VersionOne"


class TestScopes:
    def test_query_needs_its_own_scope(self, v1: Instance) -> None:
        def ask(access: str) -> int:
            return v1.post("query.v1", "from: Scope", authorization=f"Bearer {access}").status

        assert ask(redeemed(v1)["access_token"]) == 401
        both = redeemed(v1, scope="apiv1 query-api-1.0")["access_token"]
        assert ask(both) == 200
        only = redeemed(v1, scope="query-api-1.0")["access_token"]
        assert get(v1, "rest-1.v1/Data/Scope/0", only).status == 401

    def test_the_twin_takes_no_password(self, v1: Instance) -> None:
        assert v1.get("rest-1.oauth.v1/Data/Scope/0").status == 401


class TestRefusals:
    @pytest.mark.parametrize(
        "changed",
        [
            {"client_id": "someone"},
            {"redirect_uri": "https://evil.example/"},
            {"redirect_uri": "http://localhost\r\nX: y"},
            {"response_type": "token"},
            {"scope": ""},
            {"scope": "everything"},
        ],
    )
    def test_authorization(self, v1: Instance, changed: dict[str, str]) -> None:
        wanted = urlencode(authorization(v1, **changed))
        assert (v1.get(f"oauth.v1/auth?{wanted}").status, v1.post("oauth.v1/auth", wanted).status) == (400, 400)

    def test_authorization_needs_a_login(self, v1: Instance) -> None:
        answer = v1.get("oauth.v1/auth?" + urlencode(authorization(v1)), authorization="")
        assert (answer.status, answer.headers[0][0]) == (401, "WWW-Authenticate")

    def test_a_code_works_once_and_for_a_minute(self, v1: Instance, seconds: list[float]) -> None:
        code = granted_code(v1)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": HERE}
        token(v1, **form)
        assert token(v1, 400, **form)["error"] == "invalid_grant"
        late = granted_code(v1)
        seconds[0] += 61
        assert token(v1, 400, **(form | {"code": late}))["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({}, 400, "unsupported_grant_type"),
            ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
            ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
            ({"grant_type": "refresh_token"}, 400, "invalid_grant"),
            ({"grant_type": "refresh_token", "client_secret": "wrong"}, 401, "invalid_client"),
        ],
    )
    def test_tokens(self, v1: Instance, form: dict[str, str], status: int, error: str) -> None:
        assert token(v1, status, **form)["error"] == error

    def test_a_refresh_cannot_widen_its_scope(self, v1: Instance) -> None:
        refresh = redeemed(v1)["refresh_token"]
        answer = token(v1, 400, grant_type="refresh_token", refresh_token=refresh, scope="apiv1 query-api-1.0")
        assert answer["error"] == "invalid_scope"

    def test_another_redirect_uri_is_refused(self, v1: Instance) -> None:
        form = {"grant_type": "authorization_code", "code": granted_code(v1), "redirect_uri": "http://localhost/other"}
        assert token(v1, 400, **form)["error"] == "invalid_grant"
