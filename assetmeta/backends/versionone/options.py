"""Settings of one server besides its schema, and its address."""

from __future__ import annotations

from dataclasses import dataclass, field

from assetmeta.backends.rest import urls
from assetmeta.model.errors import BadValue
from assetmeta.model.zones import zone_named


@dataclass(slots=True)
class Seen:
    """What is known of the server so far: *bulk* is whether it has the endpoint for many changes at once, None until a
    request was sent to it.
    """

    bulk: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """*zone* is the member's time zone, in which the server sends dates without offset. *rest* is the root of the REST
    API: `rest-1.oauth.v1` on servers with integrated login that are used with a token, and *attachments* likewise.

    Limits: *max_keys* assets and *max_values* values of a condition in one query, *max_page* assets in one page,
    *max_queries* queries in one request, *max_batch* writes at a time. With *bulk* many changes are sent in one request
    where the server takes them, *max_bulk* commands at most (a create takes two), and *max_lanes* such requests at a
    time. *seen* is empty again in every copy of these settings.
    """

    zone: str = "UTC"
    rest: str = "rest-1.v1"
    attachments: str = "attachment.img"
    images: str = "embedded.img"
    max_keys: int = 500
    max_values: int = 1000
    max_page: int = 2000
    max_queries: int = 8
    max_batch: int = 64
    bulk: bool = True
    max_bulk: int = 200
    max_lanes: int = 4
    seen: Seen = field(default_factory=Seen, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises BadValue for an unknown zone and for limits below 1."""
        try:
            zone_named(self.zone)
        except (KeyError, ValueError) as error:
            raise BadValue(f"zone={self.zone!r} is not a time zone such as 'Europe/Berlin'.") from error
        for name in ("max_keys", "max_values", "max_page", "max_queries", "max_batch", "max_bulk", "max_lanes"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name}={getattr(self, name)} must be at least 1.")


EXAMPLE = "https://host/Instance"


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of an instance: https when no scheme was given, without a slash at the end.

    Raises BadValue for plain http to another computer, unless *allow_http*.
    """
    return urls.base_url(given, server="VersionOne server", example=EXAMPLE, allow_http=allow_http)
