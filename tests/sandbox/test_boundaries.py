"""Small parts of the sandbox at their limits: the value at a limit, the one after it, and several threads at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assetmeta.sandbox import server
from assetmeta.sandbox.messages import Request, basic_pair
from assetmeta.sandbox.rest.throttle import Throttle
from assetmeta.sandbox.valohai.life.clock import Clock
from assetmeta.sandbox.versionone.call import wants_json, weight_of
from assetmeta.sandbox.versionone.catalogue import catalogue
from assetmeta.sandbox.versionone.literals import spell_time
from assetmeta.sandbox.versionone.login import API_SCOPE, QUERY_SCOPE, Grant, Logins, access_token
from assetmeta.sandbox.versionone.parameters import read_comment, read_page
from assetmeta.sandbox.versionone.problems import Problem
from assetmeta.sandbox.versionone.requests import EVERYTHING
from assetmeta.sandbox.versionone.store import Store, contains, found


def in_threads(work: Callable[[], Any], many: int = 8) -> list[Any]:
    """What *work* gives in several threads that begin together."""
    results: list[Any] = []
    barrier = threading.Barrier(many)

    def run() -> None:
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class TestThrottle:
    def test_as_many_as_allowed_within_a_minute_and_not_one_more(self) -> None:
        seconds = [100.0]
        throttle = Throttle(lambda: seconds[0])
        assert [throttle.wait(1, 3) for _ in range(4)] == [None, None, None, 60]
        seconds[0] += 0.5
        assert throttle.wait(1, 3) == 60
        seconds[0] += 58.5
        assert throttle.wait(1, 3) == 1
        seconds[0] = 159.99
        assert throttle.wait(1, 3) == 1
        seconds[0] = 160.0
        assert [throttle.wait(1, 3) for _ in range(4)] == [None, None, None, 60]

    def test_a_refused_request_is_not_counted(self) -> None:
        seconds = [0.0]
        throttle = Throttle(lambda: seconds[0])
        assert throttle.wait(1, 1) is None
        seconds[0] = 59.0
        assert throttle.wait(1, 1) == 1
        seconds[0] = 60.0
        assert throttle.wait(1, 1) is None

    def test_each_user_has_a_count_of_their_own(self) -> None:
        throttle = Throttle(lambda: 0.0)
        assert [throttle.wait(user, 1) for user in (1, 2, 1, 2)] == [None, None, 60, 60]

    def test_no_limit_counts_nothing_and_none_allowed_refuses_all(self) -> None:
        throttle = Throttle(lambda: 0.0)
        assert [throttle.wait(1, None) for _ in range(5)] == [None] * 5
        assert throttle.wait(1, 1) is None
        assert throttle.wait(2, 0) == 60

    def test_several_threads_share_one_count(self) -> None:
        throttle = Throttle(lambda: 0.0)
        assert in_threads(lambda: throttle.wait(1, 5)).count(None) == 5


class NoMembers:
    """Knows nobody."""

    def login(self, username: str, password: str) -> str | None:
        return None


class TestTokens:
    def test_a_token_ends_at_its_second_and_is_forgotten(self) -> None:
        seconds = [10.0]
        logins = Logins(NoMembers(), lambda: seconds[0])
        logins.add("t", Grant("Member:20", expires=20.0))
        seconds[0] = 19.999
        assert logins.member("Bearer t", API_SCOPE) == "Member:20"
        seconds[0] = 20.0
        assert logins.member("Bearer t", API_SCOPE) is None
        seconds[0] = 10.0
        assert logins.member("Bearer t", API_SCOPE) is None

    def test_a_token_opens_its_scopes_alone(self) -> None:
        logins = Logins(NoMembers())
        logins.add("t", Grant("Member:20", frozenset({API_SCOPE})))
        assert logins.member("Bearer t", API_SCOPE) == "Member:20"
        assert logins.member("Bearer t", QUERY_SCOPE) is None
        logins.add("all", Grant("Member:20"))
        assert logins.member("bearer  all ", QUERY_SCOPE) == "Member:20"

    @pytest.mark.parametrize(
        ("credentials", "pair"),
        [
            ("YTpi", ("a", "b")),
            ("Og==", ("", "")),
            ("YTpiOmM=", ("a", "b:c")),
            ("YWI=", None),
            ("!", None),
            ("/w==", None),
            ("\xff", None),
        ],
    )
    def test_basic_credentials(self, credentials: str, pair: tuple[str, str] | None) -> None:
        assert basic_pair(f"Basic {credentials}") == pair

    def test_lasting_tokens_differ_by_user(self) -> None:
        assert access_token("admin") == access_token("admin") != access_token("zoe")


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "page"),
        [
            (None, (None, 0)),
            ("0", (0, 0)),
            ("5", (5, 0)),
            ("5,7", (5, 7)),
            (f"{EVERYTHING},{EVERYTHING}", (EVERYTHING, EVERYTHING)),
        ],
    )
    def test_pages(self, text: str | None, page: tuple[int | None, int]) -> None:
        assert read_page(text) == page

    @pytest.mark.parametrize("text", ["", "5,", ",5", "-1", "5,7,9", f"{EVERYTHING + 1}", f"5,{EVERYTHING + 1}", "٥"])
    def test_what_is_no_page(self, text: str) -> None:
        with pytest.raises(Problem, match="Invalid PAGE parameter"):
            read_page(text)

    @pytest.mark.parametrize(
        ("text", "comment"),
        [
            (None, None),
            ("", None),
            ("'", "'"),
            ("''", None),
            ("'why'", "why"),
            ("'why", "'why"),
            ("why'", "why'"),
            ("''why''", "'why'"),
        ],
    )
    def test_comments_lose_one_pair_of_quotes(self, text: str | None, comment: str | None) -> None:
        assert read_comment(text) == comment

    @pytest.mark.parametrize(
        ("accept", "json"),
        [
            ("", False),
            ("*/*", False),
            ("application/json", True),
            ("text/json", True),
            ("text/xml, application/json", True),
            ("text/xml;q=0.5, application/json;q=0.4", False),
            ("application/json;q=0.5, text/xml;q=0.5", True),
            ("application/json;q=0", False),
            ("application/json;q=x", False),
            ("application/json;charset=utf-8;q=0.3, text/xml;q=0.2", True),
            ("text/xml;q=0.9, text/xml;q=0.1, application/json;q=0.5", False),
            ("image/png", False),
        ],
    )
    def test_which_format_is_wanted(self, accept: str, json: bool) -> None:
        assert wants_json(accept) is json

    def test_weights(self) -> None:
        assert [weight_of(options) for options in ([], ["q=0.25"], ["a=b", "q=1"], ["q="])] == [1.0, 0.25, 1.0, 0.0]

    def test_segments(self) -> None:
        request = Request("GET", "/a%2Fb//c%20d/", "X=1&x=2&Y&Z=")
        assert request.segments() == ["a/b", "c d"]
        assert request.decoded_segments() == ["a", "b", "c d"]
        assert request.parameters() == [("x", "1"), ("x", "2"), ("y", ""), ("z", "")]
        assert (request.target, Request("GET", "/a").target) == ("/a%2Fb//c%20d/?X=1&x=2&Y&Z=", "/a")


class TestClock:
    def test_held_it_moves_by_hand_alone_and_goes_on_from_there(self) -> None:
        times = [datetime(2024, 5, 1, tzinfo=UTC)]
        clock = Clock(lambda: times[0])
        clock.advance(5)
        assert clock.now() - times[0] == timedelta(seconds=5)
        clock.hold()
        held = clock.now()
        times[0] += timedelta(hours=1)
        assert clock.now() == held
        clock.advance(0)
        clock.advance(2)
        assert clock.now() - held == timedelta(seconds=2)
        clock.run()
        assert clock.now() - held == timedelta(seconds=2)
        times[0] += timedelta(seconds=1)
        assert clock.now() - held == timedelta(seconds=3)
        clock.run()
        assert clock.now() - held == timedelta(seconds=3)

    @pytest.mark.parametrize("held", [True, False])
    def test_it_does_not_go_back(self, held: bool) -> None:
        clock = Clock()
        if held:
            clock.hold()
        with pytest.raises(ValueError, match="does not go back"):
            clock.advance(-0.001)

    def test_threads_move_it_together(self) -> None:
        clock = Clock()
        clock.hold()
        before = clock.now()
        in_threads(lambda: [clock.advance(1) for _ in range(200)])
        assert clock.now() - before == timedelta(seconds=1600)


class TestStore:
    def test_no_number_is_given_out_twice(self) -> None:
        store = Store(catalogue())
        taken = in_threads(lambda: [store.reserve(3) for _ in range(20)])
        firsts = sorted(first for found in taken for first in found)
        assert firsts == list(range(firsts[0], firsts[0] + 3 * 160, 3))
        assert store.reserve(1, "other", 7) == 7
        assert store.reserve(1, "other", 7) == 8
        store.close()

    def test_no_moment_is_given_out_twice(self) -> None:
        store = Store(catalogue())
        now = datetime(2024, 5, 1, tzinfo=UTC)
        moments = sorted(
            m for found in in_threads(lambda: [store.tick(spell_time(now)) for _ in range(20)]) for m in found
        )
        assert moments == list(range(160))
        store.close()

    def test_a_part_that_fails_leaves_the_rest(self) -> None:
        store = Store(catalogue())
        with store.transaction():
            store.write_blob("A:1", b"kept")
            with pytest.raises(KeyError), store.part():
                store.write_blob("A:2", b"lost")
                raise KeyError
        assert (store.read_blob("A:1"), store.read_blob("A:2")) == (b"kept", None)
        with pytest.raises(KeyError), store.transaction():
            store.write_blob("A:1", b"changed")
            raise KeyError
        assert store.read_blob("A:1") == b"kept"
        store.close()

    @pytest.mark.parametrize(
        ("text", "words", "there"),
        [
            ("Login page", "page", True),
            ("Login page", "pag", False),
            ("Login page", "pag*", True),
            ("Login page", "ogin", False),
            ("Login page", "PAGE login", True),
            ("Login page", "page nothing", False),
            ("5", "5", True),
            (None, "x", False),
        ],
    )
    def test_whole_words(self, text: str | None, words: str, there: bool) -> None:
        assert found(text, words) is there

    @pytest.mark.parametrize(
        ("text", "texts", "there"),
        [
            ("Straße", '["strasse"]', True),
            ("abc", '["x", "B"]', False),
            ("abc", '["x", "b"]', True),
            (None, '["b"]', False),
        ],
    )
    def test_parts_of_texts(self, text: str | None, texts: str, there: bool) -> None:
        assert contains(text, texts) is there


class TestPorts:
    def test_ports_that_are_taken_are_stepped_over(self, three_ports: int) -> None:
        with server.after((), "127.0.0.1", three_ports) as first:
            assert first.getsockname()[1] == three_ports
            with pytest.raises(OSError, match="in use"):
                server.after((), "127.0.0.1", three_ports)
            with (
                socket.create_server(("127.0.0.1", three_ports + 1)),
                server.after([first], "127.0.0.1", three_ports) as second,
            ):
                assert second.getsockname()[1] == three_ports + 2
            with server.after([first], "127.0.0.1", three_ports) as second:
                assert second.getsockname()[1] == three_ports + 1

    def test_any_port_is_not_the_next_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[int] = []
        monkeypatch.setattr(server, "listen", lambda host, port: asked.append(port))
        listener = socket.create_server(("127.0.0.1", 0))
        with listener:
            server.after([listener], "127.0.0.1", 0)
        assert asked == [0]

    def test_behind_the_last_port_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(host: str, port: int) -> socket.socket:
            asked.append(port)
            raise OSError("taken")

        class Last:
            def __init__(self, port: int) -> None:
                self.port = port

            def getsockname(self) -> tuple[str, int]:
                return "127.0.0.1", self.port

        asked: list[int] = []
        monkeypatch.setattr(server, "listen", refuse)
        for port, tried in ((65_535, []), (65_533, [65_534, 65_535]), (1000, list(range(1001, 1101)))):
            asked.clear()
            with pytest.raises(OSError, match=f"no port after {port} is free"):
                server.after([Last(port)], "127.0.0.1", 8080)  # type: ignore[list-item]
            assert asked == tried
