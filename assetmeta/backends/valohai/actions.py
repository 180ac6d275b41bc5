"""Calls that make or start something and are not operations of one asset (reference 6, 10): code, templates, triggers.

None of them is ever repeated by itself: each could start a second run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import quote

from assetmeta.backends.attempt import Attempt, send_write
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.multipart import Form
from assetmeta.backends.responses import Json, answered, check, parse_json
from assetmeta.backends.rest.encode import secrets_in
from assetmeta.backends.rest.http import JSON, Object, Sendable, body, get, read_object, send
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import path_key
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound
from assetmeta.model.http import Flow, Request
from assetmeta.model.values import Oid

_ONE_PIECE = re.compile(r"(?!\.+\Z)[A-Za-z0-9_.~-]+")


class FetchResult(NamedTuple):
    """The result of fetching a repository: the new commits, and the server's error messages."""

    commits: tuple[Object, ...]
    errors: tuple[str, ...]


def fetch_repository(project: Oid, settings: Settings) -> Flow[FetchResult]:
    """Make a project fetch the commits of its repository. One request."""
    place = settings.endpoint_path("projects", path_key(project), "fetch")
    found = read_object((yield from send_one(Request("POST", place, (), JSON, writes=True))))
    commits, errors = found.get("commits"), found.get("errors")
    return FetchResult(
        tuple(item for item in commits if isinstance(item, dict)) if isinstance(commits, list) else (),
        tuple(str(item) for item in errors) if isinstance(errors, list) else (),
    )


def known_code(identifier: str, project: Oid, settings: Settings) -> Flow[Object | None]:
    """Read the ad-hoc commit of an identifier; None when the project has none. One request."""
    query = (("project", str(path_key(project))),)
    place = settings.endpoint_path("commits", quote(identifier, safe="~"))
    try:
        found = read_object((yield from send_one(get(place, query))))
    except NotFound:
        return None
    return found if found.get("adhoc") is True else None


def import_code(project: Oid, source: BinaryIO, fields: Mapping[str, str], settings: Settings) -> Flow[Object]:
    """Upload a package of code (a gzipped tar file), streamed; return the commit that it becomes. One request."""
    form = Form("data", "data.tgz", source, fields)
    headers = (*JSON, ("Content-Type", form.media_type))
    place = settings.endpoint_path("projects", path_key(project), "import-package")
    request = Request("POST", place, headers=headers, body=cast(BinaryIO, form), writes=True)
    return read_object(answered((yield request)))


def from_template(project: Oid, commit: str, name: str, settings: Settings) -> Flow[Object]:
    """Start the pipeline *name* of a commit's configuration; return it. One request."""
    document: dict[str, Sendable] = {"project": path_key(project), "commit": commit, "name": name}
    place = settings.endpoint_path("pipelines", "create-from-template")
    return read_object((yield from send_one(send("POST", place, document))))


def notebook(fields: Mapping[str, Sendable], settings: Settings) -> Flow[Object]:
    """Start an execution for a notebook (`project`, `environment`, `image`, ...); return it. One request.

    No error shows the values of its environment variables.
    """
    step = Attempt(secrets=secrets_in(fields.get("environment_variables")))
    request = send("POST", settings.endpoint_path("notebook-executions"), fields)
    return read_object((yield from send_write(request, step)))


def launch(trigger: str, content: Sendable | bytes, headers: Mapping[str, str], settings: Settings) -> Flow[Json]:
    """Launch a trigger with any body; return its answer, as JSON or as text. One request.

    Raises Rejected when one of its conditions fails.
    """
    raw = isinstance(content, bytes)
    kinds = {"Accept": "*/*", "Content-Type": "application/octet-stream" if raw else "application/json"}
    given = tuple({**kinds, **headers}.items())
    sent = content if isinstance(content, bytes) else body(content)
    request = Request("POST", settings.endpoint_path("launch", _id_of(trigger)), (), given, sent, writes=True)
    response = check((yield from send_one(request)), parse_error)
    try:
        return parse_json(response)
    except InvalidResponse:
        return response.body.decode("utf-8", "replace")


def launch_result(trigger: str, run_id: str, headers: Mapping[str, str], settings: Settings) -> Flow[Object]:
    """Read the result of a launch: `status`, and `result` with an entry for each thing started. One request."""
    place = settings.endpoint_path("launch", _id_of(trigger), "run")
    request = Request("GET", place, (("run_id", run_id),), (*JSON, *headers.items()), idempotent=True)
    return read_object((yield from send_one(request)))


def _id_of(trigger: str) -> str:
    if not _ONE_PIECE.fullmatch(trigger):
        raise BadValue(f"{trigger!r:.80} is not the id of a trigger.")
    return trigger
