"""What the official Valispace client can do, done here: each row of docs/moving-from-valispace.md in a test."""

from __future__ import annotations

import io
import itertools
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

from assetmeta import BadValue, NotFound, ReadOnly, UnknownName, Unsupported, V1Meta, ValispaceMeta, inspect, sandbox
from assetmeta.tools import valispace

official = pytest.importorskip("valispace")

PAGE = (Path(__file__).parents[2] / "docs" / "moving-from-valispace.md").read_text(encoding="utf-8")
SAME, MORE = (
    part.split("\n\n")[0] for part in re.split(r"^\| official client \||^\| what \| assetmeta \|", PAGE, flags=re.M)[1:]
)

NUMBERS = itertools.count(1)


def rows(table: str) -> Iterator[tuple[str, list[str]]]:
    """The first cell of each row of a table, and the code in its second."""
    for line in table.splitlines()[2:]:
        first, _, second = line.strip("| ").partition(" | ")
        yield first.strip("`"), re.findall(r"`([^`]+)`", second)


def function(old: str) -> str:
    return old.partition("(")[0].removeprefix("api.")


NEW_CALLS = {function(old): calls for old, calls in rows(SAME)}
FURTHER = dict(rows(MORE))


def run(calls: list[str], names: dict[str, Any]) -> Any:
    """Run code as it stands in the documentation; return the value of its first piece."""
    found = None
    for number, code in enumerate(calls):
        value = eval(code, names)
        found = value if number == 0 else found
    return found


class Plant:
    """A deployment with a project of its own, the official client, and what the documentation's names stand for."""

    def __init__(self, server: sandbox.Server) -> None:
        self.server = server
        self.api: Any = official.API(server.url, server.user, server.secret, warn_https=False)
        with ValispaceMeta(**server.credentials, survey="none") as vs:
            workspace = vs.Workspace.create(name="Works")
            project = vs.Project.create(name="Fan project", workspace=workspace)
            tag = vs.Tag.create(name="white-tag", color="#FFFFFF")
            fan = vs.Component.create(name="Fan", project=project, tags=[tag])
            mass = vs.Vali.create(shortname="Mass", parent=fan, formula="5", unit="kg", tags=[tag])
            twice = vs.Vali.create(shortname="Twice", parent=fan, formula=f"2*${mass.intid}", unit="kg")
            requirements = vs.Requirement.where(vs.Requirement.vms.exists())[:2].all()
            self.ids = {
                "workspace": workspace,
                "project": project,
                "tag": tag,
                "component": fan,
                "vali": mass,
                "target": twice,
                "requirement": requirements[0],
                "other": requirements[1],
            }

    def __getattr__(self, name: str) -> int:
        found: int = self.ids[name].intid
        return found


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    with sandbox.running("valispace", assets=500, seed=3) as server:
        yield Plant(server)


@pytest.fixture
def vs(plant: Plant) -> Iterator[Any]:
    with ValispaceMeta(**plant.server.credentials, survey="root") as session:
        yield session


@pytest.fixture
def names(plant: Plant, vs: Any) -> dict[str, Any]:
    """The names that the documentation uses, as assets of a fresh session."""
    word = next(NUMBERS)
    named = {name: vs.asset_from_oid(inspect(asset).oid) for name, asset in plant.ids.items()}
    body = {"name": f"M{word}", "number_of_rows": 2, "number_of_columns": 2, "parent": named["component"], "unit": "kg"}
    return {
        **named,
        "vs": vs,
        "valispace": valispace,
        "ValispaceMeta": ValispaceMeta,
        "url": plant.server.url,
        "user": plant.server.user,
        "password": plant.server.secret,
        "matrix": vs.Matrix.create(**body),
        "empty": vs.Vali.create(shortname=f"E{word}", parent=named["component"], formula=""),
        "doomed": vs.Tag.create(name=f"T{word}"),
    }


class Told:
    """What a new call gave, beside the official client and the names."""

    def __init__(self, plant: Plant, names: dict[str, Any], result: Any) -> None:
        self.plant, self.api, self.names, self.result = plant, plant.api, names, result

    def __getattr__(self, name: str) -> Any:
        return self.names[name]

    @property
    def ids(self) -> list[int]:
        return sorted(asset.intid for asset in self.result)

    def same(self, listed: list[Any]) -> None:
        assert listed
        assert self.ids == sorted(item["id"] for item in listed)


def logs_in(told: Told) -> None:
    with told.result as session:
        assert valispace.profile(session)["username"] == told.api.get("own-profile/")["username"]


def everything(told: Told) -> None:
    assert [str(number) for number in told.ids] == sorted(told.api.get_all_data("vali"), key=int)


def project_of_the_sandbox(function: str) -> Callable[[Told], None]:
    """A list of the documents of a project: the sandbox's own project has some, the plant's has none."""

    def check(told: Told) -> None:
        assert told.result == getattr(told.api, function)(told.plant.project) == []
        [code] = NEW_CALLS[function]
        full = told.vs.Requirement.first().project
        told.result = eval(code, {**told.names, "project": full})
        told.same(getattr(told.api, function)(full.intid))

    return check


def vali_list(told: Told) -> None:
    told.same(told.api.get_vali_list(project_name="Fan project", parent_name="Fan", tag_name="white-tag"))


def vali_names(told: Told) -> None:
    listed = told.api.get_vali_names("Fan project")
    told.same(listed)
    assert {vali.name for vali in told.result} == {item["name"] for item in listed}


def one_vali(told: Told) -> None:
    item = told.api.get_vali(told.plant.vali)
    asset = told.result
    assert (asset.intid, asset.name, asset.formula) == (item["id"], item["name"], item["formula"])
    assert (asset.value, asset.unit, asset.parent.intid) == (item["value"], item["unit"], item["parent"])


def updated(told: Told) -> None:
    item = told.api.get_vali(told.plant.vali)
    assert (item["value"], item["margin_plus"]) == (7.0, 10.0)
    assert told.target.value == 14.0
    assert told.api.update_vali(told.plant.vali, formula="5", data={"margin_plus": "0"})["value"] == 5.0


def impact(told: Told) -> None:
    assert told.result == json.loads(json.dumps(told.api.impact_analysis(told.plant.vali, told.plant.target, 1, 3, 1)))
    assert told.result["data"] == [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]


def what_if(told: Told) -> None:
    assert told.result == told.api.what_if("Fan.Mass", "Fan.Twice", 7)["result"] == 14.0


def component_list(told: Told) -> None:
    told.same(told.api.get_component_list(tag_name="white-tag"))


def one_component(told: Told) -> None:
    item = told.api.get_component_by_name("Fan", "Fan project")
    assert item == told.api.get_component(told.plant.component)
    assert (told.result.intid, told.result.unique_name) == (item["id"], item["unique_name"])
    assert sorted(vali.intid for vali in told.result.valis) == sorted(item["valis"])


def one_project(told: Told) -> None:
    assert [told.api.get_project(told.plant.project)] == told.api.get_project_by_name("Fan project")
    assert (told.result.intid, told.result.name) == (told.plant.project, "Fan project")


def project_list(told: Told) -> None:
    told.same(told.api.get_project_list(workspace_name="Works"))


def posted(told: Told) -> None:
    assert told.api.get_vali(told.result.intid)["name"] == "Fan.Posted"
    told.vs.delete(told.result)
    assert told.vs.commit().done


def posted_tag(told: Told) -> None:
    assert told.api.get(f"tag/{told.result.intid}/")["name"] == "posted"


def types(told: Told) -> None:
    told.same(told.api.get("requirements/types/"))


def deleted(told: Told) -> None:
    with pytest.raises(NotFound):
        inspect(told.doomed).refresh().name
    assert told.doomed.intid not in [item["id"] for item in told.api.get("tag/")]


def cells(told: Told) -> None:
    old = told.api.get_matrix(told.matrix.intid)
    assert [[cell.intid for cell in row] for row in told.result] == [[item["id"] for item in row] for row in old]
    assert [[cell.formula for cell in row] for row in told.result] == [[item["formula"] for item in row] for row in old]


def cell_values(told: Told) -> None:
    old = told.api.get_matrix_str(told.matrix.intid)
    assert told.result == [[item["value"] for item in row] for row in old]


def formulas(told: Told) -> None:
    old = told.api.get_matrix_str(told.matrix.intid)
    assert [[item["value"] for item in row] for row in old] == [[1.0, 2.0], [3.0, 4.0]]
    assert valispace.matrix(told.matrix).values() == [[1.0, 2.0], [3.0, 4.0]]


def points(told: Told) -> None:
    data = told.api.get_vali(told.empty.intid)["function_data"]["data"]
    assert data == [[0.0, 1.0], [1.0, 2.5]] == told.empty.function_data["data"]


def converted(told: Told) -> None:
    assert len(told.api.get_vali(told.empty.intid)["datasets"]) == 1 == len(told.empty.datasets)


def prompted(told: Told) -> None:
    assert [item["id"] for item in told.result["results"]] == [told.plant.vali, told.plant.target]


def content_type(told: Told) -> None:
    """The official client takes the first of all types, whatever it was asked for."""
    kinds = {item["model"]: item["id"] for item in told.api.get("contenttypes/")}
    assert told.result == kinds["vali"] == told.vs.schema.type("Vali").number


CHECKS: dict[str, Callable[[Told], None]] = {
    "API": logs_in,
    "login": logs_in,
    "get_all_data": everything,
    "get_configs": lambda told: _is(told.result["vali_assistant"]["offline_assistant"], told.api.offline_assistant),
    "get_folders": project_of_the_sandbox("get_folders"),
    "get_specifications": project_of_the_sandbox("get_specifications"),
    "get_groups": project_of_the_sandbox("get_groups"),
    "get_requirements": project_of_the_sandbox("get_requirements"),
    "get_vali_list": vali_list,
    "get_vali_names": vali_names,
    "get_vali": one_vali,
    "get_vali_by_name": one_vali,
    "fuzzysearch_vali": one_vali,
    "get_vali_value": lambda told: _is(told.result, told.api.get_vali_value(told.plant.vali)),
    "update_vali": updated,
    "impact_analysis": impact,
    "what_if": what_if,
    "get_component_list": component_list,
    "get_component": one_component,
    "get_component_by_name": one_component,
    "get_project_list": project_list,
    "get_project": one_project,
    "get_project_by_name": one_project,
    "post_data": posted,
    "post": posted_tag,
    "get": types,
    "request": deleted,
    "get_matrix": cells,
    "get_matrix_str": cell_values,
    "update_matrix_formulas": formulas,
    "vali_create_dataset": converted,
    "create_dataset_and_set_values": points,
    "vali_import_dataset": points,
    "general_prompt": prompted,
    "get_content_type_id": content_type,
}


def _is(left: object, right: object) -> None:
    assert left == right


def further_matrix(told: Told) -> None:
    assert told.result.shape == (2, 2)


def further_preview(told: Told) -> None:
    assert told.result == 16.0
    assert told.vali.formula == "5"


def further_versions(told: Told) -> None:
    body = {"size": -1, "query_filters": {"object_id": told.plant.requirement}}
    told.same(told.api.post("requirements/versions/search/", body)["data"])
    assert all(version.object_id is told.requirement for version in told.result)
    listed = told.api.post("requirements/versions/search/", body)["data"]
    assert [version["data"] for version in told.result] == [one["data"] for one in listed]
    assert all(version.created.tzinfo is not None for version in told.result)


def further_verification(told: Told) -> None:
    listed = told.api.get("requirements/requirement-vms/")
    vms = [item for item in listed if item["requirement"] == told.plant.requirement]
    assert vms
    assert len(told.result) == sum(len(item["component_vms"]) for item in vms)


def further_children(told: Told) -> None:
    assert told.plant.other in told.api.get(f"requirements/{told.plant.requirement}/")["children"]
    assert told.requirement in told.other.parents


def further_tags(told: Told) -> None:
    assert told.plant.tag in told.api.get_vali(told.plant.vali)["tags"]


def further_upload(told: Told) -> None:
    item = told.api.get(f"files/{told.result.intid}/")
    assert (item["name"], item["project"], item["object_id"]) == ("log.txt", told.plant.project, told.plant.component)
    assert told.result.object_id is told.component
    assert told.result in told.project.files


FURTHER_CHECKS: dict[str, Callable[[Told], None]] = {
    "a matrix as a table (extra `pandas`)": further_matrix,
    "what a vali would be with another formula somewhere": further_preview,
    "who the token belongs to": lambda told: _is(told.result, told.api.get("own-profile/")),
    "saved versions of a requirement": further_versions,
    "verification of a requirement": further_verification,
    "children of a requirement": further_children,
    "tags": further_tags,
    "a new file, from bytes, an open file or a path": further_upload,
    "the bytes of a file": lambda told: _is(told.result, b"text"),
}


class TestTheTable:
    def test_it_has_every_public_function_of_the_official_client(self) -> None:
        public = {name for name, item in vars(official.API).items() if not name.startswith("_") and callable(item)}
        assert public | {"API"} == NEW_CALLS.keys() == CHECKS.keys()
        assert FURTHER.keys() == FURTHER_CHECKS.keys()

    @pytest.mark.parametrize("name", CHECKS)
    def test_the_new_call_does_what_the_old_one_does(self, plant: Plant, names: dict[str, Any], name: str) -> None:
        CHECKS[name](Told(plant, names, run(NEW_CALLS[name], names)))
        assert names["vs"].pending == 0

    @pytest.mark.parametrize("what", FURTHER_CHECKS)
    def test_what_it_has_no_function_for(self, plant: Plant, names: dict[str, Any], what: str) -> None:
        FURTHER_CHECKS[what](Told(plant, names, run(FURTHER[what], names)))
        assert names["vs"].pending == 0


class TestMatrices:
    def test_a_whole_matrix_takes_two_requests(self, vs: Any, plant: Plant) -> None:
        number = vs.Matrix.first().intid
        with ValispaceMeta(**plant.server.credentials, survey="none") as fresh:
            valispace.profile(fresh)
            with fresh.trace() as trace:
                grid = valispace.matrix(fresh.Matrix(number))
                values = grid.values()
        assert len(trace) == 2
        assert [[cell["value"] for cell in row] for row in plant.api.get_matrix_str(number)] == values

    def test_without_a_search_it_takes_the_lists_of_a_project(self, plant: Plant) -> None:
        settings: Any = plant.server.face.settings
        before, settings.wide_search = settings.wide_search, False
        try:
            number = plant.api.get("matrices/")[0]["id"]
            with ValispaceMeta(**plant.server.credentials, survey="none") as vs:
                valispace.profile(vs)
                with vs.trace() as trace:
                    valispace.matrix(vs.Matrix(number)).values()
        finally:
            settings.wide_search = before
        assert len(trace) == 2

    def test_other_shapes_are_refused_and_nothing_is_set(self, names: dict[str, Any]) -> None:
        grid = valispace.matrix(names["matrix"])
        assert (grid.shape, len(grid), [len(row) for row in grid]) == ((2, 2), 2, [2, 2])
        for wrong in ([["1", "2"]], [["1", "2"], ["3"]], [["1"], ["2"], ["3"]]):
            with pytest.raises(BadValue, match="2 rows of 2"):
                grid.set(wrong)
        assert names["vs"].pending == 0

    def test_a_frame_has_the_values_where_the_cells_are(self, names: dict[str, Any]) -> None:
        grid = valispace.matrix(names["matrix"])
        grid.set([["1", "2"], ["3", "4"]])
        names["vs"].commit().raise_if_failed()
        assert grid.to_pandas().to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
        assert grid.to_pandas("unit").iloc[1, 0] == "kg"

    def test_frames_and_arrays_are_set_as_they_are_read(self, names: dict[str, Any]) -> None:
        vs, grid = names["vs"], valispace.matrix(names["matrix"])
        grid.set([["1", "2"], ["3", None]])
        vs.commit().raise_if_failed()
        for rows in (grid.to_pandas(), grid.to_pandas().to_numpy(), grid.values(), grid.to_pandas("formula")):
            grid.set(rows)
            assert vs.pending == 0, "nothing has changed"
        grid.set(grid.to_pandas().iloc[::-1, ::-1])
        assert not vs.pending
        grid.set(grid.to_pandas() * 10)
        vs.commit().raise_if_failed()
        assert grid.values() == [[10.0, 20.0], [30.0, None]]
        grid.set(numpy.array([[1, 2], [3, 4]]))
        vs.commit().raise_if_failed()
        assert grid.values() == [[1.0, 2.0], [3.0, 4.0]]
        with pytest.raises(BadValue, match="None to clear"):
            grid.set(numpy.array([[1, 2], [3, numpy.nan]]))
        for wrong in ("1234", 5, None, numpy.array([1, 2]), numpy.float64(1)):
            with pytest.raises(BadValue, match="matrix"):
                grid.set(wrong)
        assert vs.pending == 0

    def test_numbers_over_formulas_with_references_are_warned_of(self, names: dict[str, Any]) -> None:
        vs, grid = names["vs"], valispace.matrix(names["matrix"])
        grid.set([["1", f"2*${grid[0][0].intid}"], ["3", "4"]])
        vs.commit().raise_if_failed()
        assert grid.values() == [[1.0, 2.0], [3.0, 4.0]]
        token = grid[0][1].idref
        with pytest.warns(UserWarning, match=rf"formulas with references: {token} ") as told:
            grid.set(grid.to_pandas())
        assert len(told) == 1
        assert [change.oid.token for change in vs.plan()] == [token]
        vs.revert()
        pint = pytest.importorskip("pint")
        with pytest.warns(UserWarning, match=token):
            valispace.set_quantity(grid[0][1], pint.get_application_registry().Quantity(5, "kg"))
        vs.revert()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            grid.set([[1, "5*2"], [3, 4]])
            valispace.set_quantity(grid[0][0], pint.get_application_registry().Quantity(5, "kg"))
        vs.revert()

    @pytest.mark.parametrize(("package", "extra"), [("pandas", "pandas"), ("pint", "units")])
    def test_without_the_extra_it_is_named(
        self, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, package: str, extra: str
    ) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        calls = {
            "pandas": valispace.matrix(names["matrix"]).to_pandas,
            "pint": lambda: valispace.quantity(names["vali"]),
        }
        with pytest.raises(Unsupported, match=rf"assetmeta\[{extra}\]"):
            calls[package]()

    def test_only_a_matrix_is_one(self, names: dict[str, Any]) -> None:
        for wrong in (names["vali"], 57, None):
            with pytest.raises(BadValue, match="takes a Matrix"):
                valispace.matrix(wrong)


class TestDatasets:
    def test_points_with_several_variables_are_refused_where_there_is_one(self, names: dict[str, Any]) -> None:
        with pytest.raises(BadValue, match="1 variables, 2 were given"):
            valispace.dataset(names["empty"], [[0, 1, 2]])
        for wrong in ([], [[1]], [[0, 1], [1]]):
            with pytest.raises(BadValue, match="same length"):
                valispace.dataset(names["empty"], wrong)

    def test_what_was_read_before_is_read_again(self, names: dict[str, Any]) -> None:
        empty = names["empty"]
        assert list(empty.datasets) == []
        made = valispace.dataset(empty, [[0, 1], [1, 2]])
        names["vs"].commit().raise_if_failed()
        assert list(empty.datasets) == [made]
        assert [point["value"] for point in made.points] == [0, 1]


class TestQuantities:
    pint = pytest.importorskip("pint")

    def test_values_have_their_units(self, names: dict[str, Any]) -> None:
        mass = valispace.quantity(names["vali"])
        assert mass.to("g").magnitude == 5000
        assert sum([mass, valispace.quantity(names["target"])]).to("kg").magnitude == 15
        assert valispace.quantity(names["vali"], "maximum") is None
        own = self.pint.UnitRegistry()
        assert valispace.quantity(names["vali"], registry=own).units == own.kg

    def test_a_quantity_is_written_in_the_unit_of_the_vali(self, names: dict[str, Any]) -> None:
        vali, units = names["empty"], self.pint.get_application_registry()
        vali.set(unit="kg", formula="1")
        names["vs"].commit().raise_if_failed()
        valispace.set_quantity(vali, units.Quantity(2500, "g"))
        valispace.set_quantity(vali, units.Quantity(1, "t"), "maximum")
        names["vs"].commit().raise_if_failed()
        assert (vali.formula, vali.value, vali.maximum) == ("2.5", 2.5, 1000.0)
        for wrong, complaint in (
            (units.Quantity(1, "m"), "is not in 'kg'"),
            (5, r"takes a pint Quantity here, not 5: pint.Quantity\(5, 'kg'\)\. .*vali.formula = 5"),
            (None, "takes a pint Quantity here, not None"),
        ):
            with pytest.raises(BadValue, match=complaint):
                valispace.set_quantity(vali, wrong)
        assert names["vs"].pending == 0

    def test_a_unit_that_pint_does_not_know(self, names: dict[str, Any]) -> None:
        assert names["vali"].value == 5.0
        with pytest.raises(BadValue, match="not a unit"):
            valispace.quantity(names["vali"].with_data({"unit": "blorp"}))


class TestQuestions:
    def test_names_are_not_requested_when_they_are_loaded(self, names: dict[str, Any]) -> None:
        vs = names["vs"]
        vs.populate([names["vali"], names["target"]], "name")
        with vs.trace() as trace:
            assert valispace.what_if(names["vali"], names["target"], 0) == 0.0
        assert len(trace) == 1

    def test_what_cannot_be_is_said_before_anything_is_sent(self, names: dict[str, Any]) -> None:
        vs, vali, target = names["vs"], names["vali"], names["target"]
        draft = vs.Vali.new(shortname="d", parent=names["component"])
        with vs.trace() as trace:
            for call in (
                lambda: valispace.impact(vali, target, 3, 1, 1),
                lambda: valispace.impact(vali, names["component"], 1, 3, 1),
                lambda: valispace.what_if(vali, draft, 1),
                lambda: valispace.fuzzy(vs, " "),
                lambda: valispace.prompt([], "x", "description"),
                lambda: valispace.prompt([vali, names["component"]], "x", "description"),
                lambda: valispace.upload(names["project"], b"x"),
                lambda: valispace.upload(names["project"], 5, "x.txt"),
                lambda: valispace.upload(vali, b"x", "x.txt"),
                lambda: valispace.upload(names["project"], b"x", "x.txt", attached_to=5),
            ):
                with pytest.raises(BadValue):
                    call()
            with pytest.raises(UnknownName):
                valispace.prompt([vali], "x", "descriptoin")
        assert len(trace) == 0
        vs.revert()

    def test_nothing_like_it(self, vs: Any) -> None:
        assert valispace.fuzzy(vs, "q" * 40) is None

    def test_a_read_only_session_prompts_and_uploads_nothing(self, plant: Plant) -> None:
        with ValispaceMeta(**plant.server.credentials, survey="root", read_only=True) as vs:
            with pytest.raises(ReadOnly):
                valispace.prompt([vs.Vali(plant.vali)], "x", "description")
            with pytest.raises(ReadOnly):
                valispace.upload(vs.Project(plant.project), b"x", "x.txt")

    def test_other_servers_are_refused(self) -> None:
        with sandbox.running("versionone", assets=20) as server, V1Meta(**server.credentials) as v1:
            with pytest.raises(Unsupported, match="this one is versionone"):
                valispace.profile(v1)
            story = v1.Story.where()
            assert "one request per 2000 assets" in story.explain() and "Story" in story.explain()


class TestFiles:
    def test_from_a_path_and_an_open_file_into_a_folder(self, names: dict[str, Any], tmp_path: Path) -> None:
        vs, project = names["vs"], names["project"]
        folder = vs.FileFolder.create(name=f"F{names['matrix'].intid}", project=project)
        path = tmp_path / "data.bin"
        path.write_bytes(bytes(range(256)))
        made = valispace.upload(project, path, folder=folder)
        assert (made.name, made.file_data, made.folder) == ("data.bin", bytes(range(256)), folder)
        other = valispace.upload(project, io.BytesIO(b"open"), "open.txt")
        assert inspect(other).save(tmp_path).read_bytes() == b"open"


class TestExplaining:
    def test_who_filters_what(self, names: dict[str, Any]) -> None:
        vs = names["vs"]
        query = vs.Vali.where({"project": names["project"], "parent.name": "Fan"}).select("name").sort("-value")[:5]
        with vs.trace() as trace:
            told = query.explain()
        assert len(trace) == 0
        assert f"GET rest/valis/?project={names['project'].intid}&" in told
        assert "the server filters: project=" in told
        assert "filtered here, again" in told and "sorted here: -value" in told and "cut here: 5 from 0" in told

    def test_what_is_reported_is_what_is_sent(self, names: dict[str, Any]) -> None:
        vs = names["vs"]
        query = vs.query("Requirement").where(project=names["requirement"].project).clean_text("text", "comment")
        with vs.trace() as trace:
            found = query.all()
        [line] = [line for line in query.explain().splitlines() if line.startswith("GET")]
        assert line.startswith(f"GET {next(iter(trace)).path}?project=")
        assert found and len(trace) == 1

    def test_cleaned_texts_are_not_written_back(self, names: dict[str, Any]) -> None:
        specification = names["requirement"].specification
        text = "<p>5 &amp; <b>more</b></p>"
        requirement = names["vs"].Requirement.create(identifier="C-1", text=text, specification=specification)
        cleaned = valispace.clean(requirement, "text")
        assert (cleaned, requirement.text) == ("5 & more", text)
        assert valispace.clean(requirement, "text", html=True) == text
        with pytest.raises(BadValue, match="cleaned text"):
            requirement.text = cleaned
