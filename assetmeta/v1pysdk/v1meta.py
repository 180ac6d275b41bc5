"""The connection as the SDK shows it: asset types as attributes, a list of what is to be written, one commit."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, Unpack
from xml.etree.ElementTree import Element, SubElement

from cachetools import LRUCache
from requests.auth import AuthBase

from assetmeta.core.asset import Asset
from assetmeta.core.context import SessionContext
from assetmeta.core.relations import NullReference
from assetmeta.core.state import Instance, forget
from assetmeta.model.errors import UnknownName
from assetmeta.model.processes import renew_in_child
from assetmeta.model.schema import Attribute
from assetmeta.model.values import Oid
from assetmeta.session import Session
from assetmeta.settings import SessionSettings, names_settings
from assetmeta.trace import Trace
from assetmeta.v1pysdk.base_asset import BaseAsset, as_list, asset_class
from assetmeta.v1pysdk.client import (
    LoggedLedger,
    UnknownType,
    V1AssetNotFoundError,
    V1CommitError,
    V1Error,
    V1Server,
    sdk_errors,
)
from assetmeta.v1pysdk.commit import Commit
from assetmeta.v1pysdk.none_deref import NoneDeref
from assetmeta.v1pysdk.text_values import TextVersionOne
from assetmeta.wire.auth import choose
from assetmeta.wire.ledger import Ledger
from assetmeta.wire.tracebacks import discreet


class TextSettings(SessionSettings, total=False):
    """The settings that a connection takes beside the SDK's arguments, by name."""

    timezone: str
    oauth_paths: bool
    bulk: bool


class TextSession(Session):
    """The session below: the core's own, with texts as values, and every request in the program's log."""

    @names_settings(SessionSettings, Session.__init__)
    def __init__(
        self,
        server: V1Server,
        auth: AuthBase | None,
        *,
        timezone: str = "UTC",
        oauth_paths: bool = False,
        bulk: bool = True,
        **settings: Unpack[SessionSettings],
    ) -> None:
        self._refuse_unknown(settings)
        backend = TextVersionOne(zone=timezone, bulk=bulk)
        if oauth_paths:
            backend = replace(backend, rest="rest-1.oauth.v1", attachments="attachment.oauth.img")
        super().__init__(backend, server.build_url("").rstrip("/"), auth, **settings)
        # A name that no list has finds nothing there, without an error.
        self._context.vocabulary = None
        self._driver.ledger = LoggedLedger(server.logger)
        self.attachments = backend.attachments

    def save_cassette(self) -> None:
        """Write what was recorded so far, if a cassette records."""
        self._driver.save_cassette()

    @property
    def known_types(self) -> list[str]:
        """The names of the types as far as they are known; sends nothing."""
        return self._schemas.known

    @property
    def context(self) -> SessionContext:
        """What the core's functions need."""
        return self._context


class V1Meta:
    """A VersionOne server as the SDK shows it. Asset types are attributes: `v1.Story`.

    Used as a context manager it commits at the end of the block and raises V1CommitError if not everything could be
    written; an exception inside the block leaves everything unsent. `session` is the session of this library below.
    """

    @names_settings(TextSettings, TextSession.__init__)
    @discreet
    def __init__(
        self,
        address: str = "localhost",
        instance: str = "VersionOne.Web",
        username: str = "",
        password: str = "",
        scheme: str = "https",
        instance_url: str | None = None,
        logparent: str | None = None,
        loglevel: int = logging.ERROR,
        use_password_as_token: bool = False,
        *,
        auth: AuthBase | None = None,
        **settings: Unpack[TextSettings],
    ) -> None:
        """Make a connection; sends nothing. Arguments are the SDK's, in its order; *auth* is any auth object (Ntlm,
        OAuth2), and all else are settings of a typed session: `oauth_paths`, `timeout`, `retries`, `verify` ... The
        zone of the server's user, *timezone*, is needed only to read the past by times that have a zone.

        Raises V1Error for settings that cannot work, TypeError for settings that there are not.
        """
        self.server = V1Server(
            address, instance, username, password, scheme, instance_url, logparent, loglevel, use_password_as_token
        )
        with sdk_errors():
            login = choose(
                username=None if use_password_as_token else username,
                password=password if username or use_password_as_token else None,
                use_password_as_token=use_password_as_token,
                auth=auth,
            )
            self.session = TextSession(self.server, login, **settings)
        self.server.serve(self.session, self.session.attachments, self._forget)
        self.after_fork()
        renew_in_child(self)
        self._classes: dict[str, type[BaseAsset]] = {}
        self._faces: weakref.WeakValueDictionary[Oid, BaseAsset] = weakref.WeakValueDictionary()
        self._recent: LRUCache[Oid, BaseAsset] = LRUCache(self.session.context.identity.keep)
        self._held: set[BaseAsset] = set()

    def after_fork(self) -> None:
        """Leave what is pending to the process that made it, and locks to its threads."""
        self.dirtylist: list[Any] = []
        self._lock = threading.RLock()
        self._committing = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        """Return the class of an asset type. The first use reads the schema (one request)."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.asset_class(name)

    def asset_class(self, asset_type_name: str) -> Any:
        """Return the class of an asset type. The first use of any reads the schema (one request).

        Raises V1AssetNotFoundError for a type that the server does not have.
        """
        found = self._classes.get(asset_type_name)
        if found is not None:
            return found
        with self.errors():
            schema = self.session.schema
            try:
                kind = schema.type(asset_type_name)
            except UnknownName as error:
                raise UnknownType(str(error), status=404, type_name=asset_type_name) from error
        with self._lock:
            return self._classes.setdefault(asset_type_name, asset_class(self, kind))

    def asset_from_oid(self, oidtoken: str) -> Any:
        """Return the one asset of a token such as `Story:1005`. Sends nothing but the request for the schema."""
        asset_type_name, _, rest = str(oidtoken).partition(":")
        return self.asset_class(asset_type_name)(rest.partition(":")[0])

    def face(self, type_name: str, oid: Any) -> Any:
        """Return the asset of a type and an id. Raises ValueError for what is no id."""
        key = int(oid)
        with self.errors():
            context = self.session.context
            if context.schema.type(type_name).abstract:
                found = self.session.query(type_name).select().where(Key=key).first()
                if found is None:
                    raise V1AssetNotFoundError(f"There is no {type_name}:{key}.", status=404, oid=f"{type_name}:{key}")
                return self.face_of(found)
            core = context.asset(Oid.of(type_name, key))
        return self.face_of(core, oid)

    def face_of(self, core: Any, given: Any = None) -> Any:
        """Return the SDK's asset of a core asset; *given* is the id as the program wrote it."""
        oid = core._state.oid
        kind = self.asset_class(oid.type)
        with self._lock:
            found = self._faces.get(oid)
            if found is None:
                found = object.__new__(kind)
                found._v1_core, found._v1_new_data = core, {}
                found._v1_oid = str(oid.key) if given is None else given
                found._v1_asof = oid.moment
                self._faces[oid] = found
            self._recent[oid] = found
        return found

    def shown(self, value: Any) -> Any:
        """Return a value of the core as the SDK shows it."""
        if isinstance(value, Instance):
            return self.face_of(value)
        if isinstance(value, Oid):
            return self.face_of(self.session.context.asset(value))
        if isinstance(value, NullReference):
            return NoneDeref()
        if isinstance(value, list):
            return [self.shown(each) for each in value]
        return str(value) if isinstance(value, int) else value

    def errors(self) -> AbstractContextManager[None]:
        """A block that raises the SDK's errors in place of this library's."""
        return sdk_errors(self.server.instance_url)

    def hold(self, asset: BaseAsset) -> None:
        """Keep an asset alive that carries what the server does not have."""
        with self._lock:
            self._held.add(asset)

    def add_to_dirty_list(self, asset_instance: BaseAsset) -> None:
        """Let the next commit write what was set on an asset."""
        with self._lock:
            self._held.add(asset_instance)
            if asset_instance not in self.dirtylist:
                self.dirtylist.append(asset_instance)

    def clear_memoized_cache(self) -> None:
        """Forget everything that is loaded, so that it is read again; what was set stays. Sends nothing."""
        context = self.session.context
        with context.lock:
            for core in context.identity:
                forget(core)

    def own(self, value: Any) -> Any:
        """Return this connection's asset of an asset, whichever connection to the same server it came from.

        What is no asset is returned as it is. Raises V1Error for an asset of another server.
        """
        core = value._v1_core if isinstance(value, BaseAsset) else value
        if isinstance(core, Asset) and core._context is not self.session.context:
            # Letter case matters neither in host names nor in the paths of this server.
            if core._context.link("").casefold() != self.session.context.link("").casefold():
                raise V1Error(f"{core.idref} is an asset of another server, and cannot be a value here.")
            return self.face_of(self.session.context.asset(core._state.oid.current))
        return self.shown(core) if isinstance(core, Instance | Oid) else value

    def related(self, attribute: Attribute, value: Any) -> Any:
        """Return what a program gives for a relation: a list for one to several assets, else an asset or None."""
        given = [self._asset_of(each) for each in as_list(value)]
        if attribute.multi:
            return given
        if len(given) > 1:
            raise V1Error(f"{attribute.name} leads to one {attribute.related}, and {len(given)} were given.")
        return given[0] if given else None

    def _asset_of(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return self.asset_from_oid(value)
            except (V1Error, ValueError):
                return value
        return self.own(value)

    def identity(self, value: Any) -> Any:
        """Return the identity of an asset as the core takes it; what is no asset is for the core to refuse."""
        found = self._asset_of(value)
        return found._v1_core._state.oid.current if isinstance(found, BaseAsset) else found

    def argument(self, value: Any) -> Any:
        """Return an argument of an operation as the core takes it."""
        found = self.own(value)
        return found._v1_core if isinstance(found, BaseAsset) else found

    def staged(self, attribute: Attribute, value: Any) -> Any:
        """Return a value that was set as the core takes it."""
        if attribute.is_relation:
            found = self.related(attribute, value)
            return [self.identity(each) for each in found] if attribute.multi else self.identity(found)
        if isinstance(value, NoneDeref):
            return None
        if attribute.multi and value is not None:
            return [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
        return value

    def commit(self) -> list[Exception]:
        """Write what was set, and return one error for each asset that could not be written; an empty list when all
        could. Requests: few for many assets (the server's bulk writes), at most one per asset.

        An asset with an error keeps what was set, and is written again only after it is set again; one that was written
        is read again when it is next used. What is set on relations to several assets is added to them. Raises
        HTTPError, URLError or V1Error when nothing could be sent; then everything is still to be written.
        """
        with self._committing:
            with self._lock:
                dirty, self.dirtylist = self.dirtylist, []
            if not dirty and not self.session.pending:
                return []
            commit = Commit(self, dirty)
            try:
                commit.run()
            except BaseException:
                with self._lock:
                    self.dirtylist = list(dict.fromkeys([*dirty, *self.dirtylist]))
                raise
            self._settle(commit.written)
            return commit.errors

    def _settle(self, written: Iterable[tuple[Any, dict[str, Any]]]) -> None:
        with self._lock:
            for asset, values in written:
                for name, value in values.items():
                    # What another thread has set meanwhile is still to be written.
                    if asset._v1_new_data.get(name) is value:
                        del asset._v1_new_data[name]

    def create_asset(self, asset_type_name: str, newdata: Mapping[str, Any]) -> Any:
        """Create an asset at once and return it. One request. Raises V1Error when it is refused."""
        with self.errors():
            context = self.session.context
            kind = context.schema.type(asset_type_name)
            values = {name: self.staged(kind.attribute(name), value) for name, value in newdata.items()}
            core = context.writer.create(asset_type_name, values, None)
        return self.face_of(core)

    def update_asset(self, asset_type_name: str, asset_oid: Any, newdata: Mapping[str, Any]) -> Element:
        """Write values of one asset at once and return the server's answer. One request."""
        return self.server.update_asset(asset_type_name, asset_oid, self.generate_update_doc(newdata))

    def execute_operation(self, asset_type_name: str, oid: Any, opname: str) -> Element:
        """Execute an operation of one asset at once and return the server's answer. One request."""
        return self.server.execute_operation(asset_type_name, oid, opname)

    def _forget(self, asset_type_name: str, oid: Any) -> None:
        """Let an asset be read again that was written past the session; of an abstract type every one of that id."""
        context, key = self.session.context, int(oid)
        with context.lock:
            names = context.schema.types.keys() if context.schema.type(asset_type_name).abstract else [asset_type_name]
            for name in names:
                core = context.identity.get(Oid.of(name, key))
                if core is not None:
                    forget(core)

    def generate_update_doc(self, newdata: Mapping[str, Any]) -> Element:
        """Return the `<Asset>` document that sets these values, and adds to relations that are given as lists."""
        document = Element("Asset")
        for name, value in newdata.items():
            is_list = isinstance(value, list | tuple)
            is_relation = is_list or value is None or isinstance(value, BaseAsset | NoneDeref)
            node = SubElement(document, "Relation" if is_relation else "Attribute", {"name": name})
            if not is_list:
                node.set("act", "set")
            if not is_relation:
                node.text = str(value)
            for member in as_list(value) if is_relation else ():
                child = SubElement(node, "Asset", {"idref": self.own(member).idref})
                if is_list:
                    child.set("act", "add")
        return document

    def query(self, asset_type_name: str, wherestring: str | None = None, selstring: str | None = None) -> Element:
        """Return the assets of a type as the server's document. One request."""
        return self.server.get_query_xml(asset_type_name, wherestring, selstring)

    def read_asset(self, asset_type_name: str, asset_oid: Any) -> dict[str, Any]:
        """Read the basic attributes of one asset and return what is loaded of it. One request."""
        asset = self.face(asset_type_name, asset_oid)
        core = asset._v1_core
        self._forget(asset_type_name, asset_oid)
        with self.errors():
            context = self.session.context
            context.loader.load([core._state.oid], context.schema.type(core._state.oid.type).basic)
            if core._state.gone is not None:
                raise core._state.gone
        return dict(asset.data)

    def get_attr(self, asset_type_name: str, oid: Any, attrname: str) -> Any:
        """Return one attribute as `data` has it: a text, or a list of assets. One request if it is not loaded."""
        asset = self.face(asset_type_name, oid)
        getattr(asset, attrname)
        return asset.data.get(attrname)

    def unpack_asset(self, xml: Element) -> dict[str, Any]:
        """Return the values of an `<Asset>` element by name: texts, and a list of assets for every relation."""
        found: dict[str, Any] = {
            each.get("name", ""): [self.asset_from_oid(related.get("idref", "")) for related in each.findall("Asset")]
            for each in xml.findall("Relation")
        }
        for each in xml.findall("Attribute"):
            values = each.findall("Value") or [each]
            found[each.get("name", "")] = values[0].text
        return found

    def get_attachment_blob(self, attachment: Any, data: Any = None) -> bytes:
        """Return an attachment's bytes, or replace them by *data*. One request. Raises HTTPError."""
        oid = attachment.intid if isinstance(attachment, BaseAsset) else attachment
        return self.server.get_attachment_blob(oid, data)

    set_attachment_blob = get_attachment_blob

    @property
    def ledger(self) -> Ledger:
        """Every request so far, most recent ones in detail."""
        return self.session.ledger

    def trace(self) -> AbstractContextManager[Trace]:
        """Collect the requests of a block: `with v1.trace() as trace:`."""
        return self.session.trace()

    def close(self) -> None:
        """Close the connections. What is to be written is not sent."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish_block()
        finally:
            self.session.save_cassette()

    def _finish_block(self) -> None:
        errors = self.commit()
        if errors:
            text = "\n".join(f"  {each}" for each in errors)
            raise V1CommitError(
                f"{len(errors)} assets could not be written:\n{text}", errors=tuple(errors)
            ) from errors[0]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.session.known_types})

    def __repr__(self) -> str:
        return f"<V1Meta {self.server.build_url('')}: {len(self.ledger)} requests, {len(self.dirtylist)} to be written>"
