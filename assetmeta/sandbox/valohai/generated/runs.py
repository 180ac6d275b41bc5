"""Executions that have come to their end, alone or as parts of pipelines and tasks."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from assetmeta.sandbox.rest.clock import spell, spell_naive

from ..model import Key, Row
from .book import Book, words

ENDS = ("complete",) * 16 + ("error", "error", "stopped", "crashed")
PARAMETERS: dict[str, tuple[tuple[str, tuple[Any, ...]], ...]] = {
    "preprocess": (("validation_split", (0.1, 0.2, 0.3)),),
    "train": (
        ("epochs", (2, 3, 5)),
        ("learning_rate", (0.0001, 0.001, 0.01)),
        ("optimizer", ("adam", "sgd", 'name "with" quotes')),
    ),
    "evaluate": (),
}
INPUTS = {"preprocess": "raw", "train": "dataset", "evaluate": "model"}
NODE_KEYS = (("preprocess", "*", "train", "dataset"), ("train", "model*", "evaluate", "model"))


class Runs:
    """The executions of one project."""

    def __init__(self, book: Book, project: Key, commits: list[Key], people: list[Key]) -> None:
        self.book = book
        self.project = project
        self.commits = commits
        self.people = people
        self.store = book.space.store.ids("store")[0]
        self.complete: list[Key] = []
        self.data: list[Key] = []

    def execution(self, step: str = "", **more: object) -> Key:
        """One execution with its log, its metadata and its outputs."""
        book = self.book
        step = step or book.one(("preprocess", "train", "train", "evaluate"))
        environment = book.one(book.space.store.ids("environment"))
        status = str(more.pop("status", book.one(ENDS)))
        started, seconds = book.moment + timedelta(seconds=640), book.random.randint(20, 4000)
        values: Row = {
            "project": self.project,
            "commit": book.one(self.commits),
            "step": step,
            "title": book.one(words.titles),
            "image": book.one(words.images),
            "command": f"python {step}.py {{parameters}}",
            "inputs": {INPUTS[step]: self._uris()},
            "parameters": {name: book.one(choices) for name, choices in PARAMETERS[step]},
            "environment": environment,
            "tags": book.some(words.tags, 2),
            "status": status,
            "creator": book.one(self.people),
            "executor_identity": "sandbox-worker-1",
        }
        id = book.add("execution", **values, **self._course(step, status, started, seconds, environment), **more)
        book.pass_seconds(seconds + 700)
        if status == "complete":
            self.complete.append(id)
            self._outputs(id)
        return id

    def pipeline(self) -> Key:
        """A pipeline of three executions, one after the other."""
        book = self.book
        pipeline = book.add(
            "pipeline",
            project=self.project,
            title=book.one(("Nightly training", 'Pipeline "quoted"', "")),
            creator=book.one(self.people),
            status="complete",
            tags=book.some(words.tags, 1),
            nodes=[],
            edges=[],
        )
        ids = {step: book.space.new_id() for step in PARAMETERS}
        nodes = [self._node(pipeline, step, id) for step, id in ids.items()]
        edges = [
            {
                "id": book.space.new_id(),
                "pipeline": pipeline,
                "source_node": ids[source],
                "source_type": "output",
                "source_key": output,
                "target_node": ids[target],
                "target_type": "input",
                "target_key": key,
            }
            for source, output, target, key in NODE_KEYS
        ]
        book.space.change("pipeline", pipeline, nodes=nodes, edges=edges, log=[self._line("Pipeline completed")])
        return pipeline

    def task(self) -> Key:
        """A grid search over three learning rates."""
        book = self.book
        task = book.add(
            "task",
            project=self.project,
            title=book.one(("Learning rates", "")),
            type="grid_search",
            status="complete",
            configuration={"execution_count": 3, "maximum_queued_executions": 2},
            creator=book.one(self.people),
            tags=book.some(words.tags, 1),
        )
        for rate in (0.0001, 0.001, 0.01):
            self.execution("train", task=task, status="complete")
            book.space.change("execution", self.complete[-1], parameters={"epochs": 3, "learning_rate": rate})
        return task

    def _node(self, pipeline: Key, step: str, id: str) -> Row:
        execution = self.execution(step, pipeline=pipeline, status="complete")
        return {
            "id": id,
            "name": step,
            "type": "execution",
            "pipeline": pipeline,
            "status": "complete",
            "execution": execution,
            "log": [self._line(f'Node "{step}" completed')],
        }

    def _line(self, message: str) -> Row:
        return {"ctime": self.book.space.now(), "identifier": "", "kind": "other", "message": message}

    def _uris(self) -> list[str]:
        return [f"datum://{self.book.one(self.data)}"] if self.data else ["s3://harbour-raw/pictures/2025-01.zip"]

    def _course(self, step: str, status: str, started: datetime, seconds: int, environment: Key) -> Row:
        """How an execution went, from its start to its end."""
        ended = started + timedelta(seconds=seconds)
        points = [
            {"epoch": epoch, "loss": round(2.0 / (epoch + self.book.random.random()), 4)}
            for epoch in range(1, 4 if step == "train" else 1)
        ]
        times = [started + timedelta(seconds=seconds * (place + 1) / (len(points) + 1)) for place in range(len(points))]
        lines = [(started, "status", "Starting job on sandbox-worker-1")]
        lines += [(at, "stdout", json.dumps(point)) for at, point in zip(times, points, strict=True)]
        if status in ("error", "crashed"):
            lines.append((ended, "stderr", 'ValueError: could not broadcast <shapes> & "lists"'))
        lines.append((ended, "status", f"Job {status}"))
        price = float(self.book.space.row("environment", environment)["per_hour_price_usd"])
        return {
            "started": spell(started),
            "end_time": spell(ended),
            "duration": seconds,
            "price": round(price * seconds / 3600, 6),
            "events": [{"time": spell_naive(at), "stream": stream, "message": text} for at, stream, text in lines],
            "metadata": [{**point, "_time": spell(at)} for at, point in zip(times, points, strict=True)],
            "cumulative_metadata": points[-1] if points else {},
        }

    def _outputs(self, execution: Key) -> None:
        book = self.book
        names = {book.one(words.files[:3]), book.one(words.files[: book.one((3, 3, len(words.files)))])}
        for name in sorted(names):
            self.datum(name, execution)

    def datum(self, name: str, execution: Key | None = None) -> Key:
        """A file with some bytes, the output of an execution or uploaded."""
        book = self.book
        content = f"{name} {book.count}\n".encode() * book.random.randint(1, 40)
        id = book.add(
            "datum",
            name=name,
            size=len(content),
            file_ctime=book.space.now(),
            file_mtime=book.space.now(),
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            sha256=hashlib.sha256(content).hexdigest(),
            uri=f"s3://harbour-data/data/{book.count:07d}",
            output_execution=execution,
            project=self.project,
            store=self.store,
            tags=book.some(words.tags, 1),
        )
        book.space.store.write_blob("datum", id, name, "application/octet-stream", content)
        self.data.append(id)
        return id
