"""assetmeta.v1pysdk by itself: what programs for the SDK are spared, under bad lines, threads and hostile texts."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

import assetmeta.v1pysdk
from assetmeta import AssetmetaError, Snapshot, sandbox
from assetmeta.backends.versionone.codecs import codec_for
from assetmeta.v1pysdk import (
    NoneDeref,
    V1AssetNotFoundError,
    V1CommitError,
    V1Error,
    V1Meta,
    client,
    query,
    split_attribute,
    string_utils,
    v1meta,
)
from assetmeta.v1pysdk.text_values import as_text
from nonempty import nonempty


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=60) as running:
        yield running


def connected(server: sandbox.Server, **changed: Any) -> V1Meta:
    arguments: dict[str, Any] = {"instance_url": server.url, "username": server.user, "password": server.secret}
    return V1Meta(**(arguments | changed))


@pytest.fixture
def v1(server: sandbox.Server) -> V1Meta:
    return connected(server)


@pytest.fixture
def story(v1: V1Meta) -> Any:
    return v1.Story.create(Name="A story", Scope=v1.Scope(0), Estimate=3)


def test_the_public_names() -> None:
    assert sorted(assetmeta.v1pysdk.__all__) == assetmeta.v1pysdk.__all__
    assert (v1meta.V1Meta, query.V1Query.__name__, client.V1Error) == (V1Meta, "V1Query", V1Error)
    assert string_utils.split_attribute is split_attribute


def test_tokens_are_split_outside_brackets() -> None:
    assert split_attribute("Subs:Story[Name='a.b'].Estimate.@Sum") == ["Subs:Story[Name='a.b']", "Estimate", "@Sum"]


class TestRequests:
    def test_making_a_connection_sends_nothing(self, server: sandbox.Server) -> None:
        server.requests.clear()
        connected(server)
        assert list(server.requests) == []

    def test_a_block_in_which_nothing_is_set_sends_nothing(self, server: sandbox.Server) -> None:
        server.requests.clear()
        with connected(server) as v1:
            assert v1.commit() == []
        assert list(server.requests) == []

    def test_reading_what_was_selected_sends_nothing_more(self, v1: V1Meta) -> None:
        stories = list(v1.Story.select("Name", "Owners.Name", "Scope.Name"))
        with v1.trace() as trace:
            assert all([s.Name, [o.Name for o in s.Owners], s.Scope.Name] for s in nonempty(stories))
            assert all(s.data and repr(s) for s in nonempty(stories))
        assert len(trace) == 0

    def test_what_was_not_selected_is_loaded_for_all_results_together(self, v1: V1Meta) -> None:
        stories = list(v1.Story.select("Name"))
        assert len(stories) > 2
        with v1.trace() as trace:
            assert {s.IsClosed for s in stories} <= {"true", "false"}
            assert all(s.Scope.Owner is not None for s in stories)
        assert len(trace) == 3

    def test_many_assets_are_written_in_one_request(self, v1: V1Meta) -> None:
        for task in v1.Task.select("Name"):
            task.Reference = f"T {task.intid}"
        with v1.trace() as trace:
            assert v1.commit() == []
        assert len(trace) == 1
        assert all(task.Reference == f"T {task.intid}" for task in nonempty(v1.Task.select("Reference")))

    def test_first_reads_one_asset(self, v1: V1Meta) -> None:
        stories = v1.Story.select("Name")
        with v1.trace() as trace:
            first = stories.first()
        assert len(trace) == 1
        with v1.trace() as whole:
            assert next(iter(stories)) is first
        assert trace.bytes_received < whole.bytes_received

    def test_a_query_runs_once(self, v1: V1Meta) -> None:
        stories = v1.Story.select("Name")
        with v1.trace() as trace:
            assert (
                len(stories)
                == stories.length()
                == stories.max_length()
                == len(list(stories))
                == len(list(stories.Name))
            )
            assert stories.first() is next(iter(stories))
        assert len(trace) == 1


class TestCommitting:
    def test_what_was_pending_in_a_broken_block_can_still_be_committed(self, v1: V1Meta, story: Any) -> None:
        with pytest.raises(RuntimeError), v1:
            story.Name = "after all"
            raise RuntimeError
        assert connected_name(v1, story) == "A story"
        assert v1.commit() == []
        assert connected_name(v1, story) == "after all"

    def test_a_block_that_ends_well_commits_and_leaves_the_connection_open(self, v1: V1Meta, story: Any) -> None:
        with v1:
            story.Name = "in the block"
        assert connected_name(v1, story) == story.Name == "in the block"

    def test_errors_that_were_handed_out_are_not_raised_at_the_end_of_the_block(self, v1: V1Meta, story: Any) -> None:
        with v1:
            story.Estimate = "much"
            assert len(v1.commit()) == 1

    def test_all_errors_of_a_block_are_raised(self, v1: V1Meta) -> None:
        stories = [v1.Story.create(Name=name, Scope=v1.Scope(0)) for name in "abc"]
        with pytest.raises(V1CommitError) as caught, v1:
            for each in stories[:2]:
                each.Estimate = "much"
            stories[2].Estimate = 5
        assert [type(error) for error in caught.value.errors] == [V1Error, V1Error]
        assert isinstance(caught.value, AssetmetaError)
        assert stories[2].Estimate == "5"

    def test_nothing_is_lost_while_the_server_is_away(self) -> None:
        with sandbox.running("versionone") as short:
            v1 = connected(short, retries=0)
            story = v1.Story.create(Name="Here", Scope=v1.Scope(0))
            story.Name = "later"
        with pytest.raises(URLError):
            v1.commit()
        assert (v1.dirtylist, story.Name) == ([story], "later")
        with pytest.raises(URLError):
            v1.commit()

    def test_a_change_without_an_answer_is_an_error_and_is_not_sent_again_by_itself(
        self, v1: V1Meta, story: Any, server: sandbox.Server
    ) -> None:
        story.Name = "sent"
        server.add_fault("drop", path=f"/Data/Story/{story.intid}")
        (error,) = v1.commit()
        assert isinstance(error, URLError)
        server.requests.clear()
        assert v1.commit() == []
        assert list(server.requests) == []
        assert connected_name(v1, story) == "sent"

    def test_a_read_only_connection_writes_nothing_and_keeps_what_was_set(self, server: sandbox.Server) -> None:
        v1 = connected(server, read_only=True)
        member = v1.Member(20)
        member.Phone = "1"
        with pytest.raises(V1Error, match="read-only"):
            v1.commit()
        assert v1.dirtylist == [member]

    def test_a_computed_attribute_cannot_be_written(self, v1: V1Meta, story: Any) -> None:
        story.Number = "S-1"
        (error,) = v1.commit()
        assert isinstance(error, V1Error)
        assert "read-only" in str(error)

    def test_an_unknown_name_in_set_is_an_error_of_the_commit(self, v1: V1Meta, story: Any) -> None:
        story.set(Nmae="x")
        (error,) = v1.commit()
        assert "Did you mean Name" in str(error)

    def test_what_was_loaded_before_is_written_though_the_server_has_another_value_now(
        self, v1: V1Meta, story: Any, server: sandbox.Server
    ) -> None:
        assert story.Name == "A story"
        with connected(server) as other:
            other.Story(story.intid).Name = "theirs"
        story.Name = "A story"
        assert v1.commit() == []
        assert connected_name(v1, story) == "A story"

    def test_what_is_set_survives_though_nobody_holds_the_asset(self, v1: V1Meta, story: Any) -> None:
        number = story.intid
        del story
        v1.Story(number).Name = "held"
        v1.Story(number).a_note_of_mine = "kept"
        gc.collect()
        assert (v1.Story(number).Name, v1.Story(number).a_note_of_mine) == ("held", "kept")
        assert v1.commit() == []
        assert v1.Story(number).Name == "held"

    def test_one_relation_takes_one_asset(self, v1: V1Meta, story: Any) -> None:
        epic = v1.Epic.create(Name="Above", Scope=v1.Scope(0))
        story.Super = [epic]
        assert story.Super is epic
        assert v1.commit() == []
        assert story.Super is epic
        with pytest.raises(V1Error, match="leads to one"):
            story.Super = [epic, epic]
        story.Super = []
        assert v1.commit() == []
        assert not story.Super

    def test_a_token_is_an_asset(self, v1: V1Meta, story: Any) -> None:
        story.Owners = "Member:20"
        assert story.Owners == [v1.Member(20)]
        assert v1.commit() == []
        assert story.Owners == [v1.Member(20)]

    def test_what_is_no_asset_is_an_error_of_the_commit(self, v1: V1Meta, story: Any) -> None:
        story.Owners = ["nobody"]
        (error,) = v1.commit()
        assert "takes assets of type Member" in str(error)

    def test_a_time_with_a_zone_is_the_same_moment_on_the_server(self, v1: V1Meta) -> None:
        scope = v1.Scope.create(Name="T", Parent=v1.Scope(0), Scheme=v1.Scheme.query().first(), BeginDate="2026-01-01")
        scope.EndDate = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
        assert v1.commit() == []
        assert scope.EndDate == "2026-03-01T10:30:00.000"
        scope.EndDate = datetime(2026, 3, 1, 12, 30)
        assert v1.commit() == []
        assert scope.EndDate == "2026-03-01T12:30:00.000"


def connected_name(v1: V1Meta, story: Any) -> Any:
    """The name that the server has."""
    return v1.server.get_attr("Story", story.intid, "Name").text


class TestErrors:
    def test_every_error_has_its_cause(self, v1: V1Meta) -> None:
        with pytest.raises(V1AssetNotFoundError) as caught:
            v1.Story(999999).Name
        assert isinstance(caught.value, V1Error)
        assert isinstance(caught.value, LookupError)
        assert isinstance(caught.value.__cause__, assetmeta.NotFound)
        assert caught.value.status == 404

    def test_an_unknown_type_is_not_found_and_no_attribute(self, v1: V1Meta) -> None:
        assert not hasattr(v1, "Stroy")
        with pytest.raises(V1AssetNotFoundError, match="Did you mean Story"):
            v1.Stroy

    def test_a_refused_login_is_an_http_error_that_can_be_read(self, server: sandbox.Server) -> None:
        with pytest.raises(HTTPError) as caught:
            connected(server, password="wrong").Member(20).Name
        assert caught.value.code == 401
        assert caught.value.read()
        assert "wrong" not in repr(caught.value.__cause__)

    def test_a_closed_connection(self, v1: V1Meta, story: Any) -> None:
        v1.close()
        with pytest.raises(V1Error, match="closed"):
            story.IsClosed

    def test_a_setting_that_there_is_not(self, server: sandbox.Server) -> None:
        with pytest.raises(TypeError, match="tiemout"):
            connected(server, tiemout=3)

    def test_a_setting_that_cannot_work(self) -> None:
        with pytest.raises(V1Error):
            V1Meta("localhost", username="me", password="x", auth=("a", "b"))  # type: ignore[arg-type]

    @pytest.mark.parametrize("wrong", [{"timeout": -1}, {"no_such_setting": 1}, {"instance_url": "ftp://h/i"}])
    def test_errors_of_its_making_show_no_password(self, wrong: dict[str, Any]) -> None:
        with pytest.raises((V1Error, TypeError)) as caught:
            V1Meta(**{"address": "localhost", "username": "me", "password": "pass-s3cret", **wrong})
        waiting: list[BaseException | None] = [caught.value]
        while waiting:
            error = waiting.pop()
            if error is None:
                continue
            waiting += [error.__cause__, error.__context__]
            frames = [each[0].f_locals for each in traceback.walk_tb(error.__traceback__)]
            shown = [names for names in frames if names.get("self") is not self]
            assert "pass-s3cret" not in f"{error!r} {vars(error)} {shown}"

    def test_a_document_that_declares_entities_is_refused(self, v1: V1Meta, story: Any) -> None:
        made = v1.Attachment.create(Name="x", Content="", ContentType="text/xml", Filename="x.xml", Asset=story)
        made.file_data = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
        with pytest.raises(V1Error):
            v1.server.get_xml(f"/attachment.img/{made.intid}")

    def test_a_server_without_a_session_sends_nothing(self) -> None:
        with pytest.raises(AssetmetaError):
            client.V1Server("localhost").fetch("/meta.v1/Story")


class TestTwoServers:
    def test_nothing_is_shared(self, v1: V1Meta, story: Any) -> None:
        with sandbox.running("versionone") as second:
            other = connected(second)
            assert other.Story is not v1.Story
            theirs = other.Story.create(Name="Theirs", Scope=other.Scope(0))
            theirs.Name, story.Name = "Theirs, written", "Ours, written"
            assert other.commit() == []
            assert (other.dirtylist, v1.dirtylist) == ([], [story])
            assert connected_name(v1, story) == "A story"
            with pytest.raises(V1Error, match="another server"):
                story.Owners = [other.Member(20)]
            with pytest.raises(V1Error, match="another server"):
                v1.Story.create(Name="x", Scope=other.Scope(0))
            assert v1.commit() == []
            with pytest.raises(HTTPError) as caught:
                v1.server.http_get(second.url + "/rest-1.v1/Data/Member/20")
            assert caught.value.code == 401

    def test_a_server_is_the_same_however_its_address_is_written(
        self, v1: V1Meta, story: Any, server: sandbox.Server
    ) -> None:
        other = connected(server, instance_url=server.url.lower() + "/")
        story.Owners = [other.Member(20)]
        assert v1.commit() == []
        assert story.Owners == [v1.Member(20)]

    def test_a_typed_asset_of_the_same_server_is_a_value(self, v1: V1Meta, story: Any, server: sandbox.Server) -> None:
        typed = assetmeta.V1Meta(**server.credentials)
        story.Owners = [typed.Member(20)]
        assert story.Owners == [v1.Member(20)]
        assert v1.commit() == []
        assert [owner.idref for owner in typed.Story(int(story.intid)).Owners] == ["Member:20"]


class TestCopies:
    def test_an_asset_pickles_as_what_is_loaded_of_it(self, story: Any) -> None:
        assert story.Name == "A story"
        found = pickle.loads(pickle.dumps(story))
        assert isinstance(found, Snapshot)
        assert (found.oid.token, found.values["Name"]) == (story.idref, "A story")

    def test_copies_of_an_asset_are_the_asset(self, story: Any) -> None:
        assert copy.copy(story) is copy.deepcopy(story) is story

    def test_the_stand_in_pickles_copies_and_stays_false(self) -> None:
        for nothing in (pickle.loads(pickle.dumps(NoneDeref())), copy.deepcopy(NoneDeref()), NoneDeref().any.thing):
            assert isinstance(nothing, NoneDeref)
            assert not nothing
            assert str(nothing) == "None"

    def test_data_is_a_copy(self, story: Any) -> None:
        assert story.Name == "A story"
        story.data["Name"] = "changed"
        story.Owners.append(1)
        assert (story.Name, story.data["Name"], story.Owners) == ("A story", "A story", [])


class TestThreads:
    def test_one_asset_per_identity_and_one_class_per_type(self, server: sandbox.Server) -> None:
        v1 = connected(server)
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append((v1.Story, v1.Story(5), v1.Member(20).Name))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len({(id(kind), id(asset), name) for kind, asset, name in found}) == 1

    def test_commits_at_the_same_time_write_everything_once(self, server: sandbox.Server) -> None:
        v1 = connected(server)
        stories = [v1.Story.create(Name="S", Scope=v1.Scope(0)) for _ in range(6)]
        errors: list[Any] = []

        def work(story: Any) -> None:
            story.Name = f"by {story.intid}"
            errors.extend(v1.commit())

        threads = [threading.Thread(target=work, args=(each,)) for each in stories]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        errors.extend(v1.commit())
        assert (errors, v1.dirtylist) == ([], [])
        assert [connected_name(v1, each) for each in stories] == [f"by {each.intid}" for each in stories]


class TestHostileTexts:
    TEXTS = ("it's", '"quoted"', "a;b|c&d", "$v1", "@x", "<b>&amp;", "Name='x'", "ünï", "x\u2028y", "%27", "\\'")

    @pytest.mark.parametrize("text", TEXTS)
    def test_a_text_is_written_found_and_read(self, v1: V1Meta, text: str) -> None:
        made = v1.Story.create(Name=text, Scope=v1.Scope(0))
        made.Reference = text
        assert v1.commit() == []
        found = v1.Story.where(Name=text, Reference=text).select("Name").first()
        assert (found, found.Name) == (made, text)

    def test_a_character_that_no_document_can_carry_is_an_error(self, v1: V1Meta, story: Any) -> None:
        story.Name = "a\x00b"
        assert len(v1.commit()) == 1


class TestLogging:
    def test_requests_are_logged_without_secrets(
        self, server: sandbox.Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="mine.v1pysdk.client"):
            v1 = connected(server, logparent="mine", loglevel=logging.DEBUG)
            v1.Story.select("Name").first()
        lines = [record.getMessage() for record in caplog.records if record.name == "mine.v1pysdk.client"]
        assert any(line == "HTTP POST to query.v1" for line in lines)
        assert not any(server.secret in line.split() for line in lines)


class TestTexts:
    @pytest.mark.parametrize(
        ("kind", "raw", "text"),
        [
            ("State", "Active", "64"),
            ("State", "Dead", "192"),
            ("State", "64", "64"),
            ("Boolean", "True", "true"),
            ("Boolean", "false", "false"),
            ("Numeric", "24.00", "24"),
            ("Numeric", "0.01", "0.01"),
            ("Date", "2026-01-31", "2026-01-31"),
            ("Date", "2026-01-31T10:00:00.123", "2026-01-31T10:00:00.123"),
            ("Duration", "1 Days", "1 Days"),
            ("Text", "", None),
            ("Numeric", "what is this", "what is this"),
        ],
    )
    def test_values_read_as_rest_writes_them(self, kind: str, raw: str, text: str | None) -> None:
        assert as_text(codec_for(kind, "X")).decode(raw) == text

    @pytest.mark.parametrize(
        ("kind", "value", "sent"),
        [
            ("Numeric", 2.50, "2.5"),
            ("Numeric", "4.50", "4.5"),
            ("Numeric", "1,5", "1,5"),
            ("Boolean", True, "true"),
            ("Boolean", "False", "false"),
            ("Text", True, "True"),
            ("Text", 5, "5"),
            ("Date", "2026-02-01 10:30:00", "2026-02-01T10:30:00.000"),
            ("Date", "12/31/2026", "12/31/2026"),
            ("Date", "2026-02-01T10:30:00+02:00", "2026-02-01T08:30:00.000Z"),
            ("Numeric", None, ""),
            ("Date", "", ""),
        ],
    )
    def test_values_are_sent_as_the_server_takes_them(self, kind: str, value: object, sent: str) -> None:
        codec = as_text(codec_for(kind, "X"))
        assert codec.encode(codec.parse(value)) == sent
