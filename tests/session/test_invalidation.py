"""What a delete, a create and a call mean for what is loaded: whatever depends on it is read anew, the rest is not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assetmeta import NotFound, TestspaceMeta, Unsupported, V1Meta, ValispaceMeta, ValohaiMeta, inspect, sandbox
from assetmeta.core.state import forget
from assetmeta.tools import valispace


@pytest.fixture
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """Two sessions to one server."""
    name, assets, meta, options = request.param
    with sandbox.running(name, assets=assets) as server:
        login = {**server.credentials, **options}
        with meta(**login) as session, meta(**login) as other:
            yield session, other


@pytest.fixture
def vs(both: tuple[Any, Any]) -> Any:
    return both[0]


ts = vh = v1 = vs


@pytest.fixture
def other(both: tuple[Any, Any]) -> Any:
    """Another session, in which nothing is loaded."""
    return both[1]


def on(name: str, assets: int, meta: Any, **options: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("both", [(name, assets, meta, options)], ids=[name], indirect=True)


@on("valispace", 0, ValispaceMeta, survey="none")
class TestValispace:
    @pytest.fixture
    def craft(self, vs: Any) -> dict[str, Any]:
        """A spacecraft whose mass is that of its two parts, one of which has a part of its own."""
        project = vs.Project.create(name="P", workspace=vs.Workspace.create(name="W"))
        craft = vs.Component.create(name="Craft", project=project)
        bus = vs.Component.create(name="Bus", project=project, parent=craft)
        box = vs.Component.create(name="Box", project=project, parent=bus)
        bus_mass = vs.Vali.create(shortname="mass", parent=bus, formula="10")
        box_mass = vs.Vali.create(shortname="mass", parent=box, formula="3")
        mass = vs.Vali.create(shortname="mass", parent=craft, formula=f"${bus_mass.id} + ${box_mass.id}")
        spare = vs.Vali.create(shortname="spare", parent=craft, formula="2")
        return {name: value for name, value in locals().items() if name not in ("self", "vs")}

    def test_values_that_were_worked_out_of_a_deleted_component_are_read_again(self, vs: Any, craft: Any) -> None:
        assert craft["mass"].value == 13
        vs.delete(craft["bus"])
        assert not vs.commit()
        assert craft["mass"].value is None
        assert craft["spare"].value == 2
        assert not list(craft["craft"].children)

    def test_what_was_below_a_deleted_component_is_gone_too(self, vs: Any, craft: Any) -> None:
        assert ["3", "Box", "2"] == [craft["box_mass"].formula, craft["box"].name, craft["spare"].formula]
        vs.delete(craft["bus"])
        assert not vs.commit()
        before = len(vs.ledger)
        assert craft["spare"].formula == "2"
        assert len(vs.ledger) == before
        for name in ("bus", "bus_mass", "box", "box_mass"):
            with pytest.raises(NotFound):
                _ = craft[name].id

    def test_a_part_of_which_the_parent_was_never_read_is_requested_again(
        self, vs: Any, craft: Any, other: Any
    ) -> None:
        ids = craft["bus_mass"].intid, craft["spare"].intid
        gone, kept = (other.Vali(key) for key in ids)
        other.populate([gone, kept], "shortname")
        for vali in (gone, kept):
            forget(vali, ["parent"])
        other.delete(other.Component(craft["bus"].intid))
        assert not other.commit()
        with pytest.raises(NotFound):
            _ = gone.shortname
        assert kept.shortname == "spare"

    @pytest.mark.parametrize("what", ["bus", "bus_mass", "project"])
    def test_the_dataset_of_a_deleted_vali_is_gone_with_its_points_and_variables(
        self, vs: Any, craft: Any, what: str
    ) -> None:
        valispace.dataset(craft["bus_mass"], [[1, 10], [2, 20]])
        assert not vs.commit()
        [made] = craft["bus_mass"].datasets
        points = [vs.DatasetPoint(point["id"]) for point in made.points]
        values = [vs.DatasetVariable(each["id"]) for point in points for each in point.variables]
        assert [one.value_number for one in values] and [point.value for point in points]
        vs.delete(craft["bus"].project if what == "project" else craft[what])
        assert what == "project" or "DatasetVariable" in str(vs.plan())
        assert not vs.commit()
        for one in (made, *points, *values):
            with pytest.raises(NotFound):
                _ = one.id

    def test_an_asset_that_was_moved_away_meanwhile_is_not_gone(self, vs: Any, craft: Any, other: Any) -> None:
        other.Component(craft["box"].intid).parent = other.Component(craft["craft"].intid)
        assert not other.commit()
        vs.delete(craft["bus"])
        assert not vs.commit()
        assert craft["box"].parent is craft["craft"]
        assert craft["box_mass"].formula == "3"


@on("testspace", 400, TestspaceMeta)
class TestTestspace:
    def content(self, ts: Any) -> tuple[Any, Any]:
        """A result, and a folder in it with cases."""
        for result in ts.Result.all():
            for content in result.contents:
                if content.case_counts is not None and sum(filter(None, content.case_counts)):
                    return result, content
        raise AssertionError("the sandbox has no contents with cases")

    def test_the_counts_of_a_result_are_read_again_when_a_content_is_deleted(self, ts: Any) -> None:
        result, content = self.content(ts)
        others = [one for one in ts.Result.all() if one is not result]
        before, gone = result.case_counts, content.case_counts
        assert [one.case_counts for one in others]
        ts.delete(content)
        assert not ts.commit()
        assert content not in result.contents
        assert result.case_counts.passed == before.passed - gone.passed
        sent = len(ts.ledger)
        assert [one.case_counts for one in others]
        assert len(ts.ledger) == sent

    def test_the_counts_are_read_again_though_the_content_was_never_read(self, ts: Any, other: Any) -> None:
        result, content = self.content(ts)
        before, gone, key = result.case_counts, content.case_counts, content.idref
        mine = other.Result(result.intid)
        assert mine.case_counts == before
        other.delete(other.asset_from_oid(key))
        assert not other.commit()
        assert mine.case_counts.passed == before.passed - gone.passed

    @pytest.mark.parametrize(("kind", "fixed"), [("MetricDataset", "published_at"), ("Failure", "message")])
    def test_what_a_completion_makes_comes_and_goes_with_it(self, ts: Any, other: Any, kind: str, fixed: str) -> None:
        result, *others = [one for one in ts.Result.all() if one.complete and list(one.failures)]

        def derived(one: Any) -> list[Any]:
            if kind == "Failure":
                return list(one.failures)
            return [each for metric in one.space.metrics for each in metric.datasets if each.result_set is one]

        mine = {each: each[fixed] for each in derived(result)}
        rest = [each for one in others for each in derived(one) if one.space is not result.space]
        assert mine and rest and [each[fixed] for each in rest]
        result.complete = False
        assert not ts.commit()
        for each in mine:
            with pytest.raises(NotFound):
                _ = each[fixed]
        assert not derived(result)
        sent = len(ts.ledger)
        assert [each[fixed] for each in rest]
        assert len(ts.ledger) == sent
        result.complete = True
        assert not ts.commit()
        theirs = derived(other.asset_from_oid(result.idref))
        assert {each.idref: each[fixed] for each in derived(result)} == {each.idref: each[fixed] for each in theirs}

    def test_results_and_contents_of_a_deleted_space_are_gone(self, ts: Any) -> None:
        result, content = self.content(ts)
        space = result.space
        third = next(one for one in ts.Result.all() if one.space is not space)
        assert all([space.name, result.name, content.name, third.name])
        ts.delete(space)
        assert not ts.commit()
        for gone in (space, result, content):
            with pytest.raises(NotFound):
                _ = gone.name
        assert third.name

    @pytest.mark.parametrize("what", ["content", "result", "space", "project"])
    def test_failures_and_files_of_what_is_deleted_are_gone(self, ts: Any, what: str) -> None:
        failure, content = next(
            (failure, content)
            for result in ts.Result.all()
            for failure in result.failures
            for content in result.contents
            if content.file and str(failure.key).startswith(str(content.path))
        )
        file, result = content.file, content.result
        assert file.id and failure.state and file.file_data
        ts.delete({"content": content, "result": result, "space": result.space, "project": result.space.project}[what])
        assert "Failure" in str(ts.plan()) and "File" in str(ts.plan())
        assert not ts.commit()
        assert what != "content" or failure not in result.failures
        for read in (lambda: failure.state, lambda: file.id, lambda: file.file_data, lambda: content.name):
            with pytest.raises(NotFound):
                read()

    def test_the_contents_of_another_result_bring_none_of_a_deleted_one_back(self, ts: Any) -> None:
        contents = ts.Content.all()
        gone = contents[-1].result
        kept = [content for content in contents if content.result is not gone]
        below = [content for content in contents if content.result is gone]
        assert kept and below and [list(content.contents) for content in contents]
        ts.delete(gone)
        assert not ts.commit()
        assert [list(content.contents) for content in kept]
        for content in below:
            for read in (content.contents.__len__, lambda content=content: content.name, content.contents.__len__):
                with pytest.raises(NotFound):
                    read()

    def test_other_failures_and_files_are_not(self, ts: Any) -> None:
        first, second = [result for result in ts.Result.all() if len(result.failures)][:2]
        files = [content.file for content in second.contents if content.file]
        failures = list(second.failures)
        assert files and [failure.state for failure in failures]
        ts.delete(first)
        assert not ts.commit()
        sent = len(ts.ledger)
        assert [failure.state for failure in failures] and [file.id for file in files]
        assert all(file.name for file in files)
        assert sent == len(ts.ledger)

    def test_a_file_of_a_deleted_content_that_is_not_in_memory_has_no_name(self, ts: Any) -> None:
        content = next(content for content in ts.Content.all() if content.file)
        file, key, result = content.file, content.file.id, content.result
        assert file.name
        inspect(content).refresh()
        ts.delete(result)
        assert not ts.commit()
        for read in (lambda: file.name, lambda: ts.File(key).download_url, lambda: ts.File(key + 1000).name):
            with pytest.raises(Unsupported, match="read the content, and its file"):
                read()
        assert file.id == key

    def test_a_file_by_its_number_alone_is_saved_under_that(self, ts: Any, other: Any, tmp_path: Path) -> None:
        key = next(content.file.id for content in ts.Content.all() if content.file)
        with pytest.raises(Unsupported):
            _ = other.File(key).name
        assert inspect(other.File(key)).save(tmp_path).name == f"File_{key}"

    def test_a_new_result_is_in_the_list_and_counts(self, ts: Any) -> None:
        space = ts.Space.all()[0]
        before = len(space.results)
        made = ts.Result.create(space=space, name="fresh")
        assert len(space.results) == before + 1
        assert space.latest_result_set is made
        ts.delete(made)
        assert not ts.commit()
        assert made not in space.results
        assert space.latest_result_set is not made


@on("valohai", 300, ValohaiMeta)
class TestValohai:
    def test_a_project_counts_one_execution_less(self, vh: Any) -> None:
        execution = vh.Execution.first()
        project = execution.project
        before = project.execution_count
        assert before
        vh.delete(execution)
        assert not vh.commit()
        assert project.execution_count == before - 1

    def test_it_does_so_when_the_execution_was_never_read(self, vh: Any, other: Any) -> None:
        execution = vh.Execution.first()
        project = other.Project(execution.project.intid)
        before = project.execution_count
        other.delete(other.Execution(execution.intid))
        assert not other.commit()
        assert project.execution_count == before - 1

    def test_a_copy_of_an_execution_counts(self, vh: Any) -> None:
        execution = vh.Execution.first()
        project = execution.project
        before, listed = project.execution_count, len(project.executions)
        made = execution.copy()
        assert made is not execution
        assert project.execution_count == before + 1
        assert len(project.executions) == listed + 1

    def test_other_executions_keep_what_is_loaded(self, vh: Any) -> None:
        executions = vh.Execution.all()
        assert len(executions) > 3
        states = [one.status for one in executions]
        vh.delete(executions[0])
        assert not vh.commit()
        before = len(vh.ledger)
        assert states[1:] == [one.status for one in executions[1:]]
        assert len(vh.ledger) == before

    def test_the_store_of_a_project_is_read_again_when_it_is_deleted(self, vh: Any) -> None:
        project = next(one for one in vh.Project if one.upload_store_id is not None)
        assert project.upload_store.id == project.upload_store_id
        vh.delete(project.upload_store)
        assert not vh.commit()
        assert project.upload_store_id is None
        assert not project.upload_store

    def test_an_alias_goes_with_the_deployment_version_that_it_names(self, vh: Any) -> None:
        alias = next(alias for alias in vh.DeploymentVersionAlias.all() if alias.name and alias.target)
        deployment = alias.deployment
        assert alias in deployment.version_aliases
        vh.delete(alias.target)
        assert alias.idref in str(vh.plan())
        assert not vh.commit()
        assert alias not in deployment.version_aliases
        with pytest.raises(NotFound):
            _ = alias.name

    def test_addresses_that_hold_the_name_of_a_project_are_read_again_when_it_is_renamed(self, vh: Any) -> None:
        version = next(one for one in vh.DeploymentVersion.all() if one.endpoint_urls)
        deployment = version.deployment
        project = deployment.project
        read = (lambda: deployment.urls, lambda: version.urls, lambda: version.endpoint_urls)
        before = [str(addresses()) for addresses in read]
        assert all(project.name in text for text in before)
        project.name = "harbour-renamed"
        assert not vh.commit()
        assert all("harbour-renamed" in str(addresses()) for addresses in read)

    def test_what_belongs_to_a_deleted_project_is_gone(self, vh: Any) -> None:
        project = vh.Execution.first().project
        execution, commit = project.executions[0], project.commits[0]
        assert execution.status
        assert commit.identifier
        vh.delete(project)
        assert not vh.commit()
        with pytest.raises(NotFound):
            _ = execution.status
        with pytest.raises(NotFound):
            _ = commit.identifier


class TestRefreshed:
    """What was refreshed is read again together."""

    @pytest.mark.parametrize(
        ("both", "type_name", "name", "requests"),
        [
            (("valohai", 300, ValohaiMeta, {}), "Execution", "status", 1),
            (("versionone", 200, V1Meta, {}), "Story", "Name", 1),
            (("valispace", 300, ValispaceMeta, {"survey": "none"}), "Vali", "formula", 1),
            (("testspace", 400, TestspaceMeta, {}), "Project", "name", 1),
        ],
        ids=["valohai", "versionone", "valispace", "testspace"],
        indirect=["both"],
    )
    def test_in_one_request(self, both: tuple[Any, Any], type_name: str, name: str, requests: int) -> None:
        session, _ = both
        assets = session[type_name].all()[:12]
        assert len(assets) > 2
        values = [getattr(asset, name) for asset in assets]
        for asset in assets:
            inspect(asset).refresh()
        with session.budget(requests):
            assert values == [getattr(asset, name) for asset in assets]

    @on("valohai", 300, ValohaiMeta)
    def test_what_only_whole_objects_hold_is_there_when_it_is_read(self, vh: Any) -> None:
        executions = vh.Execution.all()[:6]
        priorities = [one.priority for one in executions]
        for one in executions:
            inspect(one).refresh()
        assert all(one.status for one in executions)
        assert priorities == [one.priority for one in executions]


@on("versionone", 200, V1Meta)
class TestVersionOne:
    def test_children_of_a_deleted_story_are_requested_and_still_there(self, v1: Any) -> None:
        task = next(one for one in v1.Task.select("Name", "Parent", "ToDo") if one.Parent)
        story = task.Parent
        assert task in story.Children
        v1.delete(story)
        assert not v1.commit()
        with pytest.raises(NotFound):
            _ = story.Name
        assert task.Name
        assert task.Parent is None or not task.Parent or task.Parent is story

    def test_sums_over_a_deleted_task_are_read_again(self, v1: Any) -> None:
        story = v1.Story.create(Name="sum", Scope="Scope:0")
        tasks = [v1.Task.create(Name=f"t{n}", Parent=story, ToDo=n) for n in (1, 2)]
        total = "Children.ToDo.@Sum"
        assert story[total] == Decimal(3)
        v1.delete(tasks[0])
        assert not v1.commit()
        assert story[total] == Decimal(2)
        assert [tasks[1]] == story.Children

    def test_guards_of_other_stories_are_not_read_again_for_every_operation(self, v1: Any) -> None:
        stories = v1.Story.select("Name", "Number", "CheckQuickClose").page(6).all()
        assert len(stories) == 6
        before = len(v1.ledger)
        open_ones = [story for story in stories if story.CheckQuickClose]
        for story in open_ones:
            story.QuickClose()
        assert open_ones
        assert len(v1.ledger) == before + len(open_ones)
