"""A mirror as pages, by Datasette: labels, choices to narrow by, full-text search, links to the server's own pages."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.tools.mirror_database import OWN_TABLES, MirrorDatabase


def metadata_of(path: str | Path) -> dict[str, Any]:
    """Return what Datasette shows of a mirror: a label and facets per type; the mirror's own tables are hidden, all but
    the runs. Sends nothing. Raises BadValue for a file that is not a mirror.
    """
    if not Path(path).is_file():
        raise BadValue(f"There is no mirror {path}: make one with `assetmeta mirror`.")
    database = MirrorDatabase(path)
    try:
        kinds = database.rows("SELECT type, server, label, facets FROM _types")
    finally:
        database.db.close()
    tables: dict[str, Any] = {name: {"hidden": True} for name in OWN_TABLES if name != "_runs"}
    tables |= {
        name: {"label_column": label, "facets": facets.split("\n") if facets else []}
        for name, _, label, facets in kinds
    }
    server = kinds[0][1] if kinds else ""
    about = {"source": server, "source_url": server} if server else {}
    return {"title": f"Mirror of {server}", "databases": {Path(path).stem: {**about, "tables": tables}}}


def browse(path: str | Path, port: int = 8001, ready: Callable[[str], None] = print) -> None:
    """Serve the pages of a mirror on this computer alone, until interrupted. *ready* is called with their address once
    they can be opened; port 0 takes any that is free. Raises BadValue for a file that is not a mirror, and for a port
    that is taken. Sends nothing to the mirrored server.
    """
    metadata = metadata_of(path)
    application = optional.load("datasette.app", extra="mirror").Datasette([str(path)], metadata=metadata)
    uvicorn = optional.load("uvicorn", extra="mirror")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadValue(f"Port {port} cannot be used: {error.strerror}. Give another one, or 0 for any.") from error
        listener.listen()
        ready(f"http://127.0.0.1:{listener.getsockname()[1]}/{Path(path).stem}")
        uvicorn.Server(uvicorn.Config(application.app(), log_level="warning", lifespan="on")).run(sockets=[listener])
