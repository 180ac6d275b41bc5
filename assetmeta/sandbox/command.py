"""The command `assetmeta sandbox`: serves systems until it is interrupted.

On stdout it prints one line per system, "NAME URL USER SECRET TOKEN", then "ready", and nothing else. What else there
is to say, such as a port that is taken, goes to stderr.
"""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assetmeta.sandbox.face import Setup
from assetmeta.sandbox.faces import FACES, factory
from assetmeta.sandbox.faults import Fault, parse_fault
from assetmeta.sandbox.handle import Server
from assetmeta.sandbox.server import hosting

SYSTEMS_HELP = f"Which to serve: {', '.join(FACES)}. All if none is named."
FAULT_HELP = """KIND[=VALUE][:COUNT[:[METHOD ]PATH]], may be given several times.
Kinds: drop (cut the connection after carrying out a write), drop-before (cut it before),
429 and 503 (VALUE: seconds in Retry-After), 500, slow (VALUE: seconds the body takes), truncate (cut the body).
COUNT: how many requests it hits, * for all, default 1. PATH: part of path and query, or a pattern with * and ?.
Examples: drop, "429:2:/query.v1", "slow=10:*:GET /rest-1.v1"."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("sandbox")
def sandbox(
    systems: Annotated[list[str] | None, typer.Argument(help=SYSTEMS_HELP)] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the first system, 0 for free ones.")] = 8080,
    assets: Annotated[int, typer.Option(min=0, help="About how many generated assets each system holds.")] = 0,
    seed: Annotated[int, typer.Option(help="Same seed, same assets.")] = 1,
    latency: Annotated[float, typer.Option(min=0, help="Milliseconds by which every answer is delayed.")] = 0.0,
    db: Annotated[Path | None, typer.Option(help="File that keeps the data, otherwise memory.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help=FAULT_HELP)] = None,
) -> None:
    """Serve systems of the sandbox until SIGINT or SIGTERM.

    One line tells each system's name, URL, administrator, password and access token. A system whose port is taken gets
    the next free one, and a line on stderr says so; the port of the first must be free.

    OAuth2 clients: versionone knows client_sandbox with the secret sandbox-client-secret at URL/oauth.v1/token (consent
    at URL/oauth.v1/auth), valispace knows ValispaceREST without a secret at URL/o/token/. In Python,
    OAuth2(**server.oauth) logs in.

    valohai hands out tokens at URL/api/v0/get-token/, as its command line asks for them; testspace takes user name and
    password, or a token as the user name.
    """
    names = list(dict.fromkeys(name.lower() for name in systems)) if systems else list(FACES)
    faults = checked(names, fault or ())
    setups = [Setup(assets, seed, file_of(db, name, len(names))) for name in names]
    try:
        with (
            stopping() as stop,
            hosting(names, host=host, port=port, setups=setups, latency=latency, faults=faults) as servers,
        ):
            for server in servers:
                typer.echo(f"{server.name} {server.url} {server.user} {server.secret} {server.token}")
            for name, taken, instead in moved(servers, port):
                typer.echo(f"port {taken} is taken: {name} is served on port {instead}", err=True)
            typer.echo("ready")
            stop.wait()
    except OSError as error:
        typer.echo(f"cannot serve: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error
    except sqlite3.DatabaseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def moved(servers: list[Server[Any, Any]], port: int) -> Iterator[tuple[str, int, int]]:
    """The systems that did not get the port after the one before: name, that port, and the one they got."""
    following = port
    for server in servers if port else ():
        if server.port != following:
            yield server.name, following, server.port
        following = server.port + 1


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set instead of what they do otherwise."""
    stop = threading.Event()
    former = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def checked(names: list[str], faults: list[str] | tuple[str, ...]) -> list[Fault]:
    """The faults as data. Raises a usage error for an unknown system or a fault that cannot be read."""
    try:
        for name in names:
            factory(name)
        return [parse_fault(fault) for fault in faults]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def file_of(db: Path | None, name: str, systems: int) -> str | None:
    """The data file of one system: with several, the system's name goes before the ending."""
    if db is None:
        return None
    return str(db if systems == 1 else db.with_name(f"{db.stem}-{name}{db.suffix}"))


def main() -> None:
    """Entry point of `python -m assetmeta.sandbox`."""
    app()
