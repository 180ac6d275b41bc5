"""Tokens for names and passwords (section 2 of the protocol), the own user, and teams."""

from __future__ import annotations

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import Problem
from assetmeta.sandbox.rest.values import REQUIRED

from . import writes
from .call import Call
from .catalogue import KINDS
from .problems import leaf
from .resource import Route
from .tokens import fits, lasting

TEAM = KINDS["team"]
WRONG = "Unable to log in with provided credentials."
REFUSALS = {
    "has_2fa": "This user logs in with a second factor; use a token made on the page for tokens.",
    "has_external_identity": "This user logs in elsewhere; use a token made on the page for tokens.",
}


def me(call: Call) -> Answer:
    """GET users/me/: the user of the token."""
    return Answer(call.reader.document("user", call.user))


def login_link(call: Call) -> Answer:
    """GET users/login_link/: a link by which a browser logs in as the user of the token."""
    return Answer({"url": call.space.login_links.new(call.user)})


def create_team(call: Call) -> Answer:
    """POST teams/: the organization is a number in this answer, an object in all others."""
    id = writes.create(call, TEAM, call.fields(), is_form=call.body.is_form)
    organization = call.space.row("team", id)["organization"]
    return Answer({**call.reader.document("team", id), "organization": organization}, 201)


def get_token(call: Call) -> Answer:
    """POST get-token/, as a form or as JSON. Raises Problem (400) with a `code` beside the reason."""
    fields = call.fields()
    absent = {name: [leaf(REQUIRED, "required")] for name in ("username", "password") if not fields.get(name)}
    if absent:
        raise Problem(400, {**absent, "code": "required"})
    username, password = str(fields["username"]), str(fields["password"])
    for row in call.space.store.rows("user").values():
        if row["username"] == username and fits(row["secret"], username, password):
            if row["refusal"]:
                raise Problem(400, {"message": REFUSALS[row["refusal"]], "code": row["refusal"]})
            return Answer({"token": lasting(username)})
    raise Problem(400, {"non_field_errors": [leaf(WRONG, "authorization")], "code": "authorization"})


ROUTES = (
    Route(("users", "me"), "Me", {"GET": me}),
    Route(("users", "login_link"), "Login Link", {"GET": login_link}),
    Route((TEAM.path,), "Team List", {"POST": create_team}),
    Route(("get-token",), "Get Token", {"POST": get_token}, public=True),
)
"""The paths, with who answers them."""
