"""Conditions on parts of values, and between attributes, where conditions are evaluated here."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, UnknownName, V1Meta, ValispaceMeta, inspect, sandbox


def test_a_part_of_a_value_is_compared_and_sorted_by() -> None:
    with sandbox.running("testspace", assets=200, seed=4) as running, TestspaceMeta(**running.token_credentials) as ts:
        Result = ts.Result
        every = Result.all()
        failed = [one for one in every if one.case_counts.failed]
        assert 0 < len(failed) < len(every)
        assert failed == list(Result.where(Result.case_counts.failed > 0))
        assert len(failed) == Result.where(Result.case_counts.failed > 0).count()
        assert [one for one in every if not one.case_counts.failed] == list(Result.where({"case_counts.failed": 0}))
        few = [one for one in failed if one.case_counts.failed > one.case_counts.errored]
        assert few == list(
            Result.where(Result.case_counts.failed > Result.case_counts.errored, Result.case_counts.failed > 0)
        )
        counts = [one.case_counts.failed for one in Result.sort("-case_counts.failed")]
        assert sorted(counts, reverse=True) == counts
        states = {one.health.state for one in every if one.health}
        for state in states:
            same = [one for one in every if one.health and one.health.state == state]
            assert same == list(Result.where(Result.health.state == state))
        below = [one for one in ts.Content.where(result=failed[0]) if one.result.case_counts.failed > 0]
        assert below == list(ts.Content.where(ts.Content.result.case_counts.failed > 0, result=failed[0]))
        assert failed[0].case_counts == Result.select("case_counts.failed").where(id=failed[0].id).first().case_counts
        for slip in (lambda: Result.case_counts.faild, lambda: Result.where({"case_counts.faild": 0})):
            with pytest.raises(UnknownName, match=r"no part 'faild'; it has passed, failed.*Did you mean failed\?"):
                slip()
        for beyond in (lambda: Result.case_counts.failed.passed, lambda: Result.contents.id.sum().passed):
            with pytest.raises(UnknownName, match="is a value, no relation: there is no passed in it"):
                beyond()


def test_attributes_of_one_asset_are_compared_with_each_other() -> None:
    with sandbox.running("valispace") as running, ValispaceMeta(**running.token_credentials) as vs:
        project = vs.Project.create(name="Mission")
        component = vs.Component.create(name="Bus", project=project)
        made = [vs.Vali.create(shortname=f"v{n}", parent=component, formula=str(n), maximum=3) for n in (1, 3, 5)]
        Vali = vs.Vali

        def names(term: Any) -> list[str]:
            return sorted(one.shortname for one in Vali.where(term, parent=component))

        assert [1, 3, 5] == [int(one.value) for one in made]
        assert ["v5"] == names(Vali.value > Vali.maximum)
        assert ["v3", "v5"] == names(Vali.value >= Vali.maximum)
        assert ["v3"] == names(Vali.value == Vali.maximum)
        assert ["v1", "v5"] == names(Vali.value != Vali.maximum)
        assert ["v1", "v3"] == names(~(Vali.value > Vali.maximum))
        assert "value>maximum" == str(Vali.value > Vali.maximum)
        with pytest.raises(BadValue, match="attributes of one type"):
            _ = Vali.value > vs.Component.id
        with pytest.raises(BadValue, match="a relation is compared with a relation"):
            _ = Vali.value == Vali.parent
        with pytest.raises(BadValue, match="Vali.value > Vali.shortname: a number and a text cannot be compared"):
            _ = Vali.value > Vali.shortname
        asked = vs.Requirement
        with pytest.raises(BadValue, match="a time and a number cannot be compared"):
            _ = asked.created != asked.position
        with pytest.raises(BadValue, match="a text and a truth value cannot be compared"):
            _ = asked.title == asked.verified
        assert [] == list(asked.where(asked.created > asked.updated))


def test_where_the_server_applies_conditions_both_are_refused() -> None:
    with sandbox.running("versionone") as running, V1Meta(**running.credentials) as v1:
        with pytest.raises(BadValue, match="compares attributes with values"):
            _ = v1.Story.Estimate > v1.Story.ToDo
        with pytest.raises(UnknownName):
            _ = v1.Story.Estimate.amount


def test_parts_are_read_by_paths_and_columns_and_added_up() -> None:
    with sandbox.running("testspace", assets=200, seed=4) as running, TestspaceMeta(**running.token_credentials) as ts:
        Result = ts.Result
        result = Result.first()
        assert result.case_counts.failed == result["case_counts.failed"]
        assert not inspect(result).would_fetch("case_counts.failed")
        failed = [one.case_counts.failed for one in Result]
        assert any(failed)
        assert failed == list(Result.case_counts.failed) == [one["case_counts.failed"] for one in Result.all()]
        selected = Result.select("space.name", "case_counts.failed").all()
        assert failed == [one["case_counts.failed"] for one in selected]
        column = Result.case_counts.failed
        assert (sum(failed), min(failed), max(failed)) == (column.sum(), column.min(), column.max())
        assert len(failed) == column.count()
        content = ts.Content.where(result=result).first()
        assert result.case_counts.failed == content["result.case_counts.failed"]
        with pytest.raises(BadValue, match="only numbers have a sum"):
            Result.health.state.sum()
        with pytest.raises(UnknownName):
            _ = result["case_counts.faild"]
        for path in ("case_counts.failed.@Sum", "space.results.case_counts.failed.@Max"):
            with pytest.raises(
                BadValue, match=r"over parts of values a query works out nothing.*\.failed\.(sum|max)\(\)"
            ):
                Result.select(path)
