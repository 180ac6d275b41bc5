"""Data: properties of many at once, aliases, files that lie in a store already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.backends.valohai import calls, properties
from assetmeta.core.invalidation import Invalidation
from assetmeta.core.report import Report
from assetmeta.model.errors import BadValue
from assetmeta.model.plans import Call, Done
from assetmeta.model.scalars import shown
from assetmeta.tools.valohai.dialect import merge_object, require_context, shared, valohai


def apply_metadata(given: Mapping[Any, Mapping[str, Any]]) -> Report:
    """Set properties of many data at once: *given* maps each Datum to its properties, of which `valohai.tags` and
    `valohai.alias` act. One request for each 1000 data.

    Returns a report that is falsy when all were saved. A request is taken or refused as a whole; what a refusal does
    not blame is sent again without what it blames, a few times at most. Setting the same once more does no harm. Raises
    BadValue before anything is sent.
    """
    if not given:
        return Report(())
    context = shared(given, "Datum")
    for datum, wanted in given.items():
        if not isinstance(wanted, Mapping):
            raise BadValue(f"{datum.idref}: properties are a dict, not {shown(wanted)}.", oid=datum.idref)
        properties.check(wanted)
    calls = [
        Call(datum._state.oid, properties.OPERATION, (("metadata", dict(wanted)),)) for datum, wanted in given.items()
    ]
    outcomes = context.run(context.backend.write(context.schema, calls))
    with context.lock:
        invalidation = Invalidation(context)
        for outcome in outcomes:
            if isinstance(outcome, Done):
                invalidation.after_call(context.asset(outcome.oid))
        invalidation.close()
    return Report(tuple(outcomes))


def resolve_alias(project: Any, name: str) -> Any:
    """Return the Datum that an alias of a project means now, loaded. One request. Raises NotFound."""
    context = require_context(project, "Project")
    oid = project._state.oid
    return merge_object(
        context, "Datum", context.run(calls.resolve_alias(name, oid, valohai(context.backend))), oid.key
    )


def adopt(store: Any, project: Any, url: str) -> Any:
    """Make a Datum of a file that lies in a store already, and return it. One request.

    Raises Rejected with the code `adoptable_file_not_found` where there is no such file, and where it was adopted
    before.
    """
    context = require_context(store, "Store")
    shared([store, project], "Store", "Project")
    made: Any = context.writer.call(store, "adopt", {"url": url, "project": project})
    if made._type.name != "Datum":
        raise BadValue(f"{store.idref}: the answer does not contain the datum of {shown(url, 200)}.", oid=store.idref)
    return made
