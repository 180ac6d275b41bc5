"""Every row of docs/moving-from-v1pysdk.md, on v1pysdk 0.6.2, on assetmeta.v1pysdk and on the typed session."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

import assetmeta.v1pysdk
from assetmeta import AssetState, BadValue, NotFound, UnknownName, V1Meta, inspect, sandbox
from assetmeta.v1pysdk import NoneDeref, V1AssetNotFoundError, V1CommitError, V1Error
from tests.interop.sdk_programs import connect

peer = pytest.importorskip("v1pysdk")
pytest.importorskip("v1pysdk.client")

# The peer leaves the answers of refused requests open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PAGE = Path(__file__).parents[2] / "docs" / "moving-from-v1pysdk.md"
ROWS: dict[str, Callable[[Three], None]] = {}


class Three:
    """The three clients of one server, and a story of its own for each test."""

    def __init__(self, server: sandbox.Server, other: sandbox.Server) -> None:
        self.server = server
        self.other = other
        self.old: Any = connect(peer, server)
        self.new: Any = connect(assetmeta.v1pysdk, server)
        self.typed: Any = V1Meta(**server.credentials)
        self.key: int = self.typed.Story.create(Name="Row", Scope="Scope:0", Estimate=3).intid

    @property
    def both(self) -> tuple[Any, Any]:
        return self.old, self.new

    @property
    def stories(self) -> tuple[Any, Any, Any]:
        return self.old.Story(self.key), self.new.Story(self.key), self.typed.Story(self.key)

    def written(self, name: str) -> Any:
        """What the server has now."""
        return getattr(V1Meta(**self.server.credentials).Story(self.key), name)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[sandbox.Server, sandbox.Server]]:
    with contextlib.ExitStack() as opened:
        first, second = (opened.enter_context(sandbox.running("versionone", assets=60)) for _ in range(2))
        yield first, second


@pytest.fixture
def three(servers: tuple[sandbox.Server, sandbox.Server]) -> Three:
    return Three(*servers)


def row(title: str) -> Callable[[Callable[[Three], None]], Callable[[Three], None]]:
    def known(function: Callable[[Three], None]) -> Callable[[Three], None]:
        ROWS[title] = function
        return function

    return known


def titles() -> list[str]:
    rows = re.findall(r"^\| (.+?) \| .+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [title for title in rows if title not in ("with", "---")]


def test_every_row_is_here_once() -> None:
    assert sorted(titles()) == sorted(ROWS)


@pytest.mark.parametrize("title", titles())
def test_row(title: str, three: Three) -> None:
    ROWS[title](three)


@row("`story.Estimate`")
def _(three: Three) -> None:
    assert [story.Estimate for story in three.stories] == ["3", "3", Decimal(3)]


@row("`story.IsClosed`")
def _(three: Three) -> None:
    assert [story.IsClosed for story in three.stories] == ["false", "false", False]


@row("`story.AssetState`")
def _(three: Three) -> None:
    assert [story.AssetState for story in three.stories] == ["64", "64", AssetState.Active]
    assert [each.select("AssetState").where(ID=f"Story:{three.key}").first().AssetState for each in _types(three)] == [
        "64",
        "64",
        AssetState.Active,
    ]


def _types(three: Three) -> list[Any]:
    return [each.Story for each in (three.old, three.new, three.typed)]


@row("`story.CreateDate`")
def _(three: Three) -> None:
    old, new, typed = (story.CreateDate for story in three.stories)
    assert old == new
    assert typed.isoformat(timespec="milliseconds").startswith(old)
    assert typed.tzinfo is not None


@row("`story.TaggedWith`")
def _(three: Three) -> None:
    three.typed.Story(three.key).TaggedWith = ["one", "two"]
    assert not three.typed.commit()
    old, new, typed = (story.TaggedWith for story in three.stories)
    assert old == new == "one"
    assert typed == ["one", "two"]


@row("`story.intid`")
def _(three: Three) -> None:
    assert [story.intid for story in three.stories] == [three.key] * 3
    found = [each.where(Name="System (All Projects)").first().intid for each in (three.old.Scope, three.new.Scope)]
    assert found == ["0", "0"]
    assert [v1.asset_from_oid("Member:20").intid for v1 in (*three.both, three.typed)] == ["20", "20", 20]


@row("`story.Super` when it is not set")
def _(three: Three) -> None:
    for story in three.stories[:2]:
        assert (type(story.Super).__name__, bool(story.Super.Nmae.Anything), str(story.Super)) == (
            "NoneDeref",
            False,
            "None",
        )
    typed = three.stories[2]
    assert not typed.Super.Name
    with pytest.raises(UnknownName):
        typed.Super.Nmae


@row('`story.data["Super"]`')
def _(three: Three) -> None:
    epic = three.typed.Epic.create(Name="Above", Scope="Scope:0")
    three.typed.Story(three.key).Super = epic
    assert not three.typed.commit()
    for story in three.stories[:2]:
        assert story.Super.idref == epic.idref
        assert story.data["Super"] == story["Super"] == [story.Super]
    assert three.stories[2].data["Super"] is epic


@row('`story["Estimate"]` when it is not loaded')
def _(three: Three) -> None:
    for story in three.stories[:2]:
        with pytest.raises(KeyError):
            story["Estimate"]
    assert three.stories[2]["Estimate"] == 3


@row("`story.Owners`")
def _(three: Three) -> None:
    assert [type(story.Owners) for story in three.stories[:2]] == [list, list]
    three.stories[2].Owners.add(three.typed.Member(20))
    assert three.typed.pending == 1


@row("`story.Owners = [ann]`")
def _(three: Three) -> None:
    ann = three.typed.Member.where(three.typed.Member.ID != "Member:20").first()
    for v1 in three.both:
        three.typed.Story(three.key).Owners = [three.typed.Member(20)]
        assert not three.typed.commit()
        v1.Story(three.key).Owners = [v1.Member(ann.intid)]
        assert v1.commit() == []
        assert {owner.idref for owner in three.written("Owners")} == {"Member:20", ann.idref}
        inspect(three.typed.Story(three.key)).refresh()
    three.typed.Story(three.key).Owners = [ann]
    assert not three.typed.commit()
    assert [owner.idref for owner in three.written("Owners")] == [ann.idref]


@row("`story.EndDate = datetime(2026, 3, 1, 12)`")
def _(three: Three) -> None:
    found = []
    for v1 in three.both:
        scope = v1.Scope.create(
            Name="Ends", Parent=v1.Scope(0), Scheme=v1.Scheme.query().first(), BeginDate="2026-01-01"
        )
        scope.EndDate = datetime(2026, 3, 1, 12)
        assert v1.commit() == []
        found.append(scope.EndDate)
    assert found[0] == found[1]
    with pytest.raises(BadValue, match="time zone"):
        three.typed.Scope(0).EndDate = datetime(2026, 3, 1, 12)


@row('`story.Estimate = "much"`')
def _(three: Three) -> None:
    for v1 in three.both:
        v1.Story(three.key).Estimate = "much"
        (error,) = v1.commit()
        assert type(error).__name__ == "V1Error"
    with pytest.raises(BadValue):
        three.stories[2].Estimate = "much"


@row("`story.note = 1`")
def _(three: Three) -> None:
    for story in three.stories[:2]:
        story.my_own_note = 1
        assert story.my_own_note == 1
    assert [v1.commit() for v1 in three.both] == [[], []]
    with pytest.warns(UserWarning, match="Did you mean Estimate"):
        three.stories[1].Estimat = 5
    with pytest.raises(UnknownName):
        three.stories[2].my_own_note = 1


@row("`query.where(...)`")
def _(three: Three) -> None:
    for kind in _types(three)[:2]:
        query = kind.select("Name")
        assert query.where(Name="There is none") is query
        assert len(query) == 0
    query = three.typed.Story.select("Name")
    query.where(Name="There is none")
    assert len(query) > 0


@row('`where(Name="a").where(Name="b")`')
def _(three: Three) -> None:
    counts = [len(kind.where(Name="There is none").where(Name="Row")) for kind in _types(three)]
    assert counts[0] == counts[1] > 0 == counts[2]


@row('`filter("a").filter("b")`')
def _(three: Three) -> None:
    counts = [len(kind.filter("Name='There is none'").filter("Name='Row'")) for kind in _types(three)]
    assert counts[0] == counts[1] > 0 == counts[2]


@row("`query.reQueryAll()`")
def _(three: Three) -> None:
    queries = [kind.select("Name").where(Name="Row").queryAll() for kind in _types(three)]
    before = len(queries[0])
    three.typed.Story.create(Name="Row", Scope="Scope:0")
    assert [len(query.reQueryAll()) for query in queries] == [before, before, before + 1]
    assert [len(query.where(Estimate=3).where({"Name": "Row"}).reQueryAll()) for query in queries[:2]] == [before] * 2


@row("`query.first()` of nothing")
def _(three: Three) -> None:
    for kind in _types(three)[:2]:
        with pytest.raises(IndexError):
            kind.where(Name="There is none").first()
    assert three.typed.Story.where(Name="There is none").first() is None


@row('`filter("")`')
def _(three: Three) -> None:
    assert len({len(kind.filter("")) for kind in _types(three)} | {len(three.old.Story.query())}) == 1


@row("`v1.commit()`")
def _(three: Three) -> None:
    for v1, story in zip((*three.both, three.typed), three.stories, strict=True):
        story.Reference = "written"
        assert not v1.commit()
    assert [v1.commit() for v1 in three.both] == [[], []]
    assert not isinstance(three.typed.commit(), list)


@row("a change that the commit refused")
def _(three: Three) -> None:
    for v1, story in zip(three.both, three.stories[:2], strict=True):
        story.Estimate = "much"
        assert len(v1.commit()) == 1
        assert (v1.commit(), story.Estimate) == ([], "much")
        story.Estimate = 4
        assert (v1.commit(), story.Estimate) == ([], "4")
    three.stories[2].Scope = None
    assert (len(three.typed.commit()), len(three.typed.commit())) == (1, 1)


@row("an asset of another session to the same server as a value")
def _(three: Three) -> None:
    for v1, sdk in zip(three.both, (peer, assetmeta.v1pysdk), strict=True):
        stranger = connect(sdk, three.server)
        v1.Story(three.key).Owners = [stranger.Member(20)]
        assert v1.commit() == []
    assert [owner.idref for owner in three.new.Story(three.key).Owners] == ["Member:20"]
    stranger = V1Meta(**three.server.credentials)
    with pytest.raises(BadValue, match="another session"):
        three.stories[2].Owners = [stranger.Member(20)]
    three.stories[2].Owners = [stranger.Member(20).idref]


@row('`V1Meta("host", "Instance", "user", "password")`')
def _(three: Three) -> None:
    address, _, instance = three.server.url.removeprefix("http://").partition("/")
    for sdk in (peer, assetmeta.v1pysdk):
        v1 = sdk.V1Meta(address, instance, three.server.user, three.server.secret, "http")
        assert v1.Member(20).Name == "Administrator"
    with pytest.raises(TypeError):
        V1Meta(address, instance, three.server.user, three.server.secret, "http")  # type: ignore[misc]


@row("`logparent=`, `loglevel=`")
def _(three: Three) -> None:
    for sdk in (peer, assetmeta.v1pysdk):
        lines: list[str] = []
        logger = logging.getLogger("rows.v1pysdk.client")
        handler = logging.Handler()
        handler.emit = lambda record, lines=lines: lines.append(record.getMessage())  # type: ignore[method-assign]
        logger.addHandler(handler)
        try:
            connect(sdk, three.server, logparent="rows", loglevel=logging.INFO).Member(20).Name
            assert any(line.startswith("HTTP GET from") and "meta.v1" in line for line in lines), sdk
        finally:
            logger.removeHandler(handler)
    with pytest.raises(TypeError):
        V1Meta(logparent="rows", **three.server.credentials)


@row("`v1.server.fetch`, `.get_xml`")
def _(three: Three) -> None:
    for v1 in three.both:
        assert v1.server.get_xml("/rest-1.v1/Data/Scope/0").get("id") == "Scope:0"
        assert v1.server.fetch("/rest-1.v1/Data/Scope/0")[0] is None
    assert callable(three.typed.run)


@row('`v1.asset_class("Story")`')
def _(three: Three) -> None:
    assert [v1.asset_class("Story") is v1.Story for v1 in three.both] == [True, True]
    assert three.typed["Story"] is three.typed.Story


@row("`v1.get_attachment_blob(attachment)`, `attachment.get_blob()`")
def _(three: Three) -> None:
    made = three.typed.Attachment.create(Name="n", Content="", ContentType="text/plain", Filename="n", Asset="Scope:0")
    made.file_data = b"bytes"
    for v1 in three.both:
        attachment = v1.Attachment(made.intid)
        found = [v1.get_attachment_blob(attachment), v1.get_attachment_blob(made.intid), attachment.get_blob()]
        assert [*found, attachment.file_data] == [b"bytes"] * 4
    assert made.file_data == b"bytes"


@row("errors")
def _(three: Three) -> None:
    for v1 in three.both:
        names = []
        for attempt in (lambda v1=v1: v1.Story.create(Name="x"), lambda v1=v1: v1.Story(999999).Name):
            with pytest.raises(Exception) as caught:
                attempt()
            names.append(type(caught.value).__name__)
        three.server.add_fault("500", path="/Data/Story/999998")
        with pytest.raises(HTTPError) as broken:
            v1.server.get_xml("/rest-1.v1/Data/Story/999998")
        broken.value.close()
        with pytest.raises(URLError):
            connect(
                peer if v1 is three.old else assetmeta.v1pysdk,
                three.server,
                instance_url="http://127.0.0.1:9/VersionOne",
                **({} if v1 is three.old else {"retries": 0}),
            ).Story
        assert names == ["V1Error", "V1AssetNotFoundError"]
    with pytest.raises(V1AssetNotFoundError) as missing:
        three.new.Story(999999).Name
    assert isinstance(missing.value.__cause__, NotFound)
    with pytest.raises(NotFound):
        three.typed.Story(999999).Name


@row("`story.url`")
def _(three: Three) -> None:
    old, new, typed = (story.url.rpartition("=")[2] for story in three.stories)
    assert old == new == f"Story%3A{three.key}"
    assert typed == f"Story:{three.key}"


@row("a block left by an exception")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, ("half done", "Row"), strict=True):
        with pytest.raises(RuntimeError), v1:
            v1.Story(three.key).Name = "half done"
            raise RuntimeError
        assert three.written("Name") == expected
        three.typed.Story(three.key).Name = "Row"
        three.typed.commit()


@row("errors of the commit at the end of a block")
def _(three: Three) -> None:
    with three.old:
        three.old.Story(three.key).Estimate = "much"
    with pytest.raises(V1CommitError, match="Story.Estimate") as caught, three.new:
        three.new.Story(three.key).Estimate = "much"
    assert len(caught.value.errors) == 1


@row("a server error (500) during a commit")
def _(three: Three) -> None:
    for v1 in three.both:
        stories = [v1.Story.create(Name=name, Scope=v1.Scope(0)) for name in "abc"]
        for story in stories:
            # What is cleared does not go into a bulk request, but to the asset's own address.
            story.set(Name=f"{story.Name} written", Description=None)
        three.server.add_fault("500", path=f"/Data/Story/{stories[1].intid}")
        if v1 is three.old:
            with pytest.raises(HTTPError) as caught:
                v1.commit()
            caught.value.close()
            assert v1.dirtylist == []
        else:
            (error,) = v1.commit()
            assert (type(error), error.code) == (HTTPError, 500)
        found = [V1Meta(**three.server.credentials).Story(story.intid).Name for story in stories]
        assert found == ["a written", "b", "c" if v1 is three.old else "c written"]


@row("an asset set twice, and refused")
def _(three: Three) -> None:
    for v1, story, expected in zip(three.both, three.stories[:2], (2, 1), strict=True):
        story.Estimate = "much"
        story.Name = "Other"
        assert len(v1.commit()) == expected


@row("a quote in a value of `where()`")
def _(three: Three) -> None:
    name = "it's \"so\"; Name='x'"
    made = three.typed.Story.create(Name=name, Scope="Scope:0")
    with pytest.raises(peer.client.V1Error):
        len(three.old.Story.where(Name=name))
    assert [each.idref for each in three.new.Story.where(Name=name)] == [made.idref]


@row("`story.Super` that was set and not written")
def _(three: Three) -> None:
    epic = three.typed.Epic.create(Name="Above", Scope="Scope:0")
    old, new, _ = three.stories
    old.Super, new.Super = three.old.Epic(epic.intid), three.new.Epic(epic.intid)
    with pytest.raises(KeyError):
        old.Super
    assert new.Super is three.new.Epic(epic.intid)
    new.Super = None
    assert not new.Super.Name


@row("`story.Children` after a task was moved away")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, (1, 0), strict=True):
        first, second = (v1.Story.create(Name=name, Scope=v1.Scope(0)) for name in ("First", "Second"))
        task = v1.Task.create(Name="Moved", Parent=first)
        assert first.Children == [task]
        task.Parent = second
        assert v1.commit() == []
        assert len(first.Children) == expected


MOMENTS = ["2099-01-01", "2099-02-01"]


@row("results of `asof()`")
def _(three: Three) -> None:
    for v1, distinct in zip(three.both, (1, 2), strict=True):
        found = list(v1.Story.select("Name").where(ID=f"Story:{three.key}").asof(MOMENTS))
        assert len({id(each) for each in found}) == distinct
    assert [each.AsOf for each in found] == [each.data["AsOf"] for each in found] == MOMENTS
    found[0].Name = "written today"
    assert three.new.commit() == []
    assert three.written("Name") == "written today"


@row("`asof(datetime(...))`")
def _(three: Three) -> None:
    moment = datetime(2099, 1, 1, 12)
    with pytest.raises(TypeError):
        three.old.Story.asof(moment)
    found = three.new.Story.where(ID=f"Story:{three.key}").asof(moment, [moment]).select("Name")
    assert [(each.AsOf, each.Name) for each in found] == [(moment, "Row")] * 2


@row('`result["Owners.Name"]`')
def _(three: Three) -> None:
    three.typed.Story(three.key).Owners = [three.typed.Member(20)]
    three.typed.commit()
    old, new = (v1.Story.select("Owners.Name").where(ID=f"Story:{three.key}").first() for v1 in three.both)
    with pytest.raises(KeyError):
        old["Owners.Name"]
    assert new["Owners.Name"] == new.data["Owners.Name"] == ["Administrator"]


@row("a count such as `Owners.@Count`")
def _(three: Three) -> None:
    three.typed.Story(three.key).Owners = [three.typed.Member(20)]
    three.typed.commit()
    old, new = (v1.Story.select("Owners.@Count").where(ID=f"Story:{three.key}").first() for v1 in three.both)
    with pytest.raises(KeyError):
        old["Owners.@Count"]
    assert new["Owners.@Count"] == "1"


@row('`Story.query("Name=\'x\'", "Name,Estimate")`')
def _(three: Three) -> None:
    with pytest.raises(TypeError):
        list(three.old.Story.query("Name='Row'", "Name,Estimate"))
    found = three.new.Story.query("Name='Row'", "Name,Estimate").first()
    assert (found["Name"], "Estimate" in found.data) == ("Row", True)


@row("`page(size=2, start=0)` after another start")
def _(three: Three) -> None:
    found = []
    for v1 in three.both:
        query = v1.Member.sort("Name") if v1 is three.new else v1.Member.select("Name").sort("Name")
        second = [each.idref for each in query.page(size=2, start=2).reQueryAll()]
        found.append([each.idref for each in query.page(size=2, start=0).reQueryAll()] == second)
    assert found == [True, False]


@row("`query.max_length()`")
def _(three: Three) -> None:
    expected = len(three.typed.Story.where())
    assert [v1.Story.select("Name").page(2).max_length() for v1 in three.both] == [0, expected]
    assert three.new.Story.select("Name").max_length() == expected


@row("`reQueryAll()` of a changed query without `select()`")
def _(three: Three) -> None:
    old, new = (v1.Story.where(Name="Row").queryAll() for v1 in three.both)
    with pytest.raises(peer.client.V1Error, match="sel_string"):
        old.where(Estimate=3).reQueryAll()
    assert three.new.Story(three.key) in list(new.where(Estimate=3).reQueryAll())


@row("`NoneDeref` as a value")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, ("None", None), strict=True):
        v1.Story(three.key).Reference = v1.Story(three.key).Super.Reference
        assert v1.commit() == []
        assert three.written("Reference") == expected
    three.new.Story(three.key).Status = NoneDeref()
    assert three.new.commit() == []
    assert not three.written("Status")


@row("an asset of another server as a value")
def _(three: Three) -> None:
    for v1, sdk in zip(three.both, (peer, assetmeta.v1pysdk), strict=True):
        stranger = connect(sdk, three.other).Member(20)
        if sdk is peer:
            v1.Story(three.key).Owners = [stranger]
        else:
            with pytest.raises(V1Error, match="another server"):
                v1.Story(three.key).Owners = [stranger]


@row("what is loaded, after `v1.server.update_asset(...)` or `.execute_operation(...)`")
def _(three: Three) -> None:
    for v1, seen in zip(three.both, (["3", "3", "64"], ["3", "4", "128"]), strict=True):
        story = v1.Story(three.key)
        found = [story.Estimate]
        v1.server.update_asset("Story", three.key, v1.generate_update_doc({"Estimate": "4"}))
        found.append(story.Estimate)
        v1.server.execute_operation("Story", three.key, "QuickClose")
        assert [*found, story.AssetState] == seen
        v1.server.execute_operation("Story", three.key, "Reactivate")
        v1.server.update_asset("Workitem", three.key, v1.generate_update_doc({"Estimate": "3"}))
    assert (story.AssetState, story.Estimate) == ("64", "3")


@row("`\\r\\n` in a text")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, ("a\nb", "a\r\nb"), strict=True):
        v1.Story(three.key).Description = "a\r\nb"
        assert v1.commit() == []
        assert v1.Story(three.key).Description == expected


@row("`len()` of `asof()` with several times")
def _(three: Three) -> None:
    found = [
        len(v1.Story.select("Name").where(ID=f"Story:{three.key}").asof(["2099-01-01", None])) for v1 in three.both
    ]
    assert found == [1, 2]


@row("an unset relation in `create`")
def _(three: Three) -> None:
    for v1, story in zip(three.both, three.stories[:2], strict=True):
        values = {"Name": "Copied", "Scope": v1.Scope(0), "Super": story.Super}
        if v1 is three.old:
            with pytest.raises(peer.client.V1Error):
                v1.Story.create(**values)
        else:
            assert not v1.Story.create(**values).Super


@row("`logging.getLogger()`")
def _(three: Three) -> None:
    root = logging.getLogger()
    before = root.level
    for sdk, expected in ((peer, 41), (assetmeta.v1pysdk, 13)):
        root.setLevel(13)
        try:
            connect(sdk, three.server, loglevel=41)
            assert root.level == expected
        finally:
            root.setLevel(before)


@row("an abstract type: `v1.Workitem(1005)`")
def _(three: Three) -> None:
    assert three.old.Workitem(three.key) is not three.old.Story(three.key)
    assert three.new.Workitem(three.key) is three.new.Story(three.key)
    with pytest.raises(V1AssetNotFoundError):
        three.new.Workitem(999999)


@row("`story.Ideas`, of several numbers")
def _(three: Three) -> None:
    three.typed.Story(three.key).Ideas = [2, 1]
    three.typed.commit().raise_if_failed()
    assert [story.Ideas for story in three.stories] == ["2", "2", [2, 1]]


@row("`story.needs_refresh` of what `v1.Story` iterates over")
def _(three: Three) -> None:
    for v1 in three.both:
        story = next(iter(v1.Story))
        if v1 is three.new:
            v1.clear_memoized_cache()
        assert story.needs_refresh is True
        assert story.Name
    with pytest.raises(UnknownName):
        _ = three.typed.Story(three.key).needs_refresh


@row("iterating over a query once more after a commit")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, ("Row", "Written"), strict=True):
        query = v1.Story.select("Name").where(ID=f"Story:{three.key}")
        for story in query:
            story.Name = "Written"
        assert v1.commit() == []
        assert [story.Name for story in query] == [expected]
        three.typed.Story(three.key).Name = "Row"
        three.typed.commit().raise_if_failed()


@row("`story.needs_refresh = True`")
def _(three: Three) -> None:
    for v1, expected in zip(three.both, ("Row", "Changed"), strict=True):
        story = v1.Story(three.key)
        assert story.Name == "Row"
        three.typed.Story(three.key).Name = "Changed"
        three.typed.commit().raise_if_failed()
        story.needs_refresh = True
        assert story.Name == expected
        story._v1_needs_refresh = True
        assert story.Name == "Changed"
        three.typed.Story(three.key).Name = "Row"
        three.typed.commit().raise_if_failed()
        story._v1_refresh()
        assert story.Name == "Row"


@row('`story.Ideas = [1, 2]`, `story.TaggedWith = ["a", "b"]`')
def _(three: Three) -> None:
    for values in ({"Ideas": [1, 2]}, {"TaggedWith": ["a", "b"]}):
        three.old.Story(three.key).set(**values)
        with pytest.raises(AttributeError):
            three.old.commit()
        three.new.Story(three.key).set(**values)
        assert three.new.commit() == []
    assert (three.written("Ideas"), sorted(three.written("TaggedWith"))) == ([1, 2], ["a", "b"])
    for v1 in three.both:
        v1.Story(three.key).Ideas = 7
        v1.Story(three.key).TaggedWith = "c"
        assert v1.commit() == []
        assert (three.written("Ideas"), three.written("TaggedWith")) == ([7], ["c"])


@row("`where(Timebox=sprint)`, an asset as a value")
def _(three: Three) -> None:
    three.typed.Story(three.key).Owners.add(three.typed.Member(20))
    three.typed.commit().raise_if_failed()
    for v1 in three.both:
        member = v1.Member(20)
        assert member.Name
        query = v1.Story.select("Name").where(Owners=member, ID=f"Story:{three.key}")
        if v1 is three.old:
            with pytest.raises(peer.client.V1Error):
                query.queryAll()
        else:
            assert [int(story.intid) for story in query] == [three.key]


@row("`v1.global_cache`")
def _(three: Three) -> None:
    assert three.old.global_cache is not None
    with pytest.raises(V1AssetNotFoundError):
        _ = three.new.global_cache
    story = three.new.Story(three.key)
    assert story.Name == "Row"
    three.typed.Story(three.key).Name = "Changed"
    three.typed.commit().raise_if_failed()
    three.new.clear_memoized_cache()
    assert story.Name == "Changed"


@row("`story._v1_current_data`, `_v1_commit()` and what else starts with `_v1_`")
def _(three: Three) -> None:
    old, new = three.stories[:2]
    assert (old.Name, new.Name) == ("Row", "Row")
    assert old._v1_current_data["Name"] == new.data["Name"]
    assert not hasattr(new, "_v1_current_data")
    assert not hasattr(new, "_v1_commit")


@row("`v1.unpack_asset_relations(...)` and the other steps of `unpack_asset`")
def _(three: Three) -> None:
    document = three.new.query("Story", f"ID='Story:{three.key}'", "Name,Scope")[0]
    assert [three.old.unpack_asset(document)["Name"], three.new.unpack_asset(document)["Name"]] == ["Row", "Row"]
    assert hasattr(three.old, "unpack_asset_relations")
    with pytest.raises(V1AssetNotFoundError):
        _ = three.new.unpack_asset_relations


@row("`from v1pysdk import V1Poll`, `yamlquery`")
def _(three: Three) -> None:
    assert hasattr(peer, "V1Poll")
    assert not hasattr(assetmeta.v1pysdk, "V1Poll")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(NotImplementedError):
            peer.V1Poll(three.old, ":memory:").poll()
