"""`get-token/`: a token for a user name and a password (section 2 of the protocol)."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import Problem
from assetmeta.sandbox.rest.values import REQUIRED

from .call import Call
from .passwords import fits
from .problems import leaf
from .resource import Route
from .tokens import lasting
from .workspace import Workspace

WRONG = "Unable to log in with provided credentials."
REFUSALS = {
    "has_2fa": "This user logs in with a second factor; use a token made on the page for tokens.",
    "has_external_identity": "This user logs in elsewhere; use a token made on the page for tokens.",
}


class LogIn:
    """The token exchange, the one path that needs no token."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """The one path."""
        yield Route(("get-token",), "Get Token", {"POST": self.get_token}, public=True)

    def get_token(self, call: Call) -> Answer:
        """POST get-token/, as a form or as JSON. Raises Problem (400) with a `code` beside the reason."""
        fields = call.fields()
        absent = {name: [leaf(REQUIRED, "required")] for name in ("username", "password") if not fields.get(name)}
        if absent:
            raise Problem(400, {**absent, "code": "required"})
        username, password = str(fields["username"]), str(fields["password"])
        for row in self.space.store.rows("user").values():
            if row["username"] == username and fits(row["secret"], username, password):
                if row["refusal"]:
                    raise Problem(400, {"message": REFUSALS[row["refusal"]], "code": row["refusal"]})
                return Answer({"token": lasting(username)})
        raise Problem(400, {"non_field_errors": [leaf(WRONG, "authorization")], "code": "authorization"})
