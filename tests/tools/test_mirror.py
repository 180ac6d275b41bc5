"""A mirror agrees with its server after each run, whatever happened to either, and can be looked at."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from assetmeta import BadValue, TestspaceMeta, UsageError, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.sandbox import Server
from assetmeta.tools import mirror as mirrors
from assetmeta.tools.cli import main
from assetmeta.tools.mirror import MirroredType, _column_names, mirror
from assetmeta.tools.mirror_database import KEY, URL, VERSION

ODD = ["plain", 'quo"te', "two\nlines", "semi; colon", "émoji 🚀", "'apostrophe", "=1+1"]
ROOT = Path(__file__).parents[2]


SYSTEMS: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
TYPES = {
    "versionone": ["Story", "Epic", "Member"],
    "valispace": ["Vali", "Requirement", "Component", "Project"],
    "valohai": ["Project", "Execution", "Datum"],
    "testspace": ["Space", "Result", "Project"],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out.db"


@pytest.fixture(params=sorted(SYSTEMS))
def scene(request: pytest.FixtureRequest) -> Iterator[tuple[Any, list[str]]]:
    """A session of each dialect on a server that nothing changes, and the types to mirror."""
    server: Server = request.getfixturevalue(f"{request.param}_sandbox_shared")
    with SYSTEMS[request.param](**server.credentials) as session:
        yield session, TYPES[request.param]


@pytest.fixture
def v1(versionone_sandbox: Server) -> Iterator[V1Meta]:
    """A VersionOne server of our own, with stories that break careless writers."""
    with V1Meta(**versionone_sandbox.credentials) as session:
        for name in ODD:
            session.Story.create(Name=name, Scope=session.Scope(0))
        session.Member.create(Name="Ann", Nickname="ann", Username="ann", DefaultRole="Role:1")
        yield session


def rows(file: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return connection.execute(sql, values).fetchall()


def one(kind: str, read: int, changed: int, removed: int = 0) -> MirroredType:
    return MirroredType(kind, read, changed, removed)


def test_the_mirror_has_the_rows_of_the_server(scene: tuple[Any, list[str]], file: Path) -> None:
    session, types = scene
    done = mirror(session, file, types)
    assert [each.type for each in done] == list(types)
    for name, read, changed, removed in done:
        assets = session.query(name).all()
        assert (read, changed, removed) == (len(assets), len(assets), 0)
        found = dict(rows(file, f'SELECT _key, _url FROM "{name}"'))
        assert {f"{name}:{key}": url for key, url in found.items()} == {asset.idref: asset.url for asset in assets}
        label = session.schema.types[name].display
        if label:
            stored = dict(rows(file, f'SELECT _key, "{label}" FROM "{name}"'))
            assert {f"{name}:{key}": text for key, text in stored.items()} == {a.idref: a[label] for a in assets}
    assert rows(file, "SELECT type, read FROM _runs WHERE finished IS NOT NULL") == [each[:2] for each in done]


def test_the_second_run_writes_nothing_where_nothing_changed(scene: tuple[Any, list[str]], file: Path) -> None:
    session, types = scene
    first = mirror(session, file, types)
    before = len(session.ledger)
    assert mirror(session, file, types) == [one(name, read, 0) for name, read, _, _ in first]
    again = len(session.ledger) - before
    with session.trace() as trace:
        listed = [len(session.query(name).all()) for name in types]
    assert listed == [each.read for each in first]
    assert again <= len(trace.ledger)


def test_relations_are_foreign_keys_or_tables_of_pairs(scene: tuple[Any, list[str]], file: Path) -> None:
    session, types = scene
    mirror(session, file, types)
    links = rows(file, "SELECT type, attribute, related, name, col, multi FROM _links")
    assert links
    for kind, attribute, related, table, column, multi in links:
        assert (related, column, "_key") in {each[2:5] for each in rows(file, f'PRAGMA foreign_key_list("{table}")')}
        pairs = set(rows(file, f'SELECT _key, "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'))
        pairs |= set(
            rows(file, "SELECT key, related_key FROM _outside WHERE type = ? AND attribute = ?", kind, attribute)
        )
        wanted = set()
        for asset in session.query(kind).select(attribute):
            value = asset[attribute]
            wanted |= {(asset.idref, far.idref) for far in (value if multi else [value] if value else [])}
        assert {(f"{kind}:{key}", f"{related}:{far}") for key, far in pairs} == wanted


def test_only_what_changed_is_read(v1: V1Meta, file: Path) -> None:
    v1.commit().raise_if_failed()
    stories = mirror(v1, file, ["Story"])[0].read
    story = v1.Story.where(Name="plain").one()
    story.Name, story.Owners = "changed", [v1.Member(20)]
    v1.commit().raise_if_failed()
    before = len(v1.ledger)
    assert mirror(v1, file, ["Story"]) == [one("Story", stories, 1)]
    sent = list(v1.ledger)[before:]
    assert len(sent) == 2  # keys and moments, and the one story
    assert rows(file, "SELECT _key FROM Story WHERE Name = 'changed'") == [(story.intid,)]
    before = len(v1.ledger)
    assert mirror(v1, file, ["Story"]) == [one("Story", stories, 0)]
    assert len(v1.ledger) - before == 1
    assert mirror(v1, file, ["Story"], full=True) == [one("Story", stories, stories)]


def test_what_is_gone_is_removed_and_what_led_to_it_is_kept_aside(v1: V1Meta, file: Path) -> None:
    v1.commit().raise_if_failed()
    ann = v1.Member.where(Username="ann").one()
    story = v1.Story.where(Name="plain").one()
    story.Owners, story.Customer = [ann, v1.Member(20)], ann
    v1.commit().raise_if_failed()
    count = len(mirror(v1, file, ["Story", "Member"]) and v1.Member.all())
    assert rows(file, "SELECT Owners FROM Story_Owners WHERE _key = ? ORDER BY 1", story.intid) == [(20,), (ann.intid,)]

    mirror(v1, file, ["Member"], {"Member": v1.Member.Username != "ann"})
    assert len(rows(file, "SELECT 1 FROM Member")) == count - 1
    assert rows(file, "SELECT Customer FROM Story WHERE _key = ?", story.intid) == [(None,)]
    aside = rows(file, "SELECT attribute, key, related, related_key FROM _outside ORDER BY 1")
    assert aside == [("Customer", story.intid, "Member", ann.intid), ("Owners", story.intid, "Member", ann.intid)]

    mirror(v1, file, ["Member"])
    assert rows(file, "SELECT Customer FROM Story WHERE _key = ?", story.intid) == [(ann.intid,)]
    assert rows(file, "SELECT * FROM _outside") == []
    v1.delete(story)
    v1.commit().raise_if_failed()
    assert mirror(v1, file, ["Story"])[0].removed == 1
    assert rows(file, "SELECT * FROM Story_Owners WHERE _key = ?", story.intid) == []


def test_odd_texts_are_kept_and_words_are_found(v1: V1Meta, file: Path) -> None:
    v1.commit().raise_if_failed()
    mirror(v1, file, ["Story"])
    assert {name for (name,) in rows(file, "SELECT Name FROM Story")} >= set(ODD)
    search = "SELECT Name FROM Story WHERE rowid IN (SELECT rowid FROM Story_fts WHERE Story_fts MATCH ?)"
    assert rows(file, search, "apostrophe") == [("'apostrophe",)]
    v1.Story.where(Name="plain").one().Name = "turquoise"
    v1.commit().raise_if_failed()
    mirror(v1, file, ["Story"])
    assert rows(file, search, "turquoise") == [("turquoise",)]
    assert rows(file, search, "plain") == []


def test_a_run_that_was_stopped_is_completed_by_the_next(
    versionone_sandbox_shared: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with V1Meta(**versionone_sandbox_shared.credentials, page_size=10) as v1:
        save, pages = mirrors.MirrorDatabase.save, iter(range(3))

        def stopped(*arguments: Any) -> None:
            save(*arguments)
            if next(pages) == 2:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(mirrors.MirrorDatabase, "save", stopped)
            with pytest.raises(KeyboardInterrupt):
                mirror(v1, file, ["Story", "Epic"])
        assert rows(file, "SELECT count(*) FROM Story") == [(30,)]
        assert rows(file, "SELECT type, read, finished FROM _runs") == [("Story", 30, None)]
        assert rows(file, "SELECT complete FROM _types") == [(0,), (0,)]
        stories, epics = v1.Story.count(), v1.Epic.count()
        assert mirror(v1, file, ["Story", "Epic"]) == [one("Story", stories, stories - 30), one("Epic", epics, epics)]
        linked = rows(file, "SELECT 1 FROM Story WHERE Super IS NOT NULL")
        assert len(linked) == v1.Story.where(v1.Story.Super.exists()).count() > 0


@pytest.mark.parametrize(
    ("name", "type_name", "text"),
    [
        ("valispace", "Vali", "description"),
        ("valohai", "Project", "description"),
        ("testspace", "Space", "description"),
    ],
)
def test_a_change_and_a_deletion_on_the_other_dialects(name: str, type_name: str, text: str, file: Path) -> None:
    server = sandbox.start(name, assets=60)
    try:
        with SYSTEMS[name](**server.credentials) as session:
            [(_, before, changed, _)] = mirror(session, file, [type_name])
            assert before == changed > 1
            asset, *_, doomed = session.query(type_name).select(text).all()
            asset[text] = "turquoise"
            session.delete(doomed)
            session.commit().raise_if_failed()
            assert mirror(session, file, [type_name]) == [one(type_name, before - 1, 1, 1)]
            assert rows(file, f'SELECT count(*) FROM "{type_name}" WHERE "{text}" LIKE ?', "%turquoise%") == [(1,)]
            assert rows(file, f'SELECT count(*) FROM "{type_name}"') == [(before - 1,)]
    finally:
        server.stop()


def test_wrong_use_is_refused_before_anything_is_read(
    versionone_sandbox_shared: Server, testspace_sandbox_shared: Server, file: Path, tmp_path: Path
) -> None:
    with V1Meta(**versionone_sandbox_shared.credentials) as v1:
        with pytest.raises(BadValue, match=r"PrimaryWorkitem is abstract.*Story"):
            mirror(v1, file, ["PrimaryWorkitem"])
        with pytest.raises(BadValue, match="conditions on Epic"):
            mirror(v1, file, ["Story"], {"Epic": []})
        with pytest.raises(BadValue, match="needs the types"):
            mirror(v1, file, [])
        assert not file.exists()
        mirror(v1, file, ["Epic"])
        epic = v1.Epic.first()
        epic.Name = "pending"
        with pytest.raises(UsageError, match="1 assets"):
            mirror(v1, file, ["Epic"])
        v1.revert(epic)
        with closing(sqlite3.connect(tmp_path / "other.db")) as other:
            other.execute("CREATE TABLE mine (x)")
        with pytest.raises(BadValue, match="something else"):
            mirror(v1, tmp_path / "other.db", ["Epic"])
        (tmp_path / "text.db").write_text("no database at all, " * 100, encoding="utf-8")
        with pytest.raises(BadValue, match="text.db cannot be used"):
            mirror(v1, tmp_path / "text.db", ["Epic"])
        with pytest.raises(BadValue, match="unable to open"):
            mirror(v1, tmp_path, ["Epic"])
    with TestspaceMeta(**testspace_sandbox_shared.credentials) as ts, pytest.raises(BadValue, match="mirrors http"):
        mirror(ts, file, ["Space"])


def test_another_type_in_the_mirror_gives_relations_their_tables(versionone_sandbox_shared: Server, file: Path) -> None:
    with V1Meta(**versionone_sandbox_shared.credentials) as v1:
        mirror(v1, file, ["Epic"])
        assert rows(file, "SELECT attribute FROM _links") == [("Super",)]
        mirror(v1, file, ["Epic", "Member"])
        assert ("Owners",) in rows(file, "SELECT attribute FROM _links")
        assert rows(file, "SELECT count(*) FROM Epic_Owners") > [(0,)]


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["assetmeta", *arguments])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_command_takes_types_and_conditions(
    versionone_sandbox_shared: Server, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = versionone_sandbox_shared
    monkeypatch.setenv("ASSETMETA_TOKEN", server.token)
    arguments = ("mirror", "--url", f"versionone+{server.url}", str(file), "--types", "Story,Member")
    assert command(monkeypatch, *arguments, "--where", "Story.Estimate>=3", "--where", "Name!=") == 0
    with V1Meta(**server.credentials) as v1:
        wanted = v1.Story.where(v1.Story.Estimate >= 3).count()
    assert f"Story\t{wanted}\t{wanted}\t0" in capsys.readouterr().out
    assert rows(file, "SELECT count(*), min(Estimate) >= 3 FROM Story") == [(wanted, 1)]
    assert command(monkeypatch, *arguments, "--where", "Story.Estimat>=3") == 2
    assert command(monkeypatch, "browse", str(file.with_name("none.db"))) == 2


@contextmanager
def browsed(file: Path) -> Iterator[str]:
    """The address of a mirror's pages, served by a process of its own."""
    pytest.importorskip("datasette.version")
    run = [sys.executable, "-u", "-m", "assetmeta", "browse", str(file), "--port", "0"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[0]
        finally:
            process.terminate()


@pytest.fixture
def looked_at(versionone_sandbox_shared: Server, file: Path) -> Iterator[tuple[str, Any]]:
    """The pages of a mirror, and a story that has an owner."""
    with V1Meta(**versionone_sandbox_shared.credentials) as v1:
        mirror(v1, file, ["Story", "Member"])
        story = v1.Story.where(v1.Story.Owners.exists()).select("Name", "Owners.Name").first()
        with browsed(file) as address:
            yield address, story


def test_pages_show_a_story_and_its_owner(looked_at: tuple[str, Any]) -> None:
    address, story = looked_at
    page = requests.get(f"{address}/Story/{story.intid}", timeout=60).text
    assert story.Name in page
    assert f'href="{story.url}"' in page
    pairs = requests.get(f"{address}/Story_Owners?_key__exact={story.intid}", timeout=60).text
    assert story.Owners[0].Name in pairs
    word = max(story.Name.split(), key=len)
    found = requests.get(f"{address}/Story.json", params={"_search": f'"{word}"', "_shape": "array"}, timeout=60).json()
    assert story.intid in [row["_key"] for row in found]
    overview = requests.get(f"{address}/Story", timeout=60).text
    assert 'id="facet-AssetState"' in overview
    assert "_outside" not in requests.get(address, timeout=60).text.split("hidden table")[0]


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_a_story_and_its_owner(looked_at: tuple[str, Any], tmp_path: Path) -> None:
    address, story = looked_at
    shown = {}
    for name in (f"Story/{story.intid}", f"Story_Owners?_key__exact={story.intid}"):
        run = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        done = subprocess.run([*run, "--dump-dom", f"{address}/{name}"], capture_output=True, text=True, timeout=90)
        shown[name] = done.stdout
    page, pairs = shown.values()
    assert story.Name in page
    assert story.Owners[0].Name in pairs


def test_columns_whose_names_are_taken_get_another() -> None:
    names = ["Name", "name", "NAME", "rowid", "Rank", KEY, URL, VERSION, "Other"]
    columns = _column_names(names)
    assert ["Name", "name_", "NAME__", "rowid_", "Rank_"] == [columns[name] for name in names[:5]]
    assert len(names) == len({column.lower() for column in columns.values()})
    assert {KEY, URL, VERSION}.isdisjoint(columns.values())
    assert "Other" == columns["Other"]
