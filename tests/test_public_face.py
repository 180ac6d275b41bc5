"""What `from assetmeta import ...` offers, and what importing it does not do."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import assetmeta


def test_all_names_are_there_sorted_and_nothing_else() -> None:
    tree = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported == set(assetmeta.__all__)
    assert len(assetmeta.__all__) == len(set(assetmeta.__all__))


def test_the_package_defines_nothing_itself() -> None:
    tree = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    kinds = {type(node) for node in tree.body}
    assert kinds <= {ast.Expr, ast.ImportFrom, ast.Assign}


def test_importing_reads_no_environment_and_opens_no_socket() -> None:
    script = (
        "import requests, lxml.etree, cachetools, socket, os\n"
        "def refuse(*a, **k): raise SystemExit('touched the network')\n"
        "socket.socket.connect = refuse\n"
        "import assetmeta\n"
        "print('quiet')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("quiet\n", 0), done.stderr


def test_importing_the_client_does_not_import_the_sandbox() -> None:
    script = "import sys, assetmeta; print([name for name in sys.modules if 'sandbox' in name or name == 'uvicorn'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
