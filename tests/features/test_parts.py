"""Parts of queries: small, without secrets, together the whole, also while others write; and Dask frames of them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import BadValue, Unsupported, UsageError, connect
from assetmeta import sandbox as sandboxes
from assetmeta.features import parts as slices

TYPES = {"versionone": "Story", "valispace": "Component", "valohai": "Execution", "testspace": "Project"}
RELATIONS = {"versionone": "Scope", "valispace": "parent", "valohai": "project", "testspace": None}


@pytest.fixture(scope="module", params=TYPES)
def server(request: pytest.FixtureRequest) -> Iterator[sandboxes.Server]:
    with sandboxes.running(request.param, assets=90, seed=3) as running:
        yield running


@pytest.fixture(scope="module")
def versionone() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone", assets=90, seed=3) as running:
        yield running


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[sandboxes.Server], str]:
    """Write a profile for a server, with the secret in the environment."""

    def write(server: sandboxes.Server) -> str:
        credentials = dict(server.credentials)
        address = credentials.pop("url", None) or credentials.pop("instance_url")
        password = credentials.pop("password")
        name = server.name
        lines = [f"[{name}]", f'url = "{name}+{address}"', 'password_env = "SECRET_OF_PARTS"']
        lines += [f'{key} = "{value}"' for key, value in credentials.items()]
        file = tmp_path / "profiles.toml"
        file.write_text("\n".join(lines))
        monkeypatch.setenv("ASSETMETA_PROFILES", str(file))
        monkeypatch.setenv("SECRET_OF_PARTS", password)
        monkeypatch.setattr(slices, "_sessions", slices._Sessions())
        return name

    return write


def travelled(parts: list[Any]) -> list[Any]:
    return [pickle.loads(pickle.dumps(part)) for part in parts]


def tokens(parts: list[Any]) -> list[str]:
    return [asset.idref for part in parts for asset in part]


def test_parts_are_by_ids_where_keys_name_more(server: sandboxes.Server, profile: Callable[..., str]) -> None:
    session = connect(profile(server))
    query = session[{"testspace": "Result", "valispace": "Vali", "valohai": "Datum"}.get(server.name, "Task")]
    whole = sorted(asset.idref for asset in query)
    parts = query.parts(3)
    assert len(parts) == 3
    assert whole == sorted(tokens(parts)) != []
    assert all(len(list(part)) < len(whole) for part in parts)


@pytest.mark.parametrize("number", [3, 1000])
def test_parts_by_key_are_the_whole_and_share_nothing(
    server: sandboxes.Server, profile: Callable[..., str], number: int
) -> None:
    session = connect(profile(server))
    query = session[TYPES[server.name]]
    whole = sorted(asset.idref for asset in query)
    parts = query.select().parts(number)
    assert len(parts) == min(number, len(whole))
    assert whole == sorted(tokens(travelled(parts)))
    numbers = [sum(1 for _ in part) for part in parts]
    assert max(numbers) - min(numbers) <= 1


def test_parts_by_a_relation_are_the_whole_and_share_nothing(
    server: sandboxes.Server, profile: Callable[..., str]
) -> None:
    relation = RELATIONS[server.name]
    session = connect(profile(server))
    query = session[TYPES[server.name]].select()
    if relation is None:
        with pytest.raises(BadValue, match="a relation that leads to one asset"):
            query.parts(by="name")
        return
    whole = sorted(asset.idref for asset in query)
    targets = {asset[relation].idref for asset in query if asset[relation]}
    parts = query.parts(by=relation)
    assert len(parts) == len(targets) + 1
    assert whole == sorted(tokens(travelled(parts)))
    few = query.parts(2, by=relation)
    assert len(few) == 2
    assert whole == sorted(tokens(few))


def test_a_part_pickles_small_and_without_the_secret(versionone: sandboxes.Server, profile: Callable[..., str]) -> None:
    session = connect(profile(versionone), page_size=50)
    query = session.Story.where(session.Story.Estimate > 1).select("Name", "Scope.Name").sort("-Name")
    for part in query.parts(3):
        text = pickle.dumps(part)
        assert len(text) < 2000
        assert versionone.credentials["password"].encode() not in text
        again = pickle.loads(text)
        assert (again.slice, again.number, again.count) == (part.slice, part.number, 3)
        names = [story.Name for story in again]
        assert names == sorted(names, reverse=True)
        assert again.query().context.page_size == 50


def test_dividing_by_key_takes_two_requests(versionone: sandboxes.Server, profile: Callable[..., str]) -> None:
    session = connect(profile(versionone))
    assert "Story" in session.types
    with session.trace() as trace:
        session.Story.select("Name").parts(6)
    assert len(trace) == 2


@pytest.mark.parametrize("by", [None, "Scope"])
def test_what_is_created_after_the_division_is_in_one_part(
    versionone: sandboxes.Server, profile: Callable[..., str], by: str | None
) -> None:
    session = connect(profile(versionone))
    parts = session.Story.select("Name").parts(4, by=by)
    elsewhere = session.Scope.create(
        Name="new", Parent="Scope:0", BeginDate="2026-01-01", Schedule=session.Scope(0).Schedule
    )
    made = [session.Story.create(Name="new", Scope=scope).idref for scope in ("Scope:0", elsewhere)]
    found = tokens(parts)
    assert [1, 1] == [found.count(token) for token in made]
    assert sorted(found) == sorted(story.idref for story in session.Story)


def test_another_process_reads_a_part_by_its_profile(
    versionone: sandboxes.Server, profile: Callable[..., str], tmp_path: Path
) -> None:
    session = connect(profile(versionone))
    part = session.Story.select("Name").parts(3)[1]
    file = tmp_path / "part.pickle"
    file.write_bytes(pickle.dumps(part))
    code = f"import pickle; print([s.idref for s in pickle.load(open({str(file)!r}, 'rb'))])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == repr(tokens([part]))


def test_sessions_and_queries_say_how_parts_travel(versionone: sandboxes.Server, profile: Callable[..., str]) -> None:
    session = connect(profile(versionone))
    for thing in (session, session.Story.select("Name")):
        with pytest.raises(UsageError, match=r"query\.parts\(n\)"):
            pickle.dumps(thing)


def test_a_session_with_a_login_of_its_own_needs_the_name_of_a_profile(
    versionone: sandboxes.Server, profile: Callable[..., str]
) -> None:
    name = profile(versionone)
    session = connect(name, password=versionone.credentials["password"])
    with pytest.raises(UsageError, match="holds no secret"):
        session.Story.select().parts(2)
    parts = session.Story.select().parts(2, profile=name)
    assert len(tokens(travelled(parts))) == session.Story.count()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda query: query.parts(0),
        lambda query: query[:5].parts(2),
        lambda query: query.parts(by="Owners"),
        lambda query: query.parts(by="Super:Epic"),
    ],
)
def test_what_cannot_be_divided_is_refused(
    versionone: sandboxes.Server, profile: Callable[..., str], wrong: Callable[[Any], object]
) -> None:
    session = connect(profile(versionone))
    assert "Story" in session.types
    with session.trace() as trace, pytest.raises((BadValue, Unsupported)):
        wrong(session.Story.select("Name"))
    assert len(trace) == 0


def test_a_part_explains_itself(server: sandboxes.Server, profile: Callable[..., str]) -> None:
    session = connect(profile(server))
    text = session[TYPES[server.name]].select().parts(2)[0].explain()
    assert text.startswith("part 1 of 2: ")
    reads_all = "every part reads the whole list" in text
    assert reads_all is (server.name != "versionone")


def test_a_dask_frame_has_a_partition_per_part_read_where_it_is_used(
    versionone: sandboxes.Server, profile: Callable[..., str]
) -> None:
    session = connect(profile(versionone))
    query = session.Story.select("Name", "Estimate", "AssetState", "Scope", "CreateDate", "Owners")
    frame = query.to_dask(3, decimals="float")
    assert frame.npartitions == 3
    with session.trace() as trace:
        whole = frame.compute(scheduler="synchronous")
    assert len(trace) == 0
    assert dict(frame.dtypes) == dict(whole.dtypes)
    expected = query.to_pandas(decimals="float")
    assert sorted(whole["Name"]) == sorted(expected["Name"])
    sums = frame.groupby("Scope")["Estimate"].sum().compute(scheduler="synchronous")
    assert {int(key): value for key, value in sums.items()} == dict(expected.groupby("Scope")["Estimate"].sum())
