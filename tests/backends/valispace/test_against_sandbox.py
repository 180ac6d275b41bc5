"""The dialect against a server that knows nothing of it: every kind of read and write over real HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from assetmeta.backends.valispace import CLIENT_ID, Html, Valispace, base_url, calls, token_uri
from assetmeta.backends.valispace.files import upload_new
from assetmeta.model.conditions import And, Compare, Exists, Term
from assetmeta.model.errors import AuthenticationFailed, BadValue, NotFound, ReadOnly, Rejected
from assetmeta.model.paths import Path
from assetmeta.model.plans import (
    AttributeChange,
    Call,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Fetch,
    Row,
    Rows,
    Skipped,
    Sort,
    Update,
)
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid
from assetmeta.wire.driver import Driver
from assetmeta.wire.oauth import OAuth2
from nonempty import nonempty

HOSTILE = "<b>&amp; 'q' \"d\"; a|b, $x ]\r\n\t 😀 \u2028 x"


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valispace", assets=1500) as running:
        yield running


@pytest.fixture(scope="module")
def driver(server: sandbox.Server) -> Iterator[Driver]:
    with Driver(base_url(server.url), login(server)) as found:
        yield found


def login(server: sandbox.Server, **other: str) -> OAuth2:
    given = {"username": server.user, "password": server.secret, **other}
    return OAuth2(client_id=CLIENT_ID, token_uri=token_uri(base_url(server.url)), **given)


@pytest.fixture(scope="module")
def schema(driver: Driver) -> Schema:
    return driver.run(Valispace().reflect())


class Bench:
    """A backend with a driver, and how many requests it took."""

    def __init__(self, driver: Driver, schema: Schema) -> None:
        self.backend = Valispace()
        self.driver = driver
        self.schema = schema

    def read(self, fetch: Fetch) -> Rows:
        [rows] = self.driver.run(self.backend.fetch(self.schema, [fetch]))
        return rows

    def write(self, *changes: Change) -> list[Any]:
        return self.driver.run(self.backend.write(self.schema, changes))

    def counted(self, act: Callable[[], Any]) -> tuple[Any, list[str]]:
        with self.driver.trace() as ledger:
            found = act()
        return found, [f"{entry.method} {entry.path}" for entry in ledger]

    def one(self, oid: Oid) -> dict[str, Any]:
        return values(self.read(Fetch(oid.type, basics(self.schema, oid.type), oids=(oid,))).rows[0])

    def create(self, type_name: str, **given: Any) -> Oid:
        [outcome] = self.write(Create(Oid.new(type_name, next(NUMBERS)), deltas(self.schema, type_name, given)))
        assert isinstance(outcome, Done), outcome
        return outcome.oid


NUMBERS = iter(range(1000, 9000))


@pytest.fixture
def bench(driver: Driver, schema: Schema) -> Bench:
    return Bench(driver, schema)


def values(row: Row) -> dict[str, Any]:
    return dict(zip(row.columns, row.values, strict=True))


def basics(schema: Schema, type_name: str) -> tuple[Path, ...]:
    return tuple(Path.parse(name) for name in schema.type(type_name).basic)


def paths(*texts: str) -> tuple[Path, ...]:
    return tuple(map(Path.parse, texts))


def compare(path: str, operator: str, *wanted: object) -> Compare:
    return Compare(Path.parse(path), operator, wanted)


def deltas(schema: Schema, type_name: str, given: dict[str, Any]) -> tuple[AttributeChange, ...]:
    found = []
    for name, value in given.items():
        attribute = schema.attribute(type_name, name)
        if attribute.multi:
            found.append(AttributeChange(name, UNREAD, added=tuple(value), is_multi=True))
        else:
            found.append(AttributeChange(name, UNREAD, attribute.codec.parse(value)))
    return tuple(found)


def update(bench: Bench, oid: Oid, **given: Any) -> Update:
    return Update(oid, deltas(bench.schema, oid.type, given))


@pytest.fixture(scope="module")
def project(driver: Driver, schema: Schema) -> Oid:
    workspace = Bench(driver, schema).read(Fetch("Workspace")).rows[0].oid
    return Bench(driver, schema).create("Project", name="Dialect", workspace=workspace)


@pytest.fixture
def component(bench: Bench, project: Oid) -> Oid:
    return bench.create("Component", name=f"Part_{next(NUMBERS)}", project=project)


class TestSchema:
    """The server describes itself, and the table fills in."""

    def test_every_endpoint_can_be_read(self, bench: Bench) -> None:
        for kind in bench.schema.types.values():
            if not kind.abstract:
                for row in bench.read(Fetch(kind.name, basics(bench.schema, kind.name))).rows:
                    assert set(kind.basic) <= set(row.columns), kind.name
                    break

    def test_content_types_are_those_of_the_server(self, bench: Bench) -> None:
        rows = bench.read(Fetch("ContentType", paths("model"))).rows
        numbers = {values(row)["model"]: row.oid.key for row in rows}
        assert numbers["requirement"] == bench.schema.type("Requirement").number

    def test_the_survey_is_a_request_per_endpoint_or_two_in_all(self, driver: Driver, schema: Schema) -> None:
        # The schema was read before, so that no login is counted.
        assert schema.types
        with driver.trace() as ledger:
            driver.run(Valispace(survey="root").reflect())
        assert 2 == len(ledger)


class TestReads:
    """Lists, conditions, order, relations."""

    def test_what_the_server_filters_is_what_is_filtered_here(self, bench: Bench) -> None:
        rows = bench.read(Fetch("Vali", paths("shortname", "project", "parent"))).rows
        for name in ("project", "parent"):
            wanted = values(rows[len(rows) // 2])[name]
            expected = [row.oid for row in rows if values(row)[name] == wanted]
            found, made = bench.counted(
                lambda name=name, wanted=wanted: bench.read(Fetch("Vali", where=compare(name, "=", wanted)))
            )
            assert (expected, 1) == ([row.oid for row in found.rows], len(made))

    def test_filters_over_relations(self, bench: Bench) -> None:
        component = bench.read(Fetch("Component", paths("unique_name"))).rows[5]
        name = values(component)["unique_name"]
        found = bench.read(Fetch("Vali", paths("parent"), compare("parent.unique_name", "=", name)))
        assert found.rows
        assert {component.oid} == {values(row)["parent"] for row in found.rows}
        assert () == bench.read(Fetch("Vali", where=compare("parent.unique_name", "=", "no such"))).rows
        assert () == bench.read(Fetch("Vali", where=compare("project", "=", Oid("Project", 987654)))).rows

    def test_conditions_that_no_server_knows(self, bench: Bench) -> None:
        where: Term = And((compare("value", ">", 1.0), Exists(Path.parse("unit")), compare("shortname", "~=", "MASS")))
        fetch = Fetch(
            "Vali", paths("value", "shortname"), where, (Sort(Path.parse("value"), True),), 0, 5, counted=True
        )
        rows = bench.read(fetch)
        found = [float(values(row)["value"]) for row in rows.rows]
        assert 5 == len(found) and found == sorted(found, reverse=True) and min(found) > 1
        assert rows.more and rows.total is not None and rows.total > 5

    def test_sparse_reads_bring_what_was_selected(self, bench: Bench) -> None:
        row = bench.read(Fetch("Vali", paths("shortname"), size=1)).rows[0]
        assert ("id", "shortname") == row.columns

    def test_parents_come_along_in_a_handful_of_requests(self, bench: Bench) -> None:
        rows, made = bench.counted(lambda: bench.read(Fetch("Vali", paths("name", "parent.name"))))
        names = {row.oid: values(row)["name"] for row in rows.related}
        assert all(values(row)["parent"] in names for row in nonempty(rows.rows))
        assert len(made) <= 6

    def test_requirement_method_component_in_one_walk(self, bench: Bench) -> None:
        walk = paths("vms.method.name", "vms.component_vms.component.name", "vms.component_vms.status.name")
        rows, made = bench.counted(lambda: bench.read(Fetch("Requirement", walk)))
        kinds = {row.oid.type for row in rows.related}
        assert {"RequirementVm", "VerificationMethod", "ComponentVm", "Component", "VerificationStatus"} <= kinds
        assert len(made) <= 8

    def test_reverse_relations(self, bench: Bench) -> None:
        project = bench.read(Fetch("Project")).rows[0].oid
        fetch = Fetch("Project", paths("requirements.identifier", "valis.@Count"), oids=(project,))
        rows = bench.read(fetch)
        told = values(rows.rows[0])
        expected = bench.read(Fetch("Requirement", where=compare("project", "=", project))).rows
        assert tuple(row.oid for row in expected) == told["requirements"]
        assert told["valis.@Count"] == len(bench.read(Fetch("Vali", where=compare("project", "=", project))).rows)

    def test_reads_by_identity_take_one_request(self, bench: Bench) -> None:
        oids = tuple(row.oid for row in bench.read(Fetch("ComponentVm")).rows[3:40])
        rows, made = bench.counted(lambda: bench.read(Fetch("ComponentVm", paths("status"), oids=oids)))
        assert (list(oids), 1) == ([row.oid for row in rows.rows], len(made))

    def test_missing_assets(self, bench: Bench) -> None:
        with pytest.raises(NotFound):
            bench.one(Oid("Vali", 987654))
        first = bench.read(Fetch("Vali")).rows[0].oid
        assert [first] == [row.oid for row in bench.read(Fetch("Vali", oids=(Oid("Vali", 987654), first))).rows]

    def test_texts_are_cleaned(self, bench: Bench, project: Oid) -> None:
        specification = bench.create("Specification", name="Cleaning", project=project)
        text = "<p>5 &amp; <b>more</b></p>"
        oid = bench.create("Requirement", identifier="C-1", title="t", text=text, specification=specification)
        told = values(bench.read(Fetch("Requirement", paths("text", "text.@CleanText"), oids=(oid,))).rows[0])
        assert (text, "5 & more") == (told["text"], told["text.@CleanText"])
        decoded = bench.schema.attribute("Requirement", "text").codec.decode(told["text"])
        assert isinstance(decoded, Html) and "5 & more" == decoded.plain

    def test_a_wrong_password_is_refused_in_words(self, server: sandbox.Server) -> None:
        with (
            Driver(base_url(server.url), login(server, password="wrong")) as other,
            pytest.raises(AuthenticationFailed, match="invalid_grant"),
        ):
            other.run(Valispace().reflect())


class TestWrites:
    """Creates, updates, deletes and calls."""

    def test_formulas_refer_to_assets_of_the_same_commit(self, bench: Bench, component: Oid) -> None:
        first, second = Oid.new("Vali", next(NUMBERS)), Oid.new("Vali", next(NUMBERS))
        given = {"shortname": "Twice", "parent": component, "formula": f"${second.key}*2", "unit": "kg"}
        other = {"shortname": "Once", "parent": component, "formula": "21", "unit": "kg"}
        outcomes = bench.write(
            Create(first, deltas(bench.schema, "Vali", given)), Create(second, deltas(bench.schema, "Vali", other))
        )
        twice, once = (outcome.oid for outcome in outcomes)
        told = bench.one(twice)
        assert (42.0, (once,)) == (float(told["value"]), told["valis_used"])
        [outcome] = bench.write(update(bench, once, formula="1.5"))
        assert 1.5 == float(values(outcome.row)["value"])
        assert 3.0 == float(bench.one(twice)["value"])

    def test_texts_come_back_to_the_letter(self, bench: Bench, component: Oid) -> None:
        [outcome] = bench.write(update(bench, component, description=HOSTILE))
        assert isinstance(outcome, Done) and HOSTILE == bench.one(component)["description"]

    def test_refusals_name_the_field(self, bench: Bench, component: Oid) -> None:
        [bad, read_only, impossible] = bench.write(
            Create(Oid.new("Vali", 1), deltas(bench.schema, "Vali", {"formula": "5"})),
            Update(Oid("Vali", 1), (AttributeChange("value", UNREAD, 5.0),)),
            update(bench, component, parent=Oid("Component", 987654)),
        )
        assert isinstance(bad.error, Rejected) and 400 == bad.error.status
        assert isinstance(read_only.error, ReadOnly)
        assert (Rejected, "parent") == (type(impossible.error), impossible.error.attribute)

    def test_what_needs_a_failed_create_is_skipped(self, bench: Bench, component: Oid) -> None:
        bad, child = Oid.new("Component", next(NUMBERS)), Oid.new("Vali", next(NUMBERS))
        outcomes = bench.write(
            Create(bad, deltas(bench.schema, "Component", {"description": "no name"})),
            Create(child, deltas(bench.schema, "Vali", {"shortname": "x", "parent": bad})),
        )
        assert [Failed, Skipped] == [type(outcome) for outcome in outcomes]

    def test_lists_are_merged(self, bench: Bench, component: Oid) -> None:
        tags = [row.oid for row in bench.read(Fetch("Tag")).rows[:3]]
        bench.write(update(bench, component, tags=tags[:2]))
        change = Update(
            component, (AttributeChange("tags", UNREAD, added=(tags[2],), removed=(tags[0],), is_multi=True),)
        )
        [outcome] = bench.write(change)
        assert {tags[1], tags[2]} == set(values(outcome.row)["tags"]) == set(bench.one(component)["tags"])

    def test_children_are_added_and_requirements_changed_together(self, bench: Bench, project: Oid) -> None:
        specification = bench.create("Specification", name="Together", project=project)
        given = {"title": "t", "specification": specification}
        made = [bench.create("Requirement", identifier=f"T-{number}", **given) for number in range(5)]
        [outcome] = bench.write(update(bench, made[0], children=made[1:3]))
        assert isinstance(outcome, Done) and set(made[1:3]) == set(bench.one(made[0])["children"])
        assert (made[0],) == bench.one(made[1])["parents"]
        changes = [update(bench, oid, position=float(number)) for number, oid in enumerate(made)]
        outcomes, sent = bench.counted(lambda: bench.write(*changes))
        assert all(isinstance(one, Done) for one in outcomes)
        assert "POST rest/requirements/bulk-update/" == sent[0] and len(sent) <= 2
        assert [0, 1, 2, 3, 4] == [float(bench.one(oid)["position"]) for oid in made]

    def test_statuses_change_together(self, bench: Bench) -> None:
        statuses = [row.oid for row in bench.read(Fetch("VerificationStatus")).rows]
        oids = [row.oid for row in bench.read(Fetch("ComponentVm")).rows[:6]]
        outcomes, sent = bench.counted(lambda: bench.write(*(update(bench, oid, status=statuses[1]) for oid in oids)))
        assert all(isinstance(one, Done) for one in outcomes)
        assert len(sent) <= 2
        assert {statuses[1]} == {bench.one(oid)["status"] for oid in oids}

    def test_references_to_any_object(self, bench: Bench) -> None:
        oid = bench.read(Fetch("ComponentVm")).rows[7].oid
        target = bench.read(Fetch("File")).rows[0].oid
        [outcome] = bench.write(update(bench, oid, object_id=target))
        assert isinstance(outcome, Done)
        assert target == bench.one(oid)["object_id"]

    def test_deletes_take_what_is_below_along(self, bench: Bench, component: Oid) -> None:
        vali = bench.create("Vali", shortname="Gone", parent=component, formula="1")
        assert [Done, Done] == [type(outcome) for outcome in bench.write(Delete(component), Delete(vali))]
        with pytest.raises(NotFound):
            bench.one(vali)
        [outcome] = bench.write(Delete(vali))
        assert isinstance(outcome.error, NotFound)

    def test_matrices_have_their_cells_at_once(self, bench: Bench, component: Oid) -> None:
        given = {"name": "Inertia", "parent": component, "number_of_rows": 2, "number_of_columns": 2, "unit": "kg"}
        matrix = bench.create("Matrix", **given)
        cells = bench.one(matrix)["cells"]
        assert 4 == len(cells)
        assert matrix == bench.one(cells[0])["parent"]

    def test_datasets_are_imported(self, bench: Bench, component: Oid) -> None:
        vali = bench.create("Vali", shortname="Curve", parent=component, formula="1")
        arguments = (("headers", ["a", "b"]), ("data", [[0, 1.5], [1, 2.5]]))
        [outcome] = bench.write(Call(vali, "import_dataset", arguments))
        assert isinstance(outcome, Done)
        assert bench.one(vali)["datasets"]

    def test_files_go_up_and_come_down(self, bench: Bench, project: Oid) -> None:
        content = bytes(range(256)) * 1000
        fields = {"project": str(project.key)}
        made = bench.driver.run(upload_new(fields, "data.bin", io.BytesIO(content), bench.backend))
        sink = io.BytesIO()
        bench.driver.run(bench.backend.download(Oid("File", made["id"]), sink))
        assert content == sink.getvalue()
        bench.driver.run(bench.backend.upload(Oid("File", made["id"]), io.BytesIO(b"new")))
        sink = io.BytesIO()
        bench.driver.run(bench.backend.download(Oid("File", made["id"]), sink))
        assert b"new" == sink.getvalue()

    def test_a_read_only_session_sends_nothing(self, server: sandbox.Server, bench: Bench, component: Oid) -> None:
        flow = bench.backend.write(bench.schema, [update(bench, component, description="x")])
        with Driver(base_url(server.url), login(server), read_only=True) as other, pytest.raises(ReadOnly):
            other.run(flow)

    def test_new_assets_are_not_read(self, bench: Bench) -> None:
        with pytest.raises(BadValue):
            bench.one(Oid.new("Vali", 1))


class TestQuestions:
    """What is asked besides assets."""

    def test_profile_and_deployment(self, bench: Bench) -> None:
        assert bench.driver.run(calls.profile(bench.backend))["username"]
        assert "vali_assistant" in bench.driver.run(calls.deployment(bench.backend))

    def test_what_if_and_impact(self, bench: Bench, component: Oid) -> None:
        first = bench.create("Vali", shortname="In", parent=component, formula="2")
        second = bench.create("Vali", shortname="Out", parent=component, formula=f"${first.key}*3")
        names = [bench.one(oid)["name"] for oid in (first, second)]
        assert bench.driver.run(calls.what_if(names[0], names[1], 5, bench.backend)) is not None
        assert bench.driver.run(calls.impact(first, second, 0, 4, 2, bench.backend))
        assert first == bench.driver.run(calls.fuzzy(names[0], bench.backend))


class TestOtherDeployments:
    """The same reads from deployments that differ."""

    @pytest.fixture
    def turned(self, server: sandbox.Server) -> Iterator[Any]:
        settings: Any = server.face.settings
        before = dict(vars(settings))
        yield settings
        vars(settings).update(before)

    def test_pages_are_followed(self, bench: Bench, turned: Any) -> None:
        whole = bench.read(Fetch("Vali", paths("shortname")))
        for style in ("offset", "number"):
            turned.page_size, turned.page_style = 100, style
            paged, made = bench.counted(lambda: bench.read(Fetch("Vali", paths("shortname"))))
            assert whole == paged
            assert (len(whole.rows) + 99) // 100 == len(made)

    def test_without_searches_there_is_one_list_per_project(self, bench: Bench, turned: Any) -> None:
        turned.wide_search = False
        project = bench.read(Fetch("Project")).rows[0].oid
        where = compare("project", "=", project)
        fetch = Fetch("Vali", paths("parent.name"), where)
        rows, made = bench.counted(lambda: bench.read(fetch))
        names = {row.oid: values(row)["name"] for row in rows.related}
        assert all(values(row)["parent"] in names for row in nonempty(rows.rows))
        assert ["GET rest/valis/", "GET rest/components/"] == made[:2]
        assert not any("search" in line for line in made)

    def test_lists_that_leave_keys_out_are_completed(self, bench: Bench, turned: Any) -> None:
        turned.wide_search = False
        oids = tuple(row.oid for row in bench.read(Fetch("Component", paths("name"))).rows[:10])
        whole = [values(row)["valis"] for row in bench.read(Fetch("Component", paths("valis"), oids=oids)).rows]
        turned.bare_lists = True
        listed = bench.read(Fetch("Component", basics(bench.schema, "Component"))).rows
        assert "valis" not in listed[0].columns
        found = bench.read(Fetch("Component", paths("valis"), oids=oids)).rows
        assert whole == [values(row)["valis"] for row in found]

    @pytest.mark.parametrize("name", ["comment", "rationale"])
    def test_a_rationale_is_written_under_the_name_that_it_has(self, bench: Bench, turned: Any, name: str) -> None:
        turned.rationale = name
        oid = bench.read(Fetch("Requirement")).rows[3].oid
        [outcome] = bench.write(update(bench, oid, rationale=f"as {name}"))
        assert isinstance(outcome, Done)
        told = bench.one(oid)
        assert f"as {name}" == told["rationale"] == told["comment"]
