"""Values on their way between a person and each server: what is refused, hidden, added up and noted."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pytest

from assetmeta import BadValue, ReadOnly, Rejected, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.backends.valohai import actions
from assetmeta.backends.valohai.connection import Settings
from assetmeta.model.codecs import Span
from assetmeta.model.http import Response
from assetmeta.model.texts import Cleaned

SECRET = "hush-hush-7"


@pytest.fixture(scope="module")
def v1() -> Iterator[Any]:
    with (
        sandbox.running("versionone", assets=60) as server,
        V1Meta(**server.credentials, timezone="Europe/Berlin") as session,
    ):
        yield session


@pytest.fixture(scope="module")
def vs() -> Iterator[Any]:
    with sandbox.running("valispace", assets=300) as server, ValispaceMeta(**server.credentials) as session:
        yield session


@pytest.fixture(scope="module")
def vh() -> Iterator[Any]:
    with sandbox.running("valohai", assets=200) as server, ValohaiMeta(**server.credentials) as session:
        yield session


class TestSecrets:
    """Environment variables of runs: names are shown, values are not."""

    def test_nothing_shows_the_values(self, vh: Any) -> None:
        done = vh.Execution.first()
        new = vh.Execution.new(
            project=done.project, commit=done.commit, step=done.step, environment_variables={"TOKEN": SECRET, "A": ""}
        )
        shown = [repr(new), str(vh.plan()), repr(vh.plan()), repr(list(vh.plan())), repr(new.environment_variables)]
        shown.append(repr(vh.Execution.where(environment_variables={"TOKEN": SECRET})))
        assert not [text for text in shown if SECRET in text]
        assert "TOKEN" in shown[0]
        assert "TOKEN" in shown[1]
        assert new.environment_variables == {"TOKEN": SECRET, "A": ""}
        assert json.loads(json.dumps(new.environment_variables))["TOKEN"] == SECRET
        vh.commit().raise_if_failed()
        read = vh.Execution(new.id).environment_variables
        assert read["TOKEN"] == SECRET
        assert not [text for text in (repr(read), str(read), repr(new.data), f"{read}") if SECRET in text]
        assert SECRET.encode() not in pickle.dumps(new)
        with pytest.raises(ReadOnly) as refused:
            read["TOKEN"] = "x"
        assert SECRET not in str(refused.value)
        assert copy.deepcopy(read) == {"TOKEN": SECRET, "A": ""}

    def test_errors_do_not(self, vh: Any) -> None:
        done = vh.Execution.first()
        for bad in ({"TOKEN": {SECRET}}, [SECRET, float("nan")], {SECRET: object()}):
            with pytest.raises(BadValue) as refused:
                vh.Execution.new(environment_variables=bad)
            assert SECRET not in str(refused.value)
        vh.Execution.new(project=done.project, commit="nowhere", step="x", environment_variables={"nowhere": SECRET})
        [error] = vh.commit()
        assert SECRET not in str(error)
        vh.revert()

    def test_nor_do_those_within_other_documents(self, vh: Any) -> None:
        nodes = [{"name": "a", "template": {"environment_variables": {"TOKEN": SECRET}, "image": "busybox"}}]
        pipeline = vh.Pipeline.new(new_nodes=nodes)
        assert pipeline.new_nodes == nodes
        for shown in (repr(pipeline.new_nodes), repr(pipeline), repr(list(vh.plan()))):
            assert SECRET not in shown
            assert "TOKEN" in shown
            assert "busybox" in shown
        assert SECRET not in str(vh.plan())
        vh.revert()

    def test_nor_does_what_the_server_says_of_them(self) -> None:
        fields = {"image": "i", "environment_variables": {"TOKEN": SECRET, "MORE": [{"value": 'hü"sh'}]}}
        flow = actions.notebook(fields, Settings())
        request: Any = next(flow)
        assert SECRET.encode() in request.body
        words = json.dumps({"environment_variables": [f"{SECRET} is too long", 'hü"sh is not']})
        with pytest.raises(Rejected) as refused:
            flow.send(Response(400, {"content-type": "application/json"}, words.encode(), request))
        assert SECRET not in str(refused.value)
        assert 'hü"sh' not in str(refused.value)
        assert "*** is too long" in str(refused.value)


class TestDurations:
    """Lengths of time."""

    def test_they_add_up(self, vh: Any) -> None:
        # Those that came with the data are over, and their lengths stay.
        over = vh.Execution.where(vh.Execution.end_time < datetime(2025, 12, 31, tzinfo=UTC))
        lengths = [length for length in over.duration if length is not None]
        assert len(lengths) > 1
        assert over.duration.sum() == sum(lengths, timedelta()) > timedelta()
        assert vh.Execution.where(step="no such step").duration.sum() == timedelta()
        assert over.duration.max() == max(lengths)

    def test_they_add_up_through_a_relation(self, vh: Any) -> None:
        total, longest = vh.Project.executions.duration.sum(), vh.Project.executions.duration.max()
        projects = vh.Project.select("name", total, longest, "executions.duration").all()
        assert projects
        for project in projects:
            assert timedelta() <= (project[longest] or timedelta()) <= project[total]
        assert vh.Project.where(total > timedelta(seconds=1), total < timedelta(days=10_000)).count() > 0

    def test_days_and_weeks_add_up(self, v1: Any) -> None:
        for name, length in (("long", "2 Weeks"), ("short", "10 Days"), ("longest", "15 Days"), ("odd", "1 Months")):
            v1.Schedule.create(Name=name, TimeboxLength=length, TimeboxGap="0 Days")
        lengths = v1.Schedule.where(Name=["long", "short", "longest"]).TimeboxLength
        assert lengths.sum() == Span(39, "Days")
        assert (lengths.min(), lengths.max()) == (Span(10, "Days"), Span(15, "Days"))
        assert v1.Schedule.where(Name=["long", "short"]).TimeboxLength.max() == Span(2, "Weeks")
        assert v1.Schedule.where(Name="long").TimeboxLength.sum() == Span(2, "Weeks")
        assert v1.Schedule.where(Name="odd").TimeboxLength.sum() == Span(1, "Months")
        nothing = v1.Schedule.where(Name="none").TimeboxLength
        assert (nothing.sum(), nothing.min(), nothing.avg()) == (Span(0, "Days"), None, None)
        mixed = v1.Schedule.where(Name=["odd", "short"]).TimeboxLength
        for total in (mixed.sum, mixed.max):
            with pytest.raises(BadValue, match="Days and Months have no unit in common"):
                total()
        with pytest.raises(BadValue, match="no mean"):
            lengths.avg()

    def test_the_server_adds_up_numbers_alone(self, v1: Any) -> None:
        assert "Scope" in v1.types  # the schema is read before anything is counted
        sent = len(v1.ledger)
        for ask in (
            lambda: v1.Scope.Children.Duration.sum(),
            lambda: v1.Scope.select(v1.Scope.Children.Duration.max()),
            lambda: v1.Scope.select("Children.Duration.@Sum"),
            lambda: v1.Scope.where(v1.Scope.Duration > "2 Days"),
        ):
            with pytest.raises(BadValue, match=r"Query those assets: sum\(\)|Read the values"):
                ask()
        for text in ("Children.Name.@Sum", "Workitems.IsClosed.@Max"):
            with pytest.raises(BadValue, match="only numbers have a sum"):
                v1.Scope.select(text)
        assert sent == len(v1.ledger)

    def test_parts_of_a_day_are_refused(self, v1: Any) -> None:
        for bad in (timedelta(hours=10), timedelta(days=-1), numpy.timedelta64(90, "m"), pandas.Timedelta(days=1.5)):
            with pytest.raises(BadValue, match="whole days"):
                v1.Schedule.new(Name="s", TimeboxLength=bad)
        made = v1.Schedule.create(Name="s", TimeboxLength=timedelta(days=10), TimeboxGap=numpy.timedelta64(0, "D"))
        assert str(made.TimeboxLength) == "10 Days"


HUGE = 10**5000
"""Python refuses to spell it."""


class TestWhatHasNoRepr:
    """What is given in the wrong place is refused in words, also where it has no repr, or is an array."""

    @pytest.mark.parametrize("bad", [HUGE, -HUGE, [HUGE], numpy.array([1, 2])], ids=["huge", "-huge", "list", "array"])
    def test_it_is_a_clear_error_everywhere(self, v1: Any, bad: Any) -> None:
        story = v1.Story.first()
        sent = len(v1.ledger)
        for call in (
            lambda: v1.Story(bad),
            lambda: v1.Workitem(bad),
            lambda: v1.asset_from_oid(bad),
            lambda: v1.Story.page(size=bad),
            lambda: v1.Story.asof(bad),
            lambda: v1.Story.select(bad),
            lambda: v1.Story.sort(bad),
            lambda: v1.Story.where(bad),
            lambda: v1.Story.find(HUGE if isinstance(bad, list) else bad),
            lambda: v1.Story.Owners.in_([bad]),
            lambda: v1.Story.where(v1.Story.Owners == bad),
            lambda: v1.delete(bad) if not isinstance(bad, list) else v1.delete(*bad),
            lambda: v1.Story.upsert(bad, key="Number"),
            lambda: v1.wait([story], until=lambda one: True, timeout=bad),
            lambda: v1.budget(-HUGE).__enter__(),
            lambda: setattr(story, "Owners", bad if not isinstance(bad, numpy.ndarray) else numpy.array(5)),
        ):
            with pytest.raises(BadValue):
                call()
        assert sent == len(v1.ledger)
        assert v1.pending == 0

    @pytest.mark.parametrize("name", ["timeout", "deadline", "patience", "page_size", "keep", "rate", "prefetch"])
    def test_nor_is_it_a_setting(self, name: str) -> None:
        with pytest.raises(BadValue):
            V1Meta("http://127.0.0.1:9", token="t", **{name: HUGE})


class TestHours:
    """The hour that comes twice, where the server takes local times."""

    def test_it_is_refused_by_assignments_and_moments(self, v1: Any) -> None:
        scope = v1.Scope(0)
        for moment in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30+01:00"):
            with pytest.raises(BadValue, match="comes twice in Europe/Berlin"):
                scope.EndDate = moment
        with pytest.raises(BadValue, match="comes twice"):
            v1.Story.asof("2026-10-25T02:30").first()
        with pytest.raises(BadValue, match="None clears it"):
            scope.EndDate = ""
        assert v1.pending == 0

    def test_a_condition_names_it_in_utc(self, v1: Any) -> None:
        query = v1.Story.where(v1.Story.CreateDate > datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        everything = v1.Story.where(v1.Story.CreateDate > datetime(2002, 10, 27, 0, 30, tzinfo=UTC))
        assert query.count() + everything.count() >= v1.Story.count() == everything.count()


class TestLostValues:
    """Writes that make a value disappear say so."""

    def test_a_formula_or_a_unit_without_a_value(self, vs: Any) -> None:
        vali = vs.Vali.create(parent=vs.Component.first(), shortname="Probe", formula="5", unit="kg")
        assert vali.value == 5
        vali.formula = "$Nope.x*2"
        report = vs.commit()
        [done] = report.done
        assert any("'$Nope.x*2' gives no value" in note for note in done.notes)
        assert any("value (was 5.0)" in note and "there is none now" in note for note in done.notes)
        assert "gives no value" in str(report)
        vali.formula = "7"
        assert [done.notes for done in vs.commit().done] == [()]
        vali.unit = "blorb"
        [done] = vs.commit().done
        assert any("'7' gives no value in blorb" in note for note in done.notes)
        vs.Vali.new(parent=vs.Component.first(), shortname="Blind", formula="$Nope.x")
        [done] = vs.commit().done
        assert ["the formula '$Nope.x' gives no value"] == [note for note in done.notes if "formula" in note]

    def test_what_is_computed_from_a_deleted_vali(self, vs: Any) -> None:
        top = vs.Component.first()
        box = vs.Component.create(project=top.project, parent=top, name="Box_to_go")
        mass = vs.Vali.create(parent=box, shortname="Mass", formula="5")
        double = vs.Vali.create(parent=top, shortname="Double_mass", formula=f"${mass.id}*2")
        again = vs.Vali.create(parent=top, shortname="Mass_again", formula=f"${double.id}+1")
        both = vs.Vali.create(parent=top, shortname="Mass_not", formula="3")
        assert (double.value, again.value, both.value) == (10, 11, 3)
        vs.delete(box)
        sent = len(vs.ledger)
        report = vs.commit()
        assert len(vs.ledger) == sent + 3
        assert (double.value, again.value) == (None, None)
        assert len(vs.ledger) == sent + 3
        assert both.value == 3
        [done] = report.done
        notes = "\n".join(done.notes)
        assert f"{double._state.oid.token} '{double.name}': value (was 10.0)" in notes
        assert f"{again._state.oid.token} '{again.name}': value (was 11.0)" in notes
        assert both._state.oid.token not in notes
        assert "there is none now" in str(report)
        assert report is vs.last_report

    def test_what_is_computed_from_what_has_no_value_any_more(self, vs: Any) -> None:
        top = vs.Component.first()
        source = vs.Vali.create(parent=top, shortname="Source", formula="5")
        double = vs.Vali.create(parent=top, shortname="Double_source", formula=f"${source.id}*2")
        assert double.value == 10
        source.formula = "$Nope.x"
        [done] = vs.commit().done
        assert any(note.startswith(f"{double._state.oid.token} ") and "was 10.0" in note for note in done.notes)

    def test_what_refers_to_nothing_that_goes_is_not_read(self, vs: Any) -> None:
        top = vs.Component.first()
        source = vs.Vali.create(parent=top, shortname="Left", formula="5")
        last = vs.Vali.create(parent=top, shortname="Last", formula=f"${source.id}*2")
        assert last.value == 10
        sent = len(vs.ledger)
        vs.delete(last)
        [done] = vs.commit().done
        assert len(vs.ledger) == sent + 1
        assert done.notes == ()


class TestCleanedTexts:
    """What lost something is not written back."""

    def test_only_a_plain_text_is_taken(self, vs: Any) -> None:
        requirement = vs.Requirement.where(vs.Requirement.text.exists()).first()
        plain = requirement.text.plain
        assert type(plain) is Cleaned
        for value in (plain, plain.strip(), requirement.clean("text"), requirement["text.@CleanHtml"]):
            for name in ("text", "title"):
                with pytest.raises(BadValue, match=r"cleaned text.*str\(text\)"):
                    requirement[name] = value
            with pytest.raises(BadValue, match=r"str\(text\)"):
                vs.Requirement.new(text=value)
        assert vs.pending == 0
        requirement.text = str(plain)
        assert requirement.text == plain
        vs.revert()

    def test_a_condition_has_words_of_its_own(self, vs: Any) -> None:
        plain = vs.Requirement.where(vs.Requirement.text.exists()).first().text.plain
        sent = len(vs.ledger)
        for ask in (
            lambda: vs.Requirement.where(text=plain),
            lambda: vs.Requirement.where(vs.Requirement.text == plain),
            lambda: vs.Requirement.where(vs.Requirement.text != plain.strip()),
            lambda: vs.Requirement.where(text=["a", plain]),
            lambda: vs.Requirement.where(vs.Requirement.text.contains(plain)),
        ):
            with pytest.raises(BadValue, match=r"compare the text as the server keeps it.*\.plain") as caught:
                ask()
            assert "erase" not in str(caught.value)
        assert sent == len(vs.ledger)
        assert vs.Requirement.where(text=str(plain)).count() == 0


class TestJson:
    """Pieces of JSON."""

    def test_assets_in_it_are_written_as_ids(self, vh: Any, vs: Any) -> None:
        execution, model = vh.Execution.first(), vh.Model.first()
        for source in (execution, {"execution": execution}, {"execution": execution.id}):
            version = vh.ModelVersion.create(model=model, source=source)
            assert version.source_execution is execution
        for bad in ({"execution": None}, {"project": "x"}, {}, ["execution"], model):
            with pytest.raises(BadValue, match="execution or pipeline"):
                vh.ModelVersion.new(model=model, source=bad)
        task = vh.Execution.new(runtime_config={"seen": [execution, {"by": model}]})
        assert task.runtime_config == {"seen": [execution.id, {"by": model.id}]}
        with pytest.raises(BadValue, match="has no id yet; commit it first"):
            vh.Execution.new(runtime_config={"of": vh.Project.new(name="later")})
        with pytest.raises(BadValue, match="another session"):
            vh.Execution.new(runtime_config={"of": vs.Vali(1)})
        vh.revert()


class TestArguments:
    """What is given to operations."""

    def test_what_cannot_be_sent_is_refused(self, v1: Any, vs: Any, vh: Any) -> None:
        story, vali, project = v1.Story.first(), vs.Vali.first(), vh.Project.first()
        for bad in (float("nan"), pandas.NA, "\ud800", "\x00", 10**5000, [float("inf")], Cleaned("x"), ["\ud800"]):
            calls = [
                lambda bad=bad: story.QuickClose(argument=bad),
                lambda bad=bad: vali.import_dataset(headers=bad, data=[]),
                lambda bad=bad: project.set_environment_variable(name="A", value=bad),
            ]
            for call in calls:
                with pytest.raises(BadValue, match="="):
                    call()

    def test_times_are_taken_as_the_server_reads_them(self, vh: Any) -> None:
        project = vh.Project.first()
        for value, text in (
            (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00Z"),
            (date(2026, 3, 1), "2026-03-01"),
            (timedelta(minutes=1.5), "90"),
            (Decimal("2.50"), "2.5"),
        ):
            project.set_environment_variable(name="WHEN", value=value)
            assert str(project.environment_variables["WHEN"]["value"]) == text
        with pytest.raises(BadValue, match="no time zone"):
            project.set_environment_variable(name="WHEN", value=datetime(2026, 3, 1))

    def test_numpy_is_taken(self, vs: Any) -> None:
        vali = vs.Vali.create(parent=vs.Component.first(), shortname="Curve", formula="1")
        vali.import_dataset(headers=["x", "y"], data=numpy.array([[1.0, 2.0], [3.0, 4.0]]))
        assert vali.datasets
