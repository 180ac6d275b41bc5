"""Specifications, requirements and their verification."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import history
from ..catalogue import CONTENT_TYPES
from ..derived import COMPONENT_VMS, GROUPS, REQUIREMENT_VMS, REQUIREMENTS
from .book import Book, words
from .tree import Node, Spacecraft

SPECIFICATIONS = "requirements/specifications"
FOLDERS = f"{SPECIFICATIONS}/folders"


@dataclass
class Chapter:
    """A specification: its sections, what it is about, and how many requirements it has."""

    id: int
    abbr: str
    groups: list[int]
    nodes: list[Node]
    written: list[int] = field(default_factory=list)


class Library:
    """The documents of one project."""

    def __init__(self, book: Book, craft: Spacecraft, users: list[int], tags: list[int]) -> None:
        self._book = book
        self._random = book.random
        self._craft = craft
        self._users = users
        self._tags = tags
        project = craft.project
        self._states = book.first_ids("requirements/states", project)
        self._methods = book.first_ids("requirements/verification-methods", project)
        self._statuses = book.space.store.ids("requirements/verification-statuses")
        self._types = [book.add("requirements/types", name=name, project=project) for name in words.sections[:4]]
        self._statements = [
            book.add("requirements/compliance-statements", name=name, project=project)
            for name in ("Compliant", "Partially compliant", "Not compliant")
        ]
        self.files: list[int] = []
        self.chapters = self._open()

    def _open(self) -> list[Chapter]:
        project = self._craft.project
        top = self._book.add(FOLDERS, name="Documents", project=project)
        below = self._book.add(FOLDERS, name="Subsystems", parent=top, project=project)
        names = [("System", "SYS", top, [self._craft.root, *self._craft.root.children])]
        names += [(name, name[:3].upper(), below, self._craft.of(name)) for name in words.subsystems]
        return [self._chapter(*name) for name in names]

    def _chapter(self, name: str, abbr: str, folder: int, nodes: list[Node]) -> Chapter:
        id = self._book.add(
            SPECIFICATIONS,
            name=f"{name} requirements",
            abbr=abbr,
            description=f"<p>What the <b>{name}</b> of {self._craft.name} must do.</p>",
            project=self._craft.project,
            folder=folder,
            components=[nodes[0].id],
            owner=self._owner(),
        )
        sections = self._random.sample(words.sections, 3)
        groups = [self._book.add(GROUPS, name=section, specification=id) for section in sections]
        groups.append(self._book.add(GROUPS, name="Details", specification=id, parent=groups[0]))
        return Chapter(id, abbr, groups, nodes)

    def _owner(self) -> dict[str, int] | None:
        if self._random.random() < 0.3:
            return None
        return {"id": self._random.choice(self._users), "contenttype": CONTENT_TYPES["user"]}

    def write(self) -> None:
        """One more requirement, with its verification."""
        chapter = self.chapters[0] if self._random.random() < 0.2 else self._random.choice(self.chapters[1:])
        node = self._random.choice(chapter.nodes)
        title, text = self._random.choice(words.duties)
        number = len(chapter.written) + 1
        text = text.format(part=node.name, value=self._value(node, title), number=self._random.randint(2, 60))
        reason = f"<p>{self._random.choice(words.reasons)}</p>"
        now = self._book.tick()
        id = self._book.add(
            REQUIREMENTS,
            identifier=f"{chapter.abbr}-{number:03}",
            title=f"{title} of the {node.name}",
            text=f"<p>{text}</p>",
            comment=reason,
            rationale=reason,
            specification=chapter.id,
            group=self._random.choice([*chapter.groups, None]),
            type=self._random.choice(self._types),
            state=self._random.choice(self._states),
            owner=self._owner(),
            parents=self._parents(chapter),
            tags=self._random.sample(self._tags, self._random.choice((0, 0, 1, 2))),
            position=round(1 + 0.1 * number, 1),
            created=now,
            updated=now,
            updated_by=self._random.choice(self._users),
            compliance_statement=self._random.choice([*self._statements, None, None]),
        )
        chapter.written.append(id)
        history.record(self._book.space, id)
        self._book.count += 1
        self._verify(id, chapter)

    def _value(self, node: Node, title: str) -> str:
        """A limit: half of the time a reference to the vali that is meant."""
        short = {"Mass": "Mass", "Power consumption": "Power"}.get(title)
        if short is None or self._random.random() < 0.5:
            return f"{self._random.randint(1, 90)} {'kg' if short == 'Mass' else 'W'}"
        id, name = node.valis[short], f"{node.path}.{short}"
        inner = f'<vali editable="true" itemid="{id}" field="value">${name}</vali>'
        return f'<span class="quill-autocomplete" host="vali" itemid="{id}" name="{name}" field="value">{inner}</span>'

    def _parents(self, chapter: Chapter) -> list[int]:
        system = self.chapters[0]
        if chapter is system or not system.written or self._random.random() < 0.4:
            return []
        return [self._random.choice(system.written)]

    def _verify(self, requirement: int, chapter: Chapter) -> None:
        for method in self._random.sample(self._methods, self._random.choice((0, 1, 1, 2))):
            vm = self._book.add(
                REQUIREMENT_VMS, requirement=requirement, method=method, text="<p>As agreed with the customer.</p>"
            )
            most = min(len(chapter.nodes), self._random.choice((1, 1, 2)))
            for node in self._random.sample(chapter.nodes, most):
                self._item(vm, node)

    def _item(self, vm: int, node: Node) -> None:
        status = self._random.choice(self._statuses[:3])
        done = status == 2
        report = self._random.choice(self.files) if self.files and done else None
        self._book.add(
            COMPONENT_VMS,
            component=node.id,
            method=vm,
            status=status,
            comment="<p>Report accepted.</p>" if done else None,
            content_type=CONTENT_TYPES["file"] if report else None,
            object_id=report,
            verified_by=self._random.choice(self._users) if done else None,
            verified_on=self._book.tick() if done else None,
        )
