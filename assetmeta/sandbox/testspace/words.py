"""The vocabulary of the population."""

from __future__ import annotations

from collections.abc import Iterator

ORGANIZATION = "abccorp"
MAIN = "main"

PEOPLE = (
    ("Nadia", "Petrova"),
    ("Oscar", "Brandt"),
    ("Priya", "Nair"),
    ("Quentin", "Moreau"),
    ("Ruth", "Adeyemi"),
    ("Sven", "Holm"),
    ("Talia", "Ben-Ari"),
    ("Umberto", "Conti"),
    ("Wanda", "Kowalska"),
    ("Yusuf", "Demir"),
)
PROJECTS = ("billing", "catalogue", "mobile", "gateway", "reports", "identity", "warehouse", "website", "scheduler")
OTHER_BRANCHES = ("develop", "release/1.4", "feature/login", "feature/export", "hotfix/rounding", "release/1.5")
SMALL_SUITES = ("smoke",)
SUITES = (
    "unit/parser",
    "unit/money",
    "unit/calendar",
    "api/orders",
    "api/accounts",
    "api/v2/search",
    "browser/checkout",
    "browser/sign in",
    "load/peak hour",
)
CASES = (
    "accepts an empty list",
    "refuses a negative amount",
    "keeps the order",
    "rounds half to even",
    "survives a restart",
    "reads back what it wrote",
    "is idempotent",
    "reports progress",
    "times out",
    "handles umlauts äöü",
    "sorts by date",
    "limits the rate",
)
COMPLAINTS = ("expected 200, got 503", "timed out after 30 s", "assertion failed", "element not found", "values differ")


def project_name(number: int) -> str:
    """The name of the project with this number, counted from 0."""
    name, round_ = PROJECTS[number % len(PROJECTS)], number // len(PROJECTS)
    return f"{name}{round_ + 1}" if round_ else name


def branches() -> Iterator[str]:
    """The main branch, then others without end."""
    yield MAIN
    yield from OTHER_BRANCHES
    number = 1
    while True:
        yield f"feature/{100 + number}"
        number += 1
