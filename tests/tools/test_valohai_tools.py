"""Functions over a Valohai session: logs, downloads, code, triggers; each with its number of requests."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from assetmeta import (
    UNREAD,
    AuthenticationFailed,
    BadValue,
    InvalidResponse,
    Rejected,
    Unreachable,
    Unsupported,
    V1Meta,
    ValohaiMeta,
    sandbox,
)
from assetmeta.backends.valohai.logs import Event, Log, LogReader
from assetmeta.core.checksums import Measured
from assetmeta.tools import valohai
from assetmeta.tools.valohai import downloads, waits
from backends.valohai.request_lines import lines

CONFIG = """
- step:
    name: train
    image: python:3.11
    command: python train.py {parameters}
    parameters:
      - name: epochs
        type: integer
        default: 3
- pipeline:
    name: both
    nodes:
      - {name: first, type: execution, step: train}
    edges: []
"""


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valohai", assets=120, seed=7) as running:
        yield running


@pytest.fixture
def vh(server: sandbox.Server) -> Iterator[Any]:
    server.face.clock.hold()  # Two reads of one list see the same runs.
    server.face.settings.streams_downloads = False
    server.face.storage.fetched.clear()
    with ValohaiMeta(**server.token_credentials, survey="none") as session:
        yield session


@pytest.fixture
def project(vh: Any, request: pytest.FixtureRequest) -> Any:
    return vh.Project.create(name=request.node.name[:200])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with code."""
    code = tmp_path / "code"
    (code / "lib").mkdir(parents=True)
    (code / "valohai.yaml").write_text(CONFIG)
    (code / "lib" / "train.py").write_text("print('hi')")
    (code / ".git").mkdir()
    (code / ".git" / "config").write_text("secret")
    (code / ".env").write_text("TOKEN=1")
    return code


@pytest.fixture
def execution(vh: Any, project: Any, folder: Path) -> Any:
    commit = valohai.upload_code(project, folder)
    return vh.Execution.create(project=project, commit=commit, step="train")


@pytest.fixture
def finished(vh: Any) -> Any:
    """An execution that wrote files."""
    return next(one for one in vh.Execution.where(status="complete") if one.n_outputs)


def _written(
    server: sandbox.Server, execution: Any, written: Sequence[tuple[str, str]], *, ended: bool = False
) -> None:
    """Let an execution have written lines (stream and text), and end if it is to."""
    space = server.face.space
    with space.store.lock, space.store.transaction():
        events = space.row("execution", execution.id)["events"]
        more = [{"time": "2026-01-01T00:00:00", "stream": stream, "message": text} for stream, text in written]
        changed = {"status": "complete", "moving": None, "due": None} if ended else {}
        space.change("execution", execution.id, events=events + more, **changed)


class TestLogs:
    """The log of an execution: each line once, to the end."""

    def test_a_log_is_one_request(self, vh: Any, finished: Any) -> None:
        with vh.trace() as trace:
            found = list(valohai.events(finished))
        assert ["GET executions/*/events/"] == lines(trace)
        assert found == sorted(found, key=lambda event: event.time)
        assert {UTC} == {event.time.tzinfo for event in found}
        assert [event.message for event in found if event.stream == "stdout"] == list(
            valohai.logs(finished, streams=["stdout"])
        )

    def test_nothing_is_sent_before_it_is_gone_through(self, vh: Any, finished: Any) -> None:
        with vh.trace() as trace:
            valohai.events(finished)
        assert [] == lines(trace)

    def test_the_last_lines(self, vh: Any, finished: Any) -> None:
        assert list(valohai.events(finished))[-2:] == list(valohai.events(finished, limit=2))

    def test_the_last_lines_of_a_stream(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        """Valohai has the last word of each log; what the code wrote last is not that."""
        server.face.clock.hold()
        _written(server, execution, [("stdout", "first"), ("stderr", "last"), ("status", "Job error")])
        with vh.trace() as trace:
            assert ["last"] == list(valohai.logs(execution, limit=1))
            assert ["first", "last"] == list(valohai.logs(execution, limit=2))
            assert ["first"] == list(valohai.logs(execution, streams="stdout", limit=2))
        assert 3 == len(trace)
        assert ["Job error"] == [event.message for event in valohai.events(execution, limit=1)]
        server.face.clock.run()

    def test_the_last_lines_of_a_stream_far_from_the_end(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        _written(server, execution, [("stderr", "no")] + [("stdout", str(number)) for number in range(500)])
        with vh.trace() as trace:
            assert ["no"] == list(valohai.logs(execution, streams="stderr", limit=1))
        assert 2 == len(trace)

    def test_following_begins_with_the_last_lines(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        """What was before them is told at no later look, not even where the whole log is read again."""
        _written(server, execution, [("stdout", f"old {number}") for number in range(300)])
        rounds: list[float] = []

        def sleep(seconds: float) -> None:
            rounds.append(seconds)
            burst = [("stdout", f"new {len(rounds)}.{number}") for number in range(1 if len(rounds) == 1 else 250)]
            _written(server, execution, burst, ended=len(rounds) == 2)

        server.face.clock.hold()
        try:
            found = list(valohai.logs(execution, limit=2, follow=True, sleep=sleep))
        finally:
            server.face.clock.run()
        assert ["old 298", "old 299", "new 1.0", *(f"new 2.{number}" for number in range(250))] == found

    def test_a_stream_that_there_is_not(self, finished: Any) -> None:
        with pytest.raises(BadValue, match="no stream 'stdot'; there are stdout, stderr and status"):
            valohai.logs(finished, streams="stdot")

    def test_following_tells_each_line_once_and_ends(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        clock, slept = server.face.clock, []
        clock.hold()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            clock.advance(0.15)

        try:
            found = list(valohai.events(execution, follow=True, sleep=sleep))
        finally:
            clock.run()
        assert {10.0} == set(slept)
        assert "complete" == execution.status
        assert list(valohai.events(execution)) == found

    def test_following_lives_through_a_server_that_fails(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        clock, failures = server.face.clock, ["500:1:GET /events/", "500:2:GET /executions/"]
        clock.hold()

        def sleep(seconds: float) -> None:
            if failures:
                server.add_fault(failures.pop())
            clock.advance(0.15)

        try:
            found = list(valohai.events(execution, follow=True, sleep=sleep))
        finally:
            clock.run()
        assert [] == failures
        assert list(valohai.events(execution)) == found

    def test_a_finished_one_is_followed_in_two_requests(self, vh: Any, finished: Any) -> None:
        with vh.trace() as trace:
            told = list(valohai.logs(finished, follow=True, sleep=lambda _: pytest.fail("it waited")))
        assert ["GET executions/*/", "GET executions/*/events/"] == lines(trace)
        assert list(valohai.logs(finished)) == told

    def test_a_burst_is_read_whole(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        """More lines between two looks than one look asks for are all read."""
        space, rounds = server.face.space, []

        def sleep(_: float) -> None:
            rounds.append(1)
            with space.store.lock, space.store.transaction():
                row = space.row("execution", execution.id)
                number = len(row["events"])
                more = [
                    {"time": f"2026-01-01T00:00:{len(rounds):02d}.{n:06d}", "stream": "stdout", "message": f"{n}"}
                    for n in range(number, number + 250)
                ]
                ended = {"status": "complete", "moving": None, "due": None} if len(rounds) == 2 else {}
                space.change("execution", execution.id, events=row["events"] + more, **ended)

        server.face.clock.hold()
        try:
            with vh.trace() as trace:
                found = [
                    event for event in valohai.events(execution, follow=True, sleep=sleep) if event.stream == "stdout"
                ]
        finally:
            server.face.clock.run()
        assert 500 == len(found) == len(set(found))
        assert 3 * 2 + 2 == len(lines(trace)), "two each time, and all once more after each burst"

    def test_equal_lines_are_reported_as_often_as_they_are_there(self) -> None:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        same, other = Event(moment, "stdout", "x"), Event(moment, "stdout", "y")
        told = LogReader()
        assert [same, same] == list(told.fresh([same, same]))
        assert [other, same] == list(told.fresh([same, other, same, same]))
        assert told.overlaps(Log((other,), 5, truncated=True))
        assert not told.overlaps(Log((Event(moment, "stdout", "z"),), 5, truncated=True))

    def test_status_events_and_metadata(self, vh: Any, finished: Any) -> None:
        with vh.trace() as trace:
            [first] = valohai.status_events(finished, 1)
            points = valohai.metadata(finished)
        assert ["GET executions/*/status-events/", "GET executions/*/metadata/"] == lines(trace)
        assert first == next(event for event in valohai.events(finished) if event.stream == "status")
        assert all(isinstance(point, dict) for point in points)

    def test_a_table_of_several(self, vh: Any) -> None:
        given = [one for one in vh.Execution.where(status="complete")[:5] if valohai.metadata(one)]
        with vh.trace() as trace:
            text = valohai.metadata_csv(given)
        assert ["POST executions/multi_download_metadata_csv/"] == lines(trace)
        assert {one.id for one in given} == {line.split(",")[0] for line in text.splitlines()[1:]}
        with pytest.raises(BadValue):
            valohai.metadata_csv([])

    def test_a_frame_of_several(self, vh: Any) -> None:
        given = [one for one in vh.Execution.where(status="complete")[:5] if valohai.metadata(one)]
        with vh.trace() as trace:
            frame = valohai.metadata_frame(given)
        assert ["POST executions/multi_download_metadata_csv/"] == lines(trace)
        assert set(frame.column("execution_id").to_pylist()) == {one.id for one in given}
        types = {name: str(frame.schema.field(name).type) for name in ("execution_id", "execution_counter", "loss")}
        assert types == {"execution_id": "string", "execution_counter": "int64", "loss": "double"}
        assert frame.num_rows == sum(len(valohai.metadata(one)) for one in given)

    @pytest.mark.parametrize("title", ["007", "1e3", "NA", "nan", "2025-01-06", "true"])
    def test_titles_in_a_frame_are_texts(self, vh: Any, title: str) -> None:
        given = next(one for one in vh.Execution.where(status="complete") if valohai.metadata(one))
        given.title = title
        vh.commit().raise_if_failed()
        assert {title} == set(valohai.metadata_frame([given]).column("execution_title").to_pylist())

    def test_a_frame_of_none_that_wrote_metadata_has_the_same_types(self, vh: Any) -> None:
        given = next(one for one in vh.Execution.query() if not valohai.metadata(one))
        assert valohai.metadata_frame(given) == valohai.metadata_frame([given])
        for wrong in (None, 3, "latest"):
            with pytest.raises(BadValue, match="takes Executions, in a list or a query, not"):
                valohai.metadata_frame(wrong)  # type: ignore[arg-type]
        frame = valohai.metadata_frame([given])
        assert 0 == frame.num_rows
        assert ["string", "int64", "string"] == [str(field.type) for field in frame.schema][:3]

    @pytest.mark.parametrize("details", [{"limit": -1}, {"interval": -1}])
    def test_what_cannot_be(self, finished: Any, details: dict[str, Any]) -> None:
        with pytest.raises(BadValue):
            valohai.events(finished, **details)


class TestDownloads:
    """Files in a folder: whole, under harmless names, and not twice."""

    def test_outputs_of_many_are_few_requests(self, vh: Any) -> None:
        given = vh.Execution.all()
        with vh.trace() as trace:
            found = valohai.outputs(given)
        assert len(given) > 2 * len(lines(trace)) > 0
        assert sum(one.n_outputs for one in given) == sum(map(len, found.values()))

    def test_outputs_stay_with_executions_that_came_before(self, vh: Any, finished: Any) -> None:
        found = vh.Execution.where(id=[finished.id]).all()
        with vh.trace() as trace:
            names = [datum.name for data in valohai.outputs(found).values() for datum in data]
        assert names
        assert ["GET data/"] == lines(trace)

    def test_a_folder_of_outputs(self, server: sandbox.Server, vh: Any, finished: Any, tmp_path: Path) -> None:
        seen: list[tuple[str, int]] = []
        found = valohai.download(
            finished, tmp_path / "out", progress=lambda done, total, what: seen.append((what, done))
        )
        data = list(finished.outputs)
        assert [datum.size for datum in data] == [path.stat().st_size for path in found]
        assert [datum.name for datum in data] == [path.relative_to(tmp_path / "out").as_posix() for path in found]
        assert {(f"download {datum.idref}", datum.size) for datum in data} <= set(seen)
        assert {None} == {one.authorization for one in server.face.storage.fetched}
        assert found == valohai.download(finished, tmp_path / "out"), "what has the checksum stays"
        assert len(data) == len(server.face.storage.fetched)

    def test_two_requests_a_file_and_one_where_the_server_streams(
        self, server: sandbox.Server, vh: Any, finished: Any, tmp_path: Path
    ) -> None:
        [datum, *_] = finished.outputs
        assert (datum.size, datum.name) != (None, None)
        with vh.trace() as trace:
            [path] = valohai.download(datum, tmp_path)
        assert 2 == len(lines(trace))
        server.face.settings.streams_downloads = True
        with vh.trace() as trace:
            [other] = valohai.download(datum, tmp_path / "again")
        assert ["GET data/*/download/"] == lines(trace)
        assert path.read_bytes() == other.read_bytes() == datum.file_data

    def test_what_is_named_twice_is_downloaded_once(self, vh: Any, finished: Any, tmp_path: Path) -> None:
        first, *_ = finished.outputs
        assert first.name and first.size
        with vh.trace() as trace:
            found = valohai.download([first, first], tmp_path)
        assert ([found[0]] * 2, 2) == (found, len(trace))

    def test_names_and_sizes_are_loaded_together_where_one_is_missing(self) -> None:
        loaded: list[tuple[list[str], list[str]]] = []
        context = SimpleNamespace(loader=SimpleNamespace(load=lambda oids, names: loaded.append((oids, names))))

        def datum(oid: str, **cells: object) -> Any:
            state = SimpleNamespace(oid=oid, cell=lambda name: cells.get(name, UNREAD))
            return SimpleNamespace(_state=state, _context=context)

        whole = datum("whole", name="n", size=None)
        downloads._load_names([whole])
        downloads._load_names([whole, datum("name", name="n"), datum("size", size=1), datum("none")])
        assert [(["name", "size", "none"], ["name", "size"])] == loaded

    def test_only_what_matches(self, vh: Any, finished: Any, tmp_path: Path) -> None:
        assert [] == valohai.download(finished, tmp_path, pattern="*.nothing")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("existing", "names", "content"),
        [("number", ["x-2.bin", "x.bin"], b"mine"), ("keep", ["x.bin"], b"mine"), ("replace", ["x.bin"], b"theirs")],
    )
    def test_a_file_that_is_there(
        self,
        server: sandbox.Server,
        vh: Any,
        project: Any,
        tmp_path: Path,
        existing: str,
        names: list[str],
        content: bytes,
    ) -> None:
        server.face.settings.streams_downloads = True
        datum = made(server, vh, project, "deep/../x.bin", b"theirs")
        (tmp_path / "x.bin").write_bytes(b"mine")
        valohai.download(datum, tmp_path, existing=existing, flat=True)
        assert names == sorted(path.name for path in tmp_path.iterdir())
        assert content == (tmp_path / "x.bin").read_bytes()

    def test_names_lead_nowhere_else(self, server: sandbox.Server, vh: Any, project: Any, tmp_path: Path) -> None:
        server.face.settings.streams_downloads = True
        datum = made(server, vh, project, "../../up/a?b.txt", b"x")
        [path] = valohai.download(datum, tmp_path)
        assert tmp_path / "up" / "a_b.txt" == path

    @pytest.mark.parametrize("existing", ["number", "keep", "replace"])
    def test_different_data_of_one_name_are_different_files(
        self, server: sandbox.Server, vh: Any, project: Any, tmp_path: Path, existing: str
    ) -> None:
        names = ["a/model.bin", "b/model.bin", "model.bin", "x/y", "x", "p", "p/q"]
        data = [made(server, vh, project, name, f"{name} {index}".encode()) for index, name in enumerate(names)]
        for flat in (True, False):
            folder = tmp_path / str(flat)
            paths = valohai.download([*data, data[0]], folder, existing=existing, flat=flat)
            assert len(names) == len({*paths}) == len([path for path in folder.rglob("*") if path.is_file()])
            assert paths[0] == paths[-1]
            if existing == "number":
                assert paths == valohai.download([*data, data[0]], folder, flat=flat), "safe to do again"
            expected = [f"{name} {index}".encode() for index, name in enumerate(names)]
            assert expected == [path.read_bytes() for path in paths[:-1]]

    @pytest.mark.parametrize("wrong", [{"size": 3}, {"sha256": "00" * 32}, {"md5": "0"}])
    def test_a_damaged_file_is_not_kept(
        self, server: sandbox.Server, vh: Any, project: Any, tmp_path: Path, wrong: dict[str, object]
    ) -> None:
        datum = made(server, vh, project, "x.bin", b"theirs", **wrong)
        for existing in ("number", "replace"):
            with pytest.raises(InvalidResponse):
                valohai.download(datum, tmp_path, existing=existing)
        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("streams", [True, False])
    def test_a_download_that_breaks_is_taken_up_from_its_start(
        self,
        server: sandbox.Server,
        project: Any,
        vh: Any,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        streams: bool,
    ) -> None:
        content = b"theirs" * 50_000
        datum = made(server, vh, project, "x.bin", content)
        server.face.settings.streams_downloads = streams
        with ValohaiMeta(**server.token_credentials, survey="none", sleep=lambda _: None) as session:
            line, broken = session._driver._sender._transport, []
            exchange = line.exchange

            def breaking(request: Any, *, login: bool = True) -> Any:
                ours = request.sink is not None and (streams or not request.path.startswith("api/"))
                if ours and len(broken) < 2:
                    broken.append(request.path)
                    request.sink.write(content[: 100_000 * len(broken)])
                    raise Unreachable("The connection broke.")
                return exchange(request, login=login)

            monkeypatch.setattr(line, "exchange", breaking)
            [path] = valohai.download(session.Datum(datum.id), tmp_path)
        assert 2 == len(broken)
        assert content == path.read_bytes()

    def test_the_storage_sends_the_rest_of_a_file_that_broke_off(
        self, server: sandbox.Server, project: Any, vh: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = bytes(range(256)) * 1200
        datum = made(server, vh, project, "x.bin", content, sha256=hashlib.sha256(content).hexdigest())
        server.face.storage.fetched.clear()
        iterate, broken = requests.Response.iter_content, []

        def breaking(response: requests.Response, size: int = 1, *more: Any) -> Iterator[bytes]:
            pieces = iterate(response, size, *more)
            yield next(pieces)
            if f":{server.face.storage.port}/" in response.url and len(broken) < 2:
                broken.append(response.status_code)
                raise requests.exceptions.ChunkedEncodingError("broken off")
            yield from pieces

        monkeypatch.setattr(requests.Response, "iter_content", breaking)
        seen: list[int] = []
        with ValohaiMeta(**server.token_credentials, survey="none", sleep=lambda _: None) as session:
            [path] = valohai.download(session.Datum(datum.id), tmp_path, progress=lambda done, *_: seen.append(done))
        assert content == path.read_bytes()
        assert [200, 206, 206] == [one.status for one in server.face.storage.fetched]
        assert sorted(set(seen)) == seen, "no byte came twice"

    def test_who_gets_a_file_learns_how_much_came(
        self, server: sandbox.Server, project: Any, vh: Any, tmp_path: Path
    ) -> None:
        data = [made(server, vh, project, f"{name}.bin", name.encode() * 70_000) for name in "ab"]
        seen: list[tuple[int, int | None, str]] = []
        valohai.download(data, tmp_path, progress=lambda *given: seen.append(given))
        told = [(total, what) for done, total, what in seen if done == 70_000]
        assert [(70_000, f"download {datum.idref}") for datum in data] == told
        assert len(seen) > 2

    def test_a_choice_that_there_is_not_is_refused_unsent(self, vh: Any, finished: Any, tmp_path: Path) -> None:
        with vh.trace() as trace, pytest.raises(BadValue, match=r"existing='skip'.*number, keep, replace"):
            valohai.download(finished, tmp_path, existing="skip")
        assert [] == lines(trace)

    def test_a_file_of_the_same_size_with_another_content_is_another(
        self, server: sandbox.Server, project: Any, vh: Any, tmp_path: Path
    ) -> None:
        content = b"theirs"
        datum = made(server, vh, project, "x.bin", content, sha256=hashlib.sha256(content).hexdigest())
        (tmp_path / "x.bin").write_bytes(b"others")
        (tmp_path / "x-2.bin").write_bytes(content + b"!")
        assert ["x-3.bin"] == [path.name for path in valohai.download(datum, tmp_path)]
        (tmp_path / "x-2.bin").write_bytes(content)
        assert ["x-2.bin"] == [path.name for path in valohai.download(datum, tmp_path)]

    def test_the_signature_of_an_address_is_in_no_error(
        self, server: sandbox.Server, vh: Any, project: Any, tmp_path: Path
    ) -> None:
        datum = made(server, vh, project, "x.bin", b"theirs")
        server.face.settings.link_seconds = -1
        try:
            with pytest.raises(Rejected) as caught:
                valohai.download(datum, tmp_path)
        finally:
            server.face.settings.link_seconds = 3600
        assert "Signature" not in str(caught.value) + repr(vars(caught.value)) + repr(vh.ledger)
        assert [] == list(tmp_path.iterdir())

    def test_misuse(self, vh: Any, project: Any, finished: Any, tmp_path: Path) -> None:
        with pytest.raises(BadValue):
            valohai.download(finished, tmp_path, existing="whatever")
        with pytest.raises(BadValue, match="Datum or an Execution"):
            valohai.download(project, tmp_path)

    def test_a_second_try_is_measured_again(self) -> None:
        sink = io.BytesIO()
        measured = Measured(sink, "sha256")
        measured.write(b"half")
        measured.seek(0)
        measured.truncate()
        measured.write(b"whole")
        assert (b"whole", 5, hashlib.sha256(b"whole").hexdigest()) == (sink.getvalue(), measured.size, measured.sum)


def made(server: sandbox.Server, vh: Any, project: Any, name: str, content: bytes, **wrong: object) -> Any:
    """A datum with bytes, as an execution would have made it; *wrong* is what the server tells of it wrongly."""
    space = server.face.space
    sums = {name: hashlib.new(name, content).hexdigest() for name in ("md5", "sha1", "sha256")}
    if "md5" in wrong:
        sums.update(sha1="", sha256="")
    with space.store.lock, space.store.transaction():
        told = {"size": len(content), **sums, **wrong}
        key = space.add("datum", name=name, project=project.id, store=space.store.ids("store")[0], **told)
        space.store.write_blob("datum", key, name, "application/octet-stream", content)
    return vh.Datum(key)


def packed(folder: Path) -> bytes:
    with valohai.pack(folder) as package:
        return package.read()


class TestCode:
    """Code that is in no repository."""

    def test_a_folder_is_uploaded_once(self, vh: Any, project: Any, folder: Path) -> None:
        with vh.trace() as trace:
            commit = valohai.upload_code(project, folder, description="Mine")
            assert commit is valohai.upload_code(project, folder)
            assert (True, "Mine", True) == (commit.adhoc, commit.description, commit.has_config)
        assert ["GET commits/*/", "POST projects/*/import-package/", "GET commits/*/"] == lines(trace)
        digest = hashlib.sha256(packed(folder)).hexdigest()
        assert f"~{digest}" == commit.identifier

    def test_a_package_holds_code_and_no_secrets(self, folder: Path) -> None:
        with valohai.pack(folder) as source, tarfile.open(fileobj=source) as package:
            assert ["lib/train.py", "valohai.yaml"] == package.getnames()
            assert {(0, 0, "")} == {(one.mtime, one.uid, one.uname) for one in package}
        with valohai.pack(folder, ["valohai.yaml", ".env"]) as source, tarfile.open(fileobj=source) as package:
            assert [".env", "valohai.yaml"] == package.getnames()

    def test_the_same_files_are_the_same_package(self, folder: Path, tmp_path: Path) -> None:
        first = packed(folder)
        (folder / "lib" / "train.py").touch()
        assert first == packed(folder)
        (folder / "lib" / "train.py").write_text("other")
        assert first != packed(folder)

    @pytest.mark.parametrize("form", [bytes, Path, io.BytesIO])
    def test_a_package_that_exists(
        self, vh: Any, project: Any, folder: Path, tmp_path: Path, form: Callable[..., Any]
    ) -> None:
        content = packed(folder)
        given: Any = content if form is bytes else io.BytesIO(content)
        if form is Path:
            given = tmp_path / "code.tgz"
            given.write_bytes(content)
        commit = valohai.upload_code(project, given)
        assert f"~{hashlib.sha256(content).hexdigest()}" == commit.identifier
        assert project == commit.project

    def test_what_is_no_code_is_refused_unsent(self, vh: Any, project: Any, folder: Path) -> None:
        assert project.yaml_path
        (folder / "valohai.yaml").unlink()
        with vh.trace() as trace:
            for bad in (folder, folder / "nothing", 5):
                with pytest.raises(BadValue):
                    valohai.upload_code(project, bad)
            for files in (["../x"], ["/etc/passwd"], ["nothing"]):
                with pytest.raises(BadValue):
                    valohai.pack(folder, files)
        assert [] == lines(trace)

    def test_a_configuration_that_cannot_be_read(self, vh: Any, project: Any, folder: Path) -> None:
        (folder / "valohai.yaml").write_text("- step: {")
        with pytest.raises(Rejected) as caught:
            valohai.upload_code(project, folder)
        assert "yaml_path" == caught.value.findings[0].path


class TestLaunches:
    """Runs that begin with something else than create()."""

    def test_a_trigger(self, server: sandbox.Server, vh: Any, execution: Any) -> None:
        body = {"project": execution.project.id, "commit": execution.commit.identifier, "step": "train"}
        trigger = server.face.triggers.add(
            "admin", ("run_execution", body), header="X-Signature", conditions={"go": True}
        )
        headers = {"X-Signature": trigger.secret}
        with vh.trace() as trace:
            answer = valohai.launch(vh, trigger.id, {"go": True}, headers=headers)
            run = valohai.run_info(vh, trigger.id, answer["run_id"], headers=headers)
        assert ["POST launch/*/", "GET launch/*/run/"] == lines(trace)
        assert "completed" == run.status
        [started] = run.started
        assert execution.project == started.project
        with pytest.raises(Rejected) as caught:
            valohai.launch(vh, trigger.id, {"go": False}, headers=headers)
        assert "condition_failed" == caught.value.code

    def test_an_answer_in_words(self, server: sandbox.Server, vh: Any) -> None:
        trigger = server.face.triggers.add("admin", header="X-Key", answer="thanks")
        assert "thanks" == valohai.launch(vh, trigger.id, b"raw", headers={"X-Key": trigger.secret})

    def test_a_trigger_with_an_authorization_of_its_own(
        self, server: sandbox.Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("VALOHAI_TOKEN", "VH_API_TOKEN", "VALOHAI_API_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        trigger = server.face.triggers.add("admin", answer="ok")
        with ValohaiMeta(server.url, survey="none") as nobody:
            assert "ok" == valohai.launch(nobody, trigger.id, headers={"Authorization": trigger.secret})
            with pytest.raises(AuthenticationFailed):
                valohai.launch(nobody, trigger.id)

    @pytest.mark.parametrize("trigger", ["../projects", "", "a/b", "a?b"])
    def test_what_is_no_trigger_is_refused_unsent(self, vh: Any, trigger: str) -> None:
        with vh.trace() as trace, pytest.raises(BadValue):
            valohai.launch(vh, trigger)
        assert [] == lines(trace)

    def test_a_pipeline_of_the_configuration(self, vh: Any, execution: Any) -> None:
        with vh.trace() as trace:
            pipeline = valohai.run_pipeline(execution.project, "both", execution.commit)
            assert 1 == pipeline.counter
        assert ["POST pipelines/create-from-template/"] == lines(trace)
        with pytest.raises(Rejected):
            valohai.run_pipeline(execution.project, "nothing", execution.commit.identifier)

    def test_a_notebook(self, vh: Any, project: Any) -> None:
        with vh.trace() as trace:
            run = valohai.run_notebook(project, "jupyter:latest", "harbour-gpu", environment_variables={"A": "1"})
            assert ("jupyter:latest", 1) == (run.image, run.counter)
        assert ["POST notebook-executions/"] == lines(trace)
        run.stop()

    def test_who_and_for_whom(self, vh: Any) -> None:
        assert "admin" == valohai.profile(vh)["username"]
        assert {"admin", "harbour-lab"} <= set(valohai.ownership_options(vh))


def test_the_states_in_which_a_run_stays() -> None:
    def ended(status: str) -> bool:
        return waits._has_ended(SimpleNamespace(_type=SimpleNamespace(name="Execution"), status=status))

    assert all(map(ended, ("complete", "error", "crashed", "stopped")))
    assert not any(map(ended, ("created", "queued", "started", "stopping", "")))
    for states in ((), (True,), (True, True), (True, False), (False, True)):
        endpoints = [SimpleNamespace(is_ready_to_deploy=state) for state in states]
        version = SimpleNamespace(_type=SimpleNamespace(name="DeploymentVersion"), endpoints=endpoints)
        assert all(states) is waits._has_ended(version)


def test_other_servers_are_distinguished() -> None:
    with (
        sandbox.running("versionone", assets=5) as other,
        V1Meta(**other.credentials) as v1,
        pytest.raises(Unsupported, match="needs a Valohai session"),
    ):
        valohai.profile(v1)


def test_other_assets_are_refused_before_anything_is_sent(vh: Any, project: Any, finished: Any) -> None:
    with vh.trace() as trace:
        for call in (
            lambda: valohai.events(project),
            lambda: valohai.fetch(finished),
            lambda: valohai.apply_metadata({project: {}}),
            lambda: valohai.upload_code(finished, b""),
        ):
            with pytest.raises(BadValue):
                call()
    assert [] == lines(trace)


def test_assets_of_two_sessions_do_not_go_together(server: sandbox.Server, vh: Any, finished: Any) -> None:
    with ValohaiMeta(**server.token_credentials, survey="none") as other:
        theirs = other.Execution(finished.id)
        with vh.trace() as trace, pytest.raises(BadValue, match="different sessions"):
            valohai.metadata_csv([finished, theirs])
        with pytest.raises(BadValue, match="different sessions"):
            valohai.download([finished, theirs], ".")
    assert [] == lines(trace)
