"""Tokens that go out as the user name of a Basic login."""

from __future__ import annotations

import base64

import pytest
import requests

from assetmeta.model.errors import BadValue
from assetmeta.model.http import perform
from assetmeta.wire.auth import TokenCallable
from assetmeta.wire.user_tokens import TokenAsUser, TokenFunction, packed


def header(auth: requests.auth.AuthBase) -> str:
    return str(auth(requests.Request("GET", "https://host/").prepare()).headers["Authorization"])


def test_the_password_is_empty() -> None:
    word, _, pair = header(TokenAsUser("s3cret")).partition(" ")
    assert ("Basic", b"s3cret:") == (word, base64.b64decode(pair))


def test_nothing_shows_the_token() -> None:
    auth = TokenAsUser("s3cret")
    assert {"s3cret", packed("s3cret")} == set(auth.secrets)
    assert "s3cret" not in repr(auth) + str(auth.identity)
    assert packed("s3cret") not in repr(auth) + str(auth.identity)


def test_users_are_distinguished() -> None:
    assert TokenAsUser("one").identity != TokenAsUser("two").identity


def obtained(auth: TokenFunction) -> str | None:
    """The token, for which nothing is sent."""
    return perform(auth.fetch(), lambda request: pytest.fail(f"{request.line} is sent"))


@pytest.mark.parametrize("token", ["", " x", "a\nb", "ü"])
def test_texts_that_are_no_tokens(token: str) -> None:
    with pytest.raises(BadValue) as caught:
        TokenAsUser(token)
    assert not token.strip() or token not in str(caught.value)


def test_a_token_from_a_function_is_called_when_it_is_needed() -> None:
    asked: list[int] = []

    def source() -> str:
        asked.append(1)
        return "s3cret"

    auth = TokenFunction(source)
    assert isinstance(auth, TokenCallable)
    assert [] == asked
    assert packed("s3cret") == obtained(auth)
    assert {"s3cret"} == set(auth.secrets)
    assert "s3cret" not in repr(auth)
    assert "s3cret" == obtained(TokenFunction(source, "Token"))
