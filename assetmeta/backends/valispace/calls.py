"""Calls that are not reads of assets: the user, what if, impact, fuzzy search, versions (reference 2.1, 5.4, 6).

Each is a flow that returns the answer as plain JSON values; numbers with a fraction are Decimals.
"""

from __future__ import annotations

from urllib.parse import quote

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.http import Object, Sendable, fetch_json, fetch_object, get, post_query, send
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import require_key
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Flow
from assetmeta.model.values import Oid


def profile(settings: Settings) -> Flow[Object]:
    """Read the user whose token is in use: the cheapest way to test one. One request."""
    return fetch_object(settings.endpoint_path("own-profile"))


def deployment(settings: Settings) -> Flow[Object]:
    """Read the deployment's settings. One request."""
    return fetch_object(settings.endpoint_path("ui", "angular-settings"))


def impact(vali: Oid, target: Oid, low: float, high: float, step: float, settings: Settings) -> Flow[Json]:
    """Compute how *target* changes while *vali* goes from *low* to *high* in steps. One request. Raises BadValue."""
    if step <= 0 or low > high:
        raise BadValue(f"There are no steps of {step} from {low} to {high}.")
    query = (("range_min", str(low)), ("range_max", str(high)), ("range_step_size", str(step)))
    path = settings.endpoint_path("valis", _vali(vali), "impact-analysis-graph-for", _vali(target))
    return fetch_json(get(path, query))


def what_if(vali: str, target: str, value: float, settings: Settings) -> Flow[Json]:
    """Compute what *target* would be if *vali* had *value*; both by name. One request."""
    return fetch_json(get(settings.endpoint_path("alexa_what_if", _path_name(vali), _path_name(target), value)))


def preview(vali: Oid, dependency: Oid, value: str, settings: Settings) -> Flow[Json]:
    """Compute what *vali* would be if *dependency* had the formula *value*; nothing is changed. One request."""
    path = settings.endpoint_path("vali", _vali(vali), "impact-analysis")
    document: Sendable = {"dependency": str(_vali(dependency)), "new_value": value}
    return fetch_json(post_query(path, document))


def fuzzy(text: str, settings: Settings) -> Flow[Oid | None]:
    """Find the property whose name is most like *text*; None when none is. One request."""
    path = settings.endpoint_path("fuzzysearch", "Vali", "name", _path_name(text))
    key = (yield from fetch_object(path)).get("id")
    return Oid("Vali", key) if isinstance(key, int) else None


def assistant(fields: dict[str, Sendable], settings: Settings) -> Flow[Json]:
    """Give the assistant a prompt for several objects: *fields* as the server names them. One request that writes."""
    return fetch_json(send("PUT", settings.endpoint_path("vali-assistant", "general-custom-prompt"), fields))


def _vali(oid: Oid) -> object:
    if oid.type != "Vali":
        raise BadValue(f"{oid.token} is not a Vali.", oid=oid.token)
    return require_key(oid.type, oid.key)


def _path_name(text: str) -> str:
    """A name as one part of a path."""
    if not text.strip() or text.strip(".") == "":
        raise BadValue("A name is needed, and this text is empty.")
    return quote(text, safe="")
