"""Files, discussions, tasks, tests and custom fields around a spacecraft."""

from __future__ import annotations

from ..catalogue import CONTENT_TYPES
from .book import Book, words
from .documents import Library
from .tree import Spacecraft

EXTENSIONS = (("pdf", "application/pdf"), ("csv", "text/csv"), ("txt", "text/plain"))


class Desk:
    """What people of one project work with."""

    def __init__(self, book: Book, craft: Spacecraft, library: Library, users: list[int]) -> None:
        self._book = book
        self._random = book.random
        self._craft = craft
        self._library = library
        self._users = users
        project = craft.project
        folders = [book.add("files/folders", name=name, project=project) for name in ("Reports", "Drawings")]
        self._folders = [*folders, book.add("files/folders", name="Old", parent=folders[0], project=project)]
        self._procedures = [
            book.add("testing/test-procedures", name=name, project=project) for name in words.procedures
        ]
        book.add("analyses", name="Orbit analysis", project=project)
        book.add("analyses/blocks/image")
        book.add("dashboards/blocks/blocktext", text=f"<p>State of {craft.name}</p>")
        book.add("modelist", name="Modes", project=project)
        self._custom_fields()
        for _ in range(3):
            self.file()

    def _custom_fields(self) -> None:
        own = CONTENT_TYPES["requirement"]
        field = self._book.add(
            "data/custom-fields", projects=[self._craft.project], target_content_type=own, name="Priority", type=1
        )
        for position, name in enumerate(("Low", "Medium", "High"), 1):
            self._book.add("data/custom-field-options", custom_field=field, name=name, position=float(position))
        self._field = field

    def write(self) -> None:
        """One more thing."""
        self._random.choice((self.file, self.link, self.talk, self.task, self.test, self.custom))()

    def file(self) -> None:
        """An uploaded file with its bytes."""
        extension, mimetype = self._random.choice(EXTENSIONS)
        project = self._craft.project
        number = len(self._book.space.store.rows("files")) + 1
        name = f"report_{number}.{extension}"
        content = f"Report {number} of {self._craft.name}\n".encode()
        id = self._book.add(
            "files",
            name=name,
            file_type=1,
            mimetype=mimetype,
            project=project,
            folder=self._random.choice([*self._folders, None]),
            content_type=CONTENT_TYPES["project"],
            object_id=project,
        )
        self._book.space.store.write_blob("files", id, name, mimetype, content)
        self._book.add("files/versions", version="1", file=id, created=self._book.tick(), size=len(content))
        self._library.files.append(id)

    def link(self) -> None:
        """A link, or a reference to a file from a requirement."""
        project = self._craft.project
        written = self._library.chapters[0].written
        if written and self._random.random() < 0.5:
            self._book.add(
                "files",
                file_type=3,
                project=project,
                reference_file=self._random.choice(self._library.files),
                content_type=CONTENT_TYPES["requirement"],
                object_id=self._random.choice(written),
            )
            return
        address = f"https://example.org/procedures/{self._random.randint(1000, 9999)}"
        self._book.add("files", name="[P] Procedure", file_type=2, link=address, project=project)

    def talk(self) -> None:
        """A remark on a vali."""
        self._book.add(
            "discussions",
            title=f"<p>{self._random.choice(words.remarks)}</p>",
            project=self._craft.project,
            content_type=CONTENT_TYPES["vali"],
            object_id=self._random.choice(self._craft.valis),
            group=1,
        )

    def task(self) -> None:
        """Something to do about a component."""
        self._book.add(
            "user-tasks",
            title=self._random.choice(words.tasks),
            description="<p>See the minutes.</p>",
            project=self._craft.project,
            duration=float(self._random.randint(1, 10)),
            duration_unit="days",
            start_date=f"2025-{self._random.randint(1, 12):02}-{self._random.randint(1, 28):02}",
            content_type=CONTENT_TYPES["component"],
            object_id=self._random.choice(self._craft.nodes).id,
            public=True,
            members=self._random.sample(self._users, 2),
        )

    def test(self) -> None:
        """A step or a run of a test procedure."""
        procedure = self._random.choice(self._procedures)
        if self._random.random() < 0.5:
            self._book.add(
                "testing/test-procedure-steps", title=self._random.choice(words.steps), test_procedure=procedure
            )
            return
        number = len(self._book.space.store.rows("testing/test-runs")) + 1
        status = self._random.choice((40, 50, 50))
        self._book.add("testing/test-runs", name=f"Run {number}", status=status, test_procedure=procedure)

    def custom(self) -> None:
        """A custom value or an applicability of a requirement."""
        written = [id for chapter in self._library.chapters for id in chapter.written]
        if not written:
            return
        requirement = self._random.choice(written)
        if self._random.random() < 0.5:
            types = self._book.space.store.ids("components/types")
            self._book.add(
                "requirements/applicability-conditions",
                requirement=requirement,
                component_types=self._random.sample(types, 2),
            )
            return
        self._book.add(
            "data/custom-field-row",
            custom_field=self._field,
            value=self._random.choice(("Low", "Medium", "High")),
            content_type=CONTENT_TYPES["requirement"],
            object_id=requirement,
        )
