"""OAuth2: an access token got and renewed at a token endpoint, by the package Authlib (extra `oauth`)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from assetmeta.model.errors import BadValue, LoginRefused, ServerFailed, quoted
from assetmeta.model.flows import Request, Response
from assetmeta.wire.auth import Renewable, checked_text
from assetmeta.wire.extras import load_extra
from assetmeta.wire.line import Send
from assetmeta.wire.origin import Origin
from assetmeta.wire.redact import scrubbed, split_query

LEEWAY = 60
"""Seconds before its end at which a token is taken for expired."""


class OAuth2(Renewable):
    """An OAuth2 login that renews its access token: before it expires, and once after a 401.

    It needs a *refresh_token*, or *username* and *password* for the password grant (also used when the refresh token is
    refused), or an *access_token* that is used for as long as it lives. *expires_at* is in seconds since 1970. The
    client is named in the form unless *client_auth* is "client_secret_basic". *on_renewed* is called with each new
    token as a dict (`access_token`, `refresh_token`, `expires_at` ...), to keep it: many servers accept a refresh token
    only once.

    A renewal is one POST to *token_uri*, never repeated, sent like all requests but without other credentials.
    """

    kind = "OAuth2 token"

    def __init__(
        self,
        *,
        client_id: str,
        token_uri: str,
        client_secret: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        expires_at: int | None = None,
        username: str | None = None,
        password: str | None = None,
        scope: str | None = None,
        client_auth: str = "client_secret_post",
        on_renewed: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        if access_token is None and refresh_token is None and (username is None or password is None):
            raise BadValue("OAuth2 needs a refresh_token=, an access_token=, or username= and password=.")
        super().__init__(access_token)
        Origin.of(token_uri)
        self._uri = token_uri
        self._user: tuple[str, str] | None = None
        if username is not None and password is not None:
            self._user = (checked_text(username, "user name"), checked_text(password, "password"))
        self._on_renewed = on_renewed
        self._known = [text for text in (client_secret, refresh_token, password) if text]
        token = {"access_token": access_token, "refresh_token": refresh_token, "expires_at": expires_at}
        # The client's way to the server is handed over per renewal: the credential does not know the session.
        self._post = _Post()
        self._client = load_extra("authlib.oauth2.client", "oauth").OAuth2Client(
            session=self._post,
            client_id=client_id,
            client_secret=client_secret,
            token_endpoint_auth_method=client_auth if client_secret else "none",
            scope=scope,
            token={name: value for name, value in token.items() if value is not None},
        )
        self._refused: type[Exception] = load_extra("authlib.common.errors", "oauth").AuthlibBaseError

    @classmethod
    def from_client_secrets(cls, secrets: Mapping[str, Any], **details: Any) -> OAuth2:
        """Make one from the contents of a `client_secrets.json` (the object below "installed" or "web").

        *details* are the other keyword arguments, above all `refresh_token`. Raises BadValue when a key is missing.
        """
        inner = secrets.get("installed") or secrets.get("web") or secrets
        missing = [name for name in ("client_id", "token_uri") if not inner.get(name)]
        if missing:
            raise BadValue(f"The client secrets have no {' and no '.join(missing)}.")
        known = {name: inner[name] for name in ("client_id", "client_secret", "token_uri") if inner.get(name)}
        return cls(**{**known, **details})

    @property
    def identity(self) -> str | None:
        """The user name, where it logs in by name."""
        return f"user {self._user[0]}" if self._user else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every token and password it has held."""
        return (*super().secrets, *self._known)

    @property
    def expired(self) -> bool:
        """True within a minute of the moment at which the token expires, when there is a way to renew it."""
        token = self._client.token
        renewable = bool(token.get("refresh_token")) or self._user is not None
        expires_at = token.get("expires_at")
        return renewable and isinstance(expires_at, int) and expires_at - LEEWAY < time.time()

    def obtain(self, send: Send) -> str | None:
        """Get a new access token: one POST, or two when the refresh token is refused and a password is known.

        Raises LoginRefused when the server grants none, ServerFailed when it breaks, Unreachable.
        """
        self._post.send = send
        token = self._refreshed() or self._logged_in()
        if token is None:
            return None
        self._known += [str(token[name]) for name in ("access_token", "refresh_token") if token.get(name)]
        if self._on_renewed is not None:
            self._on_renewed(dict(token))
        return str(token["access_token"])

    def _refreshed(self) -> dict[str, Any] | None:
        refresh_token = self._client.token.get("refresh_token")
        if not refresh_token:
            return None
        try:
            return self._granted(self._client.refresh_token(self._uri, refresh_token=refresh_token))
        except (self._refused, ValueError) as error:
            if self._user is None:
                raise self._refusal("refresh token", error) from None
            return None

    def _logged_in(self) -> dict[str, Any] | None:
        if self._user is None:
            return None
        username, password = self._user
        try:
            form = {"grant_type": "password", "username": username, "password": password}
            return self._granted(self._client.fetch_token(self._uri, **form))
        except (self._refused, ValueError) as error:
            raise self._refusal("user name and password", error) from None

    def _granted(self, token: dict[str, Any]) -> dict[str, Any]:
        if not token.get("access_token"):
            raise ValueError("the answer has no access token")
        return token

    def _refusal(self, what: str, error: Exception) -> LoginRefused:
        uri = split_query(self._uri)[0]
        said = [str(text) for name in ("error", "description") if (text := getattr(error, name, None))]
        words = scrubbed(quoted(": ".join(said)), self.secrets) or "the answer is not a token"
        return LoginRefused(
            f"{uri} refused the {what} ({words}). Check it and the client id and secret; log in anew for another one.",
            status=self._post.status,
            request=f"POST {uri}",
            server_message=words,
        )


class _Post:
    """What Authlib takes for an HTTP session, on top of our own way to the server."""

    send: Send
    status: int | None = None

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Reply:
        """Send the form once, with the client named as *auth* says."""
        uri, named, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        response = self.send(
            Request("POST", uri, headers=tuple(named.items()), body=body.encode("utf-8"), idempotent=False)
        )
        self.status = response.status
        return _Reply(response)


class _Reply:
    """An answer of the token endpoint with the names that Authlib reads."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self.status_code = response.status

    def json(self) -> Any:
        token = json.loads(self._response.body)
        if not isinstance(token, dict):
            raise ValueError("the answer is not an object")
        return token

    def raise_for_status(self) -> None:
        if self._response.ok:
            return
        if self.status_code < 500:
            raise ValueError(f"HTTP {self.status_code}")
        raise ServerFailed(
            f"The token endpoint failed with HTTP {self.status_code}. Try again later.", status=self.status_code
        )
