"""`inspect(asset)`: the helpers of an asset, whatever its server calls its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, BinaryIO, overload

from assetmeta.core import attachments
from assetmeta.core.asset import Asset
from assetmeta.core.context import ProgressOption, SessionContext
from assetmeta.core.edits import deltas
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.snapshot import LoadedData
from assetmeta.core.state import forget
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import context_of
from assetmeta.core.walk import is_loaded
from assetmeta.model.errors import AssetmetaError, BadValue, Unsupported, UsageError
from assetmeta.model.paths import Path, in_parts, resolve
from assetmeta.model.plans import AttributeChange, Fetch
from assetmeta.model.printable import printable
from assetmeta.model.scalars import shown
from assetmeta.model.table import Table
from assetmeta.model.values import Oid


class Inspector:
    """What is known of one asset, and what can be done with it as a whole."""

    def __init__(self, asset: Asset) -> None:
        self._asset = asset

    @property
    def _context(self) -> SessionContext:
        return context_of(self._asset)

    @property
    def _unit(self) -> UnitOfWork:
        unit = self._context.unit
        assert isinstance(unit, UnitOfWork)
        return unit

    @property
    def oid(self) -> Oid:
        """The identity: type, key and moment."""
        return self._asset._state.oid

    @property
    def loaded(self) -> Mapping[str, Any]:
        """What is loaded, by name; reading it sends nothing."""
        return LoadedData(self._asset)

    @property
    def pending(self) -> bool:
        """Whether a commit would do something about this asset."""
        return self._unit.is_pending(self._asset)

    @property
    def changes(self) -> tuple[AttributeChange, ...]:
        """The pending edits with the values they replace (UNREAD where those were never loaded)."""
        return deltas(self._asset)

    @property
    def error(self) -> AssetmetaError | None:
        """Why the last commit did not save this asset's changes, which are still pending."""
        return self._unit.errors.get(self.oid)

    @property
    def url(self) -> str:
        """Where a person sees the asset in a browser."""
        return self._context.link(self._context.backend.address(self.oid))

    def would_fetch(self, name: str) -> bool:
        """Return whether reading *name* (or a path) would send a request. Sends nothing. Raises UnknownName."""
        path = in_parts(self._context.schema, self.oid.type, Path.parse(name))
        resolve(self._context.schema, self.oid.type, path)
        return not is_loaded(self._asset, path)

    def refresh(self) -> Asset:
        """Forget what is loaded, so that the next read sends a request; pending edits stay. Sends nothing."""
        with self._context.lock:
            forget(self._asset)
        return self._asset

    def revert(self) -> Asset:
        """Drop the pending edits, and a pending deletion. Sends nothing."""
        self._unit.revert([self._asset])
        return self._asset

    def retry(self) -> None:
        """Let the next commit send this create again, though it was sent before and never answered."""
        self._unit.retry(self._asset)

    def history(self, *names: str) -> list[Any]:
        """Return the asset as it was after each of its changes, oldest first: read-only assets with a moment each.

        *names* are loaded for all of them; without any, the basic attributes. One request. Raises Unsupported.
        """
        context = self._context
        if not context.backend.can.history:
            raise Unsupported(f"{context.backend.name} keeps no history that can be read.", oid=self.oid.token)
        if self.oid.is_new:
            raise UsageError(f"{self.oid.token} has no history yet.", oid=self.oid.token)
        kind = context.schema.type(self.oid.type)
        select = tuple(Path.parse(name) for name in names or kind.basic)
        for path in select:
            if not path.is_name:
                raise BadValue(f"history() loads attributes of the asset itself, not {path}.", attribute=str(path))
            resolve(context.schema, kind.name, path)
        fetch = Fetch(kind.name, select=select, oids=(self.oid.current,), history=True)
        since = context.writes
        [rows] = context.read([fetch])
        context.know(rows.rows)
        return context.merge_rows(rows.rows, since)

    def download(self, sink: BinaryIO, progress: ProgressOption = None) -> str:
        """Write the asset's bytes to *sink* in chunks; return their media type. One request. Raises Unsupported.

        *progress* is True for a bar (plain lines where there is no terminal and no notebook), or a function that is
        called with the bytes so far, how many there are (None where that is not known) and what they are.
        """
        return attachments.download_with(self._asset, sink, progress)

    def upload(self, content: bytes | BinaryIO | FilePath, progress: ProgressOption = None) -> None:
        """Replace the asset's bytes at once, streamed from an open file or a path. One request. Raises Unsupported.
        *progress* is that of download().
        """
        attachments.upload(self._asset, content, progress)

    def save(self, folder: str | FilePath, progress: ProgressOption = None) -> FilePath:
        """Download the asset's bytes into *folder*, under a harmless form of their name, overwriting nothing.
        *progress* is that of download().
        """
        return attachments.save(self._asset, FilePath(folder), progress)

    def __repr__(self) -> str:
        state = self._asset._state
        loaded = sum(1 for _ in state.names())
        edits = f", pending: {', '.join(state.edits)}" if state.edits else ""
        gone = f", {state.gone}" if state.gone else ""
        return printable(f"<{state.oid.token}: {loaded} values loaded{edits}{gone}>")


@overload
def inspect(asset: AssetClass) -> Table: ...  # type: ignore[overload-overlap]
@overload
def inspect(asset: object) -> Inspector: ...
def inspect(asset: object) -> Inspector | Table:
    """Return the helpers of *asset*, also where its server has attributes of the same names; of a type, the table of
    its attributes and operations. Sends nothing. Raises BadValue for anything else.
    """
    if isinstance(asset, AssetClass) and asset is not Asset:
        return asset._query().describe()
    if not isinstance(asset, Asset):
        raise BadValue(f"inspect() takes an asset or an asset type, not {shown(asset)}.")
    return Inspector(asset)
