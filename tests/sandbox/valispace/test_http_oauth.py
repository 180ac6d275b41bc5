"""The token endpoint: two grants, rotation, expiry, own applications, and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox.valispace.applications import Application
from sandbox.valispace.web import Web, recorded, told

CASES = recorded("framework/oauth_token_endpoint.json") or []
REFRESH = {"grant_type": "refresh_token", "client_id": "ValispaceREST"}
UNKNOWN_CLIENT = {"WWW-Authenticate": 'Bearer error="invalid_client"'}


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace") as server:
        web = Web(server)
        web.face.applications.register(Application("myid", "mysecret"))
        yield web


def works(web: Web, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(web.url("own-profile/"), headers=headers, timeout=30).status_code == 200


def refreshed(web: Web, token: str, **changed: str) -> requests.Response:
    return web.token(REFRESH | {"refresh_token": token} | changed)


class TestRecorded:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
    def test_each_case_of_the_token_endpoint(self, web: Web, case: dict[str, Any]) -> None:
        sent: dict[str, Any] = {}
        for kind, body in (case["request"] or {}).items():
            sent[kind] = {name: self.actual(web, case, name, value) for name, value in body.items()}
        url = case["url"].replace("alice", web.server.user).replace("secret", web.server.secret)
        answer = requests.request(case["method"], web.server.url + url, timeout=30, allow_redirects=False, **sent)
        assert answer.status_code == case["status"]
        for name, value in case["headers"].items():
            assert answer.headers[name] == value
        if case["body"] is None:
            assert answer.content == b""
        elif case["status"] == 200:
            got = answer.json()
            assert list(got) == list(case["body"])
            fixed = ("expires_in", "token_type", "scope")
            assert [got[name] for name in fixed] == [case["body"][name] for name in fixed]
            assert all(len(got[name]) == 30 and got[name].isalnum() for name in ("access_token", "refresh_token"))
        else:
            assert answer.json() == case["body"]

    def actual(self, web: Web, case: dict[str, Any], name: str, value: str) -> str:
        """The recorded value with the names of this deployment in place of those of the recording."""
        if (name, case["case"]) == ("refresh_token", "refresh ok"):
            return str(web.log_in()["refresh_token"])
        return {"alice": web.server.user, "secret": web.server.secret}.get(value, value)


class TestPassword:
    def test_the_token_opens_the_api(self, web: Web) -> None:
        assert works(web, web.log_in()["access_token"])

    def test_log_ins_are_independent(self, web: Web) -> None:
        first, second = web.log_in(), web.log_in()
        assert first["access_token"] != second["access_token"]
        assert works(web, first["access_token"]) and works(web, second["access_token"])

    @pytest.mark.parametrize(
        "client_id",
        ["docs.valispace.com/user-guide/addons/#matlab", "docs.valispace.com/user-guide/addons/#excel"],
    )
    def test_other_built_in_clients(self, web: Web, client_id: str) -> None:
        assert works(web, web.log_in(client_id=client_id)["access_token"])

    def test_an_own_application_by_form_and_by_basic(self, web: Web) -> None:
        application = web.face.application
        by_form = web.log_in(client_id=application.client_id, client_secret=application.secret)
        form = {"grant_type": "password", "username": web.server.user, "password": web.server.secret}
        by_basic = told(web.token(form, auth=(application.client_id, application.secret)), 200)
        assert works(web, by_form["access_token"]) and works(web, by_basic["access_token"])

    def test_a_secret_with_a_public_client_is_refused(self, web: Web) -> None:
        form = {"grant_type": "password", "username": "admin", "password": "admin", "client_id": "ValispaceREST"}
        answer = web.token(form | {"client_secret": "x"})
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
        assert answer.headers["WWW-Authenticate"] == UNKNOWN_CLIENT["WWW-Authenticate"]

    @pytest.mark.parametrize("name", ["username", "password"])
    def test_an_empty_name_or_password_is_missing(self, web: Web, name: str) -> None:
        form = {"grant_type": "password", "username": "admin", "password": "admin", "client_id": "ValispaceREST"}
        body = told(web.token(form | {name: ""}), 400)
        assert body == {"error": "invalid_request", "error_description": f"Request is missing {name} parameter."}

    def test_scopes(self, web: Web) -> None:
        assert web.log_in(scope="read")["scope"] == "read"
        form = {"grant_type": "password", "username": "admin", "password": "admin", "client_id": "ValispaceREST"}
        assert told(web.token(form | {"scope": "read nope"}), 400) == {"error": "invalid_scope"}

    def test_multipart_is_a_form_too(self, web: Web) -> None:
        form = {"grant_type": "password", "username": "admin", "password": "admin", "client_id": "ValispaceREST"}
        answer = web.token(files={name: (None, value) for name, value in form.items()})
        assert works(web, told(answer, 200)["access_token"])

    def test_switched_off_as_in_the_altium_edition(self, web: Web) -> None:
        web.face.settings.password_grant = False
        try:
            form = {"grant_type": "password", "username": "admin", "password": "admin", "client_id": "ValispaceREST"}
            assert told(web.token(form), 400) == {"error": "unauthorized_client"}
            assert works(web, web.server.token) and works(web, web.face.user_token("admin"))
        finally:
            web.face.settings.password_grant = True


class TestRefreshing:
    def test_a_new_pair_ends_the_old_one(self, web: Web) -> None:
        old = web.log_in()
        new = told(refreshed(web, old["refresh_token"]), 200)
        assert works(web, new["access_token"]) and not works(web, old["access_token"])
        assert told(refreshed(web, old["refresh_token"]), 400) == {"error": "invalid_grant"}
        assert works(web, new["access_token"])

    def test_refresh_tokens_belong_to_their_application(self, web: Web) -> None:
        token = web.log_in()["refresh_token"]
        other = refreshed(web, token, client_id="myid", client_secret="mysecret")
        assert told(other, 400) == {"error": "invalid_grant"}
        assert works(web, told(refreshed(web, token), 200)["access_token"])

    def test_scopes_can_shrink_but_not_grow(self, web: Web) -> None:
        first = web.log_in(scope="read")
        assert told(refreshed(web, first["refresh_token"], scope="read write"), 400) == {"error": "invalid_scope"}
        assert told(refreshed(web, first["refresh_token"]), 200)["scope"] == "read"

    def test_an_expired_access_token_can_be_refreshed(self, web: Web) -> None:
        web.face.settings.token_lifetime = 0.0
        try:
            expired = web.log_in()
        finally:
            web.face.settings.token_lifetime = 36000.0
        assert expired["expires_in"] == 0 and not works(web, expired["access_token"])
        assert works(web, told(refreshed(web, expired["refresh_token"]), 200)["access_token"])


class TestOtherGrants:
    def test_codes_are_not_handed_out(self, web: Web) -> None:
        form = {"grant_type": "authorization_code", "client_id": "ValispaceREST"}
        missing = told(web.token(form), 400)
        assert missing == {"error": "invalid_request", "error_description": "Missing code parameter."}
        assert told(web.token(form | {"code": "x"}), 400) == {"error": "unauthorized_client"}

    def test_client_credentials(self, web: Web) -> None:
        answer = web.token({"grant_type": "client_credentials", "client_id": "ValispaceREST"})
        assert told(answer, 401) == {"error": "invalid_client"}


class TestRevoking:
    def revoke(self, web: Web, form: dict[str, str]) -> requests.Response:
        return requests.post(f"{web.server.url}/o/revoke_token/", data=form, timeout=30)

    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    def test_a_revoked_token_is_unknown(self, web: Web, which: str) -> None:
        pair = web.log_in()
        answer = self.revoke(web, {"token": pair[which], "client_id": "ValispaceREST"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert not works(web, pair["access_token"])

    def test_only_by_its_own_application(self, web: Web) -> None:
        pair = web.log_in()
        form = {"token": pair["access_token"], "client_id": "myid", "client_secret": "mysecret"}
        assert self.revoke(web, form).status_code == 200
        assert works(web, pair["access_token"])

    def test_refusals(self, web: Web) -> None:
        assert self.revoke(web, {"client_id": "ValispaceREST"}).status_code == 400
        assert self.revoke(web, {"token": "x", "client_id": "nobody"}).status_code == 401
