"""Files that an execution leaves: each becomes a datum, its bytes in the object storage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assetmeta.sandbox.rest.clock import spell

from ..fields import sound
from ..model import Key, Row
from ..workspace import Workspace

SIDECAR = ".metadata.json"


def save(space: Workspace, execution: Key, files: Mapping[str, str], moment: datetime) -> list[Key]:
    """Keep *files* as outputs of *execution*, saved at *moment*. The keys of the data, in order of the names.

    A file NAME.metadata.json beside NAME holds properties of NAME and is not kept itself.
    """
    sidecars = {name for name in files if name.endswith(SIDECAR) and name.removesuffix(SIDECAR) in files}
    kept = []
    for name in sorted(set(files) - sidecars):
        kept.append(_save(space, execution, name, files, moment))
    return kept


def _save(space: Workspace, execution: Key, name: str, files: Mapping[str, str], moment: datetime) -> Key:
    row = space.store.rows("execution")[execution]
    content = files[name].encode()
    properties = properties_in(files.get(f"{name}{SIDECAR}"))
    tags = properties.get("valohai.tags")
    datum = space.add(
        "datum",
        **described(space, row["project"], f"data/{row['project']}/{execution}/{name}", content),
        name=name,
        ctime=spell(moment),
        file_ctime=spell(moment),
        file_mtime=spell(moment),
        output_execution=execution,
        properties=properties,
        tags=[str(tag) for tag in tags] if isinstance(tags, list) else [],
    )
    space.store.write_blob("datum", datum, name, "application/octet-stream", content)
    return datum


def described(space: Workspace, project: Key, path: str, content: bytes) -> Row:
    """The fields of a datum that follow from its bytes and where they lie."""
    store = store_of(space, project)
    configuration = (space.store.get("store", store) or {}).get("configuration") or {}
    bucket = configuration.get("bucket")
    return {
        "uri": f"s3://{bucket}/{path}" if bucket else None,
        "size": len(content),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "project": project,
        "store": store,
    }


def store_of(space: Workspace, project: Key) -> Key | None:
    """The store that the outputs of a project go to: its own, else the first of all."""
    chosen = (space.store.get("project", project) or {}).get("default_store")
    return chosen or next(iter(space.store.ids("store")), None)


def properties_in(sidecar: str | None) -> dict[str, Any]:
    """The properties that a sidecar file holds; none where it is no JSON object."""
    try:
        found = json.loads(sidecar or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and sound(found) else {}
