"""Reading valohai.yaml and packages, filling parameters into commands, and expanding those of tasks."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from assetmeta.sandbox.data import text
from assetmeta.sandbox.valohai.code.config import BadConfig, parse
from assetmeta.sandbox.valohai.code.package import BadPackage, identifier, member
from assetmeta.sandbox.valohai.code.parameters import filled, merged
from assetmeta.sandbox.valohai.life.variants import expanded


def packed(files: dict[str, bytes]) -> bytes:
    """A gzipped tarball."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class TestConfig:
    def test_parts_are_found_by_name(self) -> None:
        config = parse(text("assetmeta.sandbox.valohai.code", "example.yaml"))
        assert (list(config.steps), list(config.tasks)) == (["preprocess", "train", "fail"], ["sweep"])
        assert (list(config.pipelines), list(config.endpoints)) == (["training"], ["predict"])

    def test_the_items_are_as_they_were_written(self) -> None:
        (item,) = parse("- step: {name: a, image: b, command: c, since: 2024-01-02, limit: .inf, 3: 4}").items
        assert item["step"] == {
            "name": "a",
            "image": "b",
            "command": "c",
            "since": "2024-01-02",
            "limit": "inf",
            "3": 4,
        }

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("a: b", "must be a list"),
            ("", "must be a list"),
            ("- a", "item 1 must be a mapping"),
            ("- step: 1", "step must be a mapping"),
            ("- step: {name: a}", "step lacks image, command"),
            ("- step: &s {name: a, image: b, command: c}\n- step: *s", "two steps named 'a'"),
            ("- [", "not readable as YAML"),
            ("- &a [*a]", "unfolds to too much"),
            ("- !!python/object:os.system {}", "not readable as YAML"),
            ("[" * 700, "not readable as YAML"),
        ],
    )
    def test_anything_else_is_refused(self, text: str, reason: str) -> None:
        with pytest.raises(BadConfig, match=reason):
            parse(text)

    def test_a_file_that_unfolds_without_end_is_refused(self) -> None:
        lines = ["- &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
        with pytest.raises(BadConfig, match="unfolds"):
            parse("\n".join(lines))


class TestPackage:
    def test_the_identifier_is_the_digest(self) -> None:
        assert identifier(b"") == "~e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    def test_a_member(self) -> None:
        package = packed({"./valohai.yaml": b"a", "b/c.yaml": b"d"})
        assert (member(package, "valohai.yaml"), member(package, "./b/c.yaml")) == (b"a", b"d")
        assert member(package, "none") is None

    @pytest.mark.parametrize(
        "package",
        [b"", b"nonsense", b"\x1f\x8b" + b"\0" * 50, packed({"a": b"x" * 999})[:60]],
        ids=["empty", "no archive", "no content", "cut"],
    )
    def test_broken_ones_are_refused(self, package: bytes) -> None:
        with pytest.raises(BadPackage):
            member(package, "valohai.yaml")


def step(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": list(parameters)}


class TestParameters:
    @pytest.mark.parametrize(
        ("parameter", "value", "words"),
        [
            ({"name": "a"}, "b c", "'--a=b c'"),
            ({"name": "a", "pass-as": "-x {v} {name}"}, 1, "-x 1 a"),
            ({"name": "a", "type": "flag"}, True, "--a"),
            ({"name": "a", "type": "flag"}, False, ""),
            ({"name": "a", "type": "flag", "pass-true-as": "--on", "pass-false-as": "--off"}, False, "--off"),
            ({"name": "a", "type": "flag", "pass-false-as": "--off"}, True, ""),
            ({"name": "a", "multiple": "repeat"}, [1, 2], "--a=1 --a=2"),
            ({"name": "a", "multiple": "separate"}, [1, 2], "--a=1,2"),
            ({"name": "a", "multiple": "separate", "multiple-separator": ";"}, [1, 2], "'--a=1;2'"),
            ({"name": "a", "multiple": "separate"}, [], ""),
        ],
    )
    def test_how_one_is_passed(self, parameter: dict[str, Any], value: object, words: str) -> None:
        assert filled(step(parameter), "run {parameters}", {"a": value}) == f"run {words}".strip()

    def test_single_ones_and_bare_values(self) -> None:
        command = ["one {parameter:a}", "two {parameter-value:a} {parameter-value:b} {other}"]
        text = filled(step({"name": "a"}), command, {"a": "x y"})
        assert text == "one '--a=x y' && two 'x y' {parameter-value:b} {other}"

    def test_defaults_are_filled_up_but_not_those_of_flags(self) -> None:
        declared = step({"name": "a", "default": 1}, {"name": "b", "type": "flag", "default": True}, {"name": "c"})
        assert merged(declared, {"c": "d"}) == {"a": 1, "c": "d"}

    def test_a_step_that_lists_its_parameters_takes_no_others(self) -> None:
        with pytest.raises(ValueError, match="^more: the step has no such parameter$"):
            merged(step({"name": "a", "default": 1}), {"a": 2, "more": 3})
        assert merged(step(), {"more": 3}) == {"more": 3}

    @pytest.mark.parametrize(
        ("parameter", "given", "typed"),
        [
            ({"type": "integer"}, "3", 3),
            ({"type": "float"}, "1e-3", 0.001),
            ({"type": "flag"}, "yes", True),
            ({"type": "integer", "multiple": "repeat"}, ["1", 2], [1, 2]),
            ({"multiple": "repeat"}, "one", ["one"]),
        ],
    )
    def test_values_take_the_declared_type(self, parameter: dict[str, Any], given: object, typed: object) -> None:
        assert merged(step({"name": "a", **parameter}), {"a": given}) == {"a": typed}

    @pytest.mark.parametrize(
        ("parameter", "given"),
        [
            ({"type": "integer"}, "1.5"),
            ({"type": "integer"}, ""),
            ({"type": "float"}, "nan"),
            ({"type": "flag"}, "perhaps"),
            ({"type": "integer", "min": 2}, 1),
            ({"type": "float", "max": 2}, 2.5),
            ({"choices": ["x"]}, "y"),
            ({}, ["a", "b"]),
        ],
    )
    def test_values_that_do_not_fit_are_refused(self, parameter: dict[str, Any], given: object) -> None:
        with pytest.raises(ValueError, match="^a: "):
            merged(step({"name": "a", **parameter}), {"a": given})


def style(word: str, **rules: Any) -> dict[str, Any]:
    return {"style": word, "rules": rules}


class TestVariants:
    def test_a_grid_is_the_product(self) -> None:
        parameters = {"a": style("multiple", items=[1, 2]), "b": style("multiple", items=["x", "y"]), "c": 5}
        rows = expanded("grid_search", parameters, None, 1)
        assert [(1, "x", 5), (1, "y", 5), (2, "x", 5), (2, "y", 5)] == [tuple(row.values()) for row in rows]

    def test_manual_values_are_taken_by_position(self) -> None:
        parameters = {"a": style("multiple", items=[1, 2]), "b": style("single", value=9)}
        assert expanded("manual_search", parameters, None, 1) == [{"a": 1, "b": 9}, {"a": 2, "b": 9}]

    @pytest.mark.parametrize(
        ("given", "values"),
        [
            (style("linear", start=0, end=1, step=0.25), [0, 0.25, 0.5, 0.75, 1]),
            (style("linear", min=1, max=2, count=3), [1, 1.5, 2]),
            (style("logspace", min=-2, max=0, count=3), [0.01, 0.1, 1]),
            (style("logspace", start=0, end=3, step=1, base=2, integerify=True), [1, 2, 4, 8]),
            (style("single", value=[1, 2]), [[1, 2]]),
        ],
    )
    def test_styles(self, given: dict[str, Any], values: list[object]) -> None:
        assert values == [row["a"] for row in expanded("grid_search", {"a": given}, None, 1)]

    @pytest.mark.parametrize("type_name", ["random_search", "bayesian_tpe"])
    def test_random_values_lie_in_their_range_and_follow_the_seed(self, type_name: str) -> None:
        parameters = {"a": style("random", min=3, max=9, integerify=True), "b": style("multiple", items=["x", "y"])}
        rows = expanded(type_name, parameters, 50, 7)
        assert rows == expanded(type_name, parameters, 50, 7) != expanded(type_name, parameters, 50, 8)
        assert {row["a"] for row in rows} <= set(range(3, 10))
        assert {row["b"] for row in rows} == {"x", "y"}

    def test_a_distributed_task_repeats_one_row(self) -> None:
        assert expanded("distributed", {"a": style("single", value=1)}, 3, 1) == [{"a": 1}] * 3

    @pytest.mark.parametrize(
        "given",
        [
            style("odd"),
            style("single"),
            style("multiple", items=[]),
            style("multiple", items="ab"),
            style("linear", start=0, end=1),
            style("linear", start=0, end=1, step=0),
            style("linear", start=1, end=0, step=1),
            style("linear", start="a", end=1, step=1),
            style("linear", start=0, end=1e9, step=1),
            style("logspace", min=0, max=1e6, count=3),
            style("random", min=1),
            {"style": "single", "rules": 1},
        ],
    )
    def test_what_cannot_be_expanded_is_refused(self, given: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"^(a: |a task has)"):
            expanded("grid_search", {"a": given}, None, 1)

    def test_there_is_an_end_to_the_children(self) -> None:
        many = style("multiple", items=list(range(40)))
        with pytest.raises(ValueError, match="1 to 1000 executions, not 1600"):
            expanded("grid_search", {"a": many, "b": many}, None, 1)
