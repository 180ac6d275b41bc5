"""From the values of a body to those of a row (section 2.0 of the protocol), or the messages that refuse them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from assetmeta.sandbox.rest import values
from assetmeta.sandbox.rest.bodies import Body
from assetmeta.sandbox.rest.refusals import Refused, missing_object
from assetmeta.sandbox.rest.values import NULL, REQUIRED, Invalid, as_object

from .catalogue import BY_CONTENT_TYPE
from .model import Field, Kind, Row
from .store import Store

TEXTS = frozenset({"string", "html", "url"})


def validated(store: Store, kind: Kind, body: object, *, partial: bool) -> Row:
    """The values of the writable fields that a body has. Unknown and read-only keys are ignored.

    Raises Refused with all messages of all fields; what is required may only be missing when *partial*.
    """
    body = as_object(body)
    found: Row = {}
    errors: dict[str, object] = {}
    for field in kind.fields:
        if not field.writable or field.type == "file":
            continue
        if field.name not in body:
            if field.required and not partial:
                errors[field.name] = [REQUIRED]
            continue
        try:
            found[field.name] = value(store, field, body[field.name])
        except Invalid as error:
            errors[field.name] = [error.message]
    if errors:
        raise Refused(errors)
    return found


def value(store: Store, field: Field, given: Any) -> Any:
    """One value as its field keeps it. Raises Invalid."""
    if given == "" and field.type in ("one", "content_type", "date", "generic_id", "url") and field.nullable:
        given = None
    if given is None:
        if not field.nullable:
            raise Invalid(NULL)
        return None
    if field.choices:
        return _choice(field, given)
    if field.type == "one":
        return _pk(given, lambda id: any(store.get(endpoint, id) is not None for endpoint in field.targets))
    if field.type == "many":
        return _many(store, field, given)
    if field.type == "owner":
        return owner(store, given)
    return PLAIN[field.type](field, given)


def text(field: Field, given: Any) -> str:
    """A text. Names lose the blanks at their ends, other texts stay as they are."""
    named = field.max_length is not None
    found = values.text(given, strip=named, blank=field.blank, max_length=field.max_length)
    if field.pattern is not None and not re.match(field.pattern, found):
        raise Invalid("This value does not match the required pattern.")
    return found


def flag(field: Field, given: Any) -> bool:
    """A bool, also by one of its many names."""
    return values.flag(str(given).lower() if isinstance(given, (str, int, float)) else "")


def day(field: Field, given: Any) -> str:
    """A date as YYYY-MM-DD."""
    message = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
    if not isinstance(given, str) or not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", given):
        raise Invalid(message)
    try:
        return date(*(int(part) for part in given.split("-"))).isoformat()
    except ValueError:
        raise Invalid(message) from None


def address(field: Field, given: Any) -> str:
    """A URL."""
    found = text(field, given)
    try:
        parts = urlsplit(found)
    except ValueError:
        raise Invalid("Enter a valid URL.") from None
    if parts.scheme not in ("http", "https", "ftp", "ftps") or not parts.netloc or re.search(r"\s", found):
        raise Invalid("Enter a valid URL.")
    return found


def content_type(field: Field, given: Any) -> int:
    """The id of a content type."""
    return _pk(given, BY_CONTENT_TYPE.__contains__)


def owner(store: Store, given: Any) -> Row:
    """{"id", "contenttype"} of a user or a user group."""
    if not isinstance(given, Mapping):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(given).__name__}.")
    owners = {number: kind.endpoint for number, kind in BY_CONTENT_TYPE.items() if kind.endpoint in ("user", "group")}
    kind = _pk(given.get("contenttype"), owners.__contains__)
    return {"id": _pk(given.get("id"), lambda id: store.get(owners[kind], id) is not None), "contenttype": kind}


def _choice(field: Field, given: Any) -> int:
    for known, _ in field.choices:
        if str(given) == str(known) and not isinstance(given, bool):
            return known
    raise Invalid(f'"{given}" is not a valid choice.')


def _pk(given: Any, exists: Callable[[int], bool]) -> int:
    if (
        isinstance(given, bool)
        or not isinstance(given, (int, str))
        or not re.fullmatch(r"\s*-?\d{1,20}\s*", str(given))
    ):
        raise Invalid(f"Incorrect type. Expected pk value, received {type(given).__name__}.")
    if not exists(int(given)):
        raise Invalid(missing_object(given))
    return int(given)


def _many(store: Store, field: Field, given: Any) -> list[int]:
    if not isinstance(given, (list, tuple)):
        raise Invalid(f'Expected a list of items but got type "{type(given).__name__}".')
    ids = [_pk(one, lambda id: store.get(field.targets[0], id) is not None) for one in given]
    return list(dict.fromkeys(ids))


PLAIN: dict[str, Callable[[Field, Any], Any]] = {
    "string": text,
    "html": text,
    "int": lambda field, given: values.integer(given),
    "generic_id": lambda field, given: values.integer(given),
    "float": lambda field, given: values.number(given),
    "bool": flag,
    "date": day,
    "url": address,
    "content_type": content_type,
    "json": lambda field, given: given,
}
"""How the values of each plain type are read."""


def value_of(body: Body, kind: Kind) -> object:
    """The value of a body for objects of *kind*: a JSON value as it is, a form's texts by the types of the fields."""
    if not body.is_form or not isinstance(body.value, dict):
        return body.value
    return {name: converted(value, kind.by_name.get(name)) for name, value in body.value.items()}


def converted(value: object, field: Field | None) -> object:
    """A form's text, or the list of a repeated name, for *field*. An empty text is null for all but texts."""
    if field is None:
        return value
    if field.type == "many":
        texts = value if isinstance(value, list) else [value]
        return [text for text in texts if text != ""]
    last = str(value[-1] if isinstance(value, list) else value)
    if last == "" and field.type not in TEXTS:
        return None
    if field.type in ("json", "owner"):
        try:
            parsed: object = json.loads(last)
        except ValueError:
            return last
        return parsed
    return last
