"""The Git hosts that projects pull from: pushed to by hand, since the sandbox knows no other repositories."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from assetmeta.sandbox.data import text

MAIN = "main"
EXAMPLE = "example.yaml"
"""Steps that the sandbox can act out, a task and a pipeline."""


@dataclass(frozen=True)
class Pushed:
    """One commit on a remote branch: its hash, the branch, the message, and its valohai.yaml, None for none."""

    identifier: str
    branch: str
    message: str
    config: str | None


class Remote:
    """What is to be fetched, by the address of the repository.

    `server.face.remote.push("https://git.example.org/me/mine.git", text)` puts a commit there. A repository that
    nothing was pushed to holds one commit with an example of a valohai.yaml.
    """

    def __init__(self) -> None:
        self._pushed: dict[str, list[Pushed]] = {}

    def push(
        self, url: str, config: str | None, branch: str = MAIN, message: str = "", identifier: str | None = None
    ) -> str:
        """Put a commit with *config* as its valohai.yaml on *branch*. Its hash, *identifier* unless that is None."""
        commits = self._pushed.setdefault(url, [])
        if identifier is None:
            pushed = f"{url}\n{len(commits)}\n{branch}\n{message}\n{config}"
            identifier = hashlib.sha1(pushed.encode(), usedforsecurity=False).hexdigest()
        commits.append(Pushed(identifier, branch, message, config))
        return identifier

    def commits(self, url: str) -> list[Pushed]:
        """All commits of a repository, oldest first."""
        if url not in self._pushed:
            self.push(url, text(__package__, EXAMPLE), message="Example")
        return list(self._pushed[url])
