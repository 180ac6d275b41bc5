"""What can go wrong with a request: an exception that carries the status, the summary and the chain of causes.

The faces spell a `Problem` as the error document of its endpoint (rest-1.v1: `Error` with `Exception` siblings).
"""

from __future__ import annotations

from dataclasses import dataclass

META = "VersionOne.MetaException"
MULTIPLE = "VersionOne.MultipleException"
VALIDATION = "VersionOne.DataException"
NOT_FOUND = "VersionOne.NotFoundException"
OID = "VersionOne.OidException"


@dataclass(frozen=True, slots=True)
class Cause:
    """One exception of the chain, as the error document names it."""

    kind: str
    message: str


class Problem(Exception):
    """A refused request.

    *status* is the HTTP status, *message* the summary, *causes* the chain with the innermost cause last. *reason* is
    the one sentence that query.v1 and api/asset report instead of the chain. *error* replaces the status in words in
    JSON.
    """

    def __init__(
        self,
        status: int,
        message: str,
        causes: tuple[Cause, ...] = (),
        reason: str | None = None,
        error: str | None = None,
    ) -> None:
        super().__init__(message)
        self.error = error
        self.status = status
        self.message = message
        self.causes = causes
        self.reason = reason or (causes[-1].message if causes else message)


def unknown_type(name: str) -> Problem:
    """No asset type of that name."""
    text = f"Unknown AssetType: {name}"
    return Problem(400, text, (Cause(META, text),))


def missing(oid: str) -> Problem:
    """A single asset that does not exist, has another type, or is deleted."""
    return Problem(404, "Not Found", (Cause(NOT_FOUND, f"Asset not found: {oid}"),))


def unknown_token(parameter: str, token: str, definition: str | None = None) -> Problem:
    """A token of a query parameter ("SEL", "SORT", "FINDIN") that names nothing.

    *definition* is the `Type.Attribute` that was looked for; None when the token does not even parse.
    """
    unknown = f"Unknown token: {token}"
    causes = [Cause(META, unknown)]
    if definition is not None:
        causes.append(Cause(MULTIPLE, f"(1) Unknown AttributeDefinition: {definition} (2) {unknown}"))
    reason = unknown if definition is None else f"Unknown AttributeDefinition: {definition}"
    return Problem(400, f"Invalid {parameter} parameter", tuple(causes), reason)


def bad_filter(text: str, detail: str | None = None) -> Problem:
    """A filter, or one comparison of it, that cannot be understood."""
    reason = f"Invalid QueryFilter2 token {text}"
    causes = [Cause(META, reason)]
    if detail is not None:
        causes.append(Cause(META, detail))
    return Problem(400, "Invalid WHERE parameter", tuple(causes), reason)


def bad_parameter(parameter: str, detail: str) -> Problem:
    """Any other query parameter whose text cannot be understood."""
    return Problem(400, f"Invalid {parameter} parameter", (Cause(META, detail),))


def unknown_attribute(type_name: str, name: str) -> Problem:
    """A change of an attribute the type does not have."""
    text = f"Unknown AttributeDefinition: {type_name}.{name}"
    return Problem(400, text, (Cause(META, text),))


def violation(rule: str, type_name: str, name: str, detail: str | None = None) -> Problem:
    """A value that validation refuses; *rule* is "Required", "Invalid" or "ReadOnly"."""
    text = f"Violation'{rule}'{type_name}.{name}"
    causes = [Cause(VALIDATION, text)]
    if detail is not None:
        causes.insert(0, Cause(VALIDATION, detail))
    return Problem(400, text, tuple(causes))


def invalid_oid(text: str) -> Problem:
    """A text that is no OID token, where one is needed."""
    message = f"Invalid OID token: {text}"
    return Problem(400, message, (Cause(OID, message),))


def unknown_operation(type_name: str, operation: str) -> Problem:
    """An operation the type does not have."""
    text = f"Unknown Operation '{type_name}.{operation}'"
    return Problem(400, text, (Cause(META, text),))


def not_allowed(type_name: str, operation: str) -> Problem:
    """An operation whose validator says no."""
    return violation("NotAllowed", type_name, operation)
