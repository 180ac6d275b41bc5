"""The applications that may ask for tokens: those built into every deployment, and own ones with a secret."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

REST_CLIENT = "ValispaceREST"
BUILT_IN = (
    REST_CLIENT,
    "docs.valispace.com/user-guide/addons/#matlab",
    "docs.valispace.com/user-guide/addons/#excel",
)


@dataclass(frozen=True)
class Application:
    """One application. Without a *secret* it is public. *password_grant* False refuses log-ins by name and password."""

    client_id: str
    secret: str | None = None
    password_grant: bool = True

    def accepts(self, secret: str | None) -> bool:
        """True when *secret* is what the application must send: its own, or nothing for a public one."""
        if self.secret is None or secret is None:
            return self.secret == secret
        return hmac.compare_digest(self.secret.encode(), secret.encode("utf-8", "surrogateescape"))


class Applications:
    """The applications of one deployment, by client id."""

    def __init__(self) -> None:
        self._known = {client_id: Application(client_id) for client_id in BUILT_IN}

    def register(self, application: Application) -> None:
        """Add an own application, or replace the one with its id."""
        self._known[application.client_id] = application

    def identified(self, client_id: str | None, secret: str | None) -> Application | None:
        """The application with this id and secret, or None."""
        found = self._known.get(client_id or "")
        return found if found is not None and found.accepts(secret) else None
