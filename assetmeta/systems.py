"""The servers by name: a session class each, which logs in and uses the dialect of its server, and `connect()`, which
chooses one by an address or a profile.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, Unpack, cast
from urllib.parse import urlsplit

from requests.auth import AuthBase

from assetmeta.core.context import SessionContext
from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.profiles import SECRETS, profile
from assetmeta.session import Session
from assetmeta.settings import SessionSettings, checked_address, names_settings
from assetmeta.wire.auth import checked_token, choose
from assetmeta.wire.oauth import OAuth2, TokenExchange
from assetmeta.wire.tracebacks import discreet
from assetmeta.wire.user_tokens import TokenAsUser, TokenFunction

F = TypeVar("F", bound=Callable[..., None])


def _dialect(name: str) -> Any:
    """A dialect's package, loaded when its first session is made: the others cost an import of assetmeta nothing."""
    return optional.load(f"assetmeta.backends.{name}")


def _explains_missing_url(function: F) -> F:
    """Let a constructor that is called without its *url* name it, and the setting that is misspelt, instead of the
    TypeError that Python raises; for type checkers the argument stays required.
    """

    @wraps(function)
    def called(self: Session, *given: Any, **settings: Any) -> None:
        if not given:
            settings.setdefault("url", "")
        function(self, *given, **settings)

    return cast("F", called)


class V1Meta(Session):
    """A VersionOne (Digital.ai Agility) server as Python objects.

        with V1Meta(instance_url="https://host/Instance", token="1.xxxx") as v1:
            print(v1.Story(1005).Name)

    Constructor forms: a whole *instance_url*, or *address* (which may hold a port), *instance* and *scheme*. Plain http
    to another computer needs *allow_http*, or *scheme*="http" given by name. Login:
    *token* (a text or a function that returns one), *username* and *password*, *password* with
    *use_password_as_token*, or any *auth* object. *timezone* is the zone configured for the member who logs in: the
    server writes plain dates in it, without saying so. *oauth_paths* uses the paths that take tokens on servers with
    Windows or single sign-on login (`rest-1.oauth.v1`). *bulk* lets commits put many changes into one request where the
    server can take them (`api/asset`). All else is as for Session.
    """

    @names_settings(SessionSettings, Session.__init__)
    @discreet
    def __init__(
        self,
        instance_url: str | None = None,
        *,
        address: str = "localhost",
        instance: str = "VersionOne.Web",
        scheme: str = "https",
        allow_http: bool = False,
        username: str = "",
        password: str | None = None,
        token: str | Callable[[], str] | None = None,
        use_password_as_token: bool = False,
        auth: AuthBase | None = None,
        timezone: str = "UTC",
        oauth_paths: bool = False,
        bulk: bool = True,
        **settings: Unpack[SessionSettings],
    ) -> None:
        """Make a session; sends nothing. Raises BadValue for settings that cannot work; *instance_url* wins over the
        rest of the address.
        """
        self._refuse_unknown(settings)
        login = choose(
            username=username,
            password=password,
            token=token,
            use_password_as_token=use_password_as_token,
            auth=auth,
        )
        if not instance_url and ("/" in address or "@" in address):
            raise BadValue("address= is a host, with a port perhaps: a whole URL is given as instance_url=.")
        base_url = _dialect("versionone.options").base_url(
            checked_address(instance_url or "", "instance_url") or f"{scheme}://{address}/{instance.strip('/')}",
            allow_http=allow_http or scheme.lower() == "http",
        )
        backend = _dialect("versionone").VersionOne(zone=timezone, bulk=bulk)
        if oauth_paths:
            backend = replace(backend, rest="rest-1.oauth.v1", attachments="attachment.oauth.img")
        super().__init__(backend, base_url, login, **settings)


class ValispaceMeta(Session):
    """A Valispace deployment (the Requirements & Systems Portal of Altium 365) as Python objects.

        with ValispaceMeta("https://name.valispace.com", username="ann", password="secret") as vs:
            print(vs.Vali(12).value)

    *url* may be without the scheme (https is meant) and end in slashes; plain http to another computer needs
    *allow_http*. Login: *username* and *password* (with the built-in client id, or *client_id* and *client_secret* of
    an own application), *client_id* and *client_secret* alone (the client-credentials grant), a user *token* (a text or
    a function that returns one), or any *auth* object. *survey* is how much of the deployment's own description is
    read: "full" (root, OPTIONS or a sample per endpoint), "root" or "none". *fresh_lists* reads lists again before they
    are written, so that what others added stays. All else is as for Session.
    """

    @names_settings(SessionSettings, Session.__init__)
    @discreet
    @_explains_missing_url
    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | Callable[[], str] | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        auth: AuthBase | None = None,
        allow_http: bool = False,
        survey: str = "full",
        fresh_lists: bool = False,
        **settings: Unpack[SessionSettings],
    ) -> None:
        """Make a session; sends nothing. Raises BadValue for settings that cannot work or contradict each other."""
        self._refuse_unknown(settings)
        dialect = _dialect("valispace")
        base = dialect.base_url(checked_address(url), allow_http=allow_http)
        by_password = username is not None and password is not None
        by_client = client_id is not None and client_secret is not None and username is None and password is None
        if (by_password or by_client) and token is None and auth is None:
            login: AuthBase | None = OAuth2(
                client_id=client_id or dialect.CLIENT_ID,
                client_secret=client_secret,
                token_uri=dialect.token_uri(base),
                username=username,
                password=password,
            )
        else:
            given = _bare(token, dialect.bare_token) if token is not None else None
            login = choose(username=username, password=password, token=given, auth=auth)
        super().__init__(dialect.Valispace(base=base, survey=survey, fresh_lists=fresh_lists), base, login, **settings)


class ValohaiMeta(Session):
    """A Valohai installation as Python objects.

        with ValohaiMeta(token="xxxx") as vh:
            for execution in vh.Execution.where(status="error").select("step", "project.name"):
                print(execution.counter, execution.step)

    *url* is the vendor's own installation unless given (or named by VALOHAI_HOST in the environment); it may be without
    the scheme (https is meant), and plain http to another computer needs *allow_http*. Login: a *token* (a text or a
    function that returns one), *username* and *password*, which are exchanged for a token once, or any *auth* object.
    Without any of them a token is taken from the environment: VALOHAI_TOKEN, VH_API_TOKEN or VALOHAI_API_TOKEN.
    *survey* is how much of the installation's own description is read: the API's root ("root", one request), "full"
    (also OPTIONS of every endpoint) or "none". All else is as for Session.
    """

    @names_settings(SessionSettings, Session.__init__)
    @discreet
    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        username: str | None = None,
        password: str | None = None,
        auth: AuthBase | None = None,
        allow_http: bool = False,
        survey: str = "root",
        **settings: Unpack[SessionSettings],
    ) -> None:
        """Make a session; sends nothing. Raises BadValue for settings that cannot work or contradict each other."""
        self._refuse_unknown(settings)
        known = _dialect("valohai.connection")
        base = known.base_url(
            checked_address(url or _environment(known.HOST_VARIABLES) or known.HOST), allow_http=allow_http
        )
        if token is None and username is None and password is None and auth is None:
            token = _environment(known.TOKEN_VARIABLES)
        if username is not None and password is not None and token is None and auth is None:
            login: AuthBase | None = TokenExchange(
                uri=known.token_uri(base), username=username, password=password, advice=known.REFUSALS
            )
        else:
            given = _bare(token, known.bare_token) if token is not None else None
            login = choose(username=username, password=password, token=given, auth=auth, scheme=known.SCHEME)
        super().__init__(_dialect("valohai").Valohai(base=base, survey=survey), base, login, **settings)


class TestspaceMeta(Session):
    """An organization on Testspace as Python objects.

        with TestspaceMeta("abccorp", token="xxxx") as ts:
            for result in ts.Result.where(ts.Result.space.name == "master").select("space.project.name"):
                print(result.space.project.name, result.name, result.case_counts.failed)

    *url* is the organization's name, or an address; without a scheme https is meant, and plain http to another computer
    needs *allow_http*. Login: a *token* (a text or a function that returns one), *username* and *password*, any *auth*
    object, or nothing for what is public. A token is sent as the user name of a Basic login, which all servers take;
    *scheme*="Token" sends it by the newer way. *survey*="root" reads the server's link map first, which shows that a
    Testspace answers there. All else is as for Session.
    """

    # pytest takes what is called so for tests.
    __test__ = False

    @names_settings(SessionSettings, Session.__init__)
    @discreet
    @_explains_missing_url
    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str] | None = None,
        username: str | None = None,
        password: str | None = None,
        auth: AuthBase | None = None,
        scheme: str = "Basic",
        allow_http: bool = False,
        survey: str = "none",
        **settings: Unpack[SessionSettings],
    ) -> None:
        """Make a session; sends nothing. Raises BadValue for settings that cannot work or contradict each other."""
        self._refuse_unknown(settings)
        known = _dialect("testspace.connection")
        base = known.base_url(checked_address(url), allow_http=allow_http)
        given = _bare(token, known.bare_token) if token is not None else None
        login = choose(username=username, password=password, token=given, auth=auth, scheme=scheme)
        if callable(given):
            login = TokenFunction(given, scheme)
        elif given is not None and scheme.casefold() == "basic":
            login = TokenAsUser(given)
        super().__init__(_dialect("testspace").Testspace(base=base, survey=survey), base, login, **settings)


def _environment(names: Iterable[str]) -> str | None:
    """The first of these environment variables that is set."""
    return next((value for name in names if (value := os.environ.get(name))), None)


def _bare(token: Any, bare: Callable[[str], str]) -> str | Callable[[], str]:
    """A token without its scheme word, which some hand out with it. Raises BadValue for neither text nor function."""
    if isinstance(token, str):
        return bare(token)
    if not callable(token):
        return checked_token(token)

    def renewed() -> str:
        found = token()
        return bare(found) if isinstance(found, str) else found

    return renewed


SYSTEMS: dict[str, Callable[..., Session]] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
"""Session classes by the name that their dialect has, in addresses and in the sandbox."""

_HOSTS = {
    "v1host.com": "versionone",
    "valispace.com": "valispace",
    "valohai.com": "valohai",
    "testspace.com": "testspace",
    "stridespace.com": "testspace",
}
"""Domains in which a vendor runs its servers for everybody."""

_TRAVELS = (str, int, float, bool, NoneType)
"""Settings of these types are the same in another process."""

_PREFIXED = re.compile(r"(?P<system>[A-Za-z0-9]+)\+(?P<url>.*)", re.DOTALL)


@discreet
def connect(target: str, /, *, profiles: str | Path | None = None, **settings: Any) -> Any:
    """Make the session that *target* means; sends nothing.

    *target* is an address, at best with the system before it (`versionone+https://host/Instance`,
    `valispace+https://host`, `valohai+https://host`, `testspace+https://host`); at the vendors' own domains the system
    is known. Any other text is the name of a profile (see assetmeta.profiles) in the file *profiles*. *settings* are
    those of the session class, and win over the profile's. Raises BadValue.
    """
    if not isinstance(target, str) or not target.strip():
        raise BadValue("connect() takes an address such as versionone+https://host/Instance, or a profile's name.")
    if not _is_address(target):
        known = _profile(target, profiles)
        url = known.pop("url", None)
        if not isinstance(url, str) or not _is_address(url):
            raise BadValue(f"Profile {target!r} has no url such as versionone+https://host/Instance.")
        try:
            session = connect(url, **{**known, **settings})
        except BadValue as error:
            raise BadValue(f"Profile {target!r}: {error}") from error
        session._context.own_profile = _again(target, profiles, settings)
        return session
    system, url = _divided(target.strip())
    try:
        return SYSTEMS[system](url, **settings)
    except TypeError as error:
        said = str(error)
        raise BadValue(f"The session for {system} cannot be made: {said}{'' if said[-1:] in '.?' else '.'}") from error


def _again(name: str, file: str | Path | None, settings: Mapping[str, Any]) -> Callable[[], Any] | None:
    """What makes such a session elsewhere; None where it was given a login, or what does not travel."""
    if any(key in SECRETS or not isinstance(value, _TRAVELS) for key, value in settings.items()):
        return None
    place = {} if file is None else {"profiles": str(file)}
    return partial(connect, name, **place, **settings)


def _profile(name: str, file: str | Path | None) -> dict[str, Any]:
    try:
        return profile(name, file, os.environ)
    except BadValue as error:
        if "." in name:
            raise BadValue(f"{error} If an address was meant: it begins with https://.") from None
        raise


def _is_address(text: str) -> bool:
    return "://" in text


def _divided(target: str) -> tuple[str, str]:
    """The system and the plain address. Raises BadValue where the system is unknown."""
    match = _PREFIXED.fullmatch(target)
    if match is not None:
        system = match["system"].lower()
        if system not in SYSTEMS:
            raise BadValue(f"There is no system {system!r}; there are {', '.join(SYSTEMS)}.")
        return system, match["url"]
    try:
        parts = urlsplit(target)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise BadValue(f"That is no address ({error}); give one such as versionone+https://host/Instance.") from None
    for domain, system in _HOSTS.items():
        if host == domain or host.endswith(f".{domain}"):
            return system, target
    raise BadValue(
        f"Which kind of server is at {host or 'this address'}? Put it before the address, for example "
        f"versionone+{parts.scheme}://{parts.netloc.rpartition('@')[2] or 'host'}; there are {', '.join(SYSTEMS)}."
    )


SessionContext.connect_by = staticmethod(connect)
