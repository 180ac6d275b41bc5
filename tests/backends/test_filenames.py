"""File names from a server: harmless anywhere, short enough for any file system."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.backends.filenames import safe_name
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.versionone import VersionOne


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("log.txt", "log.txt"),
        ("Bericht März.pdf", "Bericht März.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
        ("C:evil.txt", "evil.txt"),
        ("/etc/", "attachment"),
        ("..", "attachment"),
        (".bashrc", "bashrc"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("con .txt", "_con .txt"),
        ("LPT9  ..log", "_LPT9  ..log"),
        ("nul . ", "_nul"),
        (". con", "_con"),
        ("CONIN$ .x", "_CONIN$ .x"),
        ("console.txt", "console.txt"),
        ("con x.txt", "con x.txt"),
        ("com0.txt", "_com0.txt"),
        ("com10.txt", "com10.txt"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("name. . ", "name"),
        ("gpj.\u202eexe", "gpj._exe"),
        ("", "attachment"),
        (None, "attachment"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
        ("x" * 160 + "." + "b" * 40, "x" * 159 + "." + "b" * 40),
        ("x" * 160 + "." + "b" * 41, "x" * 160 + "." + "b" * 39),
        ("é" * 300 + ".txt", "é" * 98 + ".txt"),
        ("x.y" + "€" * 100, "x.y" + "€" * 65),
        ("a" * 190 + " ." + "b" * 39, "a" * 160 + "." + "b" * 39),
        ("file.txt:stream", "file.txt_stream"),
    ],
)
def test_a_file_name_from_the_server_is_made_harmless(given_name: str | None, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.one_of(st.text(), st.text().map(lambda text: text * 90)))
def test_no_file_name_is_dangerous(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|\x00\n\r\t')
    assert name[0] != "."
    assert name[-1] not in ". "
    assert name.isprintable() or not any(ord(char) < 32 for char in name)


def test_each_dialect_makes_names_harmless(tmp_path: Path) -> None:
    for backend in (VersionOne(), Valispace()):
        name = Path(backend.safe_name("../" + "漢" * 300 + ".txt"))
        (tmp_path / f"{name.stem}-2{name.suffix}").write_bytes(b"")
        assert name.suffix == ".txt"
