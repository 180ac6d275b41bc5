"""Walks over the graph: a request per step and never one per asset, complete lists, and what tells about requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import OverBudget, inspect
from contract.scene import Scene
from contract.systems import Dialect

SIZES = (10, 24)


def walked(dialect: Dialect, items: Any) -> list[tuple[str, str]]:
    return [(item[dialect.parent][dialect.label], item[dialect.parent][dialect.root][dialect.label]) for item in items]


def labelled(dialect: Dialect, items: Any) -> list[list[str]]:
    return [[member[dialect.label] for member in item[dialect.members]] for item in items]


def ancestors(scene: Scene, size: int) -> list[tuple[str, str]]:
    return [(row.parent_label, row.root_label) for row in scene.rows[:size]]


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
    assert [dialect.costs.walk] * 2 == counts


def test_a_selected_path_takes_the_same_requests_for_any_number_of_assets(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    parent, root, label = dialect.parent, dialect.root, dialect.label
    counts = []
    for size in SIZES:
        session = connect()
        with session.trace() as trace:
            query = session[dialect.item].select(f"{parent}.{root}.{label}", f"{parent}.{label}")[:size]
            items = query.all()
        counts.append(len(trace))
        with session.trace() as trace:
            assert ancestors(scene, size) == walked(dialect, items)
        assert 0 == len(trace)
    assert [dialect.costs.select] * 2 == counts


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
    assert ([dialect.costs.walk_members] * 2, [dialect.costs.select_members] * 2) == (walk, select)


def test_members_of_one_asset_come_in_one_request(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = max(scene, key=lambda row: len(row.members))
    item = session.asset_from_oid(row.token)
    tokens = [member.idref for member in item[dialect.members]]
    assert list(row.members) == tokens
    with session.trace() as trace:
        names = [member[dialect.label] for member in item[dialect.members]]
    assert list(row.member_labels) == names
    assert 1 == len(trace)


def test_selecting_populating_and_walking_give_the_same(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    for path in (
        f"{dialect.parent}.{dialect.root}.{dialect.label}",
        f"{dialect.members}.{dialect.label}",
        f"{dialect.unset}.{dialect.label}",
    ):
        selecting, populating, walking = connect(), connect(), connect()
        expected = [item[path] for item in walking[dialect.item]]
        assert expected == [item[path] for item in selecting[dialect.item].select(path)]
        items = populating[dialect.item].select(dialect.own).all()
        populating.populate(items, path)
        with populating.trace() as trace:
            assert expected == [item[path] for item in items]
        assert 0 == len(trace)
        assert len(scene) == len(expected)


def test_populating_strangers_takes_requests_per_step_and_not_per_asset(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene
) -> None:
    counts = []
    for size in SIZES:
        session = connect()
        items = [session.asset_from_oid(token) for token in scene.tokens[:size]]
        with session.trace() as trace:
            session.populate(items, f"{dialect.parent}.{dialect.root}.{dialect.label}")
        counts.append(len(trace))
        assert [root for _, root in ancestors(scene, size)] == [
            item[dialect.parent][dialect.root][dialect.label] for item in items
        ]
    assert [dialect.costs.populate] * 2 == counts


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
    assert [dialect.costs.peers] * 2 == counts
    session = connect(loading="one")
    items = session[dialect.item].select(dialect.own)[:5].all()
    with session.trace() as trace:
        assert expected[:5] == [item[dialect.lazy] or None for item in items]
    assert 5 == len(trace)


@pytest.mark.parametrize("size", [1, 5, 6, 7, 24, 25])
def test_a_list_is_complete_whatever_the_page_size(
    dialect: Dialect, connect: Callable[..., Any], scene: Scene, size: int
) -> None:
    session = connect(page_size=size)
    with session.trace() as trace:
        assert scene.tokens == [item.idref for item in session[dialect.item]]
    # A full last page does not say that it is the last one.
    promised = dialect.costs.pages(len(scene), size)
    assert len(trace) in ((promised,) if len(scene) % size else (promised, promised + 1))
    pages = [len(page) for page in session[dialect.item].pages()]
    assert ([size] * (len(scene) // size), len(scene)) == (pages[: len(scene) // size], sum(pages))
    ordered = [item.idref for item in session[dialect.item].sort(f"-{dialect.own}")]
    expected = sorted(scene, key=lambda row: row.own, reverse=True)
    assert [row.token for row in expected] == ordered
    assert scene.tokens[3:20] == [item.idref for item in session[dialect.item][3:20]]


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


def test_a_budget_stops_the_request_that_exceeds_it(dialect: Dialect, session: Any, scene: Scene) -> None:
    items = session[dialect.item].select(dialect.parent)[:5].all()
    with session.trace() as trace, session.budget(requests=2), session.loading("one"):
        for item in items[:2]:
            item[dialect.parent][dialect.label]
        with pytest.raises(OverBudget, match="2 requests"):
            items[2][dialect.parent][dialect.label]
    assert 2 == len(trace)
    assert scene.rows[2].parent_label == items[2][dialect.parent][dialect.label]


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
