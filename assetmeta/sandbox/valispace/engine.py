"""The engine: one deployment's objects, read and written, without any notion of HTTP. Safe to share between threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime

from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.rest.clock import Clock, utc_now
from assetmeta.sandbox.rest.refusals import Missing

from . import actions, bulk, catalogue, files, filters, impact, reader, search, seed, writes
from .datasets import convert_to_dataset, import_dataset
from .deletion import delete
from .files import Content, Upload
from .model import Document, Kind
from .settings import Switches
from .workspace import Workspace


class Engine:
    """All objects of one deployment, in the database that *source* names.

    Documents are plain dictionaries, ready for JSON. *endpoint* is the path below `/rest/` without slashes at its ends,
    by its name of today or an older one; *query* is the query string as a dictionary (of a repeated parameter the last
    value); *user* is the id of whoever asks; a *body* is the parsed JSON, whatever it is, or a form's fields. Every
    write is one transaction. What is refused raises a `Problem`, which has the status and the body of the
    answer, and nothing has changed then.
    """

    def __init__(self, source: Source = MEMORY, *, clock: Clock = utc_now, switches: Switches | None = None) -> None:
        self.switches = switches or Switches()
        self.workspace = Workspace(source, clock, self.switches)
        seed.plant(self.workspace)

    def kind(self, endpoint: str) -> Kind | None:
        """The declaration of an endpoint: fields, filters, methods. None when there is no such endpoint."""
        return catalogue.find(endpoint)

    def find(self, endpoint: str, query: Mapping[str, str] | None = None) -> list[Document]:
        """GET of a list: filters, `fields`, `clean_text` and `clean_html` of the query are applied."""
        with self._reading() as space:
            kind = _known(endpoint)
            rows = filters.select(space, kind, query or {})
            return reader.documents(space, kind, rows, query or {})

    def get(self, endpoint: str, id: int, query: Mapping[str, str] | None = None) -> Document:
        """GET of one object."""
        with self._reading() as space:
            kind = _known(endpoint)
            return reader.shaped(space, kind, reader.document(space, kind, id), query or {})

    def create(self, endpoint: str, body: object, *, user: int) -> Document:
        """POST to a list: the whole new object."""
        with self._writing(user) as space:
            kind = _known(endpoint)
            return reader.document(space, kind, writes.create(space, kind, body))

    def update(self, endpoint: str, id: int, body: object, *, user: int, partial: bool = True) -> Document:
        """PATCH, or PUT when not *partial*: the whole object after the change."""
        with self._writing(user) as space:
            kind = _known(endpoint)
            writes.update(space, kind, id, body, partial=partial)
            return reader.document(space, kind, id)

    def delete(self, endpoint: str, id: int, *, user: int) -> None:
        """DELETE: the object and what belongs to it."""
        with self._writing(user) as space:
            delete(space, _known(endpoint), id)

    def search(self, endpoint: str, body: object) -> Document:
        """POST to `<endpoint>/search/`: {"data": [...]}."""
        with self._reading() as space:
            return search.search(space, _known(endpoint), body)

    def complete(self, query: Mapping[str, str] | None = None, as_of: date | None = None) -> list[Document]:
        """GET `requirements/complete/`, or its state at the end of the day *as_of*."""
        with self._reading() as space:
            return reader.complete(space, query or {}, as_of)

    def full_list(self, endpoint: str, query: Mapping[str, str] | None = None) -> list[Document]:
        """GET `requirements/full_list/` or `requirements/specifications/full_list/`."""
        with self._reading() as space:
            return reader.full_list(space, _known(endpoint), query or {})

    def bulk_update_requirements(self, body: object, *, user: int) -> list[Document]:
        """POST `requirements/bulk-update/`: the changed requirements."""
        with self._writing(user) as space:
            return bulk.requirements(space, body)

    def bulk_update_component_vms(self, body: object, *, user: int) -> list[Document]:
        """PATCH `requirements/component-vms/bulk-update/`: the changed component-vms."""
        with self._writing(user) as space:
            return bulk.component_vms(space, body)

    def add_child(self, id: int, body: object, *, user: int) -> Document:
        """PUT `requirements/{id}/add-child/`: the parent."""
        with self._writing(user) as space:
            return actions.add_child(space, id, body)

    def remove_child(self, id: int, body: object, *, user: int) -> Document:
        """PUT `requirements/{id}/remove-child/`: the parent."""
        with self._writing(user) as space:
            return actions.remove_child(space, id, body)

    def add_member(self, id: int, body: object, *, user: int) -> Document:
        """PUT `user-tasks/{id}/add-member/`: the task."""
        with self._writing(user) as space:
            return actions.add_member(space, id, body)

    def convert_to_dataset(self, id: int, *, user: int) -> Document:
        """POST `valis/{id}/convert-to-dataset/`: the vali."""
        with self._writing(user) as space:
            return convert_to_dataset(space, id)

    def import_dataset(self, id: int, body: object, *, user: int) -> Document:
        """POST `valis/{id}/import-dataset/`: the vali."""
        with self._writing(user) as space:
            return import_dataset(space, id, body)

    def impact_graph(self, id: int, target: int, query: Mapping[str, str]) -> Document:
        """GET `valis/{id}/impact-analysis-graph-for/{target}/`: the target's value over a range of the vali's."""
        with self._reading() as space:
            return impact.graph(space, id, target, query)

    def impact_analysis(self, id: int, body: object) -> Document:
        """POST `vali/{id}/impact-analysis/`: {"result": value of the vali if a dependency had another formula}."""
        with self._reading() as space:
            return impact.preview(space, id, body)

    def what_if(self, vali: str, target: str, value: str) -> Document:
        """GET `alexa_what_if/{vali}/{target}/{value}/`: {"result": value of the target}."""
        with self._reading() as space:
            return impact.what_if(space, vali, target, value)

    def fuzzy(self, text: str) -> Document:
        """GET `fuzzysearch/Vali/name/{text}/`: the vali whose name fits best, or {}."""
        with self._reading() as space:
            return actions.fuzzy(space, text)

    def upload(self, fields: Mapping[str, object], upload: Upload | None, *, user: int) -> Document:
        """POST multipart to `files/`: the file object."""
        with self._writing(user) as space:
            return files.upload(space, fields, upload)

    def replace_content(self, endpoint: str, id: int, upload: Upload | None, *, user: int) -> Document:
        """PATCH multipart with a part `file` to `files/{id}/` or `analyses/blocks/image/{id}/`: the object."""
        with self._writing(user) as space:
            return files.replace(space, _known(endpoint), id, upload)

    def create_empty(self, body: object, *, user: int) -> Document:
        """POST `files/create-empty/`: the file object."""
        with self._writing(user) as space:
            return files.create_empty(space, body)

    def content(self, endpoint: str, id: int) -> Content:
        """The bytes of an uploaded file or of an image block, for whatever address `download_url` has."""
        with self._reading() as space:
            return files.content(space, _known(endpoint), id)

    def login(self, username: str, password: str) -> int | None:
        """The id of the user of that name and password, or None."""
        with self._reading() as space:
            return actions.login(space, username, password)

    def profile(self, user: int) -> Document:
        """GET `own-profile/`."""
        with self._reading() as space:
            return reader.document(space, _known("user"), user)

    def count(self) -> int:
        """How many objects there are, content types not counted."""
        with self._reading() as space:
            return sum(len(space.store.rows(endpoint)) for endpoint in catalogue.KINDS if endpoint != "contenttypes")

    def now(self) -> datetime:
        """The engine's time."""
        return self.workspace.clock()

    def snapshot(self) -> bytes:
        """A copy of the whole database, a source for other engines."""
        return self.workspace.store.snapshot()

    def close(self) -> None:
        """Close the database, after what was put off is calculated."""
        self.workspace.finish()

    @contextmanager
    def _reading(self) -> Iterator[Workspace]:
        with self.workspace.store.lock:
            self.workspace.settle()
            yield self.workspace

    @contextmanager
    def _writing(self, user: int) -> Iterator[Workspace]:
        with self.workspace.writing(user):
            yield self.workspace


def _known(endpoint: str) -> Kind:
    kind = catalogue.find(endpoint)
    if kind is None:
        raise Missing(endpoint)
    return kind
