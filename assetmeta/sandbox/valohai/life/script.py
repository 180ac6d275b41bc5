"""Acting out the command of an execution: a small part of a shell, so that a step decides its own end by honest means.

Nothing is run on the machine. These words are understood, joined by `&&`, `||`, `;` and line ends:

    exit N, true, false, :        the exit code, 0 for success
    echo [-n] TEXT                a line on stdout, on stderr with `>&2`; a line that is a JSON object is metadata
    echo TEXT > FILE, >> FILE     below /valohai/outputs/ or $VH_OUTPUTS_DIR a saved file, elsewhere lost
    sleep N                       takes N seconds (suffixes s, m, h, d)
    NAME=VALUE, export NAME=VALUE a variable, read as $NAME or ${NAME}
    cd, mkdir, set                nothing happens
    kill -9 1                     takes the worker down: the execution crashes
    anything else                 a program: takes a while, says on stderr that it was not run, and ends with success
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

OUTPUTS = "/valohai/outputs"
QUIET = ("true", ":", "cd", "mkdir", "set")
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 366 * 86400.0
MOST_LINES = 20_000
SYNTAX_ERROR = 2
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)
LITERAL = "\0"


@dataclass(frozen=True)
class Line:
    """One line of the log: seconds after the start, stream (stdout or stderr), text."""

    at: float
    stream: str
    text: str


@dataclass
class Ran:
    """How a command went. *code* is its exit code, None where the worker went down; *files* are by name."""

    code: int | None = 0
    seconds: float = 0.0
    lines: list[Line] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def say(self, stream: str, text: str) -> None:
        """Write to the log, one entry a line."""
        for each in text.splitlines() or [""]:
            if len(self.lines) < MOST_LINES:
                self.lines.append(Line(self.seconds, stream, each))


def act(command: str, environment: Mapping[str, str], program_seconds: float) -> Ran:
    """What happens when *command* is run with *environment*; every program takes *program_seconds*."""
    shell = Shell(environment, program_seconds)
    for line in command.splitlines():
        if line.strip() and not line.lstrip().startswith("#") and not shell.line(line):
            break
    return shell.ran


class Shell:
    """Carries out one line after the other and keeps what came of them."""

    def __init__(self, environment: Mapping[str, str], program_seconds: float) -> None:
        self.ran = Ran()
        self._names = {"VH_OUTPUTS_DIR": OUTPUTS, "VH_INPUTS_DIR": "/valohai/inputs", **environment}
        self._program = program_seconds

    def line(self, line: str) -> bool:
        """Carry out one line. False once the script is at its end."""
        try:
            words = tokens(line)
        except ValueError as error:
            self.ran.say("stderr", f"sh: syntax error: {error}")
            self.ran.code = SYNTAX_ERROR
            return False
        return all(self._join(joint, command) for joint, command in commands(words))

    def _join(self, joint: str, command: list[str]) -> bool:
        """Carry out *command* if what stands before it allows. False once the script is at its end."""
        if (joint == "&&" and self.ran.code) or (joint == "||" and not self.ran.code):
            return True
        words, sink = redirected([self._expanded(word) for word in command])
        if words[:1] == ["exit"]:
            self._exit(words)
            return False
        if words == ["kill", "-9", "1"]:
            self.ran.code = None
            return False
        self.ran.code = self._simple(words, sink)
        return True

    def _simple(self, words: list[str], sink: tuple[str, str] | None) -> int:
        """Carry out one command. The exit code."""
        while words and (match := ASSIGNMENT.fullmatch(words[0])):
            self._names[match[1]] = match[2]
            words = words[1:]
        name = words[0] if words else ":"
        if name == "export":
            self._names.update({match[1]: match[2] for word in words if (match := ASSIGNMENT.fullmatch(word))})
        elif name == "false":
            return 1
        elif name == "sleep":
            return self._sleep(words[1:])
        elif name == "echo":
            self._echo(words[1:], sink)
        elif name not in QUIET:
            self._run(name, sink)
        return 0

    def _run(self, name: str, sink: tuple[str, str] | None) -> None:
        self.ran.seconds += self._program
        self.ran.say("stderr", f"the sandbox does not run {posixpath.basename(name)}, it counts as done")
        self._write(sink, "")

    def _exit(self, words: list[str]) -> None:
        if len(words) > 1:
            self.ran.code = int(words[1]) % 256 if re.fullmatch(r"-?[0-9]{1,9}", words[1]) else SYNTAX_ERROR

    def _sleep(self, words: list[str]) -> int:
        for word in words:
            match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{0,9})?)([smhd]?)", word)
            if match is None:
                self.ran.say("stderr", f"sleep: invalid time interval '{word}'")
                return 1
            self.ran.seconds = min(LONGEST, self.ran.seconds + float(match[1]) * UNITS[match[2]])
        return 0

    def _echo(self, words: list[str], sink: tuple[str, str] | None) -> None:
        end = "" if words[:1] == ["-n"] else "\n"
        text = " ".join(words[1:] if not end else words)
        if sink is None or sink[0] == ">&":
            self.ran.say("stderr" if sink is not None and sink[1] == "2" else "stdout", text)
        else:
            self._write(sink, text + end)

    def _write(self, sink: tuple[str, str] | None, text: str) -> None:
        """Save *text* where *sink* leads, if that is among the outputs."""
        if sink is None or sink[0] == ">&":
            return
        path = posixpath.normpath(posixpath.join("/valohai/repository", sink[1]))
        if path.startswith(f"{OUTPUTS}/"):
            name = path[len(OUTPUTS) + 1 :]
            self.ran.files[name] = (self.ran.files.get(name, "") if sink[0] == ">>" else "") + text

    def _expanded(self, word: str) -> str:
        known = VARIABLE.sub(lambda match: self._names.get(match[1] or match[2], ""), word)
        return known.replace(LITERAL, "$")


def tokens(line: str) -> list[str]:
    """The words and operators of a line, quotes taken off. Raises ValueError where a quote is left open."""
    lexer = shlex.shlex(guarded(line), posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def guarded(line: str) -> str:
    """*line* with the dollar signs between single quotes marked as plain text."""
    out: list[str] = []
    quote = ""
    for letter in line:
        if letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        out.append(LITERAL if letter == "$" and quote == "'" else letter)
    return "".join(out)


def commands(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The commands of a line, each with the operator before it. What a pipe leads to is part of the command."""
    joint, command = ";", list[str]()
    for word in words:
        if word in ("&&", "||", ";", "&", ";;"):
            if command:
                yield joint, command
            joint, command = word, []
        else:
            command.append(word)
    if command:
        yield joint, command


def redirected(words: list[str]) -> tuple[list[str], tuple[str, str] | None]:
    """The words of a command without its redirections, and the last of these that leads somewhere.

    A pipe makes a program of the whole, since what stands behind it is one.
    """
    if "|" in words:
        return ["the pipe"], None
    rest: list[str] = []
    sink: tuple[str, str] | None = None
    place = 0
    while place < len(words):
        if words[place] in (">", ">>", ">&", "<") and place + 1 < len(words):
            if rest and rest[-1] in ("1", "2") and place and words[place - 1] == rest[-1]:
                stream = rest.pop()
                sink = sink if stream == "2" else (words[place], words[place + 1])
            elif words[place] != "<":
                sink = (words[place], words[place + 1])
            place += 2
        else:
            rest.append(words[place])
            place += 1
    return rest, sink
