"""Conditions on values to choose from: a slip is an error with the nearest words, and no empty answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.core.comparisons import condition
from assetmeta.model.codecs import Choices


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=300, seed=4) as running:
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[V1Meta]:
    with V1Meta(**server.credentials) as session:
        assert session.types
        yield session
        session.revert()


class TestListsOfVersionOne:
    @pytest.mark.parametrize("ask", [list, lambda query: query.count(), lambda query: query.first(), bool])
    def test_a_name_that_is_none_is_an_error_with_the_nearest(self, v1: V1Meta, ask: Any) -> None:
        for query in (
            v1.Story.where(Status="Dne"),
            v1.Story.where({"Status.Name": ["Done", "Dne"]}),
            v1.Story.where(v1.Story.Status != "Dne"),
            v1.Story.where((v1.Story.Estimate > 3) | ~(v1.Story.Status == "Dne")),
            v1.Story.where(Status="Dne", Estimate=3),
        ):
            with pytest.raises(BadValue, match="there is no StoryStatus 'Dne'. Did you mean Done\\?"):
                ask(query)

    def test_the_names_come_along_once_with_the_first_query(self, v1: V1Meta) -> None:
        with v1.trace() as trace:
            assert list(v1.Story.where(Status="done").select("Name"))
            assert 1 == len(trace)
            assert list(v1.Story.where(Status=["Done", "Accepted"]).select("Name"))
        assert 2 == len(trace)
        with v1.trace() as trace:
            assert v1.Story.where(Status="Done").count()
        assert 1 == len(trace)

    def test_a_slip_is_found_out_though_the_names_were_read_before(self, v1: V1Meta) -> None:
        assert v1.Story.where(Status="Done").exists()
        with v1.trace() as trace, pytest.raises(BadValue, match="There are "):
            v1.Story.where(Status="zzzzzz").all()
        # Somebody may have added it: the list is read again, the question is not asked.
        assert 1 == len(trace)

    def test_a_name_that_somebody_added_meanwhile_is_none_of_them(self, v1: V1Meta, server: sandbox.Server) -> None:
        assert v1.Story.where(Status="Done").exists()
        with V1Meta(**server.credentials) as other:
            other.StoryStatus.create(Name="Brand New")
        assert [] == v1.Story.where(Status="brand new").all()

    def test_any_text_can_be_requested(self, v1: V1Meta) -> None:
        assert [] == v1.Story.where(v1.Story.Status.exact("Dne")).all()
        assert [] == v1.Story.where(v1.Story.Status.contains("Dne")).all()
        assert [] == v1.StoryStatus.where(Name="Dne").all()
        assert [] == v1.Story.where({"Scope.Name": "No such project"}).all()

    def test_a_name_inside_a_narrowed_relation_is_checked_too(self, v1: V1Meta) -> None:
        story, scope = v1.Story, v1.Scope
        undone = scope.Workitems.of_type(story)[story.Status == "Dne"]
        for query in (
            scope.where(undone.Estimate > 3),
            scope.where(undone.exists()),
            scope.where((scope.Name == "x") | ~undone.exists()),
            scope.select(undone.Estimate.sum()),
            scope.sort(undone.count().desc()),
            story.where(story.Scope[undone.exists()].exists()),
            story.where(story.Scope[scope.Name != "x"].Workitems.of_type(story)[story.Status == "Dne"].exists()),
        ):
            with v1.trace() as trace, pytest.raises(BadValue, match="there is no StoryStatus 'Dne'. Did you mean Done"):
                list(query)
            assert 1 == len(trace)
        with pytest.raises(BadValue, match="there is no ScopeStatus 'Gren'. Did you mean Green"):
            list(story.where(story.Scope[scope.Name != "x"].Status == "Gren"))
        done = scope.Workitems.of_type(story)[story.Status == "Done"]
        assert 0 < scope.where(done.exists()).count() <= scope.where(scope.Workitems.of_type(story).exists()).count()

    def test_several_moments_are_checked_together(self, v1: V1Meta) -> None:
        with v1.trace() as trace, pytest.raises(BadValue, match="Did you mean Done"):
            list(v1.Story.where(Status="Dne").asof("2026-01-01", "2026-02-01"))
        assert 1 == len(trace)


class TestRolesAndStates:
    """Fixed lists of every VersionOne; the name of a role is a tag, `Role.Name'Observer`, and its last part will do."""

    def test_a_role_is_found_by_its_plain_name_and_by_its_tag(self, v1: V1Meta) -> None:
        member, scope = v1.Member, v1.Scope
        admins = {asset.idref for asset in member if asset.DefaultRole.idref == "Role:1"}
        assert {"Member:20"} <= admins
        for wanted in ("System Admin", "Role.Name'System Admin"):
            assert admins == {asset.idref for asset in member.where(DefaultRole=wanted)}
            assert admins == {asset.idref for asset in member.where({"DefaultRole.Name": [wanted, "Observer"]})} - {
                asset.idref for asset in member.where(DefaultRole="Observer")
            }
            assert "Scope:0" in {asset.idref for asset in scope.where(scope.Members.DefaultRole == wanted)}
            assert scope.where(scope.Members[member.DefaultRole == wanted].exists()).exists()
        assert "Member:20" not in {asset.idref for asset in member.where(member.DefaultRole != "System Admin")}
        assert ["Role:8"] == [asset.idref for asset in v1.Role.where(Name="Observer")]
        assert ["Role:8"] == [asset.idref for asset in v1.Role.where(v1.Role.Name.contains("bserv"))]
        assert [] == v1.Role.where(v1.Role.Name.startswith("Observer")).all()

    def test_a_slip_is_an_error_also_inside_narrowed_relations(self, v1: V1Meta) -> None:
        member, scope = v1.Member, v1.Scope
        for query in (
            member.where(DefaultRole="Sytem Admin"),
            scope.where({"Members.DefaultRole.Name": "Sytem Admin"}),
            scope.where(scope.Members[member.DefaultRole == "Sytem Admin"].exists()),
            scope.select(scope.Members[member.DefaultRole == "Sytem Admin"].count()),
        ):
            with pytest.raises(
                BadValue, match=r"there is no Role \"Role.Name'Sytem Admin\"\. Did you mean .*System Admin"
            ):
                list(query)
        assert [] == member.where(member.DefaultRole.exact("Sytem Admin")).all()
        with pytest.raises(BadValue, match="there is no State 'ACTIV'. Did you mean ACTV"):
            list(v1.Timebox.where(State="ACTIV"))
        assert v1.Timebox.where(State="ACTV").exists()

    def test_a_role_is_written_by_its_plain_name(self, v1: V1Meta) -> None:
        made = v1.Member.create(Name="Of a role", Nickname="role", DefaultRole="Project Lead")
        assert "Role:3" == made.DefaultRole.idref
        made.DefaultRole = "Role.Name'Observer"
        assert "Role:8" == made.DefaultRole.idref
        with pytest.raises(BadValue, match="there is no Role 'Observr'.*Did you mean Observer"):
            made.DefaultRole = "Observr"


class TestListsOfValispace:
    """The lists that people maintain: states, types, methods of requirements, types of components and valis."""

    @pytest.fixture
    def vs(self) -> Iterator[ValispaceMeta]:
        with sandbox.running("valispace", assets=200, seed=2) as running, ValispaceMeta(**running.credentials) as vs:
            assert vs.types
            yield vs

    def test_a_name_that_is_none_is_an_error_with_the_nearest_also_in_narrowed_relations(
        self, vs: ValispaceMeta
    ) -> None:
        asked, state = vs.Requirement, vs.Requirement.state
        project = vs.Project
        for query in (
            asked.where(state="Drft"),
            asked.where(state="draft"),
            asked.where(state.name == "Drft"),
            asked.where(~state.in_(["Draft", "Drft"])),
            project.select(project.requirements[state == "Drft"]),
            project.where(project.requirements[state.name == "Drft"].exists()),
        ):
            with pytest.raises(BadValue, match="there is no RequirementState '(Drft|draft)'. Did you mean Draft"):
                list(query)
        with pytest.raises(BadValue, match="there is no RequirementType 'Fnctional'. Did you mean Functional"):
            list(asked.where(type="Fnctional"))
        assert list(asked.where(state.exact("Drft"))) == list(asked.where(state.name.exact("Drft"))) == []
        with vs.trace() as trace:
            assert {one.state.name for one in asked.where(state=["Draft", "Final"])} <= {"Draft", "Final"}
        assert not [entry for entry in trace if entry.path.endswith("requirements/states/")]

    def test_labels_that_anybody_makes_are_looked_up_where_nothing_is_found(self, vs: ValispaceMeta) -> None:
        with pytest.raises(BadValue, match="tags: there is no Tag with the name 'no such tag'"):
            list(vs.Component.where(tags="no such tag"))
        assert [] == list(vs.Component.where({"tags.name": "no such tag"}))


def test_a_status_that_is_none_is_refused_before_anything_is_sent() -> None:
    with sandbox.running("valohai", assets=300, seed=2) as running, ValohaiMeta(**running.token_credentials) as vh:
        assert vh.types
        with vh.trace() as trace:
            with pytest.raises(BadValue, match="Execution.status: 'eror' is none of its values. Did you mean error"):
                vh.Execution.where(status="eror")
            with pytest.raises(BadValue, match="'eror'"):
                vh.Execution.where(vh.Execution.status.not_in(["error", "eror"]))
            with pytest.raises(BadValue, match="'eror'"):
                vh.Execution.where({"task.status": "eror"})
        assert 0 == len(trace)
        assert [] == vh.Execution.where(vh.Execution.status.exact("eror")).all()
        assert vh.Execution.where(status="COMPLETE").count() == vh.Execution.where(status="complete").count() > 0
        unfinished = vh.Execution.where(status="incomplete").count()
        assert unfinished == vh.Execution.where(status=["created", "queued", "started", "stopping"]).count()
        assert vh.Execution.where(vh.Execution.status.contains("compl")).count()


def test_a_state_that_is_none_is_refused_before_anything_is_sent() -> None:
    with sandbox.running("testspace", assets=100, seed=2) as running, TestspaceMeta(**running.token_credentials) as ts:
        with pytest.raises(BadValue, match="Failure.state: 'flakey' is none of its values. Did you mean flaky"):
            ts.Failure.where(state="flakey")
        result = ts.Result.first()
        assert [] == ts.Failure.where(ts.Failure.state.exact("flakey"), result=result).all()


@pytest.mark.parametrize(("system", "kind"), [("valispace", ValispaceMeta), ("valohai", ValohaiMeta)])
def test_every_attribute_with_listed_values_is_checked(system: str, kind: Any) -> None:
    with sandbox.running(system) as running, kind(**running.token_credentials, survey="full") as session:
        checked = 0
        for name, known in session.schema.types.items():
            for attribute in known.attributes.values():
                if isinstance(attribute.codec, Choices):
                    checked += 1
                    column = session.query(name)[attribute.name]
                    with pytest.raises(BadValue):
                        column == "qqqqqq"  # noqa: B015
                    for value in attribute.codec.listed:
                        assert (value,) == condition(session.query(name), column._path, "=", [value]).values
        assert checked > 5
