"""What the API consists of beyond plain lists and objects: one topic per file, each with its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from .commit_paths import CommitPaths
from .data_paths import DataPaths
from .deployment_paths import DeploymentPaths
from .download_paths import DownloadPaths
from .execution_paths import ExecutionPaths
from .launch_paths import LaunchPaths
from .life.stepper import catch_up
from .login import LogIn
from .people_paths import PeoplePaths
from .pipeline_paths import PipelinePaths
from .project_paths import ProjectPaths
from .resource import Route
from .serving_paths import ServingPaths
from .store_paths import StorePaths
from .task_paths import TaskPaths
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
    CommitPaths,
    ExecutionPaths,
    TaskPaths,
    PipelinePaths,
    DeploymentPaths,
    DownloadPaths,
    LaunchPaths,
)

BEFORE_EACH: tuple[Callable[[Workspace], None], ...] = (catch_up,)
"""Called before every request that has a token, in its transaction."""
