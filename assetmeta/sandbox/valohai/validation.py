"""From the values of a body to those of a row, or the leaves that refuse them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from assetmeta.sandbox.rest import values
from assetmeta.sandbox.rest.values import NULL, REQUIRED, Invalid

from . import ids
from .catalogue import KINDS
from .lookups import PROJECT_DEFAULT, Finder
from .model import Field, Key, Kind, Row
from .problems import Leaf, Refused, leaf, missing_object, missing_slug

ACCOUNTS = ("user", "organization")


def validated(
    finder: Finder, kind: Kind, body: Mapping[str, Any], *, old: Row | None = None, is_form: bool = False
) -> Row:
    """The values of the writable fields that *body* has. Unknown and read-only keys are ignored.

    *old* is the row to be changed, None for a new object: then all required fields must be there. Raises Refused with
    all leaves of all fields.
    """
    found: Row = {}
    errors: dict[str, object] = {}
    for field in kind.fields:
        if not field.writable(creating=old is None):
            continue
        if field.name not in body:
            if field.required and old is None:
                errors[field.name] = [leaf(REQUIRED, "required")]
            continue
        try:
            given = from_form(field, body[field.name]) if is_form else body[field.name]
            found[field.name] = value(finder, field, given, {**(old or {}), **found})
        except Invalid as error:
            errors[field.name] = [leaf(error.message, error.code)]
    if errors:
        raise Refused(errors)
    return found


def from_form(field: Field, given: Any) -> Any:
    """A value of a form: nested ones are written as JSON, an empty text is null where a text cannot be meant."""
    if field.type in ("list", "words", "refs") and isinstance(given, str) and not given.startswith("["):
        return [given] if given else []
    if field.type in ("map", "list", "json", "words", "refs") and isinstance(given, str):
        try:
            return json.loads(given)
        except (ValueError, RecursionError):
            raise Invalid("Value must be valid JSON.") from None
    return None if given == "" and field.type != "str" and field.nullable else given


def value(finder: Finder, field: Field, given: Any, values: Row) -> Any:
    """One value as its field keeps it; *values* are those of the object so far. Raises Invalid."""
    if given is None:
        if not field.nullable:
            raise Invalid(NULL, "null")
        return None
    if field.choices:
        return choice(field, given)
    if field.type == "ref":
        return reference(finder, field, given, values)
    if field.type == "refs":
        if not isinstance(given, list):
            raise not_a_list(given)
        return list(dict.fromkeys(reference(finder, field, each, values) for each in given))
    return PLAIN[field.type](field, given)


def reference(finder: Finder, field: Field, given: Any, values: Row) -> Key:
    """The key of the object that is meant. Raises Invalid where the user sees none."""
    kind = KINDS[field.to[0]]
    found: Key | None
    if kind.name == "commit":
        found = finder.commit(project_of(finder, values), given)
    elif field.to == ACCOUNTS or kind.name in ACCOUNTS:
        found = finder.account(given)
    else:
        named = default_environment(finder, values) if kind.alternative and given == PROJECT_DEFAULT else given
        found = finder.find(kind, named)
    if found is None:
        raise invalid(missing_slug(given) if kind.alternative else missing_object(given))
    return found


def project_of(finder: Finder, values: Row) -> Key | None:
    """The project that an object with these values belongs to, straight or through its deployment."""
    if "project" in values:
        return values["project"]  # type: ignore[no-any-return]
    deployment = finder.space.store.get("deployment", values.get("deployment"))
    return deployment["project"] if deployment else None


def default_environment(finder: Finder, values: Row) -> Key | None:
    """The environment of the project's runs where none is named: its own choice, else the first there is."""
    project = finder.space.store.get("project", values.get("project"))
    chosen = project["default_environment"] if project else None
    return chosen or next(iter(finder.space.store.ids("environment")), None)


def choice(field: Field, given: Any) -> str:
    """One of the choices; capitals are no matter."""
    for known in field.choices:
        if isinstance(given, str) and given.lower() == known:
            return known
    raise Invalid(f'"{given}" is not a valid choice.', "invalid_choice")


def invalid(problem: Leaf) -> Invalid:
    """A leaf as the error of a value."""
    return Invalid(str(problem["message"]), str(problem["code"]))


def text(field: Field, given: Any) -> str:
    """A text. What must not be blank loses the blanks at its ends."""
    return values.text(given, strip=not field.blank, blank=field.blank, max_length=field.max_length)


def number(field: Field, given: Any) -> float:
    """A number, also as a text; integers stay such."""
    found = values.number(None if isinstance(given, bool) else given)
    return given if isinstance(given, int) else found


def boolean(field: Field, given: Any) -> bool:
    """A bool, also by one of its many names."""
    return values.flag(str(given).strip().lower() if isinstance(given, (str, int)) else "")


def mapping(field: Field, given: Any) -> dict[str, Any]:
    """A map."""
    if not isinstance(given, dict):
        raise Invalid(f'Expected a dictionary of items but got type "{type(given).__name__}".', "not_a_dict")
    return given


def listing(field: Field, given: Any) -> list[Any]:
    """A list of anything."""
    if not isinstance(given, list):
        raise not_a_list(given)
    return given


def words(field: Field, given: Any) -> list[str]:
    """A list of texts, each once."""
    return list(dict.fromkeys(text(field, each) for each in listing(field, given)))


def key(field: Field, given: Any) -> str:
    """A uuid."""
    found = ids.read(given) if isinstance(given, str) else None
    if found is None:
        raise Invalid("Must be a valid UUID.")
    return found


def not_a_list(given: Any) -> Invalid:
    """What is said of a value that should be a list."""
    return Invalid(f'Expected a list of items but got type "{type(given).__name__}".', "not_a_list")


PLAIN: dict[str, Callable[[Field, Any], Any]] = {
    "str": text,
    "url": text,
    "int": lambda field, given: values.integer(given),
    "number": number,
    "bool": boolean,
    "map": mapping,
    "list": listing,
    "words": words,
    "id": key,
    "json": lambda field, given: given,
}
"""How the values of each plain type are read."""
