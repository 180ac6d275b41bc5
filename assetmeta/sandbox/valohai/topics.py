"""What the API consists of beyond plain lists and objects: one topic per file, each with its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from assetmeta.sandbox.messages import Request, Response

from .data_paths import DataPaths
from .login import LogIn
from .people_paths import PeoplePaths
from .project_paths import ProjectPaths
from .resource import Route
from .serving_paths import ServingPaths
from .store_paths import StorePaths
from .workspace import Workspace


class Topic(Protocol):
    """Some paths."""

    def routes(self) -> Iterator[Route]:
        """Their routes. Those of a list or an object replace single methods of it."""


TOPICS: tuple[Callable[[Workspace], Topic], ...] = (
    LogIn,
    PeoplePaths,
    ProjectPaths,
    DataPaths,
    StorePaths,
    ServingPaths,
)

BEFORE_EACH: tuple[Callable[[Workspace], None], ...] = ()
"""Called before every request that has a token, in its transaction."""

OUTSIDE: Mapping[str, Callable[[Workspace, Request], Response]] = {}
"""Who answers paths outside of the API, by their beginning."""
