"""Which dialects a test is run for: those that have the parts which it needs. Nothing is skipped while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from contract.dialect import Dialect

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*roles: str, changing: Sequence[str] = ()) -> Callable[[Test], Test]:
    """Run a test for the dialects whose items have these parts, and let those of *changing* be changed."""

    def mark(test: Test) -> Test:
        test.fits = lambda dialect: all(map(dialect.has, roles)) and all(map(dialect.changes, changing))  # type: ignore[attr-defined]
        return test

    return mark


def fitting(test: Callable[..., object], dialects: Sequence[Dialect]) -> list[Dialect]:
    """The dialects that have what a test needs. Raises LookupError where none has: such a test would say nothing."""
    found = [dialect for dialect in dialects if getattr(test, "fits", lambda _: True)(dialect)]
    if not found:
        raise LookupError(f"no dialect has what {test.__name__} needs")
    return found
