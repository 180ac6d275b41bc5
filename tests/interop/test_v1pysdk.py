"""The vendor's own Python client, v1pysdk 0.6.2, drives the sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError

import pytest

from assetmeta import sandbox

v1pysdk = pytest.importorskip("v1pysdk")
client = pytest.importorskip("v1pysdk.client")

# The client leaves the answers of refused requests open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    """One instance for the module: every test makes what it needs."""
    with sandbox.running("versionone", assets=120) as running:
        yield running


def connected(server: sandbox.Server, **changed: Any) -> Any:
    arguments: dict[str, Any] = {"instance_url": server.url, "username": server.user, "password": server.secret}
    return v1pysdk.V1Meta(**(arguments | changed))


@pytest.fixture
def v1(server: sandbox.Server) -> Any:
    """A connection of its own: the client caches for ever."""
    return connected(server)


@pytest.fixture
def story(v1: Any) -> Any:
    return v1.Story.create(Name="A story", Scope=v1.Scope(0), Estimate=3)


def answered(server: sandbox.Server) -> list[str]:
    """The paths of the requests that were carried out; the client sends each one without a login first."""
    return [each.path for each in server.requests if each.status == 200]


class TestConnecting:
    def test_by_instance_url(self, v1: Any) -> None:
        assert v1.Member(20).Username == "admin"

    def test_by_address_instance_and_scheme(self, server: sandbox.Server) -> None:
        arguments = {"address": f"127.0.0.1:{server.port}", "instance": "VersionOne", "scheme": "http"}
        v1 = v1pysdk.V1Meta(username=server.user, password=server.secret, **arguments)
        assert v1.Member(20).Name == "Administrator"

    def test_by_access_token(self, server: sandbox.Server) -> None:
        v1 = connected(server, password=server.token, use_password_as_token=True)
        assert v1.Member(20).Name == "Administrator"

    def test_a_wrong_password_is_its_401(self, server: sandbox.Server) -> None:
        member = connected(server, password="wrong").Member(20)  # the schema is read without a login
        with pytest.raises(HTTPError) as caught:
            member.Name
        assert caught.value.code == 401
        caught.value.close()

    def test_a_wrong_token_is_its_401(self, server: sandbox.Server) -> None:
        member = connected(server, password="1.wrong", use_password_as_token=True).Member(20)
        with pytest.raises(HTTPError) as caught:
            member.Name
        assert caught.value.code == 401
        caught.value.close()

    def test_an_instance_that_is_not_there(self, server: sandbox.Server) -> None:
        with pytest.raises(client.V1AssetNotFoundError):
            connected(server, instance_url=server.url + "X").Story


class TestReflecting:
    def test_attributes_and_operations_become_members(self, v1: Any) -> None:
        assert isinstance(v1.Story.Name, property)
        assert callable(v1.Story.QuickClose)
        assert callable(v1.Timebox.MakeFuture)

    def test_an_unknown_type_is_its_not_found(self, v1: Any) -> None:
        with pytest.raises(client.V1AssetNotFoundError):
            v1.Animal


class TestReading:
    def test_lazily_one_request_for_all_basic_attributes(self, v1: Any, story: Any, server: sandbox.Server) -> None:
        fresh = connected(server).Story(story.intid)
        server.requests.clear()
        assert (fresh.Name, fresh.Estimate, fresh.Number[:2]) == ("A story", "3", "S-")
        data = [path for path in answered(server) if "/Data/" in path]
        assert data == [f"/VersionOne/rest-1.v1/Data/Story/{story.intid}"]

    def test_an_attribute_that_is_not_basic_is_fetched_alone(self, story: Any, server: sandbox.Server) -> None:
        server.requests.clear()
        assert story.IsClosed == "false"
        assert answered(server)[-1] == f"/VersionOne/rest-1.v1/Data/Story/{story.intid}/IsClosed"

    def test_relations_can_be_walked(self, v1: Any, story: Any) -> None:
        task = v1.Task.create(Name="Do it", Parent=story)
        assert task.Parent is story
        assert task.Parent.Scope.Name == "System (All Projects)"
        assert not task.Scope.Parent.Name.Anything
        assert [each.idref for each in story.Children] == [task.idref]
        assert not story.Super

    def test_one_identity(self, v1: Any, story: Any) -> None:
        assert v1.asset_from_oid(story.idref) is v1.Story(int(story.intid)) is v1.Story(str(story.intid))

    def test_iterating_over_a_class(self, v1: Any) -> None:
        names = [scope.Name for scope in v1.Scope]
        assert "System (All Projects)" in names
        assert len(names) > 1

    def test_every_type_can_be_listed(self, v1: Any) -> None:
        for name in ("Workitem", "PrimaryWorkitem", "Epic", "Defect", "Test", "Member", "Timebox", "Goal", "Issue"):
            assert list(getattr(v1, name).select("Name")), name

    def test_the_url_of_an_asset_is_a_page(self, v1: Any, story: Any) -> None:
        body = v1.server.opener.open(story.url).read()
        assert b"A story" in body


class TestQuerying:
    def test_select_fills_related_assets(self, v1: Any, server: sandbox.Server) -> None:
        owner = v1.Member(20)
        made = v1.Story.create(Name="Selected", Scope=v1.Scope(0))
        made.Owners = [owner]
        assert v1.commit() == []
        query = v1.Story.select("Name", "Owners.Nickname", "Scope.Name").filter(f"ID='{made.idref}'")
        (found,) = query
        server.requests.clear()
        assert (found.Name, found.Owners[0].Nickname, found.Scope.Name) == (
            "Selected",
            "Admin",
            "System (All Projects)",
        )
        assert answered(server) == []

    def test_aggregates_and_filtered_paths(self, v1: Any, story: Any) -> None:
        for name, hours in (("One", 1), ("Two", 5), ("Three", 7)):
            v1.Task.create(Name=name, Parent=story, ToDo=hours)
        token = "Children:Task[ToDo>'2'].ToDo.@Sum"
        (found,) = v1.Story.select("Name", token).filter(f"ID='{story.idref}'")
        assert (found[token], found.data[token]) == ("12", "12")

    def test_where_and_filter(self, v1: Any, story: Any) -> None:
        v1.Story.create(Name="Where", Scope=v1.Scope(0), Estimate=40)
        assert [each.Estimate for each in v1.Story.where(Name="Where", Estimate=40).select("Estimate")] == ["40"]
        assert len(v1.Story.where(Name="Where").filter("Estimate>'50'")) == 0

    def test_sort_and_page(self, v1: Any) -> None:
        for letter in "bca":
            v1.Goal.create(Name=f"Sorted {letter}", Scope=v1.Scope(0))
        query = v1.Goal.select("Name").filter("Name~='Sorted'")
        assert [each.Name[-1] for each in query.sort("-Name")] == ["c", "b", "a"]
        paged = v1.Goal.select("Name").filter("Name~='Sorted'").sort("Name").page(size=2)
        assert ([each.Name[-1] for each in paged], len(paged), paged.length()) == (["a", "b"], 2, 2)
        rest = paged.page(size=2, start=2).reQueryAll()
        assert ([each.Name[-1] for each in rest], len(rest)) == (["c"], 1)
        assert len(paged.page(size=2, start=50).reQueryAll()) == 0

    def test_find(self, v1: Any) -> None:
        made = v1.Story.create(Name="Unmistakable zebra", Scope=v1.Scope(0))
        assert list(v1.Story.select("Name").find("ZEBRA", field="Name")) == [made]
        assert list(v1.Story.select("Name").find("zebr", field="Name")) == []

    def test_as_of_a_time(self, v1: Any) -> None:
        made = v1.Story.create(Name="Old name", Scope=v1.Scope(0))
        time.sleep(0.02)
        between = datetime.now(UTC).replace(tzinfo=None)
        time.sleep(0.02)
        made.Name = "New name"
        v1.commit()
        condition = f"ID='{made.idref}'"
        assert [each.Name for each in v1.Story.asof([between]).select("Name").filter(condition)] == ["Old name"]
        assert list(v1.Story.asof("2001-01-01").select("Name").filter(condition)) == []
        both = v1.Story.asof([str(between), None]).select("Name").filter(condition)
        assert [(each.Name, each.AsOf) for each in both] == [("Old name", str(between)), ("New name", None)]

    def test_first_and_the_column_shortcut(self, v1: Any, story: Any) -> None:
        assert v1.Story.where(ID=story.idref).first() is story
        results = v1.Story.filter(f"ID='{story.idref}'").select("Estimate")
        assert list(results.Name) == ["A story"]
        assert list(v1.Member.where(IsSelf="true").Username) == ["admin"]

    def test_query_all(self, v1: Any, story: Any) -> None:
        assert [each.idref for each in v1.Story.where(ID=story.idref).queryAll()] == [story.idref]


class TestWriting:
    def test_create_and_update(self, v1: Any, server: sandbox.Server) -> None:
        made = v1.Story.create(Name="<Made> & \"read\" 'back' ünï", Scope=v1.Scope(0))
        made.Name = "Renamed"
        made.Estimate = 2.5
        assert v1.commit() == []
        other = connected(server).Story(made.intid)
        assert (other.Name, other.Estimate) == ("Renamed", "2.5")

    def test_set_on_an_asset_and_on_a_query(self, v1: Any, server: sandbox.Server) -> None:
        made = v1.Story.create(Name="Set", Scope=v1.Scope(0))
        made.set(Description="one", Estimate=1)
        v1.commit()
        v1.Story.filter(f"ID='{made.idref}'").set(Description="two")
        v1.commit()
        other = connected(server).Story(made.intid)
        assert (other.Description, other.Estimate) == ("two", "1")

    def test_none_clears_relations_and_scalars(self, v1: Any, server: sandbox.Server) -> None:
        made = v1.Story.create(Name="Clear", Scope=v1.Scope(0), Status=v1.StoryStatus(134), Description="text")
        made.Status = None
        made.Description = None
        v1.commit()
        other = connected(server).Story(made.intid)
        assert (bool(other.Status), other.Description) == (False, None)

    def test_many_relations_add(self, v1: Any, server: sandbox.Server) -> None:
        joe = v1.Member.create(Name="Joe", Nickname="Joe", DefaultRole=v1.Role(4))
        made = v1.Story.create(Name="Owned", Scope=v1.Scope(0))
        for owner in (v1.Member(20), joe):
            made.Owners = [owner]
            v1.commit()
        owners = connected(server).Story(made.intid).Owners
        assert {each.idref for each in owners} == {"Member:20", joe.idref}

    def test_leaving_the_block_commits(self, server: sandbox.Server) -> None:
        with connected(server) as v1:
            made = v1.Story.create(Name="Before", Scope=v1.Scope(0))
            made.Name = "After"
        assert connected(server).Story(made.intid).Name == "After"

    def test_operations(self, v1: Any, server: sandbox.Server) -> None:
        made = v1.Story.create(Name="Close me", Scope=v1.Scope(0))
        made.QuickSignup()
        assert [each.idref for each in made.Owners] == ["Member:20"]
        made.QuickClose()
        assert made.AssetState == "128"
        made.Reactivate()
        made.Delete()
        with pytest.raises(client.V1AssetNotFoundError):
            made.Name

    def test_attachments(self, v1: Any, story: Any, server: sandbox.Server) -> None:
        made = v1.Attachment.create(
            Name="All bytes", Content="", ContentType="application/octet-stream", Filename="a.bin", Asset=story
        )
        content = bytes(range(256)) * 1000
        made.file_data = content
        assert made.file_data == content
        assert connected(server).Attachment(made.intid).file_data == content
        assert [each.idref for each in story.Attachments] == [made.idref]


class TestErrors:
    def test_a_missing_asset(self, v1: Any) -> None:
        with pytest.raises(client.V1AssetNotFoundError):
            v1.Story(999999).Name

    def test_an_asset_of_another_type(self, v1: Any) -> None:
        with pytest.raises(client.V1AssetNotFoundError):
            v1.Story(20).Name

    def test_a_refused_create(self, v1: Any) -> None:
        with pytest.raises(client.V1Error, match=r"Required.*Story\.Scope"):
            v1.Story.create(Name="Nowhere")

    def test_an_unknown_attribute_in_select(self, v1: Any) -> None:
        with pytest.raises(client.V1Error, match=r"Story\.Nonsense"):
            list(v1.Story.select("Nonsense"))

    def test_a_bad_filter(self, v1: Any) -> None:
        with pytest.raises(client.V1Error, match="Invalid WHERE parameter"):
            list(v1.Story.where(Name="it's"))

    def test_a_forbidden_operation(self, v1: Any, story: Any) -> None:
        with pytest.raises(client.V1Error):
            story.Reactivate()

    def test_commit_returns_its_errors(self, v1: Any, story: Any) -> None:
        story.Estimate = "much"
        (error,) = v1.commit()
        assert isinstance(error, client.V1Error)

    def test_a_server_error_is_raised_as_it_is(self, v1: Any, story: Any, server: sandbox.Server) -> None:
        v1.Story
        server.add_fault("500", path="/Data/Story")
        with pytest.raises(HTTPError) as caught:
            list(v1.Story.select("Name"))
        assert caught.value.code == 500
        caught.value.close()
