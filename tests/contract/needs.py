"""Which dialects a test is run for: those that have the parts which it needs. Nothing is skipped while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from contract.dialect import Dialect
from contract.systems import DIALECTS

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*roles: str, changing: Sequence[str] = ()) -> Callable[[Test], Test]:
    """Run a test for the dialects whose items have these parts, and let those of *changing* be changed."""

    def mark(test: Test) -> Test:
        test.fits = lambda dialect: all(map(dialect.has, roles)) and all(map(dialect.changes, changing))  # type: ignore[attr-defined]
        return test

    return mark


def only(*types: Dialect) -> Callable[[Test], Test]:
    """Run a test for fewer types than its module's: those that can fail it in ways of their own."""

    def mark(test: Test) -> Test:
        test.types = types  # type: ignore[attr-defined]
        return test

    return mark


def fitting(test: Callable[..., object], types: Sequence[Dialect]) -> list[Dialect]:
    """Those of the test's own types, else of some, that have what it needs; where none of a system has, the first that
    has.

    Raises LookupError where no type has it: such a test would say nothing.
    """
    types = getattr(test, "types", types)
    able = [dialect for dialect in DIALECTS if getattr(test, "fits", lambda _: True)(dialect)]
    if not able:
        raise LookupError(f"no dialect has what {test.__name__} needs")
    shown = {dialect.sandbox for dialect in able if dialect in types}
    others = {dialect.sandbox: dialect for dialect in reversed(able) if dialect.sandbox not in shown}
    return [dialect for dialect in able if dialect in types or dialect is others.get(dialect.sandbox)]
