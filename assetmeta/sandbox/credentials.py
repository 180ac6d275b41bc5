"""How to log in to a system, as keyword arguments of the client: typed, so that type checkers follow `**`."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class InstanceCredentials(TypedDict):
    """Arguments of V1Meta: the address, user name and password."""

    instance_url: str
    username: str
    password: str


class InstanceToken(TypedDict):
    """Arguments of V1Meta: the address and an access token."""

    instance_url: str
    token: str


class UrlCredentials(TypedDict):
    """Arguments of ValispaceMeta, ValohaiMeta and TestspaceMeta: the address, user name and password."""

    url: str
    username: str
    password: str


class UrlToken(TypedDict):
    """Arguments of ValispaceMeta, ValohaiMeta and TestspaceMeta: the address and a token."""

    url: str
    token: str


class OAuthLogin(TypedDict):
    """Arguments of OAuth2: client, token endpoint, and what is turned into the first token."""

    client_id: str
    token_uri: str
    client_secret: NotRequired[str]
    refresh_token: NotRequired[str]
    username: NotRequired[str]
    password: NotRequired[str]
