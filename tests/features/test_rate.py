"""A stated rate: what it allows in any window, how evenly, and by how many sessions and processes together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assetmeta import V1Meta, sandbox
from assetmeta.features import rate
from assetmeta.features.rate import Limit, SharedRate, enforced, parse_rates, shared_rate
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.model.folders import STATE_VARIABLE
from nonempty import nonempty

MINUTE = [Limit(100, 60_000)]


class Clock:
    """A time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def most_within(times: Sequence[float], seconds: float) -> int:
    """How many of some moments lie in any window of that length."""
    return max(sum(start <= one < start + seconds for one in times) for start in times)


def turns(number: int, clock: Clock, *rates: SharedRate) -> Iterator[float]:
    """The moments of so many turns that are taken by each of *rates* in turn, as soon as there is one."""
    for place in range(number):
        while (seconds := rates[place % len(rates)].delay()) > 0:
            clock.now += seconds
        yield clock.now


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        ("100/minute", [Limit(100, 60_000)]),
        (" 100 / Minute ", [Limit(100, 60_000)]),
        ("5/s", [Limit(5, 1000)]),
        ("50/10 seconds", [Limit(50, 10_000)]),
        ("1000/day", [Limit(1000, 86_400_000)]),
        (["2000/hour", "100/min"], [Limit(100, 60_000), Limit(2000, 3_600_000)]),
        ("2000/hour, 100/minute", [Limit(100, 60_000), Limit(2000, 3_600_000)]),
    ],
    ids=str,
)
def test_rates_are_read_as_they_are_written(given: Any, limits: list[Limit]) -> None:
    assert limits == parse_rates(given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "100",
        "100/",
        "0/minute",
        "-1/minute",
        "1.5/s",
        "100/fortnight",
        "2/2 days",
        "100/0 seconds",
        [],
        [100],
        "x/s",
    ],
    ids=str,
)
def test_what_is_no_rate_is_refused(given: Any) -> None:
    with pytest.raises(BadValue, match="rate="):
        parse_rates(given)


@pytest.mark.parametrize("given", ["100/minute, 50/minute", "100/minute, 90/hour", "1/second, 100/minute"])
def test_rates_of_which_one_says_nothing_are_refused(given: str) -> None:
    with pytest.raises(BadValue, match="do not go together"):
        parse_rates(given)


def test_a_shorter_rate_spreads_what_a_longer_one_allows() -> None:
    burst, stated = enforced(MINUTE)
    assert (2, 100) == (burst.requests, stated.requests)
    assert 60_000 < stated.interval < 63_000
    assert abs(burst.interval / burst.requests - stated.interval / stated.requests) < 1
    assert 1 == len(enforced([Limit(5, 1000)]))
    assert [2, 100, 2000] == [each.requests for each in enforced(parse_rates("100/minute, 2000/hour"))]
    assert [2, 100] == [each.requests for each in enforced(parse_rates("100/minute, 6000/hour"))]


def test_250_requests_stay_under_the_rate_and_are_spread_evenly(tmp_path: Path) -> None:
    clock = Clock()
    times = list(turns(250, clock, SharedRate(MINUTE, tmp_path / "rate.sqlite", clock)))
    assert 95 <= most_within(times, 60.05) <= 100
    assert most_within(times, 6) <= 12
    assert most_within(times, 1) <= 2
    # No slower than the rate needs: its margin is two in a hundred, and little more.
    assert times[-1] - times[0] <= 1.03 * 250 * 0.6


def test_what_went_before_a_pause_counts_no_more(tmp_path: Path) -> None:
    clock = Clock()
    shared = SharedRate([Limit(2, 60_000)], tmp_path / "rate.sqlite", clock)
    assert [0, 0] == [shared.delay(), shared.delay()]
    assert 60 < shared.delay() < 62
    clock.now += 62
    assert [0, 0] == [shared.delay(), shared.delay()]


def test_sessions_that_name_one_server_share_its_rate(tmp_path: Path) -> None:
    clock = Clock()
    three = [SharedRate(MINUTE, tmp_path / "rate.sqlite", clock) for _ in range(3)]
    assert 95 <= most_within(list(turns(250, clock, *three)), 60.05) <= 100


def test_sessions_with_different_rates_count_each_others_requests(tmp_path: Path) -> None:
    clock = Clock()
    slow, fast = (SharedRate([Limit(n, 60_000)], tmp_path / "rate.sqlite", clock) for n in (2, 40))
    list(turns(10, clock, fast))
    assert slow.delay() > 0
    assert 10 == len(list(turns(10, clock, fast)))


def test_three_processes_together_take_what_the_rate_allows(tmp_path: Path) -> None:
    """All of them at one and the same moment, so that it does not matter how quick they are."""
    script = (
        "import sys; from pathlib import Path\n"
        "from assetmeta.features.rate import Limit, SharedRate\n"
        "shared = SharedRate([Limit(40, 1000)], Path(sys.argv[1]), lambda: 1_800_000_000.0)\n"
        "print(sum(shared.delay() == 0 for _ in range(40)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "rate.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken = [int(process.communicate()[0]) for process in running]
    assert 40 == sum(taken)


def test_old_requests_are_dropped_after_a_day_and_no_sooner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "_SWEEP", 1)
    clock = Clock()
    shared = SharedRate([Limit(40, 1000)], tmp_path / "rate.sqlite", clock)
    list(turns(5, clock, shared))
    clock.now += 80_000
    list(turns(5, clock, shared))
    assert 10 == shared._bucket.count()
    clock.now += 80_000
    list(turns(1, clock, shared))
    assert 6 == shared._bucket.count()


def test_a_clock_that_is_put_back_holds_nobody_up(tmp_path: Path) -> None:
    clock = Clock()
    shared = SharedRate([Limit(2, 60_000)], tmp_path / "rate.sqlite", clock)
    list(turns(2, clock, shared))
    clock.now -= 7200
    assert 0 == shared.delay()


def test_one_thread_at_a_time_takes_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = SharedRate(MINUTE, tmp_path / "rate.sqlite")
    held: list[bool] = []

    def fails() -> float:
        held.append(shared._lock.locked())
        raise OSError("full")

    monkeypatch.setattr(shared, "_delay", fails)
    with pytest.raises(BadValue, match="full"):
        shared.delay()
    assert [True] == held
    assert not shared._lock.locked()


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BadValue, match=r"requests cannot be counted in .*rate\.sqlite"):
        SharedRate(MINUTE, tmp_path / "file" / "rate.sqlite").delay()
    (tmp_path / "rate.sqlite").write_text("no database at all, whatever its name says; " * 50)
    with pytest.raises(BadValue, match="not a database"):
        SharedRate(MINUTE, tmp_path / "rate.sqlite").delay()


def test_the_file_is_private_and_belongs_to_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    one, same, other = (shared_rate("2/minute", name) for name in ("http://a", "http://a", "http://b"))
    assert [0, 0] == [one.delay(), one.delay()]
    assert same.delay() > 0
    assert 0 == other.delay()
    assert 0o700 == (tmp_path / "rates").stat().st_mode & 0o777
    assert all(32 == len(file.stem) for file in nonempty((tmp_path / "rates").glob("*.sqlite")))
    assert all("http" not in file.name for file in nonempty((tmp_path / "rates").iterdir()))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyrate_limiter", None)
    with pytest.raises(Unsupported, match=r'pip install "assetmeta\[rate\]"'):
        SharedRate(MINUTE, tmp_path / "rate.sqlite")


def test_a_session_keeps_to_its_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    def timed(text: str, server: str) -> SharedRate:
        return SharedRate(parse_rates(text), tmp_path / "rate.sqlite", clock)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr("assetmeta.features.rate.shared_rate", timed)
    with (
        sandbox.running("versionone") as server,
        V1Meta(**server.credentials, rate="20/minute", sleep=sleep, bulk=False, pool=1) as v1,
    ):
        stories = [v1.Story.new(Name=f"Story {number}", Scope="Scope:0") for number in range(50)]
        before = clock.now
        v1.commit().raise_if_failed()
        number = len(v1.ledger)
    assert (50, 51) == (len({story.idref for story in stories}), number)
    # One every three seconds, whatever went before.
    assert 49 * 3 <= clock.now - before <= 51 * 3.2


def test_what_cannot_be_a_rate_is_refused_by_the_session() -> None:
    with pytest.raises(BadValue, match="rate='fast' is not a rate"):
        V1Meta("https://host/Instance", token="x", rate="fast")
