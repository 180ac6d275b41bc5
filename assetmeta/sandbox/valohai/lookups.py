"""From the text that stands for an object, in a path or a body, to its key."""

from __future__ import annotations

from . import ids
from .catalogue import KINDS
from .model import Key, Kind
from .rights import Rights
from .workspace import Workspace

LATEST = "latest"
PROJECT_DEFAULT = "PROJECT_DEFAULT"
LONGEST = 18
BY_COUNTER = ("execution", "task", "pipeline")
"""The kinds whose objects are also known as `<project>:<counter>`."""


class Finder:
    """Finds what the user of *rights* can see; everything else does not exist."""

    def __init__(self, space: Workspace, rights: Rights) -> None:
        self.space = space
        self.rights = rights

    def find(self, kind: Kind, text: object, project: Key | None = None) -> Key | None:
        """The key of the object that *text* means, or None.

        Runs go by `<project>:<counter>` and `<project>:latest` too, environments by slug, accounts by name, commits by
        identifier within *project*.
        """
        found = self._named(kind, text, project)
        if found is None or self.space.store.get(kind.name, found) is None or not self.rights.sees(kind, found):
            return None
        return found

    def commit(self, project: Key | None, text: object) -> Key | None:
        """The commit that a run names: an identifier, or a branch, whose latest commit is meant."""
        if not isinstance(text, str) or project is None:
            return None
        rows = self.space.store.rows("commit")
        own = self.space.store.pointing("commit", "project", project)
        same = [id for id in own if rows[id]["identifier"] == text]
        branch = [id for id in own if text in (rows[id]["ref_names"] or ()) or text == rows[id]["ref"]]
        candidates = same or [id for id in branch if not rows[id]["adhoc"]]
        # Of several within one second the one that came last.
        return max(reversed(candidates), key=lambda id: rows[id]["commit_time"] or "", default=None)

    def account(self, text: object) -> Key | None:
        """A user or an organization that the user sees, by number or by name; a team may stand behind a colon."""
        if isinstance(text, str):
            text = text.partition(":")[0]
        for kind, name in (("user", "username"), ("organization", "name")):
            number = numbered(text)
            rows = self.space.store.rows(kind)
            same = (id for id, row in rows.items() if id == number or (row[name] == text and number is None))
            found = next(same, None)
            if found is not None:
                return found if self.rights.sees(KINDS[kind], found) else None
        return None

    def _named(self, kind: Kind, text: object, project: Key | None) -> Key | None:
        if kind.name == "commit":
            return self._commit(text, project)
        if kind.numbered:
            return numbered(text)
        if not isinstance(text, str):
            return None
        if kind.name in BY_COUNTER and ":" in text:
            return self._by_counter(kind, text)
        key = ids.read(text)
        if key is None and kind.alternative:
            rows = self.space.store.rows(kind.name)
            key = next((str(id) for id, row in rows.items() if row[kind.alternative] == text), None)
        return key

    def _by_counter(self, kind: Kind, text: str) -> Key | None:
        """The run of a project by its number or the latest; what was deleted is not the latest of anything."""
        owner, _, place = text.partition(":")
        rows = self.space.store.rows(kind.name)
        own = self.space.store.pointing(kind.name, "project", ids.read(owner))
        if place == LATEST:
            alive = [id for id in own if not rows[id]["deleted"]]
            return max(alive, key=lambda id: int(rows[id]["counter"]), default=None)
        number = numbered(place)
        return next((id for id in own if number is not None and rows[id]["counter"] == number), None)

    def _commit(self, text: object, project: Key | None) -> Key | None:
        """A commit by identifier, in *project* or in any the user sees (the latest), or by its number."""
        rows = self.space.store.rows("commit")
        pool = self.space.store.ids("commit")
        if project is not None:
            pool = self.space.store.pointing("commit", "project", project)
        same = [id for id in pool if rows[id]["identifier"] == text and self.rights.sees(KINDS["commit"], id)]
        if same:
            return same[-1]
        number = numbered(text)
        return number if number in pool else None


def numbered(text: object) -> int | None:
    """A positive whole number, also as a text; None for anything else."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= LONGEST:
        return int(text)
    return None
