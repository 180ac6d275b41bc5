"""Who asks, by the Authorization header; and the texts that tell why somebody is not let in."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import Refusal

from .tokens import BadToken, Grant, Tokens

REALM = 'Bearer realm="api"'
UNKNOWN = {"detail": "Authentication credentials were not provided."}


def authenticate(authorization: str | None, tokens: Tokens) -> Grant:
    """The grant that a request's token stands for.

    Raises Refusal: 401 with the same body for every reason; only WWW-Authenticate tells a missing token from an
    unknown and an expired one.
    """
    words = (authorization or "").split()
    if len(words) != 2 or words[0].lower() != "bearer":
        raise challenge(REALM)
    try:
        return tokens.check(words[1])
    except BadToken as error:
        raise challenge(f'{REALM},error="invalid_token",error_description="{error}"') from None


def challenge(text: str) -> Refusal:
    """401 with *text* as the challenge."""
    return Refusal(401, UNKNOWN, (("WWW-Authenticate", text),))
