"""What commands do when they are acted out: the rule by which an execution ends well or not."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.valohai.life.script import Ran, act

PROGRAM = 4.0


def acted(command: str, **variables: str) -> Ran:
    return act(command, variables, PROGRAM)


def said(command: str, stream: str = "stdout", **variables: str) -> list[str]:
    return [line.text for line in acted(command, **variables).lines if line.stream == stream]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("", 0),
        ("true", 0),
        ("false", 1),
        ("exit", 0),
        ("exit 3", 3),
        ("exit 256", 0),
        ("exit -1", 255),
        ("exit much", 2),
        ("false && exit 5", 1),
        ("false || exit 5", 5),
        ("true || exit 5", 0),
        ("false; true", 0),
        ("true\nfalse", 1),
        ("exit 4\nexit 0", 4),
        ("python train.py", 0),
        ("# exit 1", 0),
        ("echo 'open", 2),
        ("sleep long", 1),
        ("kill -9 1", None),
        ("cat data | sort > here", 0),
    ],
)
def test_the_exit_code(command: str, code: int | None) -> None:
    assert acted(command).code == code


@pytest.mark.parametrize(
    ("command", "seconds"),
    [("sleep 3", 3), ("sleep 1m 2s", 62), ("sleep 0.5", 0.5), ("python a && ./b", 8), ("echo x; mkdir y", 0)],
)
def test_how_long_it_takes(command: str, seconds: float) -> None:
    assert acted(command).seconds == seconds


def test_echo_writes_to_the_stream_it_is_sent_to() -> None:
    assert said("echo a  b; echo 'c  d' >&2") == ["a b"]
    assert said("echo a  b; echo 'c  d' >&2", "stderr") == ["c  d"]
    assert said("echo one 2>&1") == ["one"]


def test_variables_are_filled_in_outside_of_single_quotes() -> None:
    assert said("""echo $A ${A}b "$A" '$A' $none-""", A="x") == ["x xb x $A -"]
    assert said("A=1; B=2 true; export C=3; echo $A$B$C") == ["123"]


def test_a_program_is_not_run_and_says_so() -> None:
    assert said("python train.py --lr=1", "stderr") == ["the sandbox does not run python, it counts as done"]


def test_files_below_the_outputs_are_kept() -> None:
    command = "echo a > /valohai/outputs/x/y.txt && echo b >> $VH_OUTPUTS_DIR/x/y.txt && echo -n c > /valohai/outputs/z"
    assert acted(command).files == {"x/y.txt": "a\nb\n", "z": "c"}


@pytest.mark.parametrize("path", ["/tmp/x", "/valohai/outputs/../x", "x", "/valohai/outputs", "/valohai/outputs/"])
def test_files_elsewhere_are_lost(path: str) -> None:
    assert acted(f"echo a > {path}").files == {}


def test_lines_have_the_second_they_were_written_in() -> None:
    assert [(0, "a"), (2, "b")] == [(line.at, line.text) for line in acted("echo a; sleep 2; echo b").lines]


def test_what_follows_an_exit_is_not_done() -> None:
    assert said("echo a; exit 1; echo b") == ["a"]


@pytest.mark.parametrize(
    "command", ["&&", ";;;", "> x", "echo >", "<", "2>&1", "|", "\0", "$", "${", "'\0$A'", "a=b=c"]
)
def test_nonsense_is_survived(command: str) -> None:
    assert acted(command).code in (0, 1, 2)
