"""Questions that are no reads of assets: who am I, what if, impact, fuzzy search, versions (reference 2.1, 5.4, 6).

Each is a flow that returns the answer as plain JSON values; numbers with a fraction are Decimals.
"""

from __future__ import annotations

from urllib.parse import quote

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import Json, check, parse_json
from assetmeta.backends.rest.http import Object, Sendable, ask, get, read_object, send
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import require_key
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Flow, Request
from assetmeta.model.values import Oid


def profile(settings: Settings) -> Flow[Object]:
    """Ask for the user whose token is in use: the cheapest way to try one. One request."""
    return read_object((yield from send_one(get(settings.endpoint_path("own-profile")))))


def deployment(settings: Settings) -> Flow[Object]:
    """Ask for the deployment's settings. One request."""
    return read_object((yield from send_one(get(settings.endpoint_path("ui", "angular-settings")))))


def impact(vali: Oid, target: Oid, low: float, high: float, step: float, settings: Settings) -> Flow[Json]:
    """Ask how *target* changes while *vali* goes from *low* to *high* in steps. One request. Raises BadValue."""
    if step <= 0 or low > high:
        raise BadValue(f"There are no steps of {step} from {low} to {high}.")
    query = (("range_min", str(low)), ("range_max", str(high)), ("range_step_size", str(step)))
    place = settings.endpoint_path("valis", _vali(vali), "impact-analysis-graph-for", _vali(target))
    return (yield from _answer(get(place, query)))


def what_if(vali: str, target: str, value: float, settings: Settings) -> Flow[Json]:
    """Ask what *target* would be if *vali* had *value*; both by name. One request."""
    return (yield from _answer(get(settings.endpoint_path("alexa_what_if", _named(vali), _named(target), value))))


def preview(vali: Oid, dependency: Oid, value: str, settings: Settings) -> Flow[Json]:
    """Ask what *vali* would be if *dependency* had the formula *value*; nothing is changed. One request."""
    place = settings.endpoint_path("vali", _vali(vali), "impact-analysis")
    document: Sendable = {"dependency": str(_vali(dependency)), "new_value": value}
    return (yield from _answer(ask(place, document)))


def fuzzy(text: str, settings: Settings) -> Flow[Oid | None]:
    """Ask for the property whose name is most like *text*; None when none is. One request."""
    document = read_object(
        (yield from send_one(get(settings.endpoint_path("fuzzysearch", "Vali", "name", _named(text)))))
    )
    key = document.get("id")
    return Oid("Vali", key) if isinstance(key, int) else None


def assistant(fields: dict[str, Sendable], settings: Settings) -> Flow[Json]:
    """Give the assistant a prompt for several objects: *fields* as the server names them. One request that writes."""
    return (yield from _answer(send("PUT", settings.endpoint_path("vali-assistant", "general-custom-prompt"), fields)))


def _answer(request: Request) -> Flow[Json]:
    return parse_json(check((yield from send_one(request)), parse_error))


def _vali(oid: Oid) -> object:
    if oid.type != "Vali":
        raise BadValue(f"{oid.token} is no Vali.", oid=oid.token)
    return require_key(oid.type, oid.key)


def _named(text: str) -> str:
    """A name as one piece of a path."""
    if not text.strip() or text.strip(".") == "":
        raise BadValue("A name is needed, and this text is empty.")
    return quote(text, safe="")
