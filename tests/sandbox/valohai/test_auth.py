"""Tokens: how they are got, how they are sent, and how a request without one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.valohai.web import Web, keys_missing, recorded, told

MISSING = {"detail": "Authentication credentials were not provided."}


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valohai") as server:
        yield Web(server)


def exchange(web: Web, **more: Any) -> requests.Response:
    return requests.post(web.url("get-token/"), timeout=30, **more)


class TestExchange:
    def test_form_and_json(self, web: Web) -> None:
        login = {"username": web.server.user, "password": web.server.secret}
        for more in ({"data": login}, {"json": login}, {"files": {name: (None, text) for name, text in login.items()}}):
            assert told(exchange(web, **more), 200) == {"token": web.server.token}

    @pytest.mark.parametrize("password", ["wrong", "", "admin ", "\x00"])
    def test_a_wrong_password_is_400_with_a_code(self, web: Web, password: str) -> None:
        body = told(exchange(web, json={"username": "admin", "password": password}), 400)
        assert isinstance(body["code"], str) and "token" not in body

    def test_nobody_and_nothing(self, web: Web) -> None:
        assert told(exchange(web, data={"username": "nobody", "password": "x"}), 400)["code"] == "authorization"
        body = told(exchange(web, json={"username": "admin"}), 400)
        assert body == {"password": [{"message": "This field is required.", "code": "required"}], "code": "required"}
        assert told(exchange(web, json=["admin"]), 400)["non_field_errors"]

    @pytest.mark.parametrize(("user", "code"), [("secured", "has_2fa"), ("external", "has_external_identity")])
    def test_users_who_log_in_otherwise(self, web: Web, user: str, code: str) -> None:
        body = told(exchange(web, data={"username": user, "password": user}), 400)
        assert body["code"] == code and "token" in body["message"]
        assert Web(web.server, user).get("users/me/")["username"] == user

    def test_their_wrong_password_is_only_wrong(self, web: Web) -> None:
        assert told(exchange(web, data={"username": "secured", "password": "x"}), 400)["code"] == "authorization"

    def test_the_shape_that_was_recorded(self, web: Web) -> None:
        known = recorded("cli_get_token.json")
        if known is None:
            pytest.skip("the recorded bodies are not at hand")
        login = {"username": web.server.user, "password": web.server.secret}
        assert keys_missing(known, told(exchange(web, data=login), 200)) == []

    def test_get_is_not_allowed(self, web: Web) -> None:
        assert requests.get(web.url("get-token/"), timeout=30).status_code == 405


class TestToken:
    @pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
    def test_the_scheme_in_any_case(self, web: Web, scheme: str) -> None:
        me = web.get("users/me/", headers={"Authorization": f"{scheme} {web.server.token}"})
        assert me == {
            "id": 1,
            "username": "admin",
            "email": "admin@example.org",
            "first_name": "Admin",
            "last_name": "Istrator",
        }

    def test_who_i_am_has_the_recorded_keys(self, web: Web) -> None:
        me = web.get("users/me/")
        for name in ("cli_users_me.json", "minihai_users_me.json"):
            known = recorded(name)
            if known is None:
                pytest.skip("the recorded bodies are not at hand")
            assert keys_missing(known, me) == []

    @pytest.mark.parametrize(
        "sent", [None, "", "Bearer x", "Basic YWRtaW46YWRtaW4=", "Token", "Token nope", "Token a b"]
    )
    def test_without_a_good_token(self, web: Web, sent: str | None) -> None:
        for path in ("users/me/", "", "projects/", "projects/x/", "executions/?limit=1"):
            answer = requests.get(web.url(path), headers={"Authorization": sent} if sent else {}, timeout=30)
            assert list(told(answer, 401)) == ["detail"]
            assert answer.headers["WWW-Authenticate"] == "Token"

    def test_a_bad_token_is_not_repeated(self, web: Web) -> None:
        answer = requests.get(web.url("projects/"), headers={"Authorization": "Token s3cr3t"}, timeout=30)
        assert "s3cr3t" not in answer.text and "s3cr3t" not in str(answer.headers)
        assert told(answer, 401) == {"detail": "Invalid token."}

    def test_every_path_but_the_exchange_wants_one(self, web: Web) -> None:
        for url in nonempty(web.get("").values()):
            answer = requests.get(url, timeout=30)
            assert (answer.status_code, answer.json()) == (401, MISSING), url

    def test_each_user_has_one_token(self, web: Web) -> None:
        tokens = {web.face.user_token(user) for user in ("admin", "ada", "reader", "outsider", "external", "secured")}
        assert len(tokens) == 6
        with pytest.raises(ValueError, match="nobody"):
            web.face.user_token("nobody")

    def test_tokens_stand_in_no_body(self, web: Web) -> None:
        for url in nonempty(web.get("").values()):
            text = web.send("GET", url).text
            assert web.server.token not in text and "secret" not in text.replace('"secret":', ""), url


class TestFace:
    def test_credentials(self, web: Web) -> None:
        server = web.server
        assert server.credentials == {"url": server.url, "username": "admin", "password": "admin"}
        assert server.token_credentials == {"url": server.url, "token": server.token}

    def test_there_is_no_oauth(self, web: Web) -> None:
        with pytest.raises(LookupError, match="no OAuth2"):
            assert web.server.oauth

    def test_the_api_is_at_the_root_of_the_port(self, web: Web) -> None:
        assert web.server.url == f"http://127.0.0.1:{web.server.port}"

    def test_the_same_token_at_every_start(self, web: Web) -> None:
        with sandbox.running("valohai") as other:
            assert other.token == web.server.token


class TestLoginLink:
    """A link by which a browser logs in; host, link and page are joined as the notebook extension does."""

    def link(self, web: Web) -> str:
        url = str(web.get("users/login_link/")["url"])
        assert url.startswith("/") and "?" in url
        return web.server.url + url

    def test_it_leads_to_the_page_and_works_once(self, web: Web) -> None:
        page = f"{web.server.url}/p/harbour-lab/x/execution/1/"
        address = f"{self.link(web)}&next={page}"
        followed = requests.get(address, timeout=30, allow_redirects=False)
        assert (followed.status_code, followed.headers["Location"]) == (302, page)
        assert requests.get(address, timeout=30, allow_redirects=False).status_code == 403

    @pytest.mark.parametrize("page", ["", "https://elsewhere.example/x", "//elsewhere.example/x", "javascript:x"])
    def test_it_leads_nowhere_else(self, web: Web, page: str) -> None:
        followed = requests.get(f"{self.link(web)}&next={page}", timeout=30, allow_redirects=False)
        assert followed.headers["Location"] == "/"

    def test_it_needs_a_token_and_a_made_link(self, web: Web) -> None:
        assert requests.get(web.url("users/login_link/"), timeout=30).status_code == 401
        made_up = f"{web.server.url}/auth/login-link/?token=x"
        assert requests.get(made_up, timeout=30, allow_redirects=False).status_code == 403
