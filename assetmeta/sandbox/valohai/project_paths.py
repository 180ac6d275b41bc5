"""What projects have beside their objects: owners to choose from, commits as an array, environment variables."""

from __future__ import annotations

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import not_found
from assetmeta.sandbox.rest.routing import ANY
from assetmeta.sandbox.rest.values import REQUIRED

from .call import Call
from .model import LISTED
from .problems import Refused, leaf
from .query import flag
from .resource import Route
from .rights import WRITERS


def ownership_options(call: Call) -> Answer:
    """GET: the names that `owner` of a new project may be, "organization:team" included; a bare array."""
    store = call.space.store
    options = [str(store.rows("user")[call.user]["username"])]
    for id in store.ids("organization"):
        if call.rights.role_at(id) not in WRITERS:
            continue
        name = str(store.rows("organization")[id]["name"])
        teams = store.pointing("team", "organization", id)
        options += [name, *(f"{name}:{store.rows('team')[team]['name']}" for team in teams)]
    return Answer(options)


def commits(call: Call) -> Answer:
    """GET: the commits of a project, latest first; a bare array."""
    found = call.space.store.pointing("commit", "project", call.find("project"))
    rows = call.space.store.rows("commit")
    oldest_first = sorted(found, key=lambda id: rows[id]["commit_time"] or "")
    return Answer([call.reader.show("commit", id, LISTED) for id in reversed(oldest_first)])


def set_variable(call: Call) -> Answer:
    """POST {"name", "value", "secret"}: set an environment variable."""
    id, name = call.find_writable("project"), _name(call)
    value = call.fields().get("value")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused({"value": [leaf(REQUIRED, "required") if value is None else leaf("Not a valid string.")]})
    secret = flag(str(call.fields().get("secret", "false")))
    if secret is None:
        raise Refused.of("secret", "Must be a valid boolean.")
    known = call.space.row("project", id)["environment_variables"]
    entry = {"value": str(value), "secret": secret}
    call.space.change("project", id, environment_variables={**known, name: entry})
    return Answer({})


def delete_variable(call: Call) -> Answer:
    """DELETE with the body {"name"}: 404 where there is none of that name."""
    id, name = call.find_writable("project"), _name(call)
    known = call.space.row("project", id)["environment_variables"]
    if name not in known:
        raise not_found()
    left = {other: entry for other, entry in known.items() if other != name}
    call.space.change("project", id, environment_variables=left)
    return Answer({})


def _name(call: Call) -> str:
    name = call.fields().get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refused.of("name", REQUIRED, "required")
    return name


ROUTES = (
    Route(("projects", "ownership_options"), "Ownership Options", {"GET": ownership_options}),
    Route(("projects", ANY, "commits"), "Project Commits", {"GET": commits}),
    Route(
        ("projects", ANY, "environment_variable"),
        "Environment Variable",
        {"POST": set_variable, "DELETE": delete_variable},
    ),
)
"""The paths, with who answers them."""
