"""The command `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import QUICK, Bench, Size
from benchmarks.machine import facts, run
from benchmarks.rows import ROWS, Row
from benchmarks.table import Line, kept, table

RESULTS = Path(__file__).parent / "RESULTS.md"
HISTORY = RESULTS.with_name("history.jsonl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the table. Returns 0 whatever was measured: timings are no tests."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else Size()
    if given.rounds:
        size = replace(size, rounds=given.rounds)
    names = list(dict.fromkeys(given.rows)) or list(ROWS)
    lines, seconds = _measured(names, size)
    print(table(lines))
    if given.output:
        given.output.write_text(_document(lines, size, seconds), encoding="utf-8")
    elif not (given.rows or given.quick):
        RESULTS.write_text(_document(lines, size, seconds), encoding="utf-8")
        with HISTORY.open("a", encoding="utf-8") as history:
            history.write(json.dumps({**run(), "rounds": size.rounds, "lines": [kept(line) for line in lines]}) + "\n")
    return 0


def _measured(names: Sequence[str], size: Size) -> tuple[list[Line], float]:
    rows = [ROWS[name] for name in names]
    bench = Bench(size, max(row.stories(size) for row in rows), max(row.workitems(size) for row in rows))
    start = time.perf_counter()
    lines: list[Line] = []
    try:
        for name, row in zip(names, rows, strict=True):
            began = time.perf_counter()
            lines += _lines(name, row, bench)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    finally:
        bench.close()
    return lines, time.perf_counter() - start


def _lines(name: str, row: Row, bench: Bench) -> list[Line]:
    """What a row shows; a row that fails says so, and the others go on."""
    try:
        return row.measure(bench)
    except Exception as error:
        logging.exception("%s could not be measured", name)
        return [Line(name, "could not be measured", note=f"{type(error).__name__}: {str(error)[:100]}")]


def _document(lines: Sequence[Line], size: Size, seconds: float) -> str:
    judged = [line.met for line in lines if line.limit is not None]
    summary = f"{judged.count(True)} of {len(judged)} limits met; {size.rounds} rounds; {seconds:.0f} s in all."
    about = "\n".join(f"- {fact}" for fact in facts())
    return (
        f"# Results\n\nWritten by `python -m benchmarks`. {summary} Every peer took turns with us.\n"
        f"Medians; the spread is the distance between the quartiles, as a part of the median. A ratio beside a limit\n"
        f"in another unit informs. Every run of all rows adds a line to history.jsonl.\n\n{about}\n\n{table(lines)}\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What assetmeta costs, beside its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", choices=[[], *ROWS], help=f"rows to run: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of which the medians are shown")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything runs")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table there, also for single rows")
    return parser


if __name__ == "__main__":
    sys.exit(main())
