"""Walks over the graph: a request per step and never one per asset, complete lists, and what tells about requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import BudgetExceeded, inspect
from contract.dialect import Dialect
from contract.needs import needs
from contract.scene import Scene
from contract.systems import DISTINCT

TYPES = DISTINCT

SIZES = (10, 24)


def walked(dialect: Dialect, items: Any) -> list[tuple[str, ...]]:
    """The names of the parent and of the root, as far as there is one."""
    found = []
    for item in items:
        above = [item[dialect.parent]]
        if dialect.root:
            above.append(above[0][dialect.root])
        found.append(tuple(one[dialect.label] for one in above))
    return found


def labelled(dialect: Dialect, items: Any) -> list[list[str]]:
    return [[member[dialect.label] for member in item[dialect.members]] for item in items]


def ancestors(scene: Scene, size: int) -> list[tuple[str, ...]]:
    rows = scene.rows[:size]
    return [tuple(label for label in (row.parent_label, row.root_label) if label is not None) for row in rows]


def promised(cost: Any) -> list[int]:
    """What a dialect promises for both sizes."""
    return [cost(size) for size in SIZES]


@needs("parent")
def test_a_walk_of_two_hops_takes_the_same_requests_for_any_number_of_assets(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    counts = []
    for size in SIZES:
        session = connect()
        with session.trace() as trace:
            assert ancestors(scene, size) == walked(dialect, session[dialect.item][:size])
        counts.append(len(trace))
        assert [] == trace.repeats
    assert promised(dialect.costs.walk) == counts


@needs("parent")
def test_a_selected_path_takes_the_same_requests_for_any_number_of_assets(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    counts = []
    for size in SIZES:
        session = connect()
        with session.trace() as trace:
            query = session[dialect.item].select(dialect.far, f"{dialect.parent}.{dialect.label}")[:size]
            items = query.all()
        counts.append(len(trace))
        with session.trace() as trace:
            assert ancestors(scene, size) == walked(dialect, items)
        assert 0 == len(trace)
    assert promised(dialect.costs.select) == counts


@needs("members")
def test_members_of_all_assets_take_the_same_requests_for_any_number_of_them(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    walk, select = [], []
    for size in SIZES:
        expected = [list(row.member_labels) for row in scene.rows[:size]]
        walking, selecting = connect(), connect()
        with walking.trace() as trace:
            assert expected == labelled(dialect, walking[dialect.item][:size])
        walk.append(len(trace))
        with selecting.trace() as trace:
            query = selecting[dialect.item].select(f"{dialect.members}.{dialect.label}")[:size]
            assert expected == labelled(dialect, query)
        select.append(len(trace))
    assert (promised(dialect.costs.walk_members), promised(dialect.costs.select_members)) == (walk, select)


@needs("members")
def test_members_of_one_asset_come_together(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = max(scene, key=lambda row: len(row.members))
    item = session.asset_from_oid(row.token)
    with session.trace() as telling:
        assert list(row.members) == [member.idref for member in item[dialect.members]]
    with session.trace() as naming:
        assert list(row.member_labels) == [member[dialect.label] for member in item[dialect.members]]
    assert dialect.costs.members_of_one == (len(telling), len(naming))


@needs("parent")
def test_selecting_populating_and_walking_give_the_same(
    dialect: Dialect, session: Any, connect: Callable[..., Any], scene: Scene
) -> None:
    paths = [dialect.far]
    if dialect.members:
        paths.append(f"{dialect.members}.{dialect.label}")
    if dialect.unset:
        related = session.schema.attribute(dialect.item, dialect.unset).related
        paths.append(f"{dialect.unset}.{session.schema.type(related).display or dialect.label}")
    for path in paths:
        selecting, populating, walking = connect(), connect(), connect()
        expected = [item[path] for item in walking[dialect.item]]
        assert expected == [item[path] for item in selecting[dialect.item].select(path)]
        items = populating[dialect.item].select(dialect.own).all()
        populating.populate(items, path)
        with populating.trace() as trace:
            assert expected == [item[path] for item in items]
        assert 0 == len(trace)
        assert len(scene) == len(expected)


@needs("parent")
def test_populating_strangers_takes_requests_per_step_and_not_per_asset(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    counts = []
    for size in SIZES:
        session = connect()
        items = [session.asset_from_oid(token) for token in scene.tokens[:size]]
        with session.trace() as trace:
            session.populate(items, dialect.far)
        counts.append(len(trace))
        with session.trace() as trace:
            assert [names[-1] for names in ancestors(scene, size)] == [item[dialect.far] for item in items]
        assert 0 == len(trace)
    assert promised(dialect.costs.populate) == counts


@needs("parent")
def test_assets_named_one_after_the_other_load_together(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    counts = []
    for size in SIZES:
        session = connect()
        items = [session.asset_from_oid(token) for token in scene.tokens[:size]]
        with session.trace() as trace:
            assert ancestors(scene, size) == walked(dialect, items)
        counts.append(len(trace))
        assert [] == trace.repeats
    # Valispace and Testspace choose between single reads and lists; their lists are per parent and not per asset.
    assert all(count < size for count, size in zip(counts, SIZES, strict=True)), counts


@needs("lazy")
def test_what_is_missing_is_loaded_for_all_that_came_together_or_for_one(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    expected = [row.text if dialect.lazy == dialect.text else None for row in scene]
    counts = []
    for size in SIZES:
        session = connect()
        items = session[dialect.item].select(dialect.own)[:size].all()
        assert all(inspect(item).would_fetch(dialect.lazy) for item in items)
        with session.trace() as trace:
            assert expected[:size] == [item[dialect.lazy] or None for item in items]
        counts.append(len(trace))
    assert promised(dialect.costs.peers) == counts
    session = connect(loading="one")
    items = session[dialect.item].select(dialect.own)[:5].all()
    with session.trace() as trace:
        assert expected[:5] == [item[dialect.lazy] or None for item in items]
    assert 5 == len(trace)


@pytest.mark.parametrize("size", [1, 6, 7, 24, 25])
def test_a_list_is_complete_whatever_the_page_size(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene, size: int
) -> None:
    session = connect(page_size=size)
    with session.trace() as trace:
        assert scene.tokens == [item.idref for item in session[dialect.item]]
    # A full last page does not say that it is the last one.
    pages = dialect.costs.pages(len(scene), size)
    assert len(trace) in ((pages,) if len(scene) % size else (pages, pages + 1))
    sizes = [len(page) for page in session[dialect.item].pages()]
    assert len(scene) == sum(sizes)
    assert all(0 < number <= size for number in sizes)
    if not dialect.broken:
        assert [size] * (len(scene) // size) == sizes[: len(scene) // size]
    ordered = [item.idref for item in session[dialect.item].sort(f"-{dialect.own}")]
    expected = sorted(scene, key=lambda row: row.own, reverse=True)
    assert [row.token for row in expected] == ordered
    assert scene.tokens[3:20] == [item.idref for item in session[dialect.item][3:20]]


@needs("apart")
def test_a_trace_names_the_line_that_took_a_request_per_asset(dialect: Dialect, session: Any, scene: Scene) -> None:
    with session.trace() as trace, session.loading("one"):
        for item in session[dialect.item].select(dialect.parent)[:5]:
            item[dialect.parent][dialect.label]
    assert 6 == len(trace)
    [repeat] = trace.repeats
    assert (5, dialect.parent_type, dialect.label) == (repeat.times, repeat.load.type_name, repeat.load.name)
    assert "test_loading.py:" in repeat.load.place
    advice = f"add .select('{dialect.parent}.{dialect.label}') to the {dialect.item} query"
    assert advice in str(trace)


def test_a_trace_names_the_line_that_read_strangers_one_by_one(dialect: Dialect, session: Any, scene: Scene) -> None:
    items = [session.asset_from_oid(token) for token in scene.tokens[:5]]
    with session.trace() as trace, session.loading("one"):
        for item in items:
            item[dialect.own]
    assert 5 == len(trace)
    [repeat] = trace.repeats
    assert (5, dialect.item, dialect.own) == (repeat.times, repeat.load.type_name, repeat.load.name)
    assert "test_loading.py:" in repeat.load.place


@needs("brought")
def test_parents_that_come_along_are_not_requested(dialect: Dialect, session: Any, scene: Scene) -> None:
    items = session[dialect.item].select(dialect.parent).all()
    with session.trace() as trace, session.loading("raise"):
        labels = [item[dialect.parent][dialect.label] for item in items]
    assert 0 == len(trace)
    assert [row.parent_label for row in scene] == labels


def test_a_budget_stops_the_request_that_exceeds_it(dialect: Dialect, session: Any, scene: Scene) -> None:
    items = [session.asset_from_oid(token) for token in scene.tokens[:5]]
    with session.trace() as trace, session.budget(requests=2), session.loading("one"):
        for item in items[:2]:
            item[dialect.own]
        with pytest.raises(BudgetExceeded, match="2 requests"):
            items[2][dialect.own]
    assert 2 == len(trace)
    assert scene.rows[2].own == items[2][dialect.own]


@needs("parent")
def test_several_threads_walk_one_session_together(dialect: Dialect, session: Any, scene: Scene) -> None:
    expected = ancestors(scene, len(scene))
    seen: list[object] = []
    start = threading.Barrier(6)

    def walk() -> None:
        start.wait()
        try:
            found: object = [item.idref for item in session[dialect.item]], walked(dialect, session[dialect.item])
        except Exception as error:  # noqa: BLE001
            found = error
        seen.append(found)

    threads = [threading.Thread(target=walk) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(scene.tokens, expected)] * 6 == seen
    assert len({id(item) for item in session[dialect.item]}) == len(scene)
