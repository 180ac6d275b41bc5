"""One commit of the SDK's face: what was set becomes pending in the session, and outcomes become errors per asset."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from assetmeta.core.context import SessionContext
from assetmeta.core.report import Report, error_of
from assetmeta.core.state import Instance, forget
from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, Unreachable
from assetmeta.model.plans import Done, Outcome
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from assetmeta.v1pysdk.client import as_sdk_error


class CommittingSession(Protocol):
    """What a commit needs of the session."""

    @property
    def context(self) -> SessionContext: ...

    @property
    def schema(self) -> Schema: ...

    def commit(self) -> Report: ...

    def revert(self, *assets: Any) -> Any: ...


class CommittingMeta(Protocol):
    """What a commit needs of the connection."""

    @property
    def session(self) -> CommittingSession: ...

    @property
    def server(self) -> Any: ...

    def staged(self, attribute: Attribute, value: Any) -> Any: ...

    def errors(self) -> AbstractContextManager[None]: ...


class Commit:
    """Writes what was set on *dirty*, once.

    What the core or the server refuses is the asset's error, and what was set stays on it. *written* are then the
    assets that were written with the values that were sent.
    """

    def __init__(self, meta: CommittingMeta, dirty: list[Any]) -> None:
        self._meta = meta
        self._dirty = dirty
        self._sent: dict[Oid, tuple[Any, dict[str, Any]]] = {}
        self._errors: dict[Any, Exception] = {}

    def run(self) -> None:
        """Send it. Raises when nothing could be sent: then nothing is pending in the session either."""
        try:
            with self._meta.errors():
                self._meta.session.schema  # noqa: B018 - what is wrong with the connection is no fault of an asset
                for asset in self._dirty:
                    self._stage(asset)
                report = self._meta.session.commit()
                _raise_if_nothing_arrived(report)
        except BaseException:
            self._unstage(asset for asset, _ in self._sent.values())
            raise
        for outcome in report.outcomes:
            self._note(outcome)
        self._unstage(asset for asset, _ in self._sent.values() if asset in self._errors)
        self._forget()

    @property
    def errors(self) -> list[Exception]:
        """One error for each asset that was not written, in the order in which values were set."""
        places = {asset: place for place, asset in enumerate(self._dirty)}
        return [self._errors[asset] for asset in sorted(self._errors, key=lambda each: places.get(each, len(places)))]

    @property
    def written(self) -> list[tuple[Any, dict[str, Any]]]:
        """The assets that were written, each with the values that were sent."""
        return [(asset, values) for asset, values in self._sent.values() if asset not in self._errors]

    def _stage(self, asset: Any) -> None:
        """Make what was set on an asset pending in the session."""
        context, core = self._meta.session.context, asset._v1_core
        values = dict(asset._v1_new_data)
        if not values:
            return
        oid = core._state.oid
        try:
            with context.lock:
                # What is set is sent, though it is what was loaded: meanwhile the server may have another value.
                forget(core, list(values))
            for name, value in values.items():
                attribute = context.schema.attribute(oid.type, name)
                given = self._meta.staged(attribute, value)
                if attribute.is_relation and attribute.multi:
                    context.unit.edit_members(core, attribute, given, ())
                else:
                    context.unit.assign(core, attribute, given)
        except AssetmetaError as error:
            self._meta.session.revert(core)
            self._errors[asset] = as_sdk_error(error, self._meta.server.instance_url)
        else:
            self._sent[oid] = (asset, values)

    def _note(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done):
            return
        oid = outcome.change.oid
        asset = self._sent[oid][0] if oid in self._sent else oid
        self._errors[asset] = as_sdk_error(error_of(outcome), self._meta.server.instance_url)

    def _unstage(self, assets: Iterable[Any]) -> None:
        cores: list[Instance] = [asset._v1_core for asset in assets]
        if cores:
            self._meta.session.revert(*cores)

    def _forget(self) -> None:
        """What was written is read again when it is next used, all of it, as in the SDK."""
        with self._meta.session.context.lock:
            for asset, _ in self.written:
                forget(asset._v1_core)


def _raise_if_nothing_arrived(report: Report) -> None:
    """Raise the first error when the server was not reached at all, or took no login: that is no asset's fault."""
    errors = [None if isinstance(outcome, Done) else error_of(outcome) for outcome in report.outcomes]
    if errors and all(map(_is_of_the_line, errors)):
        raise report.errors[0]


def _is_of_the_line(error: AssetmetaError | None) -> bool:
    return isinstance(error, AuthenticationFailed) or (isinstance(error, Unreachable) and not error.sent)
