"""Components and their valis: budgets that roll up from the parts to the spacecraft."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .book import Book, words

CHANCE_OF_ID = 0.5
BUDGETS = (("Mass", "kg", 0.02, 12.0), ("Power", "W", 0.1, 40.0), ("Parts", "", 1.0, 60.0))
"""The valis that every component has: name, unit, and the range of a part's value."""


@dataclass
class Node:
    """A component: its *level* is 0 for the spacecraft. *valis* are the ids by short name."""

    id: int
    name: str
    path: str
    level: int
    subsystem: str = ""
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    valis: dict[str, int] = field(default_factory=dict)


@dataclass
class Spacecraft:
    """One project's product. *nodes* are all components, the spacecraft first."""

    project: int
    name: str
    nodes: list[Node]
    valis: list[int] = field(default_factory=list)

    @property
    def root(self) -> Node:
        """The spacecraft itself."""
        return self.nodes[0]

    def of(self, subsystem: str) -> list[Node]:
        """The components of a subsystem."""
        return [node for node in self.nodes if node.subsystem == subsystem]


class Builder:
    """Writes one spacecraft."""

    def __init__(self, book: Book, project: int, name: str, types: list[int], tags: list[int]) -> None:
        self._book = book
        self._random = book.random
        self._types = types
        self._tags = tags
        self.craft = Spacecraft(project, name, [])

    def build(self, components: int) -> Spacecraft:
        """The tree of about so many components, nine at least, with all valis."""
        queue = deque([self._component(None, self.craft.name, "")])
        while queue and len(self.craft.nodes) < max(components, 9):
            node = queue.popleft()
            for name, subsystem in self._parts_of(node):
                if node.level == 0 or len(self.craft.nodes) < components:
                    queue.append(self._component(node, name, subsystem))
        for node in reversed(self.craft.nodes):
            self._budgets(node)
            if node.level > 1 and self._random.random() < 0.35:
                self._details(node)
        return self.craft

    def _parts_of(self, node: Node) -> list[tuple[str, str]]:
        if node.level == 0:
            return [(name, name) for name in words.subsystems]
        vocabulary = words.subsystems[node.subsystem] if node.level == 1 else words.parts
        count = self._random.randint(3, 7)
        if count <= len(vocabulary):
            return [(name, node.subsystem) for name in self._random.sample(vocabulary, count)]
        return [(f"{vocabulary[i % len(vocabulary)]}_{i // len(vocabulary) + 1}", node.subsystem) for i in range(count)]

    def _component(self, parent: Node | None, name: str, subsystem: str) -> Node:
        few = self._random.sample(self._tags, self._random.choice((0, 0, 0, 1, 2)))
        id = self._book.add(
            "components",
            name=name,
            parent=parent.id if parent else None,
            project=self.craft.project,
            description=f"<p>{name} of the {subsystem or 'mission'}</p>" if self._random.random() < 0.5 else "",
            type=self._random.choice(self._types),
            tags=few,
        )
        path = f"{parent.path}.{name}" if parent else name
        node = Node(id, name, path, parent.level + 1 if parent else 0, subsystem, parent)
        if parent:
            parent.children.append(node)
        self.craft.nodes.append(node)
        return node

    def vali(self, node: Node, shortname: str, formula: str, unit: str = "", **more: object) -> int:
        """Write one vali."""
        id = self._book.add("valis", parent=node.id, shortname=shortname, formula=formula, unit=unit, **more)
        node.valis[shortname] = id
        self.craft.valis.append(id)
        return id

    def ref(self, node: Node, shortname: str) -> str:
        """A reference to a vali, sometimes by id, sometimes by name."""
        if self._random.random() < CHANCE_OF_ID:
            return f"${node.valis[shortname]}"
        return f"${node.path}.{shortname}"

    def _budgets(self, node: Node) -> None:
        """Numbers with margins at the leaves, sums above, limits at the top."""
        for shortname, unit, least, most in BUDGETS:
            if not node.children:
                number = round(self._random.uniform(least, most) / (1 + node.level), 3)
                margin = float(self._random.choice((5, 10, 20)))
                self.vali(node, shortname, str(number), unit, margin_plus=margin, margin_minus=margin)
            elif self._random.random() < 0.7:
                self.vali(node, shortname, "soc()", unit)
            else:
                terms = " + ".join(self.ref(child, shortname) for child in node.children)
                self.vali(node, shortname, terms, unit)
        if node.level == 1:
            self.vali(node, "Mass_target", f"{len(self.craft.nodes) // 3 + 20} kg", "")
            self.vali(
                node, "Mass_left", f"{self.ref(node, 'Mass_target')} - {self.ref(node, 'Mass')}", "kg", minimum=0.0
            )

    def _details(self, node: Node) -> None:
        """Some sizes, and what follows from them."""
        length, width = (round(self._random.uniform(20, 900)) for _ in range(2))
        self.vali(node, "Length", f"{length} mm")
        self.vali(node, "Width", str(width), "mm", margin_plus=1.0, margin_minus=1.0)
        self.vali(node, "Area", f"{self.ref(node, 'Length')} * {self.ref(node, 'Width')}", "m^2")
        if self._random.random() < 0.5:
            self.vali(node, "Temperature", f"{self._random.randint(-20, 60)} degC", "degC", minimum=-40.0, maximum=80.0)
        if self._random.random() < 0.5:
            self._book.add(
                "textvalis",
                parent=node.id,
                shortname="Material",
                text=f"<p>{self._random.choice(words.materials)}</p>",
                tags=[],
            )
