"""Logging in to Valohai: tokens, user name and password, the environment; and where a token never goes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import AuthenticationFailed, BadValue, Cassette, ValohaiMeta, inspect, sandbox
from assetmeta.model.http import Request
from assetmeta.tools import valohai

VARIABLES = ("VALOHAI_TOKEN", "VH_API_TOKEN", "VALOHAI_API_TOKEN", "VALOHAI_HOST")


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valohai", assets=60, seed=5) as running:
        yield running


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def token(server: sandbox.Server) -> str:
    found: str = server.face.user_token("ada")
    return found


def user_of(session: Any) -> str:
    with session:
        name: str = valohai.profile(session)["username"]
    return name


class TestTokens:
    """A token is a text, what a function returns, or in the environment."""

    def test_a_text(self, server: sandbox.Server, token: str) -> None:
        assert "ada" == user_of(ValohaiMeta(server.url, token=token))

    def test_a_text_with_the_word_that_examples_show(self, server: sandbox.Server, token: str) -> None:
        assert "ada" == user_of(ValohaiMeta(server.url, token=f"Token {token}"))
        assert "ada" == user_of(ValohaiMeta(server.url, token=lambda: f"token {token}"))

    def test_a_function(self, server: sandbox.Server, token: str) -> None:
        asked: list[str] = []

        def latest() -> str:
            asked.append("token")
            return token

        with ValohaiMeta(server.url, token=latest) as vh:
            valohai.profile(vh)
            valohai.profile(vh)
        assert ["token"] == asked

    @pytest.mark.parametrize("found", [None, 5, "", "a\n"])
    def test_a_function_that_returns_no_token(self, server: sandbox.Server, found: Any) -> None:
        with ValohaiMeta(server.url, token=lambda: found) as vh, pytest.raises(BadValue, match="token"):
            valohai.profile(vh)

    @pytest.mark.parametrize("name", VARIABLES[:3])
    def test_the_environment(
        self, server: sandbox.Server, token: str, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, token)
        monkeypatch.setenv("VALOHAI_HOST", server.url)
        assert "ada" == user_of(ValohaiMeta())

    def test_what_is_given_wins_over_the_environment(
        self, server: sandbox.Server, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VALOHAI_TOKEN", token)
        assert "admin" == user_of(ValohaiMeta(**server.credentials))

    def test_a_wrong_token_is_tried_once(self, server: sandbox.Server) -> None:
        with ValohaiMeta(server.url, token="wrong") as vh:
            with pytest.raises(AuthenticationFailed) as caught:
                vh.Project.all()
            assert 1 == len(list(vh.ledger))
        assert "wrong" not in str(caught.value) + repr(vh)

    def test_no_login_at_all(self, server: sandbox.Server) -> None:
        with ValohaiMeta(server.url) as vh, pytest.raises(AuthenticationFailed, match="no credentials"):
            vh.Project.all()


class TestNameAndPassword:
    """They are exchanged for a token, once."""

    def test_one_exchange(self, server: sandbox.Server) -> None:
        with ValohaiMeta(**server.credentials, survey="none") as vh:
            vh.Project.all()
            vh.Environment.all()
            lines = [f"{entry.method} {entry.path.removeprefix(server.url + '/')}" for entry in vh.ledger]
        assert ["POST api/v0/get-token/", "GET api/v0/projects/", "GET api/v0/environments/"] == lines

    def test_a_wrong_password_is_tried_once(self, server: sandbox.Server) -> None:
        with ValohaiMeta(server.url, username="ada", password="secret-word") as vh:
            for _ in range(2):
                with pytest.raises(AuthenticationFailed, match="Check user name and password") as caught:
                    vh.Project.all()
            assert 1 == len(list(vh.ledger))
        assert "secret-word" not in str(caught.value) + repr(vars(caught.value)) + repr(vh.ledger)

    @pytest.mark.parametrize(
        ("user", "code", "words"),
        [("secured", "has_2fa", "two-factor"), ("external", "has_external_identity", "identity provider")],
    )
    def test_accounts_that_need_a_token_get_an_error_about_it(
        self, server: sandbox.Server, user: str, code: str, words: str
    ) -> None:
        refused = pytest.raises(AuthenticationFailed, match=f"{words}.*/auth/tokens/.*token=")
        with ValohaiMeta(server.url, username=user, password=user) as vh, refused as caught:
            vh.Project.all()
        assert code == caught.value.code

    @pytest.mark.parametrize(
        "login",
        [
            {"username": "ann"},
            {"password": "x"},
            {"token": "a", "username": "ann", "password": "x"},
            {"token": "a", "auth": ("a", "b")},
            {"token": "a\nb"},
            {"username": "", "password": ""},
        ],
    )
    def test_logins_that_cannot_work_are_refused_at_once(self, login: dict[str, Any]) -> None:
        with pytest.raises(BadValue):
            ValohaiMeta(**login)


class TestAddresses:
    """What people give as address."""

    def link(self, *args: Any, **details: Any) -> str:
        with ValohaiMeta(*args, token="t", survey="none", **details) as vh:
            return inspect(vh.Project("0190a000-0000-7000-8000-000000000001")).url.partition("/api")[0]

    def test_the_vendors_own_unless_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "https://app.valohai.com" == self.link()
        monkeypatch.setenv("VALOHAI_HOST", "private.example/")
        assert "https://private.example" == self.link()

    @pytest.mark.parametrize(
        "given",
        ["https://vh.example", "vh.example", "https://vh.example/api/v0/", "https://vh.example/p/org/project/?x=1#y"],
    )
    def test_any_page_will_do(self, given: str) -> None:
        assert "https://vh.example" == self.link(given)

    def test_plain_http_is_for_this_computer_alone(self) -> None:
        with pytest.raises(BadValue, match="allow_http"):
            ValohaiMeta("http://vh.example", token="t")
        assert "http://vh.example" == self.link("http://vh.example", allow_http=True)
        assert "http://localhost:8000" == self.link("http://localhost:8000")


class TestTheTokenStaysAtHome:
    """No other origin ever sees it."""

    @pytest.fixture
    def vh(self, server: sandbox.Server, token: str) -> Iterator[Any]:
        server.face.storage.fetched.clear()
        with ValohaiMeta(server.url, token=token, survey="none") as session:
            yield session

    def test_not_at_the_storage_of_files(self, server: sandbox.Server, vh: Any) -> None:
        assert vh.Datum.where(purged=False).first().file_data
        assert [(200, None)] == [(one.status, one.authorization) for one in server.face.storage.fetched]

    def test_not_behind_a_next_link(self, server: sandbox.Server, vh: Any) -> None:
        elsewhere = f"http://127.0.0.1:{server.face.storage.port}/api/v0/projects/?offset=2"

        def followed() -> Any:
            return (yield Request("GET", elsewhere, sink=io.BytesIO(), idempotent=True))

        vh.run(followed())
        assert [None] == [one.authorization for one in server.face.storage.fetched]

    def test_not_under_another_spelling_of_the_host(self, server: sandbox.Server, vh: Any) -> None:
        other = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(AuthenticationFailed, match="are not sent there"):
            vh.run(self.read(f"{other}/api/v0/users/me/"))

    def test_a_token_that_was_exchanged_stays_too(self, server: sandbox.Server) -> None:
        server.face.storage.fetched.clear()
        with ValohaiMeta(**server.credentials, survey="none") as vh:
            assert vh.Datum.where(purged=False).first().file_data
        assert [None] == [one.authorization for one in server.face.storage.fetched]

    def test_a_cassette_keeps_neither_token_nor_signature(self, server: sandbox.Server, tmp_path: Path) -> None:
        recorded = tmp_path / "recorded.yaml"
        seen = []
        for cassette in (Cassette.record(recorded), Cassette.replay(recorded)):
            vh = ValohaiMeta(server.url, username="ada", password="ada", survey="none", cassette=cassette)
            seen.append(vh.Datum.where(purged=False).first().file_data)
            vh.close()
        assert seen[0] == seen[1] != b""
        kept = recorded.read_text(encoding="utf-8")
        assert server.face.user_token("ada") not in kept
        assert "password=REDACTED" in kept
        assert "X-Amz-Signature=REDACTED" in kept
        assert kept.count("X-Amz-Signature=") == kept.count("X-Amz-Signature=REDACTED")

    def read(self, path: str) -> Any:
        return (yield Request("GET", path, idempotent=True))
