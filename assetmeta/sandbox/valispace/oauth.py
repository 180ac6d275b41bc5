"""The token endpoint `POST /o/token/` and `POST /o/revoke_token/`, with the refusals of Django OAuth Toolkit.

Two grants: `password` and `refresh_token`. Access tokens end after `Settings.token_lifetime` seconds; refreshing gives
a new pair and ends the old one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from assetmeta.sandbox.messages import Request, Response, basic_pair
from assetmeta.sandbox.rest.bodies import read_body
from assetmeta.sandbox.rest.pages import HTML
from assetmeta.sandbox.rest.refusals import Refusal

from .applications import Application, Applications
from .settings import Settings
from .tokens import Issued, Tokens

SCOPES = ("read", "write", "groups")
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
METHODS = "POST, OPTIONS"

Login = Callable[[str, str], int | None]
Form = Mapping[str, str]


class Denied(Exception):
    """A request of the token endpoint that is refused, by its OAuth error."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def response(self) -> Response:
        """The JSON answer. A client that is not known is also told so in the header."""
        body = {"error": self.error} | ({"error_description": self.description} if self.description else {})
        challenge = (("WWW-Authenticate", f'Bearer error="{self.error}"'),) if self.status == 401 else ()
        return Response(self.status, json.dumps(body).encode(), "application/json", NO_STORE + challenge)


class OAuth:
    """Both endpoints. *login* gives the id of the user with a name and password, or None."""

    def __init__(self, login: Login, applications: Applications, tokens: Tokens, settings: Settings) -> None:
        self.login = login
        self.applications = applications
        self.tokens = tokens
        self.settings = settings
        self._grants: dict[str, Callable[[Request, Form], Issued]] = {
            "password": self._by_password,
            "refresh_token": self._by_refresh_token,
            "client_credentials": self._by_client_credentials,
            "authorization_code": self._by_code,
        }

    def token(self, request: Request) -> Response:
        """POST /o/token/: a form with the grant, answered with a pair of tokens."""
        other = other_method(request)
        if other is not None:
            return other
        if request.query:
            text = "URL query parameters are not allowed"
            body = json.dumps({"error": "invalid_request", "error_description": text})
            return Response(400, body.encode(), HTML)
        try:
            form = form_of(request)
            grant = self._grants.get(form.get("grant_type", ""))
            if grant is None:
                raise Denied("unsupported_grant_type")
            return self._answer(grant(request, form))
        except Denied as denied:
            return denied.response()

    def revoke(self, request: Request) -> Response:
        """POST /o/revoke_token/: end a token. An unknown one is as good as ended."""
        other = other_method(request)
        if other is not None:
            return other
        try:
            form = form_of(request)
            if not form.get("token"):
                raise Denied("invalid_request", "Missing token parameter.")
            self.tokens.revoke(form["token"], self._client(request, form).client_id)
        except Denied as denied:
            return denied.response()
        return Response(200, b"", HTML)

    def _client(self, request: Request, form: Form) -> Application:
        """The application that asks, by Basic credentials or by form fields."""
        basic = basic_pair(request.headers.get("authorization", ""))
        client_id, secret = map(unquote, basic) if basic else (form.get("client_id"), form.get("client_secret"))
        found = self.applications.identified(client_id, secret or None)
        if found is None:
            raise Denied("invalid_client", status=401)
        return found

    def _by_password(self, request: Request, form: Form) -> Issued:
        application = self._client(request, form)
        for name in ("username", "password"):
            if not form.get(name):
                raise Denied("invalid_request", f"Request is missing {name} parameter.")
        user = self.login(form["username"], form["password"])
        if user is None:
            raise Denied("invalid_grant", "Invalid credentials given.")
        if not (application.password_grant and self.settings.password_grant):
            raise Denied("unauthorized_client")
        scopes = scopes_of(form, SCOPES)
        return self.tokens.issue(user, application.client_id, scopes, self.settings.token_lifetime)

    def _by_refresh_token(self, request: Request, form: Form) -> Issued:
        if "refresh_token" not in form:
            raise Denied("invalid_request", "Missing refresh token parameter.")
        client_id = self._client(request, form).client_id
        found = self.tokens.refresh(form["refresh_token"], client_id)
        if found is None:
            raise Denied("invalid_grant")
        scopes = scopes_of(form, found.scopes)
        if not self.tokens.use(form["refresh_token"]):
            raise Denied("invalid_grant")
        return self.tokens.issue(found.user, client_id, scopes, self.settings.token_lifetime)

    def _by_client_credentials(self, request: Request, form: Form) -> Issued:
        """No application here may do this, and a public one cannot even say who it is."""
        if self._client(request, form).secret is None:
            raise Denied("invalid_client", status=401)
        raise Denied("unauthorized_client")

    def _by_code(self, request: Request, form: Form) -> Issued:
        """No application here may do this either: no page hands out codes."""
        if "code" not in form:
            raise Denied("invalid_request", "Missing code parameter.")
        self._client(request, form)
        raise Denied("unauthorized_client")

    def _answer(self, issued: Issued) -> Response:
        answer = {
            "access_token": issued.access,
            "expires_in": int(self.settings.token_lifetime),
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "refresh_token": issued.refresh,
        }
        return Response(200, json.dumps(answer).encode(), "application/json", NO_STORE)


def other_method(request: Request) -> Response | None:
    """The answer to anything but a POST, or None for a POST."""
    if request.method == "POST":
        return None
    return Response(200 if request.method == "OPTIONS" else 405, b"", HTML, (("Allow", METHODS),))


def form_of(request: Request) -> dict[str, str]:
    """The fields of a form body, the last one of repeated names. A body of another kind has none."""
    try:
        body = read_body(request)
    except Refusal:
        return {}
    if not body.is_form or not isinstance(body.value, dict):
        return {}
    return {name: value[-1] if isinstance(value, list) else value for name, value in body.value.items()}


def scopes_of(form: Form, granted: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes asked for, all of *granted* where none is. Raises Denied for one that is not among them."""
    asked = tuple(form.get("scope", "").split())
    if not set(asked) <= set(granted):
        raise Denied("invalid_scope")
    return asked or granted
