"""Users, organizations and teams (section 7.9 of the protocol)."""

from __future__ import annotations

from ..model import ALL, Field, Kind, derived, kept, key, needed, one, self_link

HIDDEN = ""
"""The shapes of what no answer shows."""

USER = (
    key("int"),
    kept("username", "str"),
    kept("email", "str"),
    kept("first_name", "str"),
    kept("last_name", "str"),
    kept("secret", "str", shapes=HIDDEN),
    kept("refusal", "str", shapes=HIDDEN),
)

ORGANIZATION = (
    key("int"),
    kept("name", "str"),
    derived("username", "str", shapes=HIDDEN),
    self_link(),
    kept("members", "list", shapes=HIDDEN),
)

TEAM = (
    key(),
    needed("name"),
    one("organization", "organization", "new", required=True, forms={"": ("id", "username")}),
    self_link(),
    Field("members", "list", kept=True, default=(), shapes="d"),
    derived("projects", "list", shapes="d"),
)

KINDS = (
    Kind("user", "users", USER, numbered="account", single=False),
    Kind("organization", "organizations", ORGANIZATION, numbered="account"),
    Kind("team", "teams", TEAM, "organization", methods=ALL, guarded="all"),
)
