"""What a deployment can be asked besides its assets. What comes back is plain data, numbers with a fraction floats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assetmeta.backends.valispace import calls
from assetmeta.core.asset import Asset
from assetmeta.core.context import SessionContext
from assetmeta.model.errors import BadValue
from assetmeta.model.schema import AssetType
from assetmeta.session import Session
from assetmeta.tools.common import plain
from assetmeta.tools.valispace.dialect import require_context, valispace


def profile(session: Session) -> Any:
    """Return the user whose token is in use, as the server returns it. One request: the cheapest way to try a login."""
    return plain(session.run(calls.profile(valispace(session.backend))))


def deployment(session: Session) -> Any:
    """Return the deployment's settings. One request."""
    return plain(session.run(calls.deployment(valispace(session.backend))))


def fuzzy(session: Session, text: str) -> Any:
    """Return the vali whose full name is most like *text*, or None. One request; the vali is loaded when looked at."""
    found = session.run(calls.fuzzy(text, valispace(session.backend)))
    return None if found is None else session.asset_from_oid(found)


def what_if(vali: Any, target: Any, value: float) -> Any:
    """Return what *target*'s value would be if *vali* had *value*, both in their own units; nothing is changed.

    One request, and one for the names of the valis where those are not loaded. Raises NotFound, BadValue.
    """
    context = require_context(vali, "Vali")
    require_context(target, "Vali")
    flow = calls.what_if(vali.name, target.name, value, valispace(context.backend))
    return _result(context.run(flow))


def preview(vali: Any, dependency: Any, formula: object) -> Any:
    """Return what *vali*'s value would be if *dependency* had another *formula*; nothing is changed. One request."""
    context = require_context(vali, "Vali")
    require_context(dependency, "Vali")
    flow = calls.preview(vali._state.oid, dependency._state.oid, str(formula), valispace(context.backend))
    return _result(context.run(flow))


def impact(vali: Any, target: Any, low: float, high: float, step: float) -> Any:
    """Return how *target*'s value changes while *vali* goes from *low* to *high*, as the server returns it (its `data`
    are pairs of both values); nothing is changed. One request. Raises BadValue for steps that lead nowhere.
    """
    context = require_context(vali, "Vali")
    require_context(target, "Vali")
    backend = valispace(context.backend)
    return plain(context.run(calls.impact(vali._state.oid, target._state.oid, low, high, step, backend)))


def prompt(
    assets: Iterable[Any],
    text: str,
    field: str,
    *,
    parallel: bool = True,
    replace_valis_by_id: bool = True,
    online: bool = True,
) -> Any:
    """Give the assistant a prompt about one text *field* of several assets of one type; return its answer.

    One request, which a read-only session refuses, since the server may apply what the assistant proposes. Raises
    BadValue for no assets and for assets of several types, UnknownName for the field.
    """
    given = list(assets)
    context, kind = _one_type(given)
    kind.attribute(field)
    dialect = valispace(context.backend)
    fields: dict[str, Any] = {
        "custom_prompt": text,
        "content_type_id": dialect.content_type(context.schema, given[0]._state.oid),
        "field": field,
        "objects_ids": [asset.intid for asset in given],
        "parallel": parallel,
        "replace_valis_by_id": replace_valis_by_id,
        "service_type": int(online),
    }
    return plain(context.run(calls.assistant(fields, dialect)))


def _one_type(assets: list[Any]) -> tuple[SessionContext, AssetType]:
    """The context and the type of assets that are all of one type."""
    if not assets or not isinstance(assets[0], Asset):
        raise BadValue("The assistant needs at least one asset to work on.")
    kind = assets[0]._type
    contexts = [require_context(asset, kind.name) for asset in assets]
    return contexts[0], kind


def clean(asset: Any, name: str, *, html: bool = False) -> Any:
    """Return a text of an asset without markup, or with *html* its markup and only references as plain text.

    One request for all assets that came together, unless it is loaded. The text cannot be written back by mistake.
    """
    return asset[f"{name}.@{'CleanHtml' if html else 'CleanText'}"]


def _result(answer: Any) -> Any:
    """The value in an answer that has one; the whole answer of a server that returns it in another form."""
    return plain(answer["result"] if isinstance(answer, dict) and "result" in answer else answer)
