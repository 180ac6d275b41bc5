"""Projects beyond their attributes: environment variables, commits to be fetched, who may own them."""

from __future__ import annotations

from typing import Any, NamedTuple

from assetmeta.backends.valohai import actions, calls
from assetmeta.core.state import forget
from assetmeta.model.texts import Hidden
from assetmeta.session import Session
from assetmeta.tools.common import plain
from assetmeta.tools.valohai.dialect import merge_object, require_context, valohai


class Variable(NamedTuple):
    """An environment variable of a project. The value of a *secret* one is never returned: it is None."""

    value: str | None
    secret: bool


class Fetched(NamedTuple):
    """What came of fetching: the new commits, and what went wrong in the server's words."""

    commits: list[Any]
    errors: tuple[str, ...]


def profile(session: Session) -> Any:
    """Return the user whose token is in use, as the server returns it. One request: the cheapest way to try a login."""
    return plain(session.run(calls.profile(valohai(session.backend))))


def ownership_options(session: Session) -> tuple[str, ...]:
    """Return the names by which a new project can be owned (`organization`, `organization:team`). One request."""
    return session.run(calls.ownership_options(valohai(session.backend)))


def variables(project: Any) -> dict[str, Variable]:
    """Return the environment variables of a project by name. One request, unless they are loaded."""
    require_context(project, "Project")
    found = project.environment_variables or {}
    return {name: Variable(one.get("value"), one.get("secret") is True) for name, one in found.items()}


def set_variable(project: Any, name: str, value: str, *, secret: bool = False) -> None:
    """Set an environment variable of a project, at once. One request. A secret is shown by no repr and no error."""
    context = require_context(project, "Project")
    given = {"name": name, "value": Hidden(value) if secret else value, "secret": secret}
    context.writer.call(project, "set_environment_variable", given)


def delete_variable(project: Any, name: str) -> None:
    """Delete an environment variable of a project, at once. One request. Raises NotFound where there is none."""
    context = require_context(project, "Project")
    context.writer.call(project, "delete_environment_variable", {"name": name})


def fetch(project: Any) -> Fetched:
    """Let a project fetch the commits of its repository, at once; return the new ones and what went wrong.

    One request.
    """
    context = require_context(project, "Project")
    oid = project._state.oid
    found = context.run(actions.fetch_repository(oid, valohai(context.backend)))
    commits = [merge_object(context, "Commit", item, oid.key) for item in found.commits]
    with context.lock:
        forget(project, ["commits"])
    return Fetched(commits, found.errors)
