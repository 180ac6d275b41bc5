"""Files of executions in a folder of this computer: streamed, checked, under harmless names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any

from assetmeta.backends.valohai.files import local_name, local_parts
from assetmeta.core.asset import Asset
from assetmeta.core.attachments import download_with as fetch
from assetmeta.core.attachments import expected_of, source_of
from assetmeta.core.checksums import digest_of
from assetmeta.core.context import ProgressOption
from assetmeta.core.whole_file import numbered, write_whole
from assetmeta.model.errors import BadValue
from assetmeta.model.values import UNREAD
from assetmeta.tools.valohai.dialect import shared
from assetmeta.tools.valohai.executions import outputs

EXISTING = ("number", "keep", "replace")


def download(
    source: Any,
    folder: str | Path,
    *,
    pattern: str = "*",
    existing: str = "number",
    flat: bool = False,
    progress: ProgressOption = None,
) -> list[Path]:
    """Download data into *folder*, which is made if need be; return where they are, in the order of the data.

    *source* is a Datum, an Execution (all its outputs), or several of either. *pattern* chooses by name (`*.csv`).
    Slashes in names make folders below *folder*, unless *flat*; no name leads out of it. A file that is there already
    and has the datum's checksum is left as it is. *existing* is what to do about any other: "number" puts a number to
    the new name, "keep" downloads nothing, "replace" puts the new file in its place. Different data of one name are
    different files in any case: what this call has written it neither replaces nor takes for another datum's, and a
    folder in whose place there is a file gets a number, too.

    Two requests per file, one where the server sends files itself; before them those that read outputs, names and
    sizes, for all data together. Size and checksum are compared with what the server returns of the datum, as far as
    that is loaded. A file appears when all of it has come; a download that breaks off goes on where it stopped, if the
    storage can send the rest. *progress* is True for a bar per file, or a function that is called with the bytes so
    far, how many there are, and what they are. Raises InvalidResponse for a file that is not whole; no part of it is
    left behind then.
    """
    if existing not in EXISTING:
        raise BadValue(f"existing={existing!r} is none of {', '.join(EXISTING)}.")
    data = list(_data(source))
    _load_names(data)
    found: dict[Any, Path] = {}
    for datum in data:
        if datum not in found and fnmatchcase(datum.name, pattern):
            target = _target(datum, Path(folder), flat)
            here = "number" if target.is_dir() or target in found.values() else existing
            found[datum] = _placed(datum, target, here, progress)
    return [found[datum] for datum in data if datum in found]


def _data(source: Any) -> Iterator[Any]:
    given = [source] if isinstance(source, Asset) else list(source)
    if given:
        shared(given, "Datum", "Execution")
    produced = outputs([one for one in given if one._type.name == "Execution"])
    for one in given:
        yield from produced.get(one, [one])


def _load_names(data: Iterable[Any]) -> None:
    """Load what is needed of all data in which it is missing, together."""
    missing = [datum for datum in data if any(datum._state.cell(name) is UNREAD for name in ("name", "size"))]
    if missing:
        missing[0]._context.loader.load([datum._state.oid for datum in missing], ["name", "size"])


def _target(datum: Any, folder: Path, flat: bool) -> Path:
    """Where a datum goes, if nothing else is there; the folders for it are made."""
    *above, name = [local_name(datum.name)] if flat else local_parts(datum.name)
    place = folder
    for part in above:
        names = (place / (part if number == 1 else f"{part}-{number}") for number in count(1))
        place = next(path for path in names if path.is_dir() or not os.path.lexists(path))
    place.mkdir(parents=True, exist_ok=True)
    return place / name


def _placed(datum: Any, target: Path, existing: str, progress: ProgressOption) -> Path:
    if target.is_file() and existing == "keep":
        return target
    there = _already(datum, target)
    if there is not None:
        return there
    replace = existing == "replace"
    return write_whole(
        target.parent, target.name, lambda sink: fetch(datum, sink, progress), replace=replace, source=source_of(datum)
    )


def _already(datum: Any, target: Path) -> Path | None:
    """The file that holds the bytes of *datum* already, under its name or a numbered one."""
    for path in numbered(target):
        if not os.path.lexists(path):
            return None
        if path.is_file() and _is_same(datum, path):
            return path
    raise AssertionError("there is always one more number")


def _is_same(datum: Any, target: Path) -> bool:
    """True when a file surely holds the bytes of *datum*: it has their checksum."""
    size, digest = expected_of(datum)
    if digest is None or target.stat().st_size != size:
        return False
    return digest_of(target, digest[0]) == digest[1]
