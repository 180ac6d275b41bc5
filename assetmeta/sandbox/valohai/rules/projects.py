"""Projects: owners by name, and the repository that comes with them."""

from __future__ import annotations

from ..catalogue import KINDS
from ..model import Key, Row
from ..problems import Refused, leaf
from .rule import Rule

OWN_FIELDS = ("url", "ref")
TAG_FIELDS = ("name", "color")


class ProjectRule(Rule):
    """`owner` may be `organization:team`; `repository` is kept in an object of its own."""

    def before(self, values: Row, old: Row | None) -> None:
        """Take the repository out, and name it in the row only when there is none yet."""
        self._check_repository(values.pop("repository", None))
        for tag in values.get("tags", ()):
            if not (isinstance(tag, dict) and isinstance(tag.get("name"), str)):
                raise Refused.of("tags", "Not a valid tag.")
        if "tags" in values:
            values["tags"] = [{name: str(tag.get(name) or "") for name in TAG_FIELDS} for tag in values["tags"]]
        if old is None and isinstance(self.body.get("owner"), str) and ":" in self.body["owner"]:
            values["team"] = self._team(values["owner"])

    def after(self, id: Key, old: Row | None) -> None:
        """Every project has one repository."""
        store = self.space.store
        given = self.body.get("repository") or {}
        changes = {name: given[name] for name in OWN_FIELDS if name in given}
        own = store.pointing("repository", "project", id)
        if own and changes:
            self.space.change("repository", own[-1], **changes)
        elif not own:
            self.space.add("repository", project=id, **changes)

    def _check_repository(self, given: object) -> None:
        if given is None:
            return
        texts = [given[name] for name in OWN_FIELDS if name in given] if isinstance(given, dict) else [None]
        if not all(isinstance(text, str) and "\x00" not in text for text in texts):
            raise Refused.of("repository", "Not a valid repository.")

    def _team(self, owner: Key) -> Key:
        name = self.body["owner"].partition(":")[2]
        rows = self.space.store.rows("team")
        for id in self.space.store.pointing("team", "organization", owner):
            if rows[id]["name"] == name and self.finder.rights.sees(KINDS["team"], id):
                return id
        raise Refused({"owner": [leaf(f'There is no team "{name}".', "does_not_exist")]})


class TeamRule(Rule):
    """Who makes a team is its first member."""

    def before(self, values: Row, old: Row | None) -> None:
        """Enter the member."""
        if old is None:
            first = {"user": self.user, "ctime": self.space.now()}
            values["members"] = [{**first, "allow_project_administration": True, "is_read_only": False}]


RULES: dict[str, type[Rule]] = {"project": ProjectRule, "team": TeamRule}
