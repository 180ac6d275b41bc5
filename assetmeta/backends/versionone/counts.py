"""How many assets match: the `total` of an empty page where the filter fits into a URL (reading: query parameters)."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from assetmeta.backends.versionone.query_request import ALL_RECORDS, Query
from assetmeta.backends.versionone.rest_response import XML
from assetmeta.model.http import Request

LONGEST_URL = 1500
"""Characters of a query string that every proxy lets pass."""

# `,` and `|` split the values of rest-1.v1 variables, `;` those of careless servers, and none can be escaped.
_PLAIN_VARIABLE = re.compile(r"\w[\w .@+\-]*\w|\w", re.ASCII)


def where(query: Query) -> list[tuple[str, str]] | None:
    """Return the query's conditions as rest-1.v1 parameters, or None when they cannot travel there."""
    document = query.document
    pairs: list[tuple[str, str]] = []
    if query.filters:
        entries = query.filters
        pairs.append(("where", ";".join(f"({entry})" for entry in entries) if len(entries) > 1 else entries[0]))
    if query.variables:
        if not all(_PLAIN_VARIABLE.fullmatch(value) for value in query.variables.values()):
            return None
        pairs.append(("with", "|".join(f"{name}={value}" for name, value in query.variables.items())))
    pairs += [(key, str(document[key])) for key in ("find", "asof") if document.get(key) not in (None, ALL_RECORDS)]
    fields = document.get("findin")
    if isinstance(fields, list):
        pairs.append(("findin", ",".join(map(str, fields))))
    return pairs


def fits(pairs: list[tuple[str, str]]) -> bool:
    """True when *pairs* make a query string that is short enough."""
    return sum(length(key) + length(value) + 2 for key, value in pairs) <= LONGEST_URL


def length(text: str) -> int:
    """How many characters a text takes in a query string."""
    return len(quote_plus(text))


def count_request(query: Query, root: str) -> Request | None:
    """Return the request whose `total` is the number of matches, or None when only paging can count them."""
    pairs = where(query)
    if pairs is None or not fits(pairs):
        return None
    pairs = [("sel", ""), ("page", "1,0"), ("needTotal", "true"), *pairs]
    # The past is documented for Hist, where a time gives one record per asset.
    part = "Hist" if "asof" in query.document else "Data"
    return Request("GET", f"{root}/{part}/{query.document['from']}", tuple(pairs), XML, idempotent=True)
