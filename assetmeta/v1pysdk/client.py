"""The server as the SDK shows it: its errors, and requests that a program writes itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.client import responses
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.response import addinfourl
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from assetmeta.backends.responses import answered, parse_xml
from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, BadValue, NotFound, TimedOut, Unreachable
from assetmeta.model.http import Flow, Request, Response
from assetmeta.session import Session
from assetmeta.wire.ledger import Entry, Ledger

_XML = (("Content-Type", "text/xml;charset=UTF-8"),)


class V1Error(AssetmetaError):
    """The server refused a request, or a call cannot work as written."""


class V1AssetNotFoundError(V1Error, LookupError):
    """The server has no such asset or type, or does not show it to this user (404)."""


class UnknownType(V1AssetNotFoundError, AttributeError):
    """`v1.Stroy`: the server has no asset type of that name."""


class V1CommitError(V1Error):
    """A block ended, and not everything that was pending could be written. `errors` lists what `commit()` returns."""

    errors: tuple[Exception, ...] = ()


def as_sdk_error(error: AssetmetaError, base_url: str = "") -> Exception:
    """Return the error that a program for the SDK expects in place of *error*.

    HTTPError for a refused login and for 5xx, URLError where no answer came, V1AssetNotFoundError for 404, V1Error for
    everything else. The original is its `__cause__`.
    """
    status = error.status or 0
    made: Exception
    if isinstance(error, V1Error):
        return error
    if isinstance(error, AuthenticationFailed) or status >= 500:
        made = http_error(_address(error, base_url), status or 401, (error.server_message or str(error)).encode())
    elif isinstance(error, TimedOut):
        made = URLError(TimeoutError(str(error)))
    elif isinstance(error, Unreachable):
        made = URLError(str(error))
    else:
        made = (V1AssetNotFoundError if isinstance(error, NotFound) else V1Error)(str(error), **vars(error))
    made.__cause__ = error
    return made


def _address(error: AssetmetaError, base_url: str) -> str:
    path = (error.request or "").partition(" ")[2]
    return path if "://" in path else f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def http_error(url: str, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> HTTPError:
    """Return an HTTPError that can be read like the answer."""
    return HTTPError(url, status, responses.get(status, "Error"), _message(headers or {}), io.BytesIO(body))


def _message(headers: Mapping[str, str]) -> Message:
    made = Message()
    for name, value in headers.items():
        made[name] = value
    return made


@contextmanager
def sdk_errors(base_url: str = "") -> Iterator[None]:
    """Raise the SDK's errors in place of this library's own."""
    try:
        yield
    except AssetmetaError as error:
        found = as_sdk_error(error, base_url)
        if found is error:
            raise
        raise found from error


class LoggedLedger(Ledger):
    """A ledger that logs every request where the program wants it: the line at INFO, status and sizes at DEBUG."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def add(self, entry: Entry) -> None:
        """Add a request, and log it."""
        super().add(entry)
        verb = "HTTP POST to" if entry.method == "POST" else "HTTP GET from"
        self._logger.info("%s %s", verb, entry.path)
        self._logger.debug("%s", entry)


class V1Server:
    """One server and login. The requests sent here go through the session's own connections, login and retries.

    Paths begin at the instance: `/rest-1.v1/Data/Story`. Queries are a dict, pairs or encoded text.
    """

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
    ) -> None:
        """Note where the server is; sends nothing. *loglevel* counts for the logger `v1pysdk.client`, below
        *logparent* where one is given; other loggers are not changed.
        """
        if instance_url:
            parts = urlsplit(instance_url)
            scheme, address, instance = parts.scheme, parts.netloc, parts.path
        self.scheme, self.address, self.instance = scheme, address, instance.strip("/")
        self.instance_url = instance_url or self.build_url("")
        self.username, self.password = username, password
        self.use_password_as_token = use_password_as_token
        self.logger = logging.getLogger(f"{logparent}.v1pysdk.client" if logparent else "v1pysdk.client")
        self.logger.setLevel(loglevel)
        self._session: Session | None = None
        self._attachments = "attachment.img"
        self._written: Callable[[str, Any], None] = lambda asset_type_name, oid: None

    def serve(self, session: Session, attachments: str, written: Callable[[str, Any], None]) -> None:
        """Send requests through *session* from now on; *attachments* is where the server keeps their bytes, and
        *written* is called with type and id of what was written here.
        """
        self._session, self._attachments, self._written = session, attachments, written

    def __repr__(self) -> str:
        return f"<V1Server {self.build_url('')}>"

    def build_url(self, path: str, query: Any = "", fragment: str = "", params: str = "") -> str:
        """Return the whole URL of a path below the instance."""
        whole = f"/{self.instance}/{path.strip('/')}" + (f";{params}" if params else "")
        text = urlencode(query) if isinstance(query, Mapping) else str(query)
        return urlunsplit((self.scheme, self.address, whole, text, fragment))

    def _send(self, request: Request) -> Response:
        if self._session is None:
            raise BadValue("A V1Server sends nothing by itself: use the one of a V1Meta, v1.server.")
        with sdk_errors(self.build_url("")):
            return self._session.run(_one(request))

    def fetch(self, path: str, query: Any = "", postdata: Any = None) -> tuple[HTTPError | None, bytes]:
        """Send a GET, or a POST when there is *postdata* (text, bytes, a dict for a form, an open binary file).

        Returns (None, body), or (HTTPError, body) for a refusal. One request. Raises HTTPError for a refused login,
        URLError where no answer came.
        """
        path, _, in_path = path.partition("?")
        pairs = (*parse_qsl(in_path, keep_blank_values=True), *_pairs(query))
        writes = postdata is not None
        request = Request(
            "POST" if writes else "GET",
            path.strip("/"),
            query=pairs,
            headers=_XML,
            body=_body(postdata) if writes else None,
            idempotent=not writes,
            writes=writes,
        )
        try:
            response = self._send(request)
        except HTTPError as error:
            if error.code == 401:
                raise
            return error, error.read()
        if response.ok:
            return None, response.body
        url = self.build_url(path, query=urlencode(pairs))
        return http_error(url, response.status, response.body, response.headers), response.body

    def get_xml(self, path: str, query: Any = "", postdata: Any = None) -> Element:
        """Fetch a document and return its root. One request.

        Raises V1AssetNotFoundError (404), V1Error (other 4xx, and what is no XML), HTTPError (401, 5xx), URLError.
        """
        error, body = self.fetch(path, query=query, postdata=postdata)
        if error is not None and error.code >= 500:
            raise error
        if error is not None and error.code == 404:
            raise V1AssetNotFoundError(str(error), status=404) from error
        if error is not None:
            raise V1Error(f"\n{body.decode('utf-8', 'replace')}" if body else str(error), status=error.code) from error
        with sdk_errors():
            # It refuses what is no XML, and a DOCTYPE.
            parse_xml(Response(200, {"content-type": "text/xml"}, body))
        return ElementTree.fromstring(body)  # noqa: S314 - it was refused just now if it declared anything

    def get_asset_xml(self, asset_type_name: str, oid: Any) -> Element:
        """Return the basic attributes of one asset. One request."""
        return self.get_xml(f"/rest-1.v1/Data/{asset_type_name}/{oid}")

    def get_query_xml(self, asset_type_name: str, where: str | None = None, sel: str | None = None) -> Element:
        """Return the assets of a type. One request."""
        given = {"where": where, "sel": sel}
        return self.get_xml(
            f"/rest-1.v1/Data/{asset_type_name}", query={key: value for key, value in given.items() if value}
        )

    def get_meta_xml(self, asset_type_name: str) -> Element:
        """Return the description of a type. One request."""
        return self.get_xml(f"/meta.v1/{asset_type_name}")

    def get_attr(self, asset_type_name: str, oid: Any, attrname: str) -> Element:
        """Return one attribute of an asset. One request."""
        return self.get_xml(f"/rest-1.v1/Data/{asset_type_name}/{oid}/{attrname}")

    def execute_operation(self, asset_type_name: str, oid: Any, opname: str) -> Element:
        """Execute an operation and return the answer. One request."""
        answer = self.get_xml(f"/rest-1.v1/Data/{asset_type_name}/{oid}", query={"op": opname}, postdata={})
        self._written(asset_type_name, oid)
        return answer

    def create_asset(self, asset_type_name: str, xmldata: Element, context_oid: str = "") -> Element:
        """Create an asset from an `<Asset>` document, in a context where one is given. One request."""
        query = {"ctx": context_oid} if context_oid else ""
        return self.get_xml(f"/rest-1.v1/Data/{asset_type_name}", query=query, postdata=ElementTree.tostring(xmldata))

    def update_asset(self, asset_type_name: str, oid: Any, update_doc: Element) -> Element:
        """Update an asset from an `<Asset>` document. One request."""
        answer = self.get_xml(f"/rest-1.v1/Data/{asset_type_name}/{oid}", postdata=ElementTree.tostring(update_doc))
        self._written(asset_type_name, oid)
        return answer

    def get_attachment_blob(self, attachment_id: Any, blobdata: Any = None) -> bytes:
        """Return an attachment's bytes, or replace them by *blobdata* and return the answer's body. One request.

        Raises HTTPError.
        """
        error, body = self.fetch(f"/{self._attachments}/{attachment_id}", postdata=blobdata)
        if error is not None:
            raise error
        if blobdata is not None:
            self._written("Attachment", attachment_id)
        return body

    set_attachment_blob = get_attachment_blob

    def http_get(self, url: str) -> addinfourl:
        """GET a URL and return the open answer. One request. Raises HTTPError. Another host gets no credentials."""
        return self._opened(Request("GET", url, headers=_XML, idempotent=True))

    def http_post(self, url: str, data: Any = "") -> addinfourl:
        """POST to a URL and return the open answer. One request. Raises HTTPError."""
        return self._opened(Request("POST", url, headers=_XML, body=_body(data), writes=True))

    @property
    def opener(self) -> Opener:
        """What opens URLs with this server's login: `v1.server.opener.open(url)`."""
        return Opener(self)

    def _opened(self, request: Request) -> addinfourl:
        response = self._send(request)
        if not response.ok:
            raise http_error(request.path, response.status, response.body, response.headers)
        return addinfourl(io.BytesIO(response.body), _message(response.headers), request.path, response.status)


class Opener:
    """Opens URLs as an opener of urllib does, by http_get() and http_post() of a server."""

    def __init__(self, server: V1Server) -> None:
        self._server = server

    def open(self, fullurl: Any, data: Any = None, timeout: Any = None) -> addinfourl:
        """Open a URL, or a urllib Request. One request. Raises HTTPError. *timeout* is the session's."""
        url = fullurl if isinstance(fullurl, str) else fullurl.full_url
        body = data if isinstance(fullurl, str) or data is not None else fullurl.data
        return self._server.http_get(url) if body is None else self._server.http_post(url, body)


def _one(request: Request) -> Flow[Response]:
    return answered((yield request))


def _pairs(query: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(query, str):
        return tuple(parse_qsl(query, keep_blank_values=True))
    pairs = query.items() if isinstance(query, Mapping) else query
    return tuple((str(name), str(value)) for name, value in pairs)


def _body(postdata: Any) -> bytes | BinaryIO:
    if isinstance(postdata, Mapping):
        postdata = urlencode(postdata)
    if isinstance(postdata, str):
        return postdata.encode("utf-8")
    if isinstance(postdata, bytearray | memoryview):
        return bytes(postdata)
    given: bytes | BinaryIO = postdata
    return given
