"""Users of the organization."""

from __future__ import annotations

from assetmeta.sandbox.rest.answers import Answer

from .call import Call
from .login import hashed, lasting_token
from .lookups import user_of
from .moments import PACIFIC
from .paging import paged
from .refusals import forbidden
from .resource import Resource
from .rights import USER
from .store import Row, Store


class Users(Resource):
    """The paths `users` and `users/{u}`, for everybody who is logged in."""

    def list(self, call: Call) -> Answer:
        """GET: oldest first."""
        self._check(call)
        found: tuple[str, tuple[object, ...]] = ("SELECT * FROM user ORDER BY id", ())
        return paged(call, self.store, "users", found, lambda rows: [shown(call, row) for row in rows])

    def get(self, call: Call) -> Answer:
        """GET of one, by id or user name."""
        self._check(call)
        return Answer(shown(call, user_of(self.store, call.target.item)))

    def _check(self, call: Call) -> None:
        if call.user is None:
            raise forbidden()


def add_user(
    store: Store, username: str, first_name: str, last_name: str, moment: int, role: str = USER, zone: str = PACIFIC
) -> int:
    """A user who can log in; the password is the user name, the token the same at every start."""
    names = {"username": username, "first_name": first_name, "last_name": last_name, "role": role, "time_zone": zone}
    secrets = {"password": hashed(username, username), "token": lasting_token(username)}
    times = {"created_at": moment, "updated_at": moment}
    return store.insert("user", names | secrets | times | {"email": f"{username}@example.org"})


def shown(call: Call, row: Row) -> dict[str, object]:
    """A user as answers show it, without password and token."""
    open_names = ("id", "username", "first_name", "last_name", "email", "role")
    times = {name: call.time(row[name]) for name in ("created_at", "updated_at")}
    return {name: row[name] for name in open_names} | times
