"""Creates that were not answered (reference 3, 4): keys are not numbers, and equal names are accepted.

So a mark is the time by the server's own clock (the Date of an answer), who is logged in, and what this user created
shortly before, as the clocks of several computers differ. Of types without a time of creation it is all that there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.creations import NOTHING, Fetcher, by_type, relation_condition
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import check
from assetmeta.backends.rest.http import get, read_object
from assetmeta.backends.valohai.connection import Settings, bundled
from assetmeta.backends.valohai.keys import is_alias
from assetmeta.model.conditions import And, Compare, Term
from assetmeta.model.contract import Mark
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.paths import Path
from assetmeta.model.plans import Create, Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_TIME = "ctime"
_CREATOR = "creator"
_APART = timedelta(seconds=60)
"""How far the clocks of a server's computers may be apart."""


def take_mark(fetch: Fetcher, schema: Schema, creates: Sequence[Create], settings: Settings) -> Flow[dict[str, Mark]]:
    """Return a mark by type. Requests: one for who is logged in, and a list for each type."""
    response = check((yield from send_one(get(settings.endpoint_path("users", "me")))), parse_error)
    me, moment = read_object(response).get("id"), _date(response.headers.get("date"))
    found: dict[str, Mark] = {}
    for name, several in by_type(creates).items():
        fields = schema.type(name).attributes
        mark: dict[str, object] = {}
        if _TIME in fields and moment is not None:
            mark["since"] = (moment - _APART).isoformat()
        if _CREATOR in fields and isinstance(me, int):
            mark["creator"] = me
        narrow = relation_condition(schema, several, is_key)
        if narrow is NOTHING:
            found[name] = {**mark, "known": []}
            continue
        terms = [term for term in (since(name, mark), narrow) if term is not None]
        where = None if not terms else terms[0] if len(terms) == 1 else And(tuple(terms))
        try:
            [rows] = yield from fetch(schema, [Fetch(name, (), where)])
        except Unsupported:
            continue
        found[name] = {**mark, "known": [row.oid.key for row in rows.rows]}
    return found


def since(type_name: str, mark: Mapping[str, object]) -> Term | None:
    """Return the condition for what this user created since a mark, as far as the type has attributes for that."""
    terms: list[Term] = []
    if "since" in mark:
        terms.append(Compare(Path.parse(_TIME), ">=", (datetime.fromisoformat(str(mark["since"])),)))
    if isinstance(creator := mark.get("creator"), int):
        terms.append(Compare(Path.parse(_CREATOR), "=", (Oid("User", creator),)))
    return And(tuple(terms)) if len(terms) > 1 else terms[0] if terms else None


def is_key(oid: Oid) -> bool:
    """False for an asset that is written by an alias, such as a commit by its identifier alone."""
    return not is_alias(bundled(), oid)


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
