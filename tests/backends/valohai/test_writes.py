"""Valohai's writes, request by request, against answers written down: forms, outcomes, and what is never sent twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assetmeta.backends.rest.discovery import Discovery
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.codecs import codec_for
from assetmeta.backends.valohai.connection import bundled
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    InvalidResponse,
    NotFound,
    ReadOnly,
    Rejected,
    Unreachable,
    Unsupported,
)
from assetmeta.model.frozen import frozen
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid

PROJECT = "0190a000-0000-7000-8000-000000000001"
EXECUTION = "0190a000-0000-7000-8000-000000000002"
DATUM = "0190a000-0000-7000-8000-000000000003"
OTHER = "0190a000-0000-7000-8000-000000000004"
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "data" / "valohai"

Play = Callable[..., tuple[Any, list[Request]]]


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build_schema(bundled(), codec_for, Discovery())


@pytest.fixture
def write(schema: Schema, play: Play) -> Callable[..., tuple[list[Any], list[Request]]]:
    """Return a writer: write(changes, *answers) -> (outcomes, requests). One dialect per test, as in a session."""
    backend = Valohai(survey="none")

    def writer(changes: Change | list[Change], *answers: Any) -> tuple[list[Any], list[Request]]:
        given = changes if isinstance(changes, list) else [changes]
        return play(backend.write(schema, given), *answers)

    return writer


def answer(document: Any = None, status: int = 200) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {"content-type": "application/json"}, body)


def created(type_name: str, **values: object) -> Create:
    return Create(Oid.new(type_name, 1), tuple(map(delta, values.items())))


def updated(token: str, old: dict[str, object] | None = None, **values: object) -> Update:
    before = old or {}
    return Update(Oid.parse(token), tuple(delta(pair, before.get(pair[0], UNREAD)) for pair in values.items()))


def delta(pair: tuple[str, object], old: object = UNREAD) -> AttributeChange:
    name, value = pair
    if isinstance(value, tuple) and not isinstance(value, Oid):
        return AttributeChange(name, old, added=value, is_multi=True)
    return AttributeChange(name, old, value)


def lines(requests: list[Request]) -> list[str]:
    return [request.line for request in requests]


def body(request: Request) -> Any:
    assert isinstance(request.body, bytes)
    return json.loads(request.body)


class TestWriteForm:
    """New assets are written as ids, identifiers, names and slugs, never as they are read."""

    def test_an_execution(self, write: Any) -> None:
        change = created(
            "Execution",
            project=Oid("Project", PROJECT),
            commit=Oid("Commit", f"{PROJECT}/abc123"),
            step="train",
            environment=Oid("Environment", "my-slug"),
            inputs={"data": f"datum://{DATUM}", "more": ["s3://a/b"]},
            parameters={"epochs": 2},
            tags=("a", "b"),
            time_limit=timedelta(hours=1),
            priority=0,
            inherit_environment_variables=True,
        )
        item = {"id": EXECUTION, "counter": 3, "status": "created", "project": {"id": PROJECT, "name": "p"}}
        [outcome], [request] = write(change, answer(item, 201))
        assert "POST api/v0/executions/" == request.line
        assert {
            "project": PROJECT,
            "commit": "abc123",
            "step": "train",
            "environment": "my-slug",
            "inputs": {"data": [f"datum://{DATUM}"], "more": ["s3://a/b"]},
            "parameters": {"epochs": 2},
            "tags": ["a", "b"],
            "time_limit": 3600,
            "priority": 0,
            "inherit_environment_variables": True,
        } == body(request)
        assert isinstance(outcome, Done)
        assert Oid("Execution", EXECUTION) == outcome.oid
        assert request.writes
        assert not request.idempotent

    def test_inputs_as_they_are_read_are_written_as_they_are_written(self, write: Any) -> None:
        change = created("Execution", inputs=[{"name": "data", "urls": ["s3://a"]}, {"name": "none"}])
        _, [request] = write(change, answer({"id": EXECUTION}, 201))
        assert {"inputs": {"data": ["s3://a"], "none": []}} == body(request)

    @pytest.mark.parametrize("branch", ["main", "feature/x", "~f00"])
    def test_a_branch_is_written_as_it_is(self, write: Any, branch: str) -> None:
        _, [request] = write(created("Execution", commit=Oid("Commit", branch)), answer({"id": EXECUTION}, 201))
        assert {"commit": branch} == body(request)

    def test_files_of_a_dataset_version_stand_in_objects(self, write: Any) -> None:
        change = created(
            "DatasetVersion",
            name="v1",
            dataset=Oid("Dataset", PROJECT),
            files=(Oid("Datum", DATUM), Oid("Datum", OTHER)),
            previous_version=None,
        )
        _, [request] = write(change, answer({"id": OTHER}, 201))
        assert {
            "name": "v1",
            "dataset": PROJECT,
            "files": [{"datum": DATUM}, {"datum": OTHER}],
            "previous_version": None,
        } == body(request)

    def test_nodes_and_edges_of_a_pipeline(self, write: Any) -> None:
        nodes = [{"name": "a", "type": "execution", "template": {"commit": "main", "step": "s"}}]
        change = created("Pipeline", project=Oid("Project", PROJECT), title="t", new_nodes=nodes, new_edges=[])
        _, [request] = write(change, answer({"id": OTHER, "nodes": [], "edges": []}, 201))
        assert {"project": PROJECT, "title": "t", "nodes": nodes, "edges": []} == body(request)

    def test_an_owner_is_written_by_name(self, write: Any) -> None:
        listed = {"count": 1, "next": None, "results": [{"id": 7, "name": "acme"}]}
        change = created("Project", name="p", owner=Oid("Organization", 7))
        _, requests = write(change, answer(listed), answer({"id": PROJECT, "owner": {"id": 7}}, 201))
        assert ["GET api/v0/organizations/", "POST api/v0/projects/"] == lines(requests)
        assert {"name": "p", "owner": "acme"} == body(requests[1])

    def test_an_owner_that_is_given_by_name_is_not_looked_up(self, write: Any) -> None:
        change = created("Project", name="p", owner=Oid("Organization", "acme:team"))
        _, [request] = write(change, answer({"id": PROJECT, "owner": {"id": 7}}, 201))
        assert {"name": "p", "owner": "acme:team"} == body(request)

    def test_the_user_who_is_logged_in_as_an_owner(self, write: Any) -> None:
        change = created("Project", name="p", owner=Oid("User", 3))
        _, requests = write(change, answer({"id": 3, "username": "ann"}), answer({"id": PROJECT}, 201))
        assert ["GET api/v0/users/me/", "POST api/v0/projects/"] == lines(requests)
        assert "ann" == body(requests[1])["owner"]

    def test_an_owner_without_a_name_is_refused_before_anything_is_written(self, write: Any) -> None:
        change = created("Project", name="p", owner=Oid("Organization", 8))
        [outcome], requests = write(change, answer({"count": 0, "next": None, "results": []}))
        assert ["GET api/v0/organizations/"] == lines(requests)
        assert isinstance(outcome.error, BadValue)

    def test_other_owners_are_written_by_id(self, write: Any) -> None:
        _, [request] = write(created("Dataset", name="d", owner=Oid("Organization", 7)), answer({"id": OTHER}, 201))
        assert {"name": "d", "owner": 7} == body(request)

    def test_a_status_is_written_in_lower_case(self, write: Any) -> None:
        item = {"id": OTHER, "status": "Approved"}
        [outcome], [request] = write(updated(f"ModelVersion:{OTHER}", status="Approved"), answer(item))
        assert {"status": "approved"} == body(request)
        assert () == outcome.notes

    def test_an_asset_of_another_type_is_refused_before_anything_is_sent(self, write: Any) -> None:
        [outcome], requests = write(created("Execution", project=Oid("Datum", DATUM)))
        assert [] == requests
        assert isinstance(outcome.error, BadValue)

    @pytest.mark.parametrize("name", ["request_execution_create", "request_dataset_version_create"])
    def test_the_reference_requests_can_be_made(self, write: Any, name: str) -> None:
        path = REFERENCE / f"{name}.json"
        if not path.exists():
            pytest.skip("the recorded bodies are not at hand")
        wanted = json.loads(path.read_text())
        type_name = "Execution" if "execution" in name else "DatasetVersion"
        relations = {"project": "Project", "environment": "Environment", "commit": "Commit", "dataset": "Dataset"}
        relations["previous_version"] = "DatasetVersion"
        values: dict[str, object] = {}
        for key, value in wanted.items():
            if key in relations:
                values[key] = Oid(relations[key], value)
            elif key == "files":
                values[key] = tuple(Oid("Datum", each["datum"]) for each in value)
            elif key in ("tags", "environment_variable_groups"):
                values[key] = tuple(value)
            else:
                values[key] = value
        _, [request] = write(created(type_name, **values), answer({"id": OTHER}, 201))
        assert wanted == body(request)


class TestUpdates:
    """PATCH with what changed; PUT where the server knows nothing else."""

    def test_only_what_changed_is_sent(self, write: Any) -> None:
        item = {"id": PROJECT, "name": "p", "description": ""}
        [outcome], [request] = write(updated(f"Project:{PROJECT}", description=None), answer(item))
        assert ("PATCH", {"description": ""}) == (request.method, body(request))
        assert isinstance(outcome, Done)
        assert "p" == dict(zip(outcome.row.columns, outcome.row.values, strict=True))["name"]

    def test_put_takes_the_place_of_patch_once_that_is_refused(self, write: Any) -> None:
        store = {"id": OTHER, "name": "s", "access_mode": "public", "configuration": {"bucket": "b"}, "teams": []}
        change = updated(f"Store:{OTHER}", allow_write=False)
        after = {**store, "allow_write": False}
        [outcome], requests = write(change, answer({"detail": "no"}, 405), answer(store), answer(after))
        assert ["PATCH", "GET", "PUT"] == [request.method for request in requests]
        assert {"name": "s", "access_mode": "public", "allow_write": False} == body(requests[2])
        assert isinstance(outcome, Done)
        [outcome], requests = write(change, answer(store), answer(after))
        assert ["GET", "PUT"] == [request.method for request in requests], "learned"

    def test_a_put_that_says_it_all_needs_no_read(self, write: Any) -> None:
        token = f"DeploymentVersionAlias:{OTHER}"
        change = updated(token, name="prod", target=Oid("DeploymentVersion", DATUM))
        item = {"id": OTHER, "name": "prod", "target": DATUM}
        [outcome], requests = write(change, answer(None, 405), answer(item))
        assert ["PATCH", "PUT"] == [request.method for request in requests]
        assert {"name": "prod", "target": DATUM} == body(requests[1])
        assert isinstance(outcome, Done)

    def test_what_cannot_be_changed_at_all_is_refused(self, write: Any) -> None:
        change = updated(f"Model:{OTHER}", name="m")
        [outcome], _ = write(change, answer({"detail": "a"}, 405), answer({"detail": "b"}, 405))
        assert isinstance(outcome, Failed)
        assert (405, "b") == (outcome.error.status, outcome.error.server_message)

    def test_a_list_that_was_never_read_is_read_before_it_is_written(self, write: Any) -> None:
        change = updated(f"Execution:{EXECUTION}", tags=("new",))
        before, after = {"id": EXECUTION, "tags": ["old"]}, {"id": EXECUTION, "tags": ["old", "new"]}
        [outcome], requests = write(change, answer(before), answer(after))
        assert ["GET", "PATCH"] == [request.method for request in requests]
        assert {"tags": ["old", "new"]} == body(requests[1])
        assert isinstance(outcome, Done)

    def test_a_list_that_nobody_tells_is_not_overwritten(self, write: Any) -> None:
        [outcome], [request] = write(updated(f"Execution:{EXECUTION}", tags=("new",)), answer({"id": EXECUTION}))
        assert "GET" == request.method
        assert isinstance(outcome.error, Unsupported)

    def test_a_list_that_was_read_is_written_at_once(self, write: Any) -> None:
        change = updated(f"Execution:{EXECUTION}", {"tags": ("old",)}, tags=("new",))
        _, [request] = write(change, answer({"id": EXECUTION, "tags": ["old", "new"]}))
        assert {"tags": ["old", "new"]} == body(request)

    @pytest.mark.parametrize("name", ["step", "status", "counter"])
    def test_what_only_the_server_or_a_create_sets_is_refused_unsent(self, write: Any, name: str) -> None:
        [outcome], requests = write(updated(f"Execution:{EXECUTION}", **{name: "x"}))
        assert [] == requests
        assert isinstance(outcome.error, ReadOnly)
        assert name == outcome.error.attribute

    def test_a_field_that_stayed_as_it_was_fails_and_is_named(self, write: Any) -> None:
        change = updated(f"Project:{PROJECT}", {"default_notifications": True}, default_notifications=False)
        [outcome], _ = write(change, answer({"id": PROJECT, "default_notifications": True}))
        assert isinstance(outcome, Failed)
        assert "default_notifications" == outcome.error.attribute

    def test_what_the_server_resolves_is_not_taken_for_ignored(self, write: Any) -> None:
        item = {"id": EXECUTION, "environment": {"id": OTHER, "slug": "my-slug"}, "commit": {"identifier": "abc"}}
        change = created("Execution", environment=Oid("Environment", "my-slug"), commit=Oid("Commit", "main"))
        [outcome], [_] = write(change, answer(item, 201))
        assert isinstance(outcome, Done)
        assert () == outcome.notes

    def test_a_slug_is_looked_up_where_the_server_takes_ids_alone(self, write: Any) -> None:
        listed = {"count": 1, "next": None, "results": [{"id": OTHER, "slug": "my-slug", "name": "Mine"}]}
        change = updated(f"Project:{PROJECT}", default_environment=Oid("Environment", "my-slug"))
        item = {"id": PROJECT, "default_environment": OTHER}
        [outcome], requests = write(change, answer(listed), answer(item))
        assert ["GET api/v0/environments/", f"PATCH api/v0/projects/{PROJECT}/"] == lines(requests)
        assert {"default_environment": OTHER} == body(requests[1])
        assert isinstance(outcome, Done)

    @pytest.mark.parametrize(("name", "number", "reads"), [("acme", 7, 1), ("ann", 3, 3)])
    def test_an_owner_by_name_is_looked_up_where_ids_are_taken(
        self, write: Any, name: str, number: int, reads: int
    ) -> None:
        organizations = {"count": 1, "next": None, "results": [{"id": 7, "name": "acme"}]}
        me, users = {"id": 1, "username": "me"}, {"count": 1, "next": None, "results": [{"id": 3, "username": "ann"}]}
        told = [answer(organizations), answer(me), answer(users)][:reads]
        _, requests = write(created("Dataset", owner=Oid("Owner", name)), *told, answer({"id": OTHER}, 201))
        assert {"owner": number} == body(requests[-1])

    def test_an_owner_that_nobody_knows_is_refused_unsent(self, write: Any) -> None:
        none = {"count": 0, "next": None, "results": []}
        [outcome], requests = write(
            created("Dataset", owner=Oid("Owner", "who")),
            answer(none),
            answer({"id": 1, "username": "me"}),
            answer({"detail": "no"}, 403),
        )
        assert ["GET"] * 3 == [request.method for request in requests]
        assert isinstance(outcome.error, BadValue)

    def test_secrets_are_in_no_outcome(self, write: Any) -> None:
        change = updated(f"Store:{OTHER}", configuration=frozen({"secret_access_key": "hush"}, concealed=True))
        [outcome], [request] = write(change, answer({"id": OTHER, "configuration": {}}))
        assert {"configuration": {"secret_access_key": "hush"}} == body(request)
        assert isinstance(outcome, Done)
        assert "hush" not in repr(outcome) + str(outcome.notes)

    def test_an_answer_in_words_is_enough(self, write: Any) -> None:
        [outcome], _ = write(updated(f"RegistryCredential:{OTHER}", image_pattern="x/*"), answer(None, 204))
        assert isinstance(outcome, Done)
        assert outcome.row is None


class TestOperations:
    """Calls on one object."""

    def test_stop_sends_no_body(self, write: Any) -> None:
        [outcome], [request] = write(Call(Oid("Execution", EXECUTION), "stop"), answer({"message": "OK"}))
        assert f"POST api/v0/executions/{EXECUTION}/stop/" == request.line
        assert request.body is None
        assert Oid("Execution", EXECUTION) == outcome.oid

    def test_a_call_that_is_elsewhere_is_found_by_its_link(self, write: Any) -> None:
        item = {"id": EXECUTION, "urls": {"stop": "https://inner/api/v0/executions/34/stop/"}}
        change = Call(Oid("Execution", EXECUTION), "stop")
        [outcome], requests = write(change, answer({"detail": "no"}, 404), answer(item), answer({"message": "OK"}))
        assert "POST api/v0/executions/34/stop/" == requests[2].line
        assert isinstance(outcome, Done)

    @pytest.mark.parametrize(("document", "named"), [({"id": OTHER}, OTHER), ({"message": "OK"}, EXECUTION)])
    def test_a_copy_is_named_by_the_answer(self, write: Any, document: Any, named: str) -> None:
        [outcome], [request] = write(Call(Oid("Execution", EXECUTION), "copy"), answer(document, 201))
        assert f"POST api/v0/executions/{EXECUTION}/copy/" == request.line
        assert Oid("Execution", named) == outcome.oid

    def test_a_link_to_elsewhere_is_not_followed(self, write: Any) -> None:
        item = {"id": EXECUTION, "urls": {"stop": "https://evil.example/stop/"}}
        change = Call(Oid("Execution", EXECUTION), "stop")
        [outcome], requests = write(change, answer({"detail": "no"}, 404), answer(item))
        assert 2 == len(requests)
        assert isinstance(outcome.error, NotFound)

    def test_arguments_are_the_body(self, write: Any) -> None:
        change = Call(Oid("Project", PROJECT), "delete_environment_variable", (("name", "A"),))
        _, [request] = write(change, answer({}))
        assert ("DELETE", {"name": "A"}) == (request.method, body(request))
        assert f"DELETE api/v0/projects/{PROJECT}/environment_variable/" == request.line

    def test_properties_are_the_body_itself(self, write: Any) -> None:
        change = Call(Oid("Datum", DATUM), "set_metadata", (("metadata", {"valohai.tags": ["a"]}),))
        _, [request] = write(change, answer({"ok": True}))
        assert {"valohai.tags": ["a"]} == body(request)

    def test_an_adopted_file_is_named_by_the_answer(self, write: Any) -> None:
        change = Call(Oid("Store", OTHER), "adopt", (("url", "s3://b/f"), ("project", Oid("Project", PROJECT))))
        [outcome], [request] = write(change, answer({"ok": True, "created": {"s3://b/f": DATUM}}))
        assert {"url": "s3://b/f", "project": PROJECT} == body(request)
        assert Oid("Datum", DATUM) == outcome.oid

    @pytest.mark.parametrize(
        ("operation", "arguments"),
        [("stop", (("now", True),)), ("add_tags", ()), ("add_tags", (("tag", ["a"]),)), ("fly", ())],
    )
    def test_what_an_operation_does_not_take_is_refused_unsent(
        self, write: Any, operation: str, arguments: Any
    ) -> None:
        [outcome], requests = write(Call(Oid("Execution", EXECUTION), operation, arguments))
        assert [] == requests
        assert isinstance(outcome.error, BadValue | Unsupported)

    def test_a_refused_action_says_why(self, write: Any) -> None:
        change = Call(Oid("Store", OTHER), "adopt", (("url", "s3://b/f"), ("project", PROJECT)))
        [outcome], _ = write(change, answer({"message": "Not found in b", "code": "adoptable_file_not_found"}, 400))
        assert ("adoptable_file_not_found", "Not found in b") == (outcome.error.code, outcome.error.server_message)


class TestOutcomes:
    """Every change has exactly one, and a create that may have landed is never sent again."""

    @pytest.mark.parametrize("lost", [Unreachable("broke"), Response(502, {}, b"gateway")])
    def test_a_create_without_an_answer_is_unknown(self, write: Any, lost: Any) -> None:
        [outcome], requests = write(created("Execution", step="s"), lost)
        assert isinstance(outcome, Unknown)
        assert 1 == len(requests)
        assert not requests[0].idempotent

    @pytest.mark.parametrize("document", [None, {"ok": True}, []])
    def test_a_create_whose_answer_has_no_id_is_unknown(self, write: Any, document: Any) -> None:
        [outcome], _ = write(created("Project", name="p"), answer(document, 201))
        assert isinstance(outcome, Unknown)
        assert isinstance(outcome.error, InvalidResponse)

    @pytest.mark.parametrize(
        "change",
        [
            created(
                "Store",
                name="s",
                type="s3",
                configuration=frozen({"keys": [{"secret": 'hü"sh'}]}, concealed=True),
            ),
            Call(Oid("Project", PROJECT), "set_environment_variable", (("name", "A"), ("value", Hidden('hü"sh')))),
        ],
    )
    def test_a_secret_that_the_server_quotes_is_in_no_error(self, write: Any, change: Change) -> None:
        def quoting(request: Request) -> Response:
            assert request.body is not None
            return answer({"detail": f"a bad value: {request.body.decode()}", 'hü"sh': ['hü"sh is no choice']}, 400)

        [outcome], _ = write(change, quoting)
        told = f"{outcome.error} {vars(outcome.error)} {outcome!r}"
        assert "*** is no choice" in told and "a bad value" in told
        assert not [text for text in ('hü"sh', 'hü\\"sh', "h\\u00fc") if text in told]

    def test_a_validation_error_names_the_attribute(self, write: Any) -> None:
        leaf = {"message": "No such step.", "code": "does_not_exist"}
        refusal = {"nodes": [{}, {"template": {"step": [leaf]}}]}
        [outcome], _ = write(created("Pipeline", new_nodes=[]), answer(refusal, 400))
        assert isinstance(outcome, Failed)
        assert ("new_nodes", "does_not_exist", 400) == (
            outcome.error.attribute,
            outcome.error.code,
            outcome.error.status,
        )
        assert [("nodes.1.template.step", "No such step.", "does_not_exist")] == list(outcome.error.findings)

    @pytest.mark.parametrize(
        "change",
        [
            updated(f"Project:{PROJECT}", name="x"),
            Call(Oid("Execution", EXECUTION), "stop"),
            Delete(Oid("Task", OTHER)),
        ],
        ids=["update", "call", "delete"],
    )
    def test_a_page_in_place_of_an_answer_leaves_it_unknown(self, write: Any, change: Change) -> None:
        page = Response(200, {"content-type": "text/html"}, b"<!DOCTYPE html><html>Please log in</html>")
        [outcome], [_] = write(change, page)
        assert isinstance(outcome, Unknown)
        assert isinstance(outcome.error, InvalidResponse)

    def test_words_for_an_answer_will_do(self, write: Any) -> None:
        words = Response(200, {"content-type": "text/plain"}, b"The execution is being stopped.")
        [outcome], [_] = write(Call(Oid("Execution", EXECUTION), "stop"), words)
        assert isinstance(outcome, Done)

    def test_dependents_of_a_failed_create_are_skipped_and_others_go_on(self, write: Any) -> None:
        project = Create(Oid.new("Project", 1), (AttributeChange("name", None, "p"),))
        deployment = Create(Oid.new("Deployment", 2), (AttributeChange("project", None, project.oid),))
        dataset = Create(Oid.new("Dataset", 3), (AttributeChange("name", None, "d"),))
        outcomes, requests = write(
            [deployment, project, dataset],
            answer({"name": ["taken"]}, 400),
            answer({"id": OTHER, "name": "d"}, 201),
        )
        assert [Skipped, Failed, Done] == [type(outcome) for outcome in outcomes]
        assert ["POST api/v0/projects/", "POST api/v0/datasets/"] == lines(requests)

    def test_new_assets_are_named_by_their_real_ids(self, write: Any) -> None:
        project = Create(Oid.new("Project", 1), (AttributeChange("name", None, "p"),))
        deployment = Create(Oid.new("Deployment", 2), (AttributeChange("project", None, project.oid),))
        _, requests = write(
            [deployment, project], answer({"id": PROJECT}, 201), answer({"id": OTHER, "project": {"id": PROJECT}}, 201)
        )
        assert {"project": PROJECT} == body(requests[1])

    def test_a_refused_login_stops_the_rest(self, write: Any) -> None:
        changes: list[Change] = [
            updated(f"Project:{PROJECT}", name="a"),
            Update(Oid("Project", PROJECT), (AttributeChange("description", None, "b"),)),
        ]
        outcomes, requests = write(changes, AuthenticationFailed("no", status=401))
        assert 1 == len(requests)
        assert [Failed, Skipped] == [type(outcome) for outcome in outcomes]
        assert outcomes[1].error.sent is False

    @pytest.mark.parametrize("status", [200, 204])
    def test_a_deletion(self, write: Any, status: int) -> None:
        [outcome], [request] = write(Delete(Oid("Execution", EXECUTION)), answer({"ok": True}, status))
        assert f"DELETE api/v0/executions/{EXECUTION}/" == request.line
        assert isinstance(outcome, Done)

    @pytest.mark.parametrize("token", [f"Datum:{DATUM}", f"Environment:{OTHER}"])
    def test_what_cannot_be_deleted_is_refused_unsent(self, write: Any, token: str) -> None:
        [outcome], requests = write(Delete(Oid.parse(token)))
        assert [] == requests
        assert isinstance(outcome.error, Unsupported)

    def test_what_cannot_be_created_says_how_it_comes_about(self, write: Any) -> None:
        [outcome], requests = write(created("Commit"))
        assert [] == requests
        assert "fetch()" in str(outcome.error)

    @pytest.mark.parametrize("key", ["main", "../projects", "a b"])
    def test_an_alias_is_no_path(self, write: Any, key: str) -> None:
        [outcome], requests = write(Update(Oid("Project", key), (AttributeChange("name", None, "x"),)))
        assert [] == requests
        assert isinstance(outcome.error, BadValue)

    def test_forbidden_is_refused(self, write: Any) -> None:
        [outcome], _ = write(updated(f"Project:{PROJECT}", name="x"), answer({"detail": "No permission."}, 403))
        assert isinstance(outcome.error, Rejected)
        assert (403, f"Project:{PROJECT}") == (outcome.error.status, outcome.error.oid)
