"""One request on its way to a handler, and what the handler answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.answers import Answer

from .moments import COORDINATED, PACIFIC, in_zone
from .refusals import unreadable, wrong_media_type
from .settings import Settings
from .store import Row
from .targets import Target

API = "/api"
JSON = "application/json"
ORGANIZATION_ZONE = PACIFIC
"""The time zone that readers without a name see."""


@dataclass(frozen=True)
class Call:
    """A request of *user*, None for anybody, for *target*."""

    request: Request
    target: Target
    user: Row | None
    settings: Settings

    @property
    def root(self) -> str:
        """The address of the API as the client named it."""
        return f"{self.request.origin}{API}"

    @property
    def user_id(self) -> int | None:
        """The id of the user, None for anybody."""
        return None if self.user is None else int(self.user["id"])

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last counts."""
        return dict(parse_qsl(self.request.query, keep_blank_values=True))

    @cached_property
    def body(self) -> Mapping[str, object]:
        """The body as an object; an empty body is an empty one.

        Raises Refusal: 415 for a body that is not called JSON, 400 for one that is no JSON object.
        """
        return read_body(self.request)

    def time(self, moment: int | None) -> str | None:
        """A moment as this user reads it."""
        zone = ORGANIZATION_ZONE if self.user is None else self.user["time_zone"] or COORDINATED
        return in_zone(moment, zone)


def created(document: Mapping[str, object], location: str) -> Answer:
    """The answer to a POST: the new object, and where it is."""
    return Answer(document, 201, (("Location", location),))


def modified(document: Mapping[str, object]) -> Answer:
    """The answer to a PATCH or PUT: 205 and, unlike what HTTP says of 205, the object."""
    return Answer(document, 205)


def read_body(request: Request) -> Mapping[str, object]:
    """The body of a request as an object. Raises Refusal where it is none."""
    if not request.body.strip():
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise wrong_media_type()
    try:
        found = json.loads(request.body.decode("utf-8-sig"), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise unreadable("The body is not JSON") from None
    if not isinstance(found, dict):
        raise unreadable("The body is not a JSON object")
    return found


def refuse_constant(name: str) -> object:
    """NaN and Infinity are no JSON."""
    raise ValueError(name)
