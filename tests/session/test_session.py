"""Sessions against the sandbox: what they share, what they keep apart, what they cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from assetmeta import (
    UNREAD,
    AssetState,
    AuthenticationFailed,
    BadValue,
    BudgetExceeded,
    NotExactlyOne,
    NotFound,
    ReadOnly,
    Rejected,
    SessionClosed,
    UnknownName,
    Unreachable,
    V1Meta,
    inspect,
)
from assetmeta import sandbox as sandboxes


@pytest.fixture(scope="module")
def server() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone", assets=400, seed=4) as running:
        yield running


@pytest.fixture
def v1(server: sandboxes.Server) -> Iterator[V1Meta]:
    with V1Meta(**server.credentials) as session:
        yield session
        session.revert()


def test_making_a_session_sends_nothing(server: sandboxes.Server) -> None:
    before = len(server.requests)
    session = V1Meta(**server.credentials)
    assert "0 requests" in repr(session)
    assert "commit" in dir(session)
    assert before == len(server.requests)


def test_two_sessions_to_two_servers_share_nothing() -> None:
    with sandboxes.running("versionone", assets=60) as one, sandboxes.running("versionone", assets=60) as two:
        first, second = V1Meta(**one.credentials), V1Meta(**two.credentials)
        mine, theirs = first.Story.first(), second.Story.first()
        assert mine.idref == theirs.idref
        assert mine is not theirs
        assert first.Story is not second.Story
        mine.Name = "changed in the first"
        assert theirs.Name != mine.Name
        assert second.pending == 0
        assert not first.commit()
        assert second.Story.where(ID=theirs).select("Name").one().Name != "changed in the first"
        with pytest.raises(BadValue, match="another session"):
            theirs.Owners.add(first.Member(20))


def test_two_sessions_to_one_server_see_each_others_commits(server: sandboxes.Server) -> None:
    one, two = V1Meta(**server.credentials), V1Meta(**server.credentials)
    story = one.Story.create(Name="shared", Scope="Scope:0")
    assert two.Story(story.intid).Name == "shared"
    story.Name = "renamed"
    assert not one.commit()
    assert two.Story(story.intid).Name == "shared"
    assert inspect(two.Story(story.intid)).refresh().Name == "renamed"


def test_a_wrong_password_is_refused_after_one_try(server: sandboxes.Server) -> None:
    session = V1Meta(instance_url=server.url, username="admin", password="secret-and-wrong")
    story = session.Story(1)  # meta.v1 asks for no login
    before = len(server.requests)
    with pytest.raises(AuthenticationFailed) as caught:
        story.Name
    assert "secret-and-wrong" not in str(caught.value)
    assert len(server.requests) == before + 1


def test_an_unreachable_server_says_so() -> None:
    session = V1Meta(instance_url="http://127.0.0.1:9/X", username="a", password="b", retries=0)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        session.Story(1)


def test_a_closed_session_sends_nothing_more(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials)
    story = session.Story.first()
    session.close()
    assert isinstance(story.Name, str)
    with pytest.raises(SessionClosed):
        story.CreateDate


def test_a_read_only_session_refuses_to_write(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials, read_only=True)
    story = session.Story.where(AssetState="Active").first()
    story.Name = "never"
    before = len(server.requests)
    with pytest.raises(ReadOnly):
        session.commit()
    with pytest.raises(ReadOnly):
        story.Inactivate()
    assert before == len(server.requests)
    assert session.pending == 1


def test_types_can_be_read_one_by_one(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials, reflect="types")
    story = session.Story.first()
    assert isinstance(story.Scope.Name, str)
    assert "Story" in session.types
    assert "Retrospective" not in session.types
    assert issubclass(session.Story, session.Workitem)
    with pytest.raises(UnknownName):
        session.Storry


def test_a_misspelt_type_is_explained(v1: V1Meta) -> None:
    with pytest.raises(UnknownName, match=r"'users'\. Did you mean Member\? search\('user'\) looks for the word"):
        _ = v1.users
    with pytest.raises(UnknownName, match=r"The attribute `types` lists them; search\(word\)"):
        _ = v1.qwxz
    with pytest.raises(BadValue, match="populate.. takes a list of assets, or a query, not 3"):
        v1.populate(3)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="Did you mean Story"):
        v1.Storey


def test_values_are_typed(v1: V1Meta) -> None:
    story = v1.Story.create(Name="typed", Scope="Scope:0", Estimate="2.50")
    assert isinstance(story.CreateDate, datetime)
    assert story.CreateDate.tzinfo is not None
    assert story.Estimate == Decimal("2.5")
    assert story.AssetState is AssetState.Active
    assert story.IsClosed is False
    assert isinstance(story.Order, int)
    assert v1.Timebox.first().BeginDate.tzinfo is not None
    assert v1.Role(1).Name == "Role.Name'System Admin"


def test_dates_are_written_in_the_members_zone(server: sandboxes.Server) -> None:
    # The sandbox's member is in UTC; a session told otherwise reads the same text as another moment.
    utc, berlin = V1Meta(**server.credentials), V1Meta(**server.credentials, timezone="Europe/Berlin")
    scope = utc.Scope.create(Name="dated", Parent="Scope:0", BeginDate=date(2026, 7, 1))
    assert utc.Scope(scope.intid).BeginDate == datetime(2026, 7, 1, tzinfo=UTC)
    assert berlin.Scope(scope.intid).BeginDate == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert berlin.Scope(scope.intid).CreateDateUTC == utc.Scope(scope.intid).CreateDateUTC


@pytest.mark.parametrize("path", ["Super.Scope.Name", "Owners.Name", "Children.Owners.Name", "Scope.Parent.Name"])
def test_select_populate_and_walk_give_the_same(server: sandboxes.Server, path: str) -> None:
    def values(session: V1Meta, stories) -> list[object]:
        return [story[path] for story in stories]

    selecting, populating, walking = (V1Meta(**server.credentials) for _ in range(3))
    selected = values(selecting, selecting.Story.select(path))
    stories = list(populating.Story.select("ID"))
    populating.populate(stories, path)
    with populating.trace() as ledger:
        populated = values(populating, stories)
    assert len(ledger) == 0
    assert len(selected) > 20
    assert any(value not in (None, []) for value in selected)
    assert selected == populated == values(walking, list(walking.Story))


def test_a_walk_takes_a_request_per_step_and_not_per_asset(v1: V1Meta) -> None:
    assert "Story" in v1.types
    with v1.trace() as ledger:
        names = [[owner.Nickname for owner in story.Owners] for story in v1.Story]
    assert len(names) > 50
    assert len(ledger) == 3
    with v1.trace() as ledger:
        assert [story.Scope.Parent.Name for story in v1.Story]
    assert len(ledger) <= 3


def test_a_list_is_complete_whatever_the_page_size(server: sandboxes.Server) -> None:
    whole = V1Meta(**server.credentials)
    paged = V1Meta(**server.credentials, page_size=7)
    expected = [story.idref for story in whole.Story]
    assert [story.idref for story in paged.Story] == expected
    assert whole.Story.count() == len(expected) > 7
    assert [len(page) for page in paged.Story.pages()][:-1] == [7] * ((len(expected) - 1) // 7)


def test_deleted_assets_come_on_request(v1: V1Meta) -> None:
    story = v1.Story.create(Name="doomed", Scope="Scope:0")
    v1.delete(story)
    assert "delete Story" in str(v1.plan())
    assert not v1.commit()
    assert v1.Story.where(Name="doomed").count() == 0
    [found] = v1.Story.where(Name="doomed").deleted()
    assert found is story
    with pytest.raises(NotFound):
        inspect(V1Meta(**_credentials(v1)).Story(story.intid)).loaded
        V1Meta(**_credentials(v1)).Story(story.intid).Name


@pytest.mark.parametrize(("bulk", "requests"), [(True, 1), (False, 5)])
def test_one_commit_sends_few_requests_or_one_per_asset(v1: V1Meta, bulk: bool, requests: int) -> None:
    v1 = V1Meta(**_credentials(v1), bulk=bulk)
    stories = v1.Story.where(AssetState="Active").select("Name")[:5]
    for story in stories:
        story.Name = f"{story.Name} (changed)"
        story.Owners.add("Member:20")
        story.Estimate = 1
    with v1.trace() as ledger:
        assert not v1.commit()
    assert len(ledger) == requests


def test_a_refused_change_names_asset_and_attribute(v1: V1Meta) -> None:
    story = v1.Story.create(Name="fine", Scope="Scope:0")
    story.Name = None
    [error] = v1.commit()
    assert isinstance(error, Rejected)
    assert error.status == 400
    assert "Story.Name" in (error.server_message or "") or any("Story.Name" in cause for cause in error.causes)
    assert f"Story/{story.intid}" in str(error)


def test_history_is_typed_ordered_and_read_only(v1: V1Meta) -> None:
    story = v1.Story.create(Name="first", Scope="Scope:0")
    for name in ("second", "third"):
        story.Name = name
        assert not v1.commit()
    with v1.trace() as ledger:
        history = inspect(story).history("Name", "ChangeDate")
    assert len(ledger) == 1
    assert [past.Name for past in history] == ["first", "second", "third"]
    assert [past.AsOf for past in history] == sorted(past.AsOf for past in history)
    assert v1.asset_from_oid(f"{story.idref}:{history[0].AsOf}") is history[0]
    with pytest.raises(ReadOnly):
        history[0].Name = "x"


def test_the_past_is_walked_at_its_own_moment(v1: V1Meta) -> None:
    scope = v1.Scope.create(Name="old project", Parent="Scope:0", BeginDate="2026-01-01")
    story = v1.Story.create(Name="then", Scope=scope)
    [past] = [inspect(story).history("Name", "Scope")[0]]
    scope.Name = "new project"
    assert not v1.commit()
    assert past.Scope.Name == "old project"
    assert story.Scope.Name == "new project"


def test_rank_is_written_relative_to_a_neighbour(v1: V1Meta) -> None:
    first, second = (v1.Story.create(Name=name, Scope="Scope:0") for name in ("a", "b"))
    assert first.Order < second.Order
    first.Order = f"{second.Order}+"
    assert not v1.commit()
    assert first.Order > second.Order


def test_several_threads_may_use_one_session(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            story = session.Story.create(Name=f"thread {number}", Scope="Scope:0")
            assert [story.Scope.Name for story in session.Story][0] is not None
            story.Estimate = number
            assert len([story.Super.Scope.Name for story in session.Story]) > 50
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert not session.commit()
    estimates = session.Story.where(session.Story.Name.contains("thread ")).select("Estimate").Estimate
    assert sorted(estimates) == [Decimal(number) for number in range(1, 7)]


def test_an_unanswered_commit_is_reconciled(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials, retries=0)
    story = session.Story.create(Name="landed?", Scope="Scope:0")
    story.Estimate = 13
    server.add_fault("drop")
    report = session.commit()
    assert len(report.unknown) == 1
    assert session.pending == 1
    before = [entry for entry in server.requests if entry.method == "POST"]
    assert not session.commit()
    assert before == [entry for entry in server.requests if entry.method == "POST"]
    assert inspect(story).refresh().Estimate == 13


def _credentials(v1: V1Meta) -> dict[str, str]:
    return {"instance_url": v1._driver.base_url.rstrip("/"), "username": "admin", "password": "admin"}


def test_a_list_that_grows_and_shrinks_while_it_is_read_is_neither_doubled_nor_short() -> None:
    with sandboxes.running("versionone") as server:
        session = V1Meta(**server.credentials, page_size=5)
        for number in range(12):
            session.Story.create(Name=f"story {number}", Scope="Scope:0")
        every = [story.idref for story in session.Story.select("Name")]
        pages = session.Story.select("Name").pages()
        found = [story.idref for story in next(pages)]
        session.Story.where(Name="story 1").one().Delete()
        session.Story.create(Name="late", Scope="Scope:0")
        found += [story.idref for page in pages for story in page]
        assert found[:12] == every
        assert len(found) == 13


def test_an_unsorted_stream_goes_on_by_key(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials, page_size=9)
    assert [story.idref for story in session.Workitem.select("Name")] == [
        story.idref for story in V1Meta(**server.credentials).Workitem.select("Name")
    ]
    assert session.Workitem.sort("Name").count() == len(list(session.Workitem.sort("Name").select("Name")))


def test_a_trace_names_the_line_that_took_a_request_per_asset(v1: V1Meta) -> None:
    stories = v1.Story.select("Name")[:4].all()
    with v1.trace() as trace, v1.loading("one"):
        for story in stories:
            story.Description
    [repeat] = trace.repeats
    assert repeat.times == 4 == len(trace)
    assert (repeat.load.type_name, repeat.load.name) == ("Story", "Description")
    assert "test_session.py:" in repeat.load.place
    assert "add .select('Description') to the Story query" in str(trace)


def test_the_advice_follows_the_walk_from_the_result(v1: V1Meta) -> None:
    with v1.trace() as trace:
        for story in v1.Story:
            story.Super.Scope.Owner.Nickname
    assert trace.repeats == []
    assert [load.advice for load in trace.loads][-1] == "add .select('Super.Scope.Owner.Nickname') to the Story query"


def test_a_budget_stops_the_request_that_exceeds_it(v1: V1Meta) -> None:
    stories = v1.Story.select("Name")[:4].all()
    refused = pytest.raises(BudgetExceeded, match="may send 2 requests")
    with v1.trace() as trace, refused, v1.budget(requests=2), v1.loading("one"):
        for story in stories:
            story.Description
    assert len(trace) == 2
    assert stories[3].Description is not UNREAD


def test_a_session_that_was_never_set_up_has_a_repr() -> None:
    class Mine(V1Meta):
        def __init__(self) -> None:
            raise BadValue(f"{self!r} gets no server")

    with pytest.raises(BadValue, match="<Mine: not set up> gets no server"):
        Mine()
    blank = V1Meta.__new__(V1Meta)
    assert "<V1Meta: not set up>" == repr(blank)
    assert "commit" in dir(blank)


def test_an_asset_is_looked_up_by_its_number_in_one_request(v1: V1Meta) -> None:
    known = v1.Story.select("Number")[3]
    before = len(v1.ledger)
    assert v1.Story(known.Number) is known is v1.Story(known.Number.lower())
    assert len(v1.ledger) == before + 2
    assert v1.Story(str(known.intid)) is known
    assert len(v1.ledger) == before + 2


def test_an_abstract_type_is_looked_up_by_number_and_gives_the_concrete_asset(v1: V1Meta) -> None:
    story, task = v1.Story.select("Number")[3], v1.Task.select("Number")[0]
    before = len(v1.ledger)
    assert v1.Workitem(story.Number) is story is v1.PrimaryWorkitem(story.Number)
    assert v1.Workitem(task.Number) is task
    assert len(v1.ledger) == before + 3
    with pytest.raises(NotFound, match=f"There is no PrimaryWorkitem with the Number '{task.Number}'"):
        v1.PrimaryWorkitem(task.Number)
    before = len(v1.ledger)
    for key in (story.intid, str(story.intid), story.idref, 5):
        with pytest.raises(BadValue, match="Workitem is abstract, so .* does not identify an asset"):
            v1.Workitem(key)
    assert len(v1.ledger) == before


def test_a_type_without_numbers_is_looked_up_by_name(v1: V1Meta) -> None:
    first, second = (v1.Scope.create(Name="Rocket", Parent="Scope:0", BeginDate="2026-01-01") for _ in range(2))
    try:
        with pytest.raises(NotExactlyOne, match=rf"2 assets of type Scope have the Name 'Rocket' \({first.idref}"):
            v1.Scope("Rocket")
        second.Name = "rocket"
        v1.commit().raise_if_failed()
        assert (first, second) == (v1.Scope("Rocket"), v1.Scope("rocket"))
        with pytest.raises(NotExactlyOne):
            v1.Scope("ROCKET")
    finally:
        v1.delete(first, second)
        v1.commit().raise_if_failed()


def test_people_are_looked_up_by_either_of_their_names_in_one_request(v1: V1Meta) -> None:
    assert v1.schema.types
    before = len(v1.ledger)
    assert v1.Member("Administrator") is v1.Member("admin") is v1.Member(20)
    assert len(v1.ledger) == before + 2
    with pytest.raises(NotFound, match="There is no Member with the Nickname or Name 'Nobody'"):
        v1.Member("Nobody")


def test_a_query_shows_where_it_searches_and_its_filter_text(v1: V1Meta) -> None:
    query = v1.Story.filter("Estimate>'5'").find("checkout", ["Name", "Description"])
    shown = """Story.filter("Estimate>'5'").find('checkout', ['Name', 'Description'])"""
    assert (shown, f"{shown}.Number") == (repr(query), repr(query.Number))
    assert "Story.find('x', 'Name')" == repr(v1.Story.find("x", "Name"))


def test_an_empty_text_for_a_relation_says_what_clears_it(v1: V1Meta) -> None:
    story = v1.Story.first()
    with pytest.raises(BadValue, match=r"Story\.Super takes assets of type Epic, not ''\..*None clears it\.$"):
        story.Super = ""


def test_a_number_that_no_asset_has_is_not_found(v1: V1Meta) -> None:
    with pytest.raises(NotFound, match="There is no Story with the Number 'S-77777777'"):
        v1.Story("S-77777777")
    before = len(v1.ledger)
    with pytest.raises(BadValue, match="give the id of the asset"):
        v1.Story(" ")
    assert len(v1.ledger) == before


def test_a_query_is_started_by_a_name_or_a_class(v1: V1Meta, server: sandboxes.Server) -> None:
    assert v1.query("Story") == v1.query(v1.Story)
    with V1Meta(**server.credentials) as other, pytest.raises(BadValue, match="Story belongs to another session"):
        v1.query(other.Story)
    for nonsense in (V1Meta, 5, v1.Story(5)):
        with pytest.raises(BadValue, match="query\\(\\) takes the name of an asset type or its class"):
            v1.query(nonsense)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("begin", "Changes are pending until session.commit()"),
        ("exclude", "~(condition)"),
        ("distinct", "Each asset comes once"),
        ("values_list", "list(query.Name)"),
        ("as_dict", "asset.data"),
        ("prefetch_related", "select('Owners.Name')"),
        ("rollback", "session.revert()"),
        ("flush", "session.commit()"),
        ("dirty", "session.pending"),
        ("save", "session.commit()"),
        ("filter_by", "where(...)"),
    ],
)
def test_words_of_other_libraries_say_what_does_the_same_here(v1: V1Meta, word: str, hint: str) -> None:
    for place in (v1, v1.Story, v1.Story(5)):
        with pytest.raises(UnknownName) as refused:
            getattr(place, word)
        assert hint in str(refused.value)


def test_an_explanation_shows_a_name_as_it_was_given_and_as_it_is_compared(v1: V1Meta) -> None:
    before = len(v1.ledger)
    found = v1.Story.where(Status="Done").explain().splitlines()
    assert found[-1] == "Status='Done' compares names: Status.Name='Done'"
    assert "compares names" not in v1.Story.where(Name="Done").explain()
    assert "compares names" not in v1.Story.where(v1.Story.Owners.Email == "a").explain()
    assert len(v1.ledger) - before <= 1, "the schema"


def test_the_column_of_a_query_shows_its_filter(v1: V1Meta) -> None:
    assert "Story.Name" == repr(v1.Story.Name)
    assert "Story.where(Estimate>'3').Name" == repr(v1.Story.where(v1.Story.Estimate > 3).Name)
