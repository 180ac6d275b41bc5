"""`python -m assetmeta.sandbox` is `assetmeta sandbox`."""

import sys

from assetmeta.sandbox.extra import load

if __name__ == "__main__":
    try:
        command = load("assetmeta.sandbox.command", "cli,sandbox")
    except ImportError as error:
        sys.exit(str(error))
    command.main()
