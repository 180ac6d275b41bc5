"""The loader: fetches what a read found missing, for the whole cohort at once.

Three modes: "peers" loads the attribute for every member of the asset's cohort in which it is missing, in chunks; "one"
for the asset alone; "raise" refuses, and names the select() that would have fetched it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec.structs import replace

from assetmeta.core.cohort import Cohort, cohort_of, join, resolve_related, targets
from assetmeta.core.context import SessionContext
from assetmeta.core.load_log import LazyLoad, LookedAt, is_looked_at, place_of_read
from assetmeta.core.state import Instance, mark_absent
from assetmeta.core.values import require_asset
from assetmeta.model.errors import BadValue, NotFound, NotLoaded
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, AsOf, Oid, chunks

MODES = ("peers", "one", "raise")


class Loader:
    """Loads missing attributes for one session."""

    def __init__(self, context: SessionContext, mode: str) -> None:
        self._context = context
        self._default = checked_mode(mode)
        self._mode: ContextVar[str | None] = ContextVar("assetmeta_loading", default=None)

    @property
    def mode(self) -> str:
        """The mode in force here."""
        return self._mode.get() or self._default

    @contextmanager
    def using(self, mode: str) -> Iterator[None]:
        """Use another mode within a block, in this thread or task only."""
        token = self._mode.set(checked_mode(mode))
        try:
            yield
        finally:
            self._mode.reset(token)

    def need(self, asset: Instance, name: str) -> None:
        """Load *name* for *asset*, and in mode "peers" for the members of its cohort in which it is missing.

        The first miss of an asset loads its basic attributes along. One request for an asset that came alone; otherwise
        one per chunk of at most `can.max_keys` members. Raises NotLoaded in mode "raise", NotFound when the asset is
        not there.
        """
        if is_looked_at():
            raise LookedAt(f"{asset._state.oid.token}.{name} is not loaded, and looking loads nothing.")
        if self.mode == "raise":
            raise NotLoaded(_advice(asset, name), oid=asset._state.oid.token, attribute=name)
        wanted = self._wanted(asset, name)
        with self._context.lock:
            oids = self._members_missing(asset, name) if self.mode == "peers" else [asset._state.oid]
            # What is named from now on loads by itself.
            self._context.named_cohorts.pop(asset._state.oid.type, None)
        if self._context.load_log.is_on:
            advice = (cohort_of(asset) or Cohort((asset._state.oid,))).advice(name)
            self._context.load_log.note(LazyLoad(asset._state.oid.type, name, len(oids), place_of_read(), advice))
        # Of many assets no more requests are sent than the read itself takes.
        optional = frozenset(wanted) - {name} if len(oids) > 1 else frozenset()
        self.load(oids, wanted, cohort_of(asset), optional)
        if asset._state.gone is not None:
            raise asset._state.gone

    def _wanted(self, asset: Instance, name: str) -> tuple[str, ...]:
        state = asset._state
        basic = self._context.schema.type(state.oid.type).basic
        if any(state.cell(known) is not UNREAD for known in basic):
            return (name,)
        return basic if name in basic else (*basic, name)

    def _members_missing(self, asset: Instance, name: str) -> list[Oid]:
        """The asset itself, then the members of its cohort for which *name* is unread: of its moment, or of times that
        are read together.
        """
        oid = asset._state.oid
        cohort = cohort_of(asset)
        members = cohort.members(self._context) if cohort else ()
        missing = {oid: None}
        for member in members:
            known = self._context.identity.get(member)
            if (
                _is_read_with(member.moment, oid.moment)
                and not member.is_new
                and _may_have(self._context, member, name)
            ):
                if known is None:
                    if cohort is not None and cohort.is_through:
                        missing[member] = None
                elif known._state.cell(name) is UNREAD and known._state.gone is None:
                    missing[member] = None
        return list(missing)

    def load(
        self,
        oids: Sequence[Oid],
        names: Sequence[str],
        cohort: Cohort | None = None,
        optional: frozenset[str] = frozenset(),
    ) -> None:
        """Load *names* for every asset of *oids*, in chunks per type and moment, and keep them in *cohort*. Those that
        are *optional* may stay unread. Several chunks share a request where the server takes several queries in one.

        What the server does not return is remembered as absent; an asset that it does not return at all as gone.
        """
        context = self._context
        deleted = cohort is not None and cohort.root.with_deleted
        wanted = [replace(fetch, deleted=deleted, optional=optional) for fetch in fetches(context, oids, names)]
        for bundle in chunks(wanted, context.fetches_together):
            since = context.writes
            try:
                found = context.read(bundle)
            except NotFound as error:
                # Of several assets the server leaves out what is not there: this is then about something else.
                if len(bundle) != 1 or len(bundle[0].oids or ()) != 1:
                    raise
                self._gone(bundle[0].oids or (), error)
                continue
            for fetch, rows in zip(bundle, found, strict=True):
                context.know((*rows.rows, *rows.related))
                with context.lock:
                    self._merge_rows(fetch, _requested(context.schema, fetch, names), rows, cohort, since)

    def _gone(self, oids: Sequence[Oid], error: NotFound) -> None:
        for oid in oids:
            missing = self._context.identity.get(oid)
            if missing is not None:
                missing._state.gone = error

    def populate(self, assets: Sequence[Instance], names: Sequence[str]) -> None:
        """Load attributes or paths for all *assets*: one request per step and chunk, for what is not loaded."""
        context = self._context
        paths = [context.path(name) for name in names]
        assets = [require_asset(context, asset, "populate()") for asset in assets]
        for oid in {asset._state.oid.type: asset._state.oid for asset in assets}.values():
            for path in paths:
                resolve(context.schema, oid.type, path)
        whole = Cohort([asset._state.oid for asset in assets])
        with context.lock:
            for asset in assets:
                join(context, whole, asset)
        # An asset that came with a larger result stays with it, and what is loaded is kept there.
        owners = {id(found): found for asset in assets if (found := cohort_of(asset))}.values()
        for path in paths:
            level, cohort = list(assets), whole
            for step in path.steps if path.is_plain else ():
                self._load_missing(level, step.name, cohort)
                level, cohort = _related(context, level, step.name), cohort.through(step.name)
                for owner in owners:
                    owner.keep(level)
            if not path.is_plain:
                self._load_missing(level, str(path), cohort)

    def _load_missing(self, assets: Sequence[Instance], name: str, cohort: Cohort) -> None:
        missing = [asset._state.oid for asset in assets if asset._state.cell(name) is UNREAD]
        oids = [oid for oid in missing if not oid.is_new and _may_have(self._context, oid, name)]
        self.load(oids, (name,), cohort)

    def _merge_rows(self, fetch: Fetch, names: Sequence[str], rows: Rows, cohort: Cohort | None, since: int) -> None:
        context = self._context
        found = context.merge_rows(rows.rows, since)
        if cohort is None and rows.related:
            # What an asset's answer contains about others is kept by the asset, though it came alone.
            cohort = Cohort([asset._state.oid for asset in found])
        if cohort is not None:
            cohort.keep(found)
            cohort.keep(context.merge_rows(rows.related, since))
            for asset in found:
                if asset._state.cohort is None:
                    asset._state.cohort = cohort
        returned = {asset._state.oid for asset in found}
        for oid in fetch.oids or ():
            if oid in returned and context.asset(oid)._state.changed <= since:
                mark_absent(context.asset(oid), names, context.layouts)
            elif oid not in returned:
                why = f"{oid.token} is not there: it was deleted, or this user may not see it."
                self._gone([oid], NotFound(why, oid=oid.token, status=404))


def fetches(context: SessionContext, oids: Sequence[Oid], names: Sequence[str]) -> Iterator[Fetch]:
    """Yield the reads that load *names* for *oids*: one per type, moment and chunk; each selects what its type has."""
    groups: dict[tuple[str, AsOf | None], list[Oid]] = {}
    for oid in oids:
        groups.setdefault((oid.type, oid.moment), []).append(oid)
    for (type_name, moment), members in groups.items():
        attributes = context.schema.type(type_name).attributes
        select = tuple(_path(context, name) for name in names if name in attributes or not name.isidentifier())
        for some in chunks(members, context.backend.can.max_keys):
            yield Fetch(type_name, select=select, asof=moment, oids=tuple(some))


def _requested(schema: Schema, fetch: Fetch, names: Sequence[str]) -> list[str]:
    """The *names* that the answer to *fetch* has to contain."""
    return [name for name in names if name not in fetch.optional and _is_known(schema, fetch.type_name, name)]


def checked_mode(mode: str) -> str:
    """Return *mode* if there is such a loading mode. Raises BadValue."""
    if mode not in MODES:
        raise BadValue(f"There is no loading mode {mode!r}; there are {', '.join(MODES)}.")
    return mode


def _related(context: SessionContext, assets: Sequence[Instance], relation: str) -> list[Instance]:
    """The assets that *relation* of *assets* leads to, each once, members of the cohort that crossing it makes."""
    found = {
        oid: resolve_related(context, asset, relation, oid) for asset in assets for oid in targets(asset, relation)
    }
    return list(found.values())


def _path(context: SessionContext, name: str) -> Path:
    return Path((Step(name),)) if name.isidentifier() else context.path(name)


def _is_known(schema: Schema, type_name: str, name: str) -> bool:
    """Whether a type has an attribute; computed tokens count as known."""
    return not name.isidentifier() or name in schema.type(type_name).attributes


def _is_read_with(moment: AsOf | None, other: AsOf | None) -> bool:
    """True for moments of which assets are read together: the present, or times. A change number is read alone."""
    return moment == other or not any(each is None or isinstance(each, int) for each in (moment, other))


def _may_have(context: SessionContext, oid: Oid, name: str) -> bool:
    return _is_known(context.schema, oid.type, name)


def _advice(asset: Instance, name: str) -> str:
    oid = asset._state.oid
    return (
        f"{oid.token}.{name} is not loaded, and loading is forbidden here. Select it in the query, "
        f".select({name!r}), or read it outside this block."
    )
