"""Reading the bytes of data: an address at the object storage, or the bytes themselves (section 10)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import not_found
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .resource import Route
from .workspace import Workspace


class DownloadPaths:
    """`data/<id>/download/`."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """The only one."""
        yield Route(("data", ANY, "download"), "Datum Download", {"GET": download})


def download(call: Call) -> Answer:
    """GET data/{id}/download/: `{"url"}`, good for a while and without a token; or an attachment, as settings say.

    404 for a datum whose bytes were purged.
    """
    datum = call.find("datum")
    row = call.space.row("datum", datum)
    content = None if row["purged"] else call.space.store.read_blob("datum", datum)
    if content is None:
        raise not_found()
    storage = call.space.storage
    if storage is not None and storage.port is not None and not call.space.settings.streams_downloads:
        seconds = call.space.settings.link_seconds
        return Answer({"url": storage.address(call.origin, str(datum), str(row["name"]), seconds)})
    name = quote(str(row["name"]).rpartition("/")[2], safe="")
    headers = (("Content-Disposition", f"attachment; filename*=UTF-8''{name}"),)
    return Answer.raw(content[2], "application/octet-stream", headers)
