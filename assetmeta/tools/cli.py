"""The console command `assetmeta`. Its parts come with the extra "sandbox"."""

from __future__ import annotations

import sys

try:
    import typer

    from assetmeta.sandbox.command import sandbox
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

    @app.callback()
    def assetmeta() -> None:
        """Remote asset servers as Python objects."""

    app.command("sandbox")(sandbox)


def main() -> None:
    """Run the command. Exits with 1, and says what to install, where the extra is missing."""
    if MISSING is not None:
        sys.exit(f"The assetmeta command needs more packages: pip install 'assetmeta[sandbox]' ({MISSING}).")
    app()
