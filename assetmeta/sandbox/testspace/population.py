"""A realistic, connected data set of any size, the same for the same seed: `populate(store, 10_000, seed=1)`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from assetmeta.sandbox.data import vocabulary

from .publication import publish
from .rights import PROJECT_ROLES
from .seed import DAY, MINUTE, START, add_project
from .spaces import add_space
from .standard import GREEN, GREY, series
from .store import Store
from .suites import ERRORED, FAILED, NOT_APPLICABLE, PASSED, Annotation, Case, Suite
from .users import add_user

ORGANIZATION = "abccorp"
MAIN = "main"
COVERAGE = "coverage"
PER_PROJECT = 1500
MANY = 45
"""How many results a main branch gets before there are others, so that its list takes more than one page."""

FEW = 12
ROOMY = 1000
"""With room for so many objects results are as large as elsewhere; with less they are small, but still many."""

words = vocabulary(__package__)


@dataclass
class Behaviour:
    """How one case does over time: it breaks by chance *fragility* at each result, for *repair* results or so."""

    path: str
    name: str
    fragility: float
    repair: int
    status: str = PASSED
    broken: int = 0
    exempt: bool = False


def populate(store: Store, assets: int, seed: int = 1) -> int:
    """Fill up to about *assets* objects, what is there already included, and return how many there are.

    The same *assets* and *seed* give the same data, dates included. Call it within a transaction.
    """
    room = assets - count(store)
    if room <= 0:
        return count(store)
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    people = []
    for first, last in words.people[: 2 + room // 200]:
        people.append(add_user(store, first.lower(), first, last, START))
    projects = max(1, round(room / PER_PROJECT))
    for number in range(projects):
        Maker(store, chance, people, number).fill(assets - room + room * (number + 1) // projects)
    return count(store)


def count(store: Store) -> int:
    """How many objects there are; files are part of their contents, and nothing was deleted yet."""
    given = store.number("SELECT SUM(seq) FROM sqlite_sequence WHERE name <> 'file'")
    return given + store.number("SELECT COUNT(*) FROM member")


class Maker:
    """Makes one project with its branches."""

    def __init__(self, store: Store, chance: random.Random, people: list[int], number: int) -> None:
        self.store = store
        self.chance = chance
        self.people = people
        self.number = number
        self.moment = START + number * 11 * MINUTE

    def fill(self, until: int) -> None:
        """Make objects until there are *until* of them."""
        small = until - count(self.store) < ROOMY
        project = self._project()
        for branch in branches():
            if count(self.store) >= until:
                return
            self._branch(project, branch, until, MANY if branch == MAIN else self.chance.randint(2, FEW), small)

    def _project(self) -> int:
        owner, name = ORGANIZATION, project_name(self.number)
        connected = self.chance.random() < 0.7
        project = add_project(
            self.store,
            f"{owner}:{name}" if connected else name,
            f"The {name} of {owner}",
            source=f"github:{owner}/{name}" if connected else None,
            private=self.chance.random() < 0.25,
            moment=self.moment,
        )
        for user in self.people[:3]:
            role = self.chance.choice(PROJECT_ROLES)
            self.store.insert(
                "member", {"project_id": project, "user_id": user, "role": role, "notifications": '["results"]'}
            )
        return project

    def _branch(self, project: int, name: str, until: int, most: int, small: bool) -> None:
        self.moment += MINUTE
        space = add_space(self.store, project, {"name": name}, self.moment)
        cases = list(self._cases(small))
        for number in range(1, most + 1):
            if count(self.store) >= until:
                return
            self.moment += DAY // 4 + self.chance.randint(0, 90) * MINUTE
            last = number == most and self.chance.random() < 0.3
            self._result(space, f"build.{number}", cases, complete=not last)

    def _result(self, space: int, name: str, cases: list[Behaviour], *, complete: bool) -> None:
        suites: dict[str, list[Case]] = {}
        for case in cases:
            self._pass_time(case)
            if self.chance.random() > 0.01:
                suites.setdefault(case.path, []).append(self._case(case))
        published = [Suite(path, tuple(found)) for path, found in suites.items()]
        if any("/" in path for path in suites):
            total = 40_000
            covered = round(total * self.chance.uniform(0.55, 0.85))
            figures = {"lines": (float(covered), float(total))}
            published.append(Suite(COVERAGE, figures=figures, metric=coverage_metric()))
        address = f"https://ci.example.org/builds/{self.chance.randint(1000, 99999)}"
        user = self.chance.choice(self.people)
        publish(self.store, space, name, published, moment=self.moment, user=user, complete=complete, build_url=address)

    def _cases(self, small: bool) -> Iterator[Behaviour]:
        paths = words.small_suites if small else self.chance.sample(words.suites, self.chance.randint(3, 6))
        for path in paths:
            for name in self.chance.sample(words.cases, self.chance.randint(3, 6)):
                fragility = self.chance.choice((0.0, 0.0, 0.01, 0.03, 0.15))
                yield Behaviour(path, name, fragility, self.chance.randint(1, 6), exempt=self.chance.random() < 0.03)

    def _pass_time(self, case: Behaviour) -> None:
        """Let a broken case go on failing until it is repaired, and a sound one break by chance."""
        if case.broken:
            case.broken -= 1
            if not case.broken:
                case.status = PASSED
        elif self.chance.random() < case.fragility:
            case.broken = self.chance.randint(1, case.repair)
            case.status = self.chance.choice((FAILED, FAILED, FAILED, ERRORED, NOT_APPLICABLE))

    def _case(self, case: Behaviour) -> Case:
        duration = round(self.chance.uniform(0.01, 3.0), 3)
        if case.status not in (FAILED, ERRORED):
            return Case(case.name, case.status, duration)
        message = f"{case.name}: {self.chance.choice(words.complaints)}"
        note = Annotation("log", "error", message, f"{message}\n{case.path}\n".encode())
        return Case(case.name, case.status, duration, message=message, annotations=(note,), exempt=case.exempt)


def coverage_metric() -> dict[str, object]:
    """The metric of a suite that carries figures instead of cases."""
    return {
        "name": "Code Coverage",
        "data_source": f"/{COVERAGE}[lines]",
        "units": "lines",
        "variables": series(("Covered", GREEN, "d1"), ("Not covered", GREY, "d2-d1")),
        "thresholds": series(("Minimum", GREY, "d2/2")),
        "badge": {
            "name": COVERAGE,
            "value_expression": 'concat(rounddown(v1 / d2),"%")',
            "criteria_expression": "v1 >= t1",
            "is_enabled": True,
        },
    }


def project_name(number: int) -> str:
    """The name of the project with this number, counted from 0."""
    name, round_ = words.projects[number % len(words.projects)], number // len(words.projects)
    return f"{name}{round_ + 1}" if round_ else name


def branches() -> Iterator[str]:
    """The main branch, then others without end."""
    yield MAIN
    yield from words.other_branches
    number = 1
    while True:
        yield f"feature/{100 + number}"
        number += 1
