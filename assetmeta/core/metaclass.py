"""The class of asset classes: what `v1.Story` itself can do, besides what its assets can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any

from assetmeta.core.advice import advised
from assetmeta.core.cohort import join_named
from assetmeta.core.context import SessionContext
from assetmeta.core.frames import Frames
from assetmeta.core.load_log import is_described
from assetmeta.core.query import Query, SizedStream
from assetmeta.core.row_report import UpsertReport
from assetmeta.core.values import oid_of_session, require_oid
from assetmeta.model.contract import SupportsAliases, SupportsNames
from assetmeta.model.errors import BadValue, ReadOnly, UnknownName, Unsupported
from assetmeta.model.paths import split_selection
from assetmeta.model.printable import printable
from assetmeta.model.scalars import checked_scalar, shown
from assetmeta.model.schema import AssetType
from assetmeta.model.table import Table
from assetmeta.model.values import Oid


class AssetClass(type):
    """The class of asset classes: `v1.Story` is called for one asset, iterated for all, and starts queries.

    A server attribute of the same name takes the place of a verb here; `session.query("Story")` always has them all.
    """

    _context: SessionContext
    _type: AssetType

    @advised(
        "It takes the id, number or name of one asset: {type}(1005). All of them are in {type}.all(), some in "
        "{type}.where({pairs}), and {type}.new({pairs}) makes one."
    )
    def __call__(cls, key: Any) -> Any:
        """Return the one asset of that id (5, "5" or "Story:5"). Sends nothing. Raises BadValue.

        Where the server has other names for an asset (`v1.Story("S-01005")`, a number within a project), such a name
        is looked up: one request. Raises NotFound, and NotExactlyOne where several assets have the name. An abstract
        type takes such a name only, and returns the asset of its concrete type.
        """
        if cls._type.abstract and not cls._is_alias(key):
            raise BadValue(
                f"{cls._type.name} is abstract, so {shown(key)} does not identify an asset; use the concrete type, or "
                f"query {cls._type.name}.",
                type_name=cls._type.name,
            )
        key = checked_scalar(key, f"{cls.__name__}(...)")
        if isinstance(key, int) and not isinstance(key, bool) and isinstance(cls._context.backend, SupportsAliases):
            # Such a server states which of its types have numbers as keys.
            key = str(key)
        given = oid_of_session(cls._context, key)
        is_token = given is not None and (given.type == cls._type.name or given.type in cls._context.schema.types)
        if isinstance(key, str) and not is_token:
            asset = cls._context.named(cls._type.name, key)
            join_named(cls._context, asset)
            return asset
        if given is not None and given.type != cls._type.name:
            raise BadValue(f"{key} is no {cls._type.name}.", type_name=cls._type.name, oid=str(key))
        asset = cls._context.asset(given or Oid.of(cls._type.name, key))
        join_named(cls._context, asset)
        return asset

    def _is_alias(cls, key: Any) -> bool:
        """True for a text that the server looks up among the assets of all derived types: no id and no token."""
        backend = cls._context.backend
        if not isinstance(key, str) or not isinstance(backend, SupportsNames) or cls._type.members:
            return False
        given = oid_of_session(cls._context, key)
        is_token = given is not None and given.type in cls._context.schema.types
        return not is_token and backend.key_of(cls._type.name, key) is None

    def _query(cls) -> Query:
        return Query(cls._context, cls._type.name)

    def query(cls, where: str | None = None, sel: str | None = None) -> Query:
        """Start a query, optionally with a filter text and a comma-separated selection."""
        query = cls._query() if where is None else cls._query().filter(where)
        return query.select(*split_selection(sel)) if sel else query

    @advised("It takes names and paths: select('Name', 'Owners.Name').")
    def select(cls, *names: Any) -> Query:
        """Query all assets, loading these attributes; see Query.select."""
        return cls._query().select(*names)

    def where(cls, *conditions: Any, **equals: Any) -> Query:
        """Query the assets that satisfy conditions; see Query.where."""
        return cls._query().where(*conditions, **equals)

    @advised("It takes a text in the server's own filter language; conditions are given to where({pairs}).")
    def filter(cls, expression: Any) -> Query:
        """Query with a filter in the server's language; see Query.filter."""
        return cls._query().filter(expression)

    @advised("It takes names, '-Estimate' for largest first: sort('-Estimate', 'Name').")
    def sort(cls, *keys: Any) -> Query:
        """Query all assets in this order; see Query.sort."""
        return cls._query().sort(*keys)

    def find(cls, text: str | None = None, field: Any = None) -> Query:
        """Query by the server's text search; see Query.find."""
        return cls._query().find(text, field)

    def page(cls, size: int | None = None, start: int | None = None) -> Query:
        """Query a window; see Query.page."""
        return cls._query().page(size, start)

    def asof(cls, *moments: Any) -> Query:
        """Query the past; see Query.asof."""
        return cls._query().asof(*moments)

    def deleted(cls, included: bool = True) -> Query:
        """Query deleted assets too; see Query.deleted."""
        return cls._query().deleted(included)

    def clean_text(cls, *names: Any) -> Query:
        """Query texts without markup; see Query.clean_text."""
        return cls._query().clean_text(*names)

    def clean_html(cls, *names: Any) -> Query:
        """Query texts with harmless markup; see Query.clean_html."""
        return cls._query().clean_html(*names)

    def explain(cls) -> str:
        """Explain which requests a query of all assets would send; see Query.explain."""
        return cls._query().explain()

    @advised("It returns all of them: where({pairs}).all() those that match, query[:10] the first ten.")
    def all(cls) -> list[Any]:
        """Return all assets of this type, with their basic attributes; one request per page."""
        return cls._query().all()

    @advised("It returns the first asset or None: where({pairs}).first(). The first three are query[:3].")
    def first(cls) -> Any:
        """Return the first asset, or None. One request."""
        return cls._query().first()

    def head(cls, number: int = 10) -> Table:
        """Read the first assets and return them as a table; see Query.head."""
        return cls._query().head(number)

    @advised("It returns the only match: where({pairs}).one().")
    def one(cls) -> Any:
        """Return the only asset of this type. One request. Raises NotExactlyOne."""
        return cls._query().one()

    @advised("It returns whether any matches: where({pairs}).exists().")
    def exists(cls) -> bool:
        """Return whether there is any asset of this type. One request."""
        return cls._query().exists()

    @advised("It returns how many match: where({pairs}).count(); Estimate.count() counts values.")
    def count(cls) -> int:
        """Return how many assets there are. One request."""
        return cls._query().count()

    def pages(cls, size: int | None = None) -> Iterator[list[Any]]:
        """Yield all assets in lists of at most *size*, one request each."""
        return cls._query().pages(size)

    def progress(cls, bar: bool = False) -> SizedStream:
        """Return all assets as a stream that knows its size; see Query.progress."""
        return cls._query().progress(bar)

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls._query())

    def __getitem__(cls, part: slice | int | str) -> Any:
        """`v1.Story[:10]`, `v1.Story[0]`, `v1.Story["Name"]`; see Query."""
        return cls._query()[part]

    def __contains__(cls, asset: object) -> bool:
        return isinstance(asset, cls)

    def describe(cls, word: str | None = None) -> Table:
        """Return the attributes and operations as a table: name, type, notes (required, read-only, custom), choices,
        and the type that a relation leads to. With a *word* those with it in their name or label. Sends nothing.
        """
        return cls._context.features.schema_map.describe(cls._type, word)

    def _context_oid(cls, given: Any) -> Oid | None:
        if given is None:
            return None
        if not cls._context.backend.can.context:
            raise Unsupported(f"{cls._context.backend.name} fills in nothing from another asset: give all values.")
        return require_oid(cls._context, given, f"The context of a new {cls._type.name}")

    def create(cls, context: Any = None, /, **values: Any) -> Any:
        """Create an asset at once and return it. One request.

        With a *context* asset the server fills in what follows from it. Raises Rejected when the server turns it down,
        BadValue and UnknownName before anything is sent.
        """
        return cls._context.writer.create(cls._type.name, values, cls._context_oid(context))

    def new(cls, context: Any = None, /, **values: Any) -> Any:
        """Return a new asset that the next commit creates. Sends nothing. Raises BadValue and UnknownName."""
        oid = cls._context.unit.fresh_oid(cls._type.name)
        return cls._context.unit.register_new(oid, values, cls._context_oid(context))

    def template(cls, context: Any = None, /, **values: Any) -> Any:
        """Return a new pending asset with the values that the server suggests, and *values* over them. One request.

        Raises Unsupported where the server suggests nothing.
        """
        return cls._context.writer.new_from_template(cls._type.name, cls._context_oid(context), values)

    def upsert(
        cls,
        rows: Any,
        key: str,
        *,
        missing: str = "create",
        columns: Mapping[str, str | None] | None = None,
        empty: str = "leave",
    ) -> UpsertReport:
        """Make assets agree with *rows*: those that exist are changed where they differ, others are created. All of it
        is pending until the commit. Returns what became of each row.

        Requests: one per chunk of keys, and one per chunk of related names (one per list type and session), however
        many rows there are; their number does not depend on what differs.

        Args:
            rows: mappings, a DataFrame (pandas, polars, pyarrow; extra `frames`), or the path of a file: CSV, JSON
                lines, Parquet (extra `arrow`), Excel (extra `excel`).
            key: the attribute by which a row finds its asset.
            missing: what to do about a key that no asset has: "create" the asset, "skip" the row, or "error".
            columns: the attribute of a column whose name is another one; None leaves the column out. An attribute is a
                name, or a relation and the attribute that names the related asset (`Scope.Name`). A relation alone
                takes names, numbers and tokens; of several the text has `Ann; Bob`.
            empty: what an empty cell does: "leave" the value as it is, or "clear" it.

        Raises UnknownName for columns that are no attributes, ReadOnly for those that cannot be written, BadValue for
        keys that occur twice in the rows and for files that cannot be read, all of them before an asset is read;
        NotExactlyOne for a key that several assets have, NotFound with missing="error". Nothing is pending then.
        """
        return cls._context.features.rows.upsert(
            cls._context, cls._type.name, rows, key=key, missing=missing, columns=columns, empty=empty
        )

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_") or is_described():
            raise AttributeError(name)
        if cls._context.newer_schema():
            return getattr(cls, name)
        cls._context.schema.attribute(cls._type.name, name)
        raise UnknownName(f"{cls._type.name} has no {name!r}.", type_name=cls._type.name, attribute=name)

    def __setattr__(cls, name: str, value: object) -> None:
        if not name.startswith("_"):
            raise ReadOnly(f"{cls._type.name}.{name}: set attributes on an asset, or query.set(...) on several.")
        super().__setattr__(name, value)

    def __dir__(cls) -> list[str]:
        verbs = (name for name in vars(AssetClass) if not name.startswith("_"))
        return sorted({*super().__dir__(), *verbs})

    def __repr__(cls) -> str:
        found = cls.__dict__.get("_type")
        if found is None:
            return super().__repr__()
        return printable(
            f"<asset type {cls.__name__}: {len(found.attributes)} attributes, {len(found.operations)} operations>"
        )


def _of_all(name: str) -> Any:
    """A method of queries as a method of a type: about all assets."""

    @wraps(vars(Frames)[name])
    def method(cls: AssetClass, *arguments: Any, **options: Any) -> Any:
        return getattr(cls._query(), name)(*arguments, **options)

    return method


for _form in (name for name in vars(Frames) if not name.startswith("_")):
    setattr(AssetClass, _form, _of_all(_form))

for _verb in ("select", "where", "filter", "sort", "find", "page", "asof", "deleted"):
    # The verbs of a class start a query, and are explained where queries are.
    getattr(AssetClass, _verb).__doc__ = getattr(Query, _verb).__doc__
