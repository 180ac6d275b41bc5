"""What is made of the runs of a project: aliases, datasets, models and deployments."""

from __future__ import annotations

from ..derived.projects import slug
from ..model import Key
from .book import Book, words
from .runs import Runs

STATUSES = ("approved", "approved", "pending", "rejected")


class Shelf:
    """The products of one project, each with a next version whenever it is asked for."""

    def __init__(self, book: Book, runs: Runs, owner: Key, number: int) -> None:
        self.book = book
        self.runs = runs
        project = book.space.row("project", runs.project)
        name = str(project["name"])
        creator = book.one(runs.people)
        self.dataset = book.add("dataset", name=f"{name} training data", owner=owner)
        model = words.models[number % len(words.models)]
        model += "" if number < len(words.models) else f" {number // len(words.models) + 1}"
        self.model = book.add(
            "model",
            name=model,
            slug=slug(model),
            owner=owner,
            creator=creator,
            tags=book.some(words.tags, 2),
            descriptions=[{"title": "Use", "category": "general", "body": f"Made by {name}."}],
            associated_project_ids=[runs.project],
        )
        self.deployment = book.add(
            "deployment", name=f"{slug(name)}-service", project=runs.project, target=book.space.new_id()
        )
        for alias in book.some(words.aliases, 3):
            self.alias(alias)
        self.dataset_version()
        self.model_version()
        self.deployment_version()

    def alias(self, name: str) -> Key:
        """A name for some datum."""
        return self.book.add("datum_alias", name=name, project=self.runs.project, datum=self.book.one(self.runs.data))

    def dataset_version(self) -> Key:
        """The next version of the dataset: some of the data."""
        book = self.book
        earlier = book.space.store.pointing("dataset_version", "dataset", self.dataset)
        files = [{"datum": id} for id in dict.fromkeys(book.random.choices(self.runs.data, k=3))]
        return book.add(
            "dataset_version",
            name=f"v{len(earlier) + 1}",
            dataset=self.dataset,
            previous_version=earlier[-1] if earlier else None,
            files=files,
        )

    def model_version(self) -> Key:
        """The next version of the model, made by an execution."""
        book = self.book
        datasets = book.space.store.pointing("dataset_version", "dataset", self.dataset)
        return book.add(
            "model_version",
            model=self.model,
            status=book.one(STATUSES),
            source={"type": "execution", "id": book.one(self.runs.complete)},
            creator=book.one(self.runs.people),
            dataset_version=datasets[-1] if datasets else None,
            tags=book.some(words.tags, 1),
        )

    def deployment_version(self) -> Key:
        """The next version of the deployment, with one endpoint."""
        book = self.book
        earlier = book.space.store.pointing("deployment_version", "deployment", self.deployment)
        version = book.add(
            "deployment_version",
            name=f"{book.moment:%Y%m%d}.{len(earlier)}",
            deployment=self.deployment,
            commit=book.one(self.runs.commits),
            creator=book.one(self.runs.people),
        )
        file = {"id": book.space.new_id(), "name": "model", "datum": book.one(self.runs.data)}
        book.add(
            "deployment_endpoint",
            name="predict",
            version=version,
            status="AVAILABLE",
            is_ready_to_deploy=True,
            cpu_request=0.1,
            memory_limit=0,
            memory_request=0,
            files=[file],
        )
        if not earlier:
            book.add("deployment_version_alias", name="production", deployment=self.deployment, target=version)
        return version
