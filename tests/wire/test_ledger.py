"""The ledger counts everything that went out, keeps a bounded part of it, and shows no secret."""

from __future__ import annotations

import logging
import threading

import pytest

from assetmeta.model.errors import Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic, Bearer
from assetmeta.wire.ledger import Entry, Ledger

from .conftest import Reply, one


def test_each_request_is_an_entry(server, drive):
    server.answers = [Reply(404, b"12345")]
    driver = drive()
    driver.run(one(Request("POST", "/a", query=(("sel", "Name"), ("access_token", "s3cret")), body=b"abc")))
    (entry,) = driver.ledger
    assert ("POST", "/a", 404, 3, 5, 1, None) == (
        entry.method,
        entry.path,
        entry.status,
        entry.bytes_sent,
        entry.bytes_received,
        entry.attempt,
        entry.error,
    )
    assert (("sel", "Name"), ("access_token", "REDACTED")) == entry.query
    assert 0 < entry.milliseconds < 10_000
    assert str(entry).startswith("POST /a?sel=Name&access_token=REDACTED: 404, ")


def test_a_failure_is_an_entry_without_a_status(server, drive):
    server.answers = [Reply(cut=0)]
    driver = drive()
    with pytest.raises(Unreachable):
        driver.run(one(Request("POST", "/a")))
    (entry,) = driver.ledger
    assert (None, "Unreachable", "Unreachable") == (entry.status, entry.error, entry.outcome)


def test_traces_collect_while_they_are_open_and_nest(drive):
    driver = drive()
    ask = Request("GET", "/a")
    driver.run(one(ask))
    with driver.trace() as outer:
        driver.run(one(ask))
        with driver.trace() as inner:
            driver.run(one((ask, ask)))
        driver.run(one(ask))
    driver.run(one(ask))
    assert (6, 4, 2) == (len(driver.ledger), len(outer), len(inner))


def test_a_trace_is_closed_by_an_error(drive):
    driver = drive()
    with pytest.raises(ZeroDivisionError), driver.trace() as trace:
        raise ZeroDivisionError
    driver.run(one(Request("GET", "/a")))
    assert (1, 0) == (len(driver.ledger), len(trace))


def test_totals_go_on_when_old_entries_are_dropped():
    ledger = Ledger(keep=2)
    for number in range(5):
        ledger.add(Entry("GET", f"/{number}", status=200, milliseconds=1.5, bytes_sent=10, bytes_received=100))
    assert (5, 50, 500, 7.5) == (len(ledger), ledger.bytes_sent, ledger.bytes_received, ledger.milliseconds)
    assert ["/3", "/4"] == [entry.path for entry in ledger]


def test_its_text_is_a_table_under_a_line_of_totals():
    ledger = Ledger()
    assert "0 requests, 0 ms, 0 B out, 0 B in" == str(ledger)
    ledger.add(Entry("GET", "/a", status=200, milliseconds=12.4, bytes_received=340))
    ledger.add(Entry("POST", "/b", error="TimedOut", milliseconds=5, bytes_sent=7, attempt=2))
    assert "<Ledger: 2 requests, 17 ms, 7 B out, 340 B in>" == repr(ledger)
    lines = str(ledger).splitlines()
    assert 3 == len(lines)
    assert ["GET", "200", "12", "ms", "0", "B", "out", "340", "B", "in", "/a"] == lines[1].split()
    assert "attempt 2" in lines[2]
    assert "TimedOut" in lines[2]


def test_a_long_ledger_shows_its_latest_entries():
    ledger = Ledger()
    for number in range(100):
        ledger.add(Entry("GET", f"/{number}", status=200))
    lines = str(ledger).splitlines()
    assert ("the latest 20:", 22) == (lines[1], len(lines))
    assert lines[-1].endswith("/99")


def test_threads_lose_no_entry():
    ledger = Ledger()

    def add():
        for _ in range(2000):
            ledger.add(Entry("GET", "/", status=200, bytes_sent=1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (8000, 8000) == (len(ledger), ledger.bytes_sent)


@pytest.mark.parametrize("auth", [Basic("joe", "s3cret-pw"), Bearer("s3cret-pw")])
def test_a_request_is_one_debug_line_without_query_or_secret(server, drive, caplog, auth):
    caplog.set_level(logging.DEBUG, "assetmeta")
    server.answers = [Reply(body=b"12")]
    driver = drive(auth)
    driver.run(one(Request("GET", server.url + "/a?token=s3cret-pw", query=(("password", "s3cret-pw"),))))
    (record,) = [record for record in caplog.records if record.name.startswith("assetmeta")]
    assert ("DEBUG", "assetmeta.wire.sender") == (record.levelname, record.name)
    assert record.getMessage().startswith(f"GET {server.url}/a: 200, ")
    assert "0 bytes out, 2 bytes in" in record.getMessage()
    assert "s3cret-pw" not in caplog.text + str(driver.ledger) + repr(tuple(driver.ledger))
