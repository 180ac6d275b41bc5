"""The dialect against a server that knows nothing of it: every kind of read and write over real HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from assetmeta import sandbox
from assetmeta.backends.asset_state import AssetState
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import AuthenticationFailed, NotFound, Rejected
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import (
    AttributeChange,
    Call,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Fetch,
    Find,
    Row,
    Rows,
    Skipped,
    Sort,
    Update,
)
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid
from assetmeta.wire.auth import Basic
from assetmeta.wire.driver import Driver
from nonempty import nonempty

BACKEND = VersionOne()
ROOT = Oid("Scope", 0)
ADMIN = Oid("Member", 20)
HOSTILE = "<b>&amp; 'q' \"d\"; a|b, $v1 ]\r\n\t 😀 \u2028 x\r"


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=200) as running:
        yield running


@pytest.fixture(scope="module")
def driver(server: sandbox.Server) -> Iterator[Driver]:
    given = server.credentials
    with Driver(given["instance_url"], Basic(given["username"], given["password"])) as found:
        yield found


@pytest.fixture(scope="module")
def schema(driver: Driver) -> Schema:
    return driver.run(BACKEND.reflect())


@pytest.fixture
def read(driver: Driver, schema: Schema) -> Callable[[Fetch], Rows]:
    def reader(fetch: Fetch, backend: VersionOne = BACKEND) -> Rows:
        [rows] = driver.run(backend.fetch(schema, [fetch]))
        return rows

    return reader


@pytest.fixture
def write(driver: Driver, schema: Schema) -> Callable[..., list[Any]]:
    def writer(*changes: Change) -> list[Any]:
        return driver.run(BACKEND.write(schema, changes))

    return writer


@pytest.fixture
def made(write: Callable[..., list[Any]]) -> Oid:
    """A new Story of Administrator's in the root project."""
    deltas = (
        *(
            AttributeChange("Name", None, HOSTILE),
            AttributeChange("Scope", None, ROOT),
            AttributeChange("Estimate", None, Decimal("2.5")),
        ),
        *(AttributeChange("Owners", (), added=(ADMIN,)), AttributeChange("TaggedWith", (), added=("ux", "a,b|c"))),
    )
    [done] = write(Create(Oid.new("Story", 1), deltas, comment="why 'not'; & so"))
    assert isinstance(done, Done)
    assert cells(done.row) == {"Name": HOSTILE, "Scope": ROOT, "Estimate": "2.5"}
    return done.oid


def paths(*texts: str) -> tuple[Path, ...]:
    return tuple(map(Path.parse, texts))


def cells(row: Row | None) -> dict[str, Any]:
    assert row is not None
    return dict(zip(row.columns, row.values, strict=True))


def eq(path: str, *values: object, op: str = "=") -> Compare:
    return Compare(Path.parse(path), op, values)


def test_the_schema_is_whole(schema: Schema, driver: Driver) -> None:
    assert len(schema.types) > 80
    assert schema.attribute("Epic", "Subs").writable
    part = driver.run(BACKEND.reflect(["Story"]))
    assert list(part.types) == ["Story", "PrimaryWorkitem", "Workitem", "BaseAsset"]
    assert part.types["Story"].attributes.keys() == schema.types["Story"].attributes.keys()


def test_every_attribute_of_every_type_can_be_read(schema: Schema, read: Any) -> None:
    for kind in schema.types.values():
        rows = read(Fetch(kind.name, paths(*kind.attributes), size=2)).rows
        for row in rows:
            assert set(row.columns) == set(kind.attributes)
            for name, value in cells(row).items():
                check_cell(schema.type(kind.name).attributes[name], value)


def check_cell(attribute: Any, value: Any) -> None:
    if attribute.multi:
        assert isinstance(value, tuple)
    for item in value if attribute.multi else (value,):
        if attribute.is_relation:
            assert item is None or isinstance(item, Oid)
        else:
            attribute.codec.decode(item)


@pytest.mark.parametrize("type_name", ["Story", "Scope", "Member", "Task", "Epic"])
def test_both_endpoints_tell_the_same(schema: Schema, driver: Driver, read: Any, type_name: str) -> None:
    names = list(schema.type(type_name).attributes)[:60]
    oid = read(Fetch(type_name, size=1)).rows[0].oid
    fetch = Fetch(type_name, paths(*names), oids=(oid,))
    [alone] = driver.run(BACKEND.fetch(schema, [fetch]))
    [among, _] = driver.run(BACKEND.fetch(schema, [fetch, Fetch("Role")]))
    for name in names:
        one, other = (decoded(schema.attribute(type_name, name), cells(rows.rows[0])[name]) for rows in (alone, among))
        assert one == other, name


def decoded(attribute: Any, value: Any) -> Any:
    if attribute.is_relation:
        return value
    return tuple(map(attribute.codec.decode, value)) if attribute.multi else attribute.codec.decode(value)


TERMS: list[Term] = [
    eq("Estimate", Decimal(3), op=">"),
    eq("Estimate", Decimal(1), Decimal(5)),
    eq("Estimate", Decimal(1), Decimal(5), op="!="),
    eq("Name", HOSTILE),
    eq("Name", "a", op="~="),
    eq("Owners.Name", "Administrator", "x"),
    eq("Owners", ADMIN, op="!="),
    eq("Status", "Done"),
    eq("AssetState", AssetState.Dead, op="!="),
    eq("Owners.@Count", 1, op=">="),
    eq("TaggedWith", "ux", op="!="),
    eq("CreateDateUTC", datetime(2030, 1, 1, 12, tzinfo=UTC), op="<"),
    eq("CreateDate", datetime(2030, 1, 1, 12, tzinfo=UTC), op="<"),
    eq("Number"),
    Exists(Path.parse("Super")),
    Exists(Path.parse("Owners"), present=False),
    RawFilter("Estimate>'3';+Super"),
    Or((eq("Name", "a"), And((Exists(Path.parse("Super")), eq("Estimate", Decimal("2.5"), op="<="))))),
]


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_a_term_and_its_opposite_divide_all_assets(read: Any, term: Term) -> None:
    everything = read(Fetch("Story", size=0, counted=True)).total
    chosen, rest = (read(Fetch("Story", where=each)).rows for each in (term, Not(term)))
    assert len(chosen) + len(rest) == everything
    assert not {row.oid for row in chosen} & {row.oid for row in rest}
    assert read(Fetch("Story", where=term, size=0, counted=True)).total == len(chosen)


def test_paths_identify_the_assets_on_the_way(read: Any) -> None:
    rows = read(Fetch("Story", paths("Name", "Owners.Name", "Super.Scope.Name", "Children.@Count")))
    related = {row.oid: cells(row) for row in rows.related}
    stories = nonempty(cells(row) for row in rows.rows)
    assert all(set(story) == {"Name", "Owners", "Super", "Children.@Count"} for story in stories)
    assert all(related[owner]["Name"] for owner in nonempty(owner for story in stories for owner in story["Owners"]))
    for above in nonempty(story["Super"] for story in stories if story["Super"]):
        assert related[related[above]["Scope"]]["Name"]


def test_a_condition_inside_brackets(read: Any, made: Oid) -> None:
    for name, count in ((HOSTILE, "1"), ("other", "0")):
        path = Path((Step("OwnedWorkitems", downcast="Story", where=And((eq("Name", name), eq("ID", made)))),), "Count")
        assert cells(read(Fetch("Member", (path,), oids=(ADMIN,))).rows[0]) == {str(path): count}


def test_pages_cover_everything_once(read: Any) -> None:
    total = read(Fetch("Workitem", size=0, counted=True)).total
    rows = read(Fetch("Workitem", sort=(Sort(Path.parse("AssetState")),)), VersionOne(max_page=7)).rows
    assert len({row.oid for row in rows}) == len(rows) == total
    window = read(Fetch("Workitem", start=3, size=5, sort=(Sort(Path.parse("AssetState")),)))
    assert (window.rows, window.more) == (rows[3:8], True)


def test_sorting(read: Any) -> None:
    sort = (Sort(Path.parse("Estimate"), descending=True), Sort(Path.parse("Name")))
    rows = read(Fetch("Story", paths("Estimate"), sort=sort, where=Exists(Path.parse("Estimate")))).rows
    estimates = [Decimal(cells(row)["Estimate"]) for row in rows]
    assert estimates == sorted(estimates, reverse=True)


def test_searching(read: Any) -> None:
    for find in (Find("admin"), Find("admin", paths("Username"))):
        assert [row.oid for row in read(Fetch("Member", find=find)).rows] == [ADMIN]


def test_reads_by_identity(read: Any, made: Oid) -> None:
    rows = read(Fetch("Workitem", paths("Name"), oids=(Oid("Workitem", made.key),))).rows
    assert [(row.oid, cells(row)) for row in rows] == [(made, {"Name": HOSTILE})]
    rows = read(Fetch("Story", oids=(Oid("Story", 999_999), made, made))).rows
    assert [row.oid for row in rows] == [made]
    with pytest.raises(NotFound):
        read(Fetch("Story", oids=(Oid("Story", 999_999),)))


def test_a_string_of_changes(read: Any, write: Any, made: Oid) -> None:
    select = paths("Name", "Estimate", "Owners", "TaggedWith", "AssetState", "ChangeComment")
    first = cells(read(Fetch("Story", select, oids=(made,))).rows[0])
    assert first["ChangeComment"] == "why 'not'; & so"
    assert (first["Owners"], first["TaggedWith"]) == ((ADMIN,), ("ux", "a,b|c"))
    deltas = (
        *(AttributeChange("Estimate", UNREAD, None), AttributeChange("Owners", UNREAD, removed=(ADMIN,))),
        AttributeChange("TaggedWith", UNREAD, added=("new",), removed=("a,b|c",)),
    )
    assert all(isinstance(each, Done) for each in write(Update(made, deltas), Call(made, "QuickClose")))
    last = cells(read(Fetch("Story", select, oids=(made,))).rows[0])
    assert (last["Estimate"], last["Owners"], last["TaggedWith"]) == (None, (), ("ux", "new"))
    assert int(last["AssetState"]) == AssetState.Closed


def test_a_tree_is_created_in_one_write(read: Any, write: Any) -> None:
    epic, story, task = Oid.new("Epic", 1), Oid.new("Story", 2), Oid.new("Task", 3)
    outcomes = write(
        Create(epic, (AttributeChange("Name", None, "E"), AttributeChange("Scope", None, ROOT))),
        Create(
            story,
            (
                AttributeChange("Name", None, "S"),
                AttributeChange("Scope", None, ROOT),
                AttributeChange("Super", None, epic),
            ),
        ),
        Create(task, (AttributeChange("Name", None, "T"),), context=story),
    )
    assert [type(each) for each in outcomes] == [Done, Done, Done]
    [row] = read(Fetch("Task", paths("Parent"), oids=(outcomes[2].oid,))).rows
    assert cells(row) == {"Parent": outcomes[1].oid}
    write(Update(outcomes[0].oid, (AttributeChange("Subs", UNREAD, removed=(outcomes[1].oid,)),)))
    assert cells(read(Fetch("Story", paths("Super"), oids=(outcomes[1].oid,))).rows[0]) == {"Super": None}


def test_refused_changes_fail_with_the_server_s_words(write: Any, made: Oid) -> None:
    epic = Oid.new("Epic", 1)
    outcomes = write(
        Create(epic, (AttributeChange("Name", None, "E"), AttributeChange("Scope", None, Oid("Scope", 999_999)))),
        Create(Oid.new("Story", 2), (AttributeChange("Name", None, "S"), AttributeChange("Super", None, epic))),
        Update(made, (AttributeChange("Name", UNREAD, ""),)),
        Call(made, "Nope"),
        Delete(Oid("Story", 999_999)),
    )
    assert [type(each) for each in outcomes] == [Failed, Skipped, Failed, Failed, Failed]
    assert [type(outcomes[place].error) for place in (0, 2, 3, 4)] == [Rejected, Rejected, Rejected, NotFound]
    assert "Epic.Scope" in str(outcomes[0].error)
    assert "Story.Name" in str(outcomes[2].error)
    assert "Unknown Operation 'Story.Nope'" in str(outcomes[3].error)


def test_deleted_assets_are_seen_on_demand_and_come_back(read: Any, write: Any, made: Oid) -> None:
    before, all_before = (read(Fetch("Story", size=0, counted=True, deleted=each)).total for each in (False, True))
    assert isinstance(write(Delete(made))[0], Done)
    with pytest.raises(NotFound):
        read(Fetch("Story", oids=(made,)))
    assert [row.oid for row in read(Fetch("Story", oids=(made,), deleted=True)).rows] == [made]
    assert read(Fetch("Story", size=0, counted=True)).total == before - 1
    assert read(Fetch("Story", size=0, counted=True, deleted=True)).total == all_before
    assert isinstance(write(Call(made, "Undelete"))[0], Done)
    assert read(Fetch("Story", oids=(made,))).rows


def test_the_past(read: Any, write: Any, made: Oid) -> None:
    write(Update(made, (AttributeChange("Name", UNREAD, "renamed"), AttributeChange("Super", UNREAD, None))))
    history = read(Fetch("Story", paths("Name", "Scope", "ChangeDateUTC"), oids=(made,), history=True)).rows
    assert [cells(row)["Name"] for row in history] == [HOSTILE, "renamed"]
    first = history[0].oid.moment
    assert cells(history[0])["Scope"] == ROOT.at(first)
    [old] = read(Fetch("Story", paths("Name", "Scope"), oids=(made.at(first),))).rows
    assert (old.oid, cells(old)) == (made.at(first), {"Name": HOSTILE, "Scope": ROOT.at(first)})
    assert read(Fetch("Story", asof="2001-01-01")).rows == ()
    future = datetime(2999, 1, 1, tzinfo=UTC)
    fetch = Fetch("Story", paths("Name", "Scope.Name"), where=eq("Name", "renamed"), asof=future, counted=True, size=50)
    rows = read(fetch)
    assert made.at(future) in [row.oid for row in rows.rows]
    assert [row.oid for row in rows.related] == [ROOT.at(future)]
    records = read(Fetch("Story", paths("Name"), where=eq("Name", HOSTILE), history=True)).rows
    assert made.at(first) in [row.oid for row in records]


def test_ranks_are_moved(read: Any, write: Any) -> None:
    def ranks() -> list[int]:
        return [int(cells(row)["Order"]) for row in read(Fetch("Story", paths("Order"), oids=(one, other))).rows]

    one, other = (row.oid for row in read(Fetch("Story", size=2)).rows)
    for sign in "+-":
        write(Update(one, (AttributeChange("Order", UNREAD, f"{ranks()[1]}{sign}"),)))
        mine, its = ranks()
        assert (mine > its) is (sign == "+")


def test_templates(driver: Driver, schema: Schema, write: Any) -> None:
    [epic] = write(
        Create(Oid.new("Epic", 1), (AttributeChange("Name", None, "E"), AttributeChange("Scope", None, ROOT)))
    )
    suggested = {delta.name: delta.new for delta in driver.run(BACKEND.template(schema, "Story", epic.oid))}
    assert (suggested["Super"], suggested["Scope"]) == (epic.oid, ROOT)
    assert driver.run(BACKEND.template(schema, "Story", None)) == ()


def test_attachments(driver: Driver, write: Any, made: Oid) -> None:
    deltas = (
        *(
            AttributeChange("Name", None, "Log"),
            AttributeChange("Filename", None, "log.txt"),
            AttributeChange("ContentType", None, "text/plain"),
        ),
        *(AttributeChange("Content", None, None), AttributeChange("Asset", None, made)),
    )
    [done] = write(Create(Oid.new("Attachment", 1), deltas))
    data, sink = b"\x00<hello>" * 10_000, io.BytesIO()
    driver.run(BACKEND.upload(done.oid, io.BytesIO(data)))
    assert driver.run(BACKEND.download(done.oid, sink)) == "text/plain"
    assert sink.getvalue() == data


def test_a_wrong_password_is_refused(server: sandbox.Server) -> None:
    with Driver(server.credentials["instance_url"], Basic("admin", "wrong")) as driver:
        schema = driver.run(BACKEND.reflect(["Story"]))
        with pytest.raises(AuthenticationFailed):
            driver.run(BACKEND.fetch(schema, [Fetch("Story", size=1)]))


def test_the_schema_does_not_show_that_the_login_is_right(server: sandbox.Server) -> None:
    """meta.v1 answers without one: of many requests that follow, one alone tries the login."""
    with Driver(server.credentials["instance_url"], Basic("admin", "wrong")) as driver:
        schema = driver.run(BACKEND.reflect(["Story", "Role"]))
        before = len(server.requests)
        fetches = [Fetch("Story", oids=tuple(Oid("Story", key) for key in range(1000, 1600))), Fetch("Role")]
        with pytest.raises(AuthenticationFailed):
            driver.run(BACKEND.fetch(schema, fetches))
        assert [entry.status for entry in server.requests[before:]] == [401]


def test_each_read_takes_the_fewest_requests(driver: Driver, schema: Schema, made: Oid) -> None:
    fetches = [
        Fetch("Story", paths("Name", "Owners.Name", "Super.Scope.Name")),
        Fetch("Story", paths(*schema.type("Story").basic), oids=(made,)),
        Fetch("Story", size=0, counted=True),
        Fetch("Story", paths("Name"), oids=tuple(Oid("Story", key) for key in range(1000, 1150))),
        Fetch("Story", paths("Name"), oids=(made,), history=True),
    ]
    for fetch in fetches:
        with driver.trace() as ledger:
            driver.run(BACKEND.fetch(schema, [fetch]))
        assert len(ledger) == 1
