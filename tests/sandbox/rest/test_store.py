"""The store: rows, references, counters, bytes; all of a transaction or nothing; the same after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetmeta.sandbox.rest.store import AnyKey, Store

REFERENCES = {"box": ("owner", "parts"), "part": ("box",), "user": ()}


@pytest.fixture
def store() -> Store[AnyKey]:
    """A box of user 1 with two parts, in an order that is not that of their keys."""
    store: Store[AnyKey] = Store(REFERENCES)
    with store.transaction():
        store.next("user")
        store.write("user", 1, {"name": "ada"})
        store.write("part", "p2", {"box": "b"})
        store.write("part", "p1", {"box": "b"})
        store.write("box", "b", {"owner": 1, "parts": ["p2", "p1"]})
    return store


def test_rows(store: Store[AnyKey]) -> None:
    assert store.ids("part") == ["p1", "p2"]
    assert store.get("box", "b") == {"owner": 1, "parts": ["p2", "p1"]}
    assert (store.get("box", None), store.get("box", "c"), dict(store.rows("user"))) == (
        None,
        None,
        {1: {"name": "ada"}},
    )


def test_references_are_found_from_the_other_side(store: Store[AnyKey]) -> None:
    assert store.pointing("part", "box", "b") == ["p1", "p2"]
    assert store.pointing("box", "owner", 1) == ["b"]
    assert store.pointing("box", "parts", "p1") == ["b"]
    assert (store.pointing("box", "owner", None), store.pointing("box", "owner", 2)) == ([], [])


def test_a_change_moves_references_and_leaves_who_holds_the_old_row_alone(store: Store[AnyKey]) -> None:
    old = store.get("box", "b")
    with store.transaction():
        store.put("box", "b", {"parts": ["p2"], "owner": None})
    assert old == {"owner": 1, "parts": ["p2", "p1"]}
    assert (store.pointing("box", "parts", "p1"), store.pointing("box", "parts", "p2")) == ([], ["b"])
    assert store.pointing("box", "owner", 1) == []


def test_what_is_removed_is_gone_with_its_bytes_and_its_references(store: Store[AnyKey]) -> None:
    with store.transaction():
        store.write_blob("part", "p1", "a.txt", "text/plain", b"abc")
    assert store.read_blob("part", "p1") == ("a.txt", "text/plain", b"abc")
    with store.transaction():
        store.remove("part", "p1")
    assert (store.ids("part"), store.pointing("part", "box", "b"), store.read_blob("part", "p1")) == (
        ["p2"],
        ["p2"],
        None,
    )


def test_nothing_of_a_failed_transaction_stays(store: Store[AnyKey]) -> None:
    with store.transaction():
        store.write_blob("part", "p1", "a.txt", "text/plain", b"abc")
    before = store.snapshot()

    def fail() -> None:
        with store.transaction():
            store.next("user")
            store.reserve("box", 9)
            store.put("box", "b", {"owner": 2})
            store.remove("part", "p1")
            store.write("part", "p3", {"box": "b"})
            with store.transaction():
                store.write("part", "p4", {"box": "b"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (store.ids("part"), store.pointing("part", "box", "b")) == (["p1", "p2"], ["p1", "p2"])
    assert (store.pointing("box", "owner", 1), store.pointing("box", "owner", 2)) == (["b"], [])
    assert store.read_blob("part", "p1") == ("a.txt", "text/plain", b"abc")
    assert store.snapshot() == before
    with store.transaction():
        assert (store.next("user"), store.next("box")) == (2, 1)


def test_of_several_changes_to_one_row_the_first_state_comes_back(store: Store[AnyKey]) -> None:
    def fail() -> None:
        with store.transaction():
            store.put("box", "b", {"owner": 2})
            store.put("box", "b", {"owner": 3})
            store.remove("box", "b")
            store.write("box", "b", {"owner": 4, "parts": []})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.get("box", "b") == {"owner": 1, "parts": ["p2", "p1"]}
    assert [store.pointing("box", "owner", user) for user in (1, 2, 3, 4)] == [["b"], [], [], []]


def test_keys_are_in_order_after_every_change(store: Store[AnyKey]) -> None:
    seen = [store.ids("part")]
    for change in (
        lambda: store.write("part", "p0", {"box": None}),
        lambda: store.put("part", "p0", {"box": "b"}),
        lambda: store.remove("part", "p2"),
    ):
        with store.transaction():
            change()
        seen.append(store.ids("part"))
    assert seen == [["p1", "p2"], ["p0", "p1", "p2"], ["p0", "p1", "p2"], ["p0", "p1"]]


def test_counters(store: Store[AnyKey]) -> None:
    with store.transaction():
        store.reserve("user", 7)
        store.reserve("user", 3)
        assert (store.next("user"), store.next("other")) == (8, 1)


@pytest.mark.parametrize("write", ["next", "reserve", "put", "write_blob", "remove"])
def test_there_is_no_writing_outside_of_a_transaction(store: Store[AnyKey], write: str) -> None:
    writes = {
        "next": lambda: store.next("user"),
        "reserve": lambda: store.reserve("user", 1),
        "put": lambda: store.put("box", "b", {}),
        "write_blob": lambda: store.write_blob("box", "b", "", "", b""),
        "remove": lambda: store.remove("box", "b"),
    }
    with pytest.raises(RuntimeError, match="outside of a transaction"):
        writes[write]()
    assert store.get("box", "b") is not None


def test_the_same_after_a_restart(store: Store[AnyKey], tmp_path: Path) -> None:
    path = str(tmp_path / "data.db")
    first: Store[AnyKey] = Store(REFERENCES, path)
    assert first.fresh
    with first.transaction():
        first.next("user")
        first.write("part", 10, {"box": None})
        first.write("part", 9, {"box": 1, "size": 0.5})
        first.put("part", 10, {"box": 1})
        first.write("user", 1, {})
        first.remove("user", 1)
        first.write_blob("part", 9, "a", "b", b"c")
    first.close()
    second: Store[AnyKey] = Store(REFERENCES, path)
    assert (second.fresh, second.ids("part"), second.ids("user")) == (False, [9, 10], [])
    assert (second.get("part", 9), second.pointing("part", "box", 1)) == ({"box": 1, "size": 0.5}, [9, 10])
    assert second.read_blob("part", 9) == ("a", "b", b"c")
    with second.transaction():
        assert second.next("user") == 2
    copy: Store[AnyKey] = Store(REFERENCES, second.snapshot())
    assert (copy.ids("part"), copy.read_blob("part", 9)) == ([9, 10], ("a", "b", b"c"))
    fewer: Store[AnyKey] = Store({"user": ()}, second.snapshot())
    assert fewer.ids("user") == []
    for each in (second, copy, fewer):
        each.close()


def test_the_database_is_copied_and_closed_under_its_lock(store: Store[AnyKey]) -> None:
    held = []

    class Connection:
        def serialize(self) -> bytes:
            held.append(store.lock._is_owned())  # type: ignore[attr-defined]
            return b""

    def close() -> None:
        held.append(store.lock._is_owned())  # type: ignore[attr-defined]

    store.close()
    store._connection = Connection()  # type: ignore[assignment]
    store._close = close  # type: ignore[method-assign]
    assert b"" == store.snapshot()
    store.close()
    assert [True, True] == held
