"""Bulk writes over real HTTP, against a server that knows nothing of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta import sandbox
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import NotFound, Rejected
from assetmeta.model.paths import Path
from assetmeta.model.plans import (
    AttributeChange,
    Call,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Fetch,
    Skipped,
    Unknown,
    Update,
)
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid
from assetmeta.wire.auth import Basic
from assetmeta.wire.driver import Driver

ROOT = Oid("Scope", 0)
ADMIN = Oid("Member", 20)
SLOW = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda c: c >= " " or c in "\t\n\r"
    ),
    min_size=1,
    max_size=60,
)
LOOKALIKES = st.sampled_from(
    [
        *("@n1", "@n2", "@", "Story:1005", "Scope:0", "NULL", "null", "~", "true", "no", "1e3", "0x10", "2026-03-01"),
        *("{from: Story}", "['a']", "- a", "a: b", "# x", "'", '"', "\\u0041", "<b>&amp;</b>", "$v", "%2B", "|", ">"),
        *(
            "\x85",
            "\u2028",
            "\u2029",
            "\ufeff",
            "a\r\nb\rc\n",
            " lead",
            "trail ",
            "😀\U0001f468\u200d",
            "---",
            "*a",
            "&a",
        ),
    ]
)


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=100) as running:
        yield running


@pytest.fixture(scope="module")
def driver(server: sandbox.Server) -> Iterator[Driver]:
    given = server.credentials
    with Driver(given["instance_url"], Basic(given["username"], given["password"])) as found:
        yield found


@pytest.fixture(scope="module")
def schema(driver: Driver) -> Schema:
    return driver.run(VersionOne().reflect())


Write = Callable[..., list[Any]]


@pytest.fixture
def write(driver: Driver, schema: Schema) -> Write:
    """Return a writer: write(changes, **settings) -> outcomes; `write.paths` are its requests."""

    def writer(changes: list[Change], backend: VersionOne | None = None, **given: Any) -> list[Any]:
        with driver.trace() as ledger:
            outcomes = driver.run((backend or VersionOne(**given)).write(schema, changes))
        writer.paths = [entry.path for entry in ledger]  # type: ignore[attr-defined]
        assert [outcome.change for outcome in outcomes] == changes
        return outcomes

    return writer


@pytest.fixture
def values(driver: Driver, schema: Schema) -> Callable[..., list[Any]]:
    """Return a reader of one attribute of several assets, decoded, in their order."""

    def reader(oids: list[Oid], name: str) -> list[Any]:
        fetch = Fetch(oids[0].type, (Path.parse(name),), oids=tuple(oids))
        [rows] = driver.run(VersionOne().fetch(schema, [fetch]))
        codec = schema.attribute(oids[0].type, name).codec
        found = {row.oid: dict(zip(row.columns, row.values, strict=True))[name] for row in rows.rows}
        return [found[oid] if isinstance(found[oid], tuple) else codec.decode(found[oid]) for oid in oids]

    return reader


def story(number: int, name: object = "s", *deltas: AttributeChange, scope: Oid = ROOT) -> Create:
    return Create(
        Oid.new("Story", number), (AttributeChange("Name", None, name), AttributeChange("Scope", None, scope), *deltas)
    )


def rename(oid: Oid, name: str) -> Update:
    return Update(oid, (AttributeChange("Name", UNREAD, name),))


def made(write: Write, number: int) -> list[Oid]:
    return [outcome.oid for outcome in write([story(n, f"s{n}") for n in range(number)])]


@contextmanager
def older(server: sandbox.Server, **switches: bool) -> Iterator[None]:
    """Let the server be of an earlier version for a while."""
    bulk = server.face.bulk  # type: ignore[attr-defined]
    before = {name: getattr(bulk, name) for name in switches}
    try:
        for name, value in switches.items():
            setattr(bulk, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(bulk, name, value)


def test_new_assets_refer_to_each_other_across_chunks(write: Write, values: Any) -> None:
    changes: list[Change] = [
        Create(Oid.new("Epic", 0), (AttributeChange("Name", None, "E"), AttributeChange("Scope", None, ROOT)))
    ]
    for n in range(1, 31):
        before = Oid.new("Story", n - 3) if n > 3 else None
        links = [AttributeChange("Super", None, Oid.new("Epic", 0))]
        if before is not None:
            links.append(AttributeChange("Dependencies", (), added=(before,), is_multi=True))
        changes.append(story(n, f"s{n}", *links))
    changes += [
        Create(Oid.new("Task", 31 + n), (AttributeChange("Name", None, "t"),), context=Oid.new("Story", n))
        for n in range(1, 31)
    ]
    outcomes = write(changes, max_bulk=14)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert set(write.paths) == {"api/asset"}  # type: ignore[attr-defined]
    epic, stories, tasks = outcomes[0].oid, [each.oid for each in outcomes[1:31]], [each.oid for each in outcomes[31:]]
    assert values(stories, "Name") == [f"s{n}" for n in range(1, 31)]
    assert values(stories, "Super") == [epic] * 30
    assert values(stories, "Dependencies") == [(), (), (), *((oid,) for oid in stories[:-3])]
    assert values(tasks, "Parent") == stories
    told = dict(zip(outcomes[1].row.columns, outcomes[1].row.values, strict=True))
    assert [told["Number"]] == values(stories[:1], "Number")


def test_one_in_ten_fails_alone(write: Write, values: Any) -> None:
    missing = Oid("Scope", 9999)
    changes = [story(n, f"s{n}", scope=missing if n % 10 == 3 else ROOT) for n in range(100)]
    outcomes = write(changes)
    bad = [outcomes[n] for n in range(3, 100, 10)]
    good = [outcome for outcome in outcomes if outcome not in bad]
    assert {type(outcome) for outcome in good} == {Done}
    assert {(type(outcome), type(outcome.error)) for outcome in bad} == {(Failed, Rejected)}
    assert values([each.oid for each in good], "Name") == [each.change.deltas[0].new for each in good]
    assert "Story.Scope" in str(bad[0].error)
    broken = AttributeChange("Super", UNREAD, Oid("Epic", 9999))
    updates: list[Change] = [rename(each.oid, f"r{place}") for place, each in enumerate(good)]
    updates[3::10] = [Update(each.oid, (broken,)) for each in good[3::10]]
    kinds = [type(outcome) for outcome in write(updates)]
    assert kinds == [Failed if place % 10 == 3 else Done for place in range(90)]


def test_what_needs_a_failed_create_is_skipped_in_its_chunk_and_later(write: Write) -> None:
    changes: list[Change] = [story(1, scope=Oid("Scope", 9999)), story(2)]
    changes += [
        Create(
            Oid.new("Task", n),
            (AttributeChange("Name", None, "t"), AttributeChange("Parent", None, Oid.new("Story", 1 + n % 2))),
        )
        for n in range(10, 20)
    ]
    for most in (200, 4):
        outcomes = write(changes, max_bulk=most)
        assert [type(each) for each in outcomes] == [Failed, Done, *([Skipped, Done] * 5)]
        assert {each.needs for each in outcomes if isinstance(each, Skipped)} == {Oid.new("Story", 1)}


def test_updates_of_deleted_and_unknown_assets_are_not_found(write: Write, values: Any) -> None:
    oids = made(write, 10)
    write([Delete(oids[3]), Delete(oids[7])])
    changes: list[Change] = [rename(oid, "x") for oid in [*oids, Oid("Story", 99_999)]]
    outcomes = write(changes)
    assert [type(each) for each in outcomes] == [Failed if n in (3, 7, 10) else Done for n in range(11)]
    assert {type(each.error) for each in outcomes if isinstance(each, Failed)} == {NotFound}
    assert write.paths == ["api/asset", "query.v1"]  # type: ignore[attr-defined]
    outcomes = write([Call(oids[3], "QuickClose"), Delete(oids[7]), Call(oids[1], "Inactivate")])
    assert [type(each) for each in outcomes] == [Failed, Failed, Done]
    assert [type(each.error) for each in outcomes[:2]] == [NotFound, NotFound]
    assert [type(each) for each in write([Call(oids[n], "Undelete") for n in (3, 7, 1)])] == [Done, Done, Failed]
    assert values([oids[3], oids[7]], "Name") == ["s3", "s7"]


def test_an_update_that_changes_nothing_is_done(write: Write) -> None:
    oids = made(write, 3)
    assert [type(each) for each in write([rename(oid, f"s{n}") for n, oid in enumerate(oids)])] == [Done] * 3


@SLOW
@given(texts=st.lists(TEXT | LOOKALIKES, min_size=2, max_size=8))
def test_any_text_comes_back_letter_by_letter(texts: list[str], write: Write, values: Any) -> None:
    """Written by bulk creates and updates and read by query.v1; what could be an alias goes another way."""
    creates = write([story(n, "s", AttributeChange("Description", None, text)) for n, text in enumerate(texts)])
    oids = [outcome.oid for outcome in creates]
    assert values(oids, "Description") == texts
    for outcome in creates:
        told = dict(zip(outcome.row.columns, outcome.row.values, strict=True))
        assert told["Description"] == outcome.change.deltas[2].new
    mirrored = [text[::-1] for text in texts]
    tags = [tuple(dict.fromkeys([text, "plain"])) for text in texts]
    updates = write(
        [
            Update(
                oid,
                (
                    AttributeChange("Description", UNREAD, text),
                    AttributeChange("TaggedWith", (), added=each, is_multi=True),
                ),
            )
            for oid, text, each in zip(oids, mirrored, tags, strict=True)
        ]
    )
    assert {type(each) for each in updates} == {Done}
    assert values(oids, "Description") == mirrored
    assert [set(each) for each in values(oids, "TaggedWith")] == [set(each) for each in tags]


def test_values_of_all_kinds_arrive_as_one_by_one(write: Write, values: Any, schema: Schema) -> None:
    def deltas(kind: str) -> tuple[AttributeChange, ...]:
        given = {"Name": "n", "Scope": ROOT, "Estimate": Decimal("9.30"), "BeginDate": "2026-03-01", "Super": None}
        known = schema.type(kind).attributes
        return tuple(
            AttributeChange(name, None, known[name].codec.parse(value))
            for name, value in given.items()
            if name in known and value is not None and known[name].writable
        )

    changes = [Create(Oid.new("Story", n), deltas("Story")) for n in range(2)]
    both = [*write(changes), *write(changes, bulk=False)]
    assert values([each.oid for each in both], "Estimate") == [Decimal("9.3")] * 4
    scopes = [
        Create(
            Oid.new("Scope", n), (AttributeChange("Name", None, f"p{n}"), AttributeChange("Parent", None, ROOT), *extra)
        )
        for n, extra in enumerate(2 * [tuple(d for d in deltas("Scope") if d.name == "BeginDate")])
    ]
    dates = values([each.oid for each in [*write(scopes), *write(scopes, bulk=False)]], "BeginDate")
    assert len(set(dates)) == 1


def test_operations_with_arguments(write: Write, driver: Driver) -> None:
    member = write([Create(Oid.new("Member", n), _member(n)) for n in range(3)])
    calls = [
        Call(ROOT, "AssignMemberWithRole", (("Member", each.oid), ("Role", Oid("Role", 3)), ("IsOwner", False)))
        for each in member
    ]
    assert [type(each) for each in write([*calls, Call(ROOT, "Nope", (("A", 1),))])] == [Done, Done, Done, Failed]
    assert [type(each) for each in write(calls[:1])] == [Done]


def _member(number: int) -> tuple[AttributeChange, ...]:
    texts = {"Name": f"M{number}", "Nickname": f"m{number}", "Username": f"m{number}", "Password": "secret"}
    return (
        *(AttributeChange(name, None, text) for name, text in texts.items()),
        AttributeChange("DefaultRole", None, Oid("Role", 3)),
    )


def test_operations_on_many_assets_take_few_requests(write: Write) -> None:
    oids = made(write, 300)
    assert {type(each) for each in write([Call(oid, "QuickClose") for oid in oids])} == {Done}
    assert write.paths == ["api/asset"] * 2  # type: ignore[attr-defined]


def test_a_thousand_updates_take_ten_requests_at_most(write: Write, values: Any) -> None:
    oids = made(write, 1000)
    assert len(write.paths) == 10  # type: ignore[attr-defined]
    changes = [
        Update(
            oid,
            (AttributeChange("Name", UNREAD, f"r{n}"), AttributeChange("Owners", (), added=(ADMIN,), is_multi=True)),
        )
        for n, oid in enumerate(oids)
    ]
    assert {type(each) for each in write(changes)} == {Done}
    assert len(write.paths) <= 10  # type: ignore[attr-defined]
    assert values(oids, "Name") == [f"r{n}" for n in range(1000)]


def test_a_server_without_bulk_api_is_written_one_by_one(server: sandbox.Server, write: Write, values: Any) -> None:
    backend = VersionOne()
    with older(server, enabled=False):
        outcomes = write(
            [story(1, "a"), story(2, "b", AttributeChange("Super", None, Oid("Epic", 9999))), story(3, "c")], backend
        )
        assert [type(each) for each in outcomes] == [Done, Failed, Done]
        assert write.paths == ["api/asset", *["rest-1.v1/Data/Story"] * 3]  # type: ignore[attr-defined]
        write([rename(outcomes[0].oid, "x"), rename(outcomes[2].oid, "y")], backend)
        assert "api/asset" not in write.paths  # type: ignore[attr-defined]
    assert values([outcomes[0].oid, outcomes[2].oid], "Name") == ["x", "y"]


def test_a_server_that_reports_no_failures(server: sandbox.Server, write: Write, values: Any) -> None:
    oids = made(write, 3)
    with older(server, failures=False):
        changes: list[Change] = [
            rename(oids[0], "x"),
            Update(oids[1], (AttributeChange("Super", UNREAD, Oid("Epic", 9999)),)),
            rename(Oid("Story", 99_999), "x"),
            Call(oids[2], "Nope"),
            Call(oids[0], "QuickClose"),
        ]
        outcomes = write(changes)
        assert [type(each) for each in outcomes] == [Done, Failed, Failed, Failed, Done]
        assert [type(each.error) for each in outcomes[1:4]] == [Rejected, NotFound, Rejected]
        outcomes = write([story(1), story(2, scope=Oid("Scope", 9999)), story(3)])
        assert Done not in [type(each) for each in outcomes[1:2]]
        assert {type(each) for each in write([story(1), story(2)])} == {Done}


def test_a_chunk_without_an_answer_is_compared_by_a_read_and_the_rest_goes_on(
    server: sandbox.Server, write: Write, values: Any
) -> None:
    oids = made(write, 8)
    server.add_fault("drop:1:/api/asset")
    backend = VersionOne(max_bulk=3)
    outcomes = write([rename(oid, "x") for oid in oids], backend)
    assert [type(each) for each in outcomes] == [Done] * 8
    first, last = (f"rest-1.v1/Data/Story/{oids[number].key}" for number in (3, 7))
    paths = ["api/asset", "query.v1", first, "api/asset", last]
    assert write.paths == paths  # type: ignore[attr-defined]
    assert values(oids, "Name") == ["x"] * 8


def test_a_lost_answer_in_the_middle_ends_nothing(
    server: sandbox.Server, driver: Driver, schema: Schema, write: Write
) -> None:
    def watched(flow: Any) -> Any:
        """Run *flow*; the answer after the first is lost."""
        first, yielded = True, next(flow)
        while True:
            sent = yield yielded
            if first:
                server.add_fault("drop:1:/api/asset")
            first = False
            try:
                yielded = flow.send(sent)
            except StopIteration as end:
                return end.value

    changes: list[Change] = [rename(oid, "y") for oid in made(write, 6)]
    outcomes = driver.run(watched(VersionOne(max_bulk=2, max_lanes=1).write(schema, changes)))
    assert [type(each) for each in outcomes] == [Done] * 6


def test_a_server_that_fails_before_doing_anything_leaves_it_unknown_too(server: sandbox.Server, write: Write) -> None:
    oids = made(write, 2)
    server.add_fault("500:1:/api/asset")
    assert [type(each) for each in write([Delete(oid) for oid in oids])] == [Unknown, Unknown]


def test_a_login_that_is_refused_fails_all(server: sandbox.Server, schema: Schema) -> None:
    with Driver(server.credentials["instance_url"], Basic("admin", "wrong")) as driver:  # type: ignore[arg-type]
        outcomes = driver.run(VersionOne().write(schema, [Delete(Oid("Story", 1)), Delete(Oid("Story", 2))]))
    assert [type(each) for each in outcomes] == [Failed, Failed]
