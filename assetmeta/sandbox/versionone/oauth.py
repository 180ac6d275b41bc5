"""oauth.v1: the authorization-code and refresh grants, with short-lived access tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from assetmeta.sandbox.messages import Request, Response, basic_pair

from .login import API_SCOPE, QUERY_SCOPE, Grant, Logins, fresh_token

CLIENT_ID = "client_sandbox"
CLIENT_SECRET = "sandbox-client-secret"
CLIENT_NAME = "assetmeta sandbox client"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = frozenset({API_SCOPE, QUERY_SCOPE})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LIFETIME = 600.0
CODE_LIFETIME = 60.0


@dataclass(frozen=True)
class Code:
    """An authorization code: whom it stands for, where it was sent, and until when it can be redeemed."""

    member: str
    scopes: frozenset[str]
    redirect_uri: str
    expires: float


class Refused(Exception):
    """An error of the token endpoint, by its OAuth name."""

    def __init__(self, error: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.status = status


class OAuth:
    """The two endpoints of oauth.v1 for the sandbox's one registered client. *lifetime* is in seconds."""

    def __init__(self, logins: Logins, lifetime: float = LIFETIME) -> None:
        self.logins = logins
        self.lifetime = lifetime
        self._codes: dict[str, Code] = {}
        self._refreshes: dict[str, Grant] = {}

    def token(self, request: Request) -> Response:
        """POST oauth.v1/token: a form with the grant, answered as JSON."""
        try:
            form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            self._check_client(request, form)
            kind = form.get("grant_type")
            if kind == "authorization_code":
                member, scopes = self._redeem(form)
                refresh = fresh_token()
                self._refreshes[refresh] = Grant(member, scopes)
            elif kind == "refresh_token":
                refresh = form.get("refresh_token", "")
                member, scopes = self._refreshed(refresh, form)
            else:
                raise Refused("unsupported_grant_type", f"{kind} is not supported")
        except Refused as error:
            return _json(error.status, {"error": error.error, "error_description": error.detail})
        return self._issued(member, scopes, refresh)

    def consent(self, request: Request, parameters: Mapping[str, str]) -> Response:
        """GET oauth.v1/auth: a page where a member allows the client, by posting the same parameters back."""
        try:
            scopes = check_authorization(parameters)
        except Refused as error:
            return _page(400, error.error, escape(error.detail))
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parameters.items()
        )
        text = f"{escape(CLIENT_NAME)} asks for: {escape(' '.join(sorted(scopes)))}"
        form = f'<form method="post" action="{escape(request.path)}">{fields}<button>Allow</button></form>'
        return _page(200, "Allow access", f"<p>{text}</p>{form}")

    def allow(self, parameters: Mapping[str, str], member: str) -> Response:
        """POST oauth.v1/auth: send the code to the client, by redirection or, out of band, on a page."""
        try:
            scopes = check_authorization(parameters)
        except Refused as error:
            return _page(400, error.error, escape(error.detail))
        code, where = fresh_token(), parameters["redirect_uri"]
        self._codes[code] = Code(member, scopes, where, self.logins.clock() + CODE_LIFETIME)
        if where == OUT_OF_BAND:
            return _page(200, f"Success code={code}", f"<p>Code: <code>{code}</code></p>")
        answer = {"code": code} | ({"state": parameters["state"]} if "state" in parameters else {})
        separator = "&" if "?" in where else "?"
        return Response(302, headers=(("Location", f"{where}{separator}{urlencode(answer)}"),))

    def allowed(self, member: str) -> str:
        """A new refresh token for everything, as a member's consent would have brought one."""
        refresh = fresh_token()
        self._refreshes[refresh] = Grant(member, SCOPES)
        return refresh

    def _check_client(self, request: Request, form: Mapping[str, str]) -> None:
        pair = basic_pair(request.headers.get("authorization", ""))
        if (pair or (form.get("client_id"), form.get("client_secret"))) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused("invalid_client", "Unknown client or wrong secret", 401)

    def _redeem(self, form: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires <= self.logins.clock():
            raise Refused("invalid_grant", "The code is unknown, used, or expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refused("invalid_grant", "redirect_uri differs from that of the authorization")
        return code.member, code.scopes

    def _refreshed(self, refresh: str, form: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        grant = self._refreshes.get(refresh)
        if grant is None or grant.scopes is None:
            raise Refused("invalid_grant", "The refresh token is unknown")
        asked = frozenset(form["scope"].split()) if form.get("scope") else grant.scopes
        if not asked <= grant.scopes:
            raise Refused("invalid_scope", "More than was granted")
        return grant.member, asked

    def _issued(self, member: str, scopes: frozenset[str], refresh: str) -> Response:
        token = fresh_token()
        self.logins.add(token, Grant(member, scopes, self.logins.clock() + self.lifetime))
        answer = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": int(self.lifetime),
            "refresh_token": refresh,
            "scope": " ".join(sorted(scopes)),
        }
        return _json(200, answer)


def client_secrets(url: str) -> dict[str, object]:
    """The client_secrets.json that the instance at *url* issues for its registered client."""
    return {
        "installed": {
            "client_id": CLIENT_ID,
            "client_name": CLIENT_NAME,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [OUT_OF_BAND, "http://localhost"],
            "auth_uri": f"{url}/oauth.v1/auth",
            "token_uri": f"{url}/oauth.v1/token",
            "server_base_uri": url,
            "expires_on": "9999-12-31T23:59:59.9999999",
        }
    }


def check_authorization(parameters: Mapping[str, str]) -> frozenset[str]:
    """The scopes an authorization request asks for. Raises Refused where the request is not acceptable."""
    if parameters.get("client_id") != CLIENT_ID:
        raise Refused("invalid_client", "Unknown client")
    where = parameters.get("redirect_uri", "")
    parts = urlsplit(where)
    if where != OUT_OF_BAND and not (parts.scheme == "http" and parts.hostname in LOOPBACK and where.isprintable()):
        raise Refused("invalid_request", "The redirect_uri is not registered")
    if parameters.get("response_type") != "code":
        raise Refused("unsupported_response_type", "Only response_type=code is supported")
    scopes = frozenset(parameters.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        raise Refused("invalid_scope", f"Known scopes: {' '.join(sorted(SCOPES))}")
    return scopes


def _json(status: int, answer: Mapping[str, object]) -> Response:
    body = json.dumps(answer).encode()
    return Response(status, body, "application/json", (("Cache-Control", "no-store"),))


def _page(status: int, title: str, body: str) -> Response:
    text = f"<!DOCTYPE html><html><head><title>{escape(title)}</title></head><body>{body}</body></html>"
    return Response(status, text.encode(), "text/html; charset=utf-8", (("Cache-Control", "no-store"),))
