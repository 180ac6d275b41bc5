"""Packages of ad-hoc code: a gzipped tarball, known by the digest of its bytes."""

from __future__ import annotations

import hashlib
import io
import lzma
import posixpath
import tarfile
import zlib

MOST_MEMBERS = 20_000
MOST_UNPACKED = 1 << 30
MOST_CONFIG = 1_000_000


class BadPackage(Exception):
    """The bytes are no package; the message says why."""


def identifier(package: bytes) -> str:
    """The identifier of the commit that *package* makes: `~` and the hexadecimal SHA-256."""
    return f"~{hashlib.sha256(package).hexdigest()}"


def member(package: bytes, path: str) -> bytes | None:
    """The content of the file *path* in *package*, None where it has none. Raises BadPackage for broken ones."""
    try:
        with tarfile.open(fileobj=io.BytesIO(package), mode="r|*") as archive:
            return find(archive, posixpath.normpath(path))
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise BadPackage(f"not readable as a tarball: {error}") from error


def find(archive: tarfile.TarFile, path: str) -> bytes | None:
    """The content of *path*, read in one pass. Raises BadPackage beyond what a package may hold."""
    unpacked = 0
    for count, entry in enumerate(archive):
        unpacked += max(entry.size, 0)
        if count >= MOST_MEMBERS or unpacked > MOST_UNPACKED:
            raise BadPackage("the package holds too much")
        if posixpath.normpath(entry.name) == path and entry.isreg():
            opened = archive.extractfile(entry)
            return None if opened is None else opened.read(MOST_CONFIG + 1)
    return None
