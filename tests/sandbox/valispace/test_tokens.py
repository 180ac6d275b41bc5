"""Access and refresh tokens at the moment they end, and between applications."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.valispace.tokens import BadToken, Grant, Tokens


@pytest.fixture
def seconds() -> list[float]:
    return [100.0]


@pytest.fixture
def tokens(seconds: list[float]) -> Tokens:
    return Tokens(lambda: seconds[0])


def test_a_token_ends_when_its_lifetime_is_over(tokens: Tokens, seconds: list[float]) -> None:
    issued = tokens.issue(7, "app", ("read",), 10.0)
    seconds[0] = 109.9
    assert tokens.check(issued.access) == Grant(7, "app", ("read",), 110.0)
    seconds[0] = 110.0
    with pytest.raises(BadToken, match="has expired"):
        tokens.check(issued.access)


def test_one_without_an_end_does_not_end(tokens: Tokens, seconds: list[float]) -> None:
    tokens.add("lasting", Grant(7, "app", ("read",)))
    seconds[0] = 1e12
    assert tokens.check("lasting").user == 7
    with pytest.raises(BadToken, match="is invalid"):
        tokens.check("other")


def test_a_refresh_token_is_used_once_and_ends_its_access_token(tokens: Tokens) -> None:
    issued = tokens.issue(7, "app", ("read",), 10.0)
    assert tokens.refresh(issued.refresh, "other") is None
    assert tokens.refresh(issued.refresh, "app") is not None
    assert [tokens.use(issued.refresh), tokens.use(issued.refresh)] == [True, False]
    assert tokens.refresh(issued.refresh, "app") is None
    with pytest.raises(BadToken):
        tokens.check(issued.access)


def test_an_application_revokes_its_own_tokens_only(tokens: Tokens) -> None:
    issued = tokens.issue(7, "app", ("read",), 10.0)
    for token in (issued.access, issued.refresh):
        tokens.revoke(token, "other")
    assert tokens.check(issued.access).user == 7
    assert tokens.refresh(issued.refresh, "app") is not None
    tokens.revoke(issued.access, "app")
    with pytest.raises(BadToken):
        tokens.check(issued.access)
    second = tokens.issue(7, "app", ("read",), 10.0)
    tokens.revoke(second.refresh, "app")
    assert tokens.refresh(second.refresh, "app") is None
    with pytest.raises(BadToken):
        tokens.check(second.access)
