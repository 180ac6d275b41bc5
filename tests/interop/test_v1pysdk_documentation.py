"""Everything that the documentation of the vendor's Python SDK (v1pysdk 0.6.2) shows, in its order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from assetmeta import CommitError, NotFound, ReadOnly, V1Meta
from assetmeta import sandbox as sandboxes


@pytest.fixture(scope="module")
def server() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone", assets=300, seed=2) as running:
        yield running


@pytest.fixture
def v1(server: sandboxes.Server) -> Iterator[V1Meta]:
    session = V1Meta(**server.credentials)
    yield session
    session.close()


@pytest.fixture
def story(v1: V1Meta):
    """An open story of its own for a test to change."""
    return v1.Story.create(Name="Super Cool Feature do over", Scope=v1.Scope(0), Estimate=3)


class TestConnecting:
    def test_by_instance_url(self, server: sandboxes.Server) -> None:
        with V1Meta(instance_url=server.url, username="admin", password="admin") as v1:
            assert v1.Member(20).Name == "Administrator"

    def test_by_address_instance_and_scheme(self, server: sandboxes.Server) -> None:
        address, _, instance = server.url.removeprefix("http://").partition("/")
        with V1Meta(address=address, instance=instance, scheme="http", username="admin", password="admin") as v1:
            assert v1.Member(20).Name == "Administrator"

    def test_by_a_token_in_the_place_of_the_password(self, server: sandboxes.Server) -> None:
        with V1Meta(instance_url=server.url, password=server.token, use_password_as_token=True) as v1:
            assert v1.Member(20).Name == "Administrator"

    def test_an_instance_url_wins_over_address_and_scheme(self, server: sandboxes.Server) -> None:
        with V1Meta(
            instance_url=server.url, address="nowhere.invalid", scheme="https", username="admin", password="admin"
        ) as v1:
            assert v1.Member(20).Name == "Administrator"


class TestSingleAssets:
    def test_asset_types_are_attributes_of_the_connection(self, v1: V1Meta) -> None:
        user = v1.Member(20)
        assert isinstance(user.CreateDate, datetime)
        assert user.Name == "Administrator"

    def test_instances_of_one_oid_are_one_object(self, v1: V1Meta) -> None:
        s = v1.Story(1005)
        assert s is v1.asset_from_oid("Story:1005")
        assert s is v1.Story("1005")

    def test_assets_are_created_empty_and_print_so(self, v1: V1Meta) -> None:
        number = v1.Epic.first().intid
        with V1Meta(**_same(v1)) as other:
            epic = other.Epic(number)
            assert str(epic) == f"Epic({number})"
            assert epic.Name in str(epic)

    def test_basic_data_comes_with_the_first_attribute_and_more_on_demand(self, v1: V1Meta) -> None:
        number = v1.Epic.first().intid
        with V1Meta(**_same(v1)) as other:
            epic = other.Epic(number)
            assert isinstance(epic.Name, str)
            with other.trace() as ledger:
                assert epic.Number.startswith("E-")
                assert len(ledger) == 0
                assert isinstance(epic.CreateDate, datetime)
                assert len(ledger) == 1

    def test_the_relationship_network_is_walked_at_will(self, v1: V1Meta) -> None:
        story = v1.Story.where(v1.Story.Super.exists()).first()
        assert isinstance(story.Super.Scope.Name, str)

    def test_missing_relations_are_dereferenced_to_any_depth(self, v1: V1Meta, story) -> None:
        assert not story.Super
        assert not story.Super.Super.Super
        assert not story.Super.Scope.Name
        assert str(story.Super) == "None"

    def test_basic_attributes_are_data_too(self, v1: V1Meta) -> None:
        basic_attr_names = list(v1.AttributeDefinition.where(IsBasic="true").select("Name").Name)
        assert {"Name", "Estimate"} <= set(basic_attr_names)

    def test_idref_intid_url_and_data(self, v1: V1Meta, story) -> None:
        assert story.idref == f"Story:{story.intid}"
        assert story.url == f"{_same(v1)['instance_url']}/assetdetail.v1?oid={story.idref}"
        assert story.Name == story.data["Name"] == story["Name"]
        assert story.reprref == f"Story({story.intid})"

    def test_with_data_takes_values_as_loaded(self, v1: V1Meta) -> None:
        assert "Story" in v1.types
        with v1.trace() as ledger:
            story = v1.Story(999999).with_data({"Name": "given", "Estimate": "3.5", "Scope": v1.Scope(0)})
            assert (story.Name, story.Estimate, story.Scope) == ("given", Decimal("3.5"), v1.Scope(0))
        assert len(ledger) == 0


class TestOperations:
    def test_operations_are_methods(self, v1: V1Meta) -> None:
        epic = v1.Epic.create(Name="Parent", Scope="Scope:0")
        for number in range(2):
            v1.Story.create(Name=f"Sub {number}", Scope="Scope:0", Super=epic)
        for story in epic.Subs:
            story.QuickSignup()
        assert [[v1.Member(20)], [v1.Member(20)]] == [list(story.Owners) for story in epic.Subs]

    def test_data_is_stale_after_an_operation(self, v1: V1Meta, story) -> None:
        assert not story.IsClosed
        story.Inactivate()
        assert story.IsClosed

    def test_an_operation_that_is_not_allowed_raises_and_says_why(self, story) -> None:
        story.Inactivate()
        with pytest.raises(Exception, match="Inactivate"):
            story.Inactivate()


class TestIteration:
    def test_a_class_iterates_over_all_assets(self, v1: V1Meta) -> None:
        members = list(v1.Member)
        assert "Administrator" in ", ".join(m.Name for m in members)

    def test_a_column_of_the_results(self, v1: V1Meta) -> None:
        members = v1.Member.select("Name")
        assert ", ".join(members.Name) == ", ".join(m.Name for m in members)
        assert list(v1.Member.Name) == list(members.Name)

    def test_query_all_reads_at_once_and_the_query_goes_on_without_requests(self, v1: V1Meta) -> None:
        members = v1.Member.select("Name")
        with v1.trace() as ledger:
            members.queryAll()
            assert ", ".join(m.Name for m in members) == ", ".join(members.Name)
            assert len(members) == members.length()
        assert len(ledger) == 1

    def test_query_select_and_where_without_arguments_are_all_assets(self, v1: V1Meta) -> None:
        every = list(v1.Member)
        assert every == list(v1.Member.query()) == list(v1.Member.select()) == list(v1.Member.where())


class TestQueries:
    def test_where_means_equals(self, v1: V1Meta, story) -> None:
        found = list(v1.Story.where(Name="Super Cool Feature do over").select("Name", "CreateDate", "Owners.Name"))
        assert story in found
        assert {"Super Cool Feature do over"} == {s.Name for s in found}
        assert all([] == [owner.Name for owner in s.Owners] for s in found)

    def test_select_reduces_traffic_and_where_takes_text_for_numbers(self, v1: V1Meta, story) -> None:
        with v1.trace() as ledger:
            found = [
                (s.Name, [o.Name for o in s.Owners]) for s in v1.Story.select("Name", "Owners.Name").where(Estimate="3")
            ]
        assert ("Super Cool Feature do over", []) in found
        assert len(ledger) == 1

    def test_filter_takes_terms_of_the_servers_language(self, v1: V1Meta) -> None:
        names = [s.Name for s in v1.Story.filter("Estimate>'5';Owners.@Count<'10'").select("Name")]
        assert len(names) == len(list(v1.Story.where(v1.Story.Estimate > 5)))

    def test_where_and_filter_are_both_kept(self, v1: V1Meta, story) -> None:
        query = v1.Story.where(Name=story.Name).filter("Estimate='3'").filter("Estimate<'4'")
        assert story in list(query)
        assert [] == list(query.filter("Estimate>'99'"))

    def test_paging_with_a_new_query_each_time(self, v1: V1Meta) -> None:
        seen, start = [], 0
        while True:
            results = v1.Member.select("Name").filter("ID!='Member:20'").sort("-Name").page(size=3, start=start)
            if not len(results):
                break
            assert len(results) <= 3
            seen.extend(results.Name)
            start += 3
        assert sorted(seen, key=str.casefold, reverse=True) == sorted(seen, key=str.casefold)[::-1]
        assert len(seen) == v1.Member.filter("ID!='Member:20'").count()

    def test_paging_by_running_the_query_again(self, v1: V1Meta) -> None:
        seen, start = [], 0
        results = v1.Member.select("Name").sort("-Name")
        while True:
            results = results.page(size=3, start=start).reQueryAll()
            if not len(results):
                break
            start += 3
            seen.extend(results.Name)
        assert len(seen) == results.max_length() == v1.Member.count()

    def test_sorting_by_several_names(self, v1: V1Meta) -> None:
        results = (
            v1.Story.select("Name", "Estimate").filter("Estimate>'0'").sort("-Estimate", "Name").sort("DetailEstimate")
        )
        estimates = [s.Estimate for s in results]
        assert estimates == sorted(estimates, reverse=True)

    def test_find_matches_whole_words_in_a_field(self, v1: V1Meta) -> None:
        v1.Story.create(Name="Get a handle on filtering", Scope="Scope:0")
        v1.Story.create(Name="Getting alone is not enough", Scope="Scope:0")
        results = v1.Story.select("Name").find("Get a", field="Name")
        assert list(results.Name) == ["Get a handle on filtering"]
        assert len(results.find()) > 1

    def test_select_terms_of_the_servers_language_come_under_their_own_text(self, v1: V1Meta) -> None:
        select_term = "Workitems:PrimaryWorkitem[AssetState='Active'].Estimate.@Sum"
        totals = [result.data[select_term] for result in v1.Timebox.select(select_term)]
        assert len(totals) == v1.Timebox.count()
        assert any(isinstance(total, Decimal) for total in totals)

    def test_results_by_path(self, v1: V1Meta) -> None:
        outfile = io.StringIO()
        writer = csv.writer(outfile)
        results = v1.Story.select("Name", "CreateDate", "Estimate", "Owners.Name").filter(
            "Owners.OwnedWorkitems.@Count>'1'"
        )
        with v1.trace() as ledger:
            for result in results:
                writer.writerow((result["Name"], ", ".join(result["Owners.Name"])))
        assert len(ledger) == 1
        assert len(outfile.getvalue().splitlines()) > 3


class TestCreating:
    def test_create_happens_at_once(self, v1: V1Meta) -> None:
        new_story = v1.Story.create(Name="New Story", Scope=v1.Scope.where(Name="System (All Projects)").first())
        assert isinstance(new_story.CreateDate, datetime)
        new_story.QuickSignup()
        assert ", ".join(o.Name for o in new_story.Owners) == "Administrator"
        assert v1.pending == 0

    def test_a_missing_required_attribute_is_the_servers_to_refuse(self, v1: V1Meta) -> None:
        with pytest.raises(Exception, match="Required"):
            v1.Story.create(Name="no project")


class TestUpdating:
    def test_nothing_is_written_until_commit(self, v1: V1Meta, story) -> None:
        story.Name = "Super Cool Feature Redux"
        story.Owners = v1.Member.where(Name="Administrator")
        with V1Meta(**_same(v1)) as other:
            assert other.Story(story.intid).Name == "Super Cool Feature do over"
        errors = v1.commit()
        assert not errors
        with V1Meta(**_same(v1)) as other:
            assert other.Story(story.intid).Name == "Super Cool Feature Redux"
            assert [owner.intid for owner in other.Story(story.intid).Owners] == [20]

    def test_errors_of_a_commit_can_be_raised_one_by_one(self, v1: V1Meta, story) -> None:
        story.Scope = None
        errors = v1.commit()
        assert errors
        for error in errors:
            with pytest.raises(Exception, match="Scope"):
                raise error

    def test_the_connection_commits_at_the_end_of_its_block(self, v1: V1Meta, story) -> None:
        with V1Meta(**_same(v1)) as other:
            other.Story(story.intid).Name = "committed implicitly"
        assert v1.Story.where(ID=story).select("Name").first().Name == "committed implicitly"

    def test_a_block_left_by_an_exception_commits_nothing(self, v1: V1Meta, story) -> None:
        with pytest.raises(RuntimeError), V1Meta(**_same(v1)) as other:
            other.Story(story.intid).Name = "never"
            raise RuntimeError
        assert v1.Story.where(ID=story).select("Name").first().Name == "Super Cool Feature do over"

    def test_a_block_whose_commit_fails_raises(self, v1: V1Meta, story) -> None:
        with pytest.raises(CommitError, match="Scope"), V1Meta(**_same(v1)) as other:
            other.Story(story.intid).Scope = None

    def test_set_and_pending_on_asset_and_query(self, v1: V1Meta, story) -> None:
        assert story.set(Estimate=8) is story
        story.pending({"Reference": "R-1"})
        v1.Story.where(ID=story).set(RequestedBy="Ann")
        assert not v1.commit()
        again = v1.Story.where(ID=story).select("Estimate", "Reference", "RequestedBy").first()
        assert (again.Estimate, again.Reference, again.RequestedBy) == (Decimal(8), "R-1", "Ann")


class TestAttachments:
    def test_file_data_is_read_and_set(self, v1: V1Meta, story) -> None:
        attachment = v1.Attachment.create(
            Name="Picture", Filename="p.png", ContentType="image/png", Content="", Asset=story
        )
        attachment.file_data = b"\x89PNG\r\n<not xml> \x00"
        assert attachment.file_data == b"\x89PNG\r\n<not xml> \x00"
        assert attachment.Asset is story

    def test_a_missing_attachment_is_not_found(self, v1: V1Meta) -> None:
        with pytest.raises(NotFound):
            v1.Attachment(999999).file_data


class TestThePast:
    def test_asof_runs_for_each_moment_and_marks_the_results(self, v1: V1Meta, story) -> None:
        results = v1.Story.select("Owners").where(Name=story.Name).asof("2012-10-10", "2099-10-11")
        found = [
            (result.data["AsOf"], [o.Name for o in result.Owners]) for result in results if result.intid == story.intid
        ]
        assert found == [("2099-10-11", [])]

    def test_a_list_of_moments_and_a_datetime_as_text(self, v1: V1Meta, story) -> None:
        moments = ["2099-10-11", str(datetime(2099, 10, 12, 5))]
        results = v1.Story.select("Name").where(ID=story).asof(moments)
        assert [result.AsOf for result in results] == moments

    def test_the_past_is_read_only(self, v1: V1Meta, story) -> None:
        [past] = v1.Story.select("Name").where(ID=story).asof("2099-10-11")
        assert past is not story
        with pytest.raises(ReadOnly):
            past.Name = "x"


def _same(v1: V1Meta) -> dict[str, str]:
    """The credentials of the session's own server, for a second session."""
    return {"instance_url": v1._driver.base_url.rstrip("/"), "username": "admin", "password": "admin"}
