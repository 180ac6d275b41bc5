"""connect(): an address or a profile says which server is meant."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, connect
from assetmeta.profiles import default_file, profile

SECRET = "s3cret-of-ann"


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    file = tmp_path / "profiles.toml"
    file.write_text(
        f"""
        [work]
        url = "versionone+https://host/Instance"
        token_env = "ASSETMETA_TEST_TOKEN"

        [rockets]
        url = "https://name.valispace.com"
        username = "ann"
        password = "{SECRET}"
        survey = "none"
        timeout = 7

        [nowhere]
        username = "ann"
        """
    )
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("versionone+http://127.0.0.1:9/Instance", V1Meta),
        ("https://www7.v1host.com/Instance", V1Meta),
        ("VALISPACE+http://127.0.0.1:9", ValispaceMeta),
        ("https://name.valispace.com", ValispaceMeta),
        ("valohai+http://127.0.0.1:9", ValohaiMeta),
        ("https://app.valohai.com", ValohaiMeta),
        ("testspace+http://127.0.0.1:9", TestspaceMeta),
        ("https://abccorp.testspace.com", TestspaceMeta),
        ("https://abccorp.stridespace.com", TestspaceMeta),
    ],
)
def test_an_address_says_which_server_is_meant(address: str, kind: type) -> None:
    session = connect(address, token="x")
    assert type(session) is kind
    assert len(session.ledger) == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("https://example.com/Instance", "versionone\\+https://example.com"),
        ("https://valispace.com.example.org", "Which kind of server is at valispace.com.example.org"),
        ("jira+https://host", "no system 'jira'"),
        ("  ", "an address such as"),
        ("https://[::1", "no address"),
        ("testspace+https://[::1", "not a URL"),
        ("abccorp.testspace.com", "begins with https://"),
    ],
)
def test_an_address_that_does_not_say_is_refused(target: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        connect(target, token="x")


def test_a_slip_in_a_setting_is_named() -> None:
    with pytest.raises(BadValue, match="'tokn'"):
        connect("versionone+https://host/Instance", tokn="x")


def test_a_profile_holds_address_and_settings(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETMETA_TEST_TOKEN", "1.abc")
    assert profile("work", profiles) == {"url": "versionone+https://host/Instance", "token": "1.abc"}
    assert type(connect("work", profiles=profiles)) is V1Meta
    assert type(connect("rockets", profiles=profiles)) is ValispaceMeta


def test_what_is_given_wins_over_the_profile(profiles: Path) -> None:
    with pytest.raises(BadValue, match="no survey 'moon'"):
        connect("rockets", profiles=profiles, survey="moon")


def test_a_variable_that_is_not_set_is_named(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSETMETA_TEST_TOKEN", raising=False)
    with pytest.raises(BadValue, match="token_env names the environment variable 'ASSETMETA_TEST_TOKEN'"):
        connect("work", profiles=profiles)


def test_a_variable_that_is_empty_is_named(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETMETA_TEST_TOKEN", "")
    with pytest.raises(BadValue, match="'ASSETMETA_TEST_TOKEN', which is empty"):
        connect("work", profiles=profiles)


def test_what_is_wrong_in_a_profile_is_reported_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[lab]\nurl = "valohai+https://host"\nusernam = "ann"\n')
    file.chmod(0o600)
    with pytest.raises(BadValue, match=r"^Profile 'lab': .*no setting 'usernam'\. Did you mean username\?$"):
        connect("lab", profiles=file)


@pytest.mark.parametrize("system", [V1Meta, ValispaceMeta, ValohaiMeta, TestspaceMeta])
@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"user": "ann", "password": SECRET}, TypeError, r"Meta\(\) has no setting 'user'\. Did you mean username\?"),
        ({"token": SECRET, "timeuot": 5}, TypeError, r"Meta\(\) has no setting 'timeuot'\. Did you mean timeout"),
        ({"token": 5}, BadValue, "The token must be a text, or token= a function that returns one, not int"),
        ({"username": 5, "password": SECRET}, BadValue, "The user name must be a text, not int"),
        ({"username": "ann", "password": SECRET.encode()}, BadValue, "The password must be a text, not bytes"),
    ],
)
def test_a_slip_in_a_setting_is_explained(
    system: Any, settings: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        system("https://host/Instance", **settings)
    assert SECRET not in str(caught.value)


def test_an_address_without_a_system_is_repeated_with_one() -> None:
    with pytest.raises(BadValue, match=r"versionone\+http://127\.0\.0\.1:9; there are"):
        connect("http://ann:pw@127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("name", "words"), [("rocket", "Did you mean rockets"), ("nowhere", "has no url"), ("url", "no profile 'url'")]
)
def test_a_profile_that_cannot_be_used_says_why(profiles: Path, name: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        connect(name, profiles=profiles)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match=r"profiles\.toml, cannot be read: .*\. Write it, or give an address"):
        connect("work", profiles=tmp_path / "profiles.toml")


def test_a_broken_file_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(f'[work]\nurl = "https://host"\npassword = "{SECRET}\n')
    with pytest.raises(BadValue, match="line 3") as caught:
        connect("work", profiles=file)
    assert SECRET not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such rights")
def test_a_secret_that_others_can_read_is_refused(profiles: Path) -> None:
    profiles.chmod(0o644)
    with pytest.raises(BadValue, match="chmod 600") as caught:
        connect("rockets", profiles=profiles)
    assert SECRET not in str(caught.value)


def test_where_profiles_are_looked_for(tmp_path: Path) -> None:
    assert default_file({"ASSETMETA_PROFILES": str(tmp_path / "mine.toml")}) == tmp_path / "mine.toml"
    found = default_file({"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)})
    assert found == tmp_path / "assetmeta" / "profiles.toml"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (V1Meta, "http://host.example/Instance"),
        (ValispaceMeta, "http://host.example"),
        (ValohaiMeta, "http://host.example"),
        (TestspaceMeta, "http://host.example"),
    ],
)
class TestPlainHttp:
    def test_credentials_stay_here_unless_it_is_allowed(self, kind: Any, address: str) -> None:
        with pytest.raises(BadValue, match=r"http://host\.example would carry .* pass allow_http=True") as caught:
            kind(address, token=SECRET)
        assert SECRET not in str(caught.value)
        kind(address, token=SECRET, allow_http=True).close()

    @pytest.mark.parametrize("host", ["localhost:81", "127.0.0.1", "127.9.9.9:81", "[::1]:81", "a.localhost"])
    def test_this_computer_needs_no_leave(self, kind: Any, address: str, host: str) -> None:
        with kind(address.replace("host.example", host), token=SECRET) as session:
            assert host in repr(session)

    @pytest.mark.parametrize("host", ["127.0.0.1.example", "localhost.example", "0.0.0.0", "notlocalhost"])
    def test_what_only_looks_like_this_computer_does(self, kind: Any, address: str, host: str) -> None:
        with pytest.raises(BadValue, match="allow_http=True"):
            kind(address.replace("host.example", host), token=SECRET)


@pytest.mark.parametrize("address", ["http://host.example", "https://host.example/Instance", "me:secret@host.example"])
def test_an_address_of_its_own_is_a_host_alone(address: str) -> None:
    with pytest.raises(BadValue, match="instance_url=") as raised:
        V1Meta(address=address, instance="Instance", token=SECRET)
    assert address not in str(raised.value)


def test_a_scheme_given_by_name_is_leave_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session is made, and closed, without looking a name up."""
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *name, **_: looked_up.append(name))
    v1 = V1Meta(address="host.example", instance="Instance", scheme="http", token=SECRET)
    assert "http://host.example/Instance" == v1._driver.base_url
    v1.close()
    assert looked_up == []
    with pytest.raises(BadValue, match="allow_http=True"):
        connect("versionone+http://host.example/Instance", token=SECRET)


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (V1Meta, {"instance_url": "http://host.example/Instance", "token": SECRET}),
        (V1Meta, {"instance_url": "https://host.example/Instance", "token": SECRET, "timeout": -1}),
        (V1Meta, {"instance_url": "https://host.example", "token": SECRET, "username": "ann", "password": SECRET}),
        (V1Meta, {"instance_url": "https://host.example", "token": f"{SECRET} "}),
        (V1Meta, {"instance_url": "https://host.example", "token": SECRET, "unheard": 1}),
        (V1Meta, {"instance_url": "https://host.example", "proxies": {"htps": f"http://me:{SECRET}@proxy"}}),
        (ValispaceMeta, {"url": "ftp://host.example", "username": "ann", "password": SECRET}),
        (ValohaiMeta, {"url": "https://host.example", "username": "ann", "password": f"{SECRET}\n"}),
        (TestspaceMeta, {"url": "abccorp", "token": f"ann:{SECRET}"}),
    ],
)
def test_an_error_of_a_setting_shows_no_secret_in_any_frame(make: Any, settings: dict[str, Any]) -> None:
    with pytest.raises((BadValue, TypeError)) as caught:
        make(**settings)
    assert_nothing_shows(caught.value)


def test_an_error_of_a_profile_shows_no_secret_in_any_frame(profiles: Path) -> None:
    with pytest.raises(BadValue, match="Profile 'rockets'") as caught:
        connect("rockets", profiles=profiles, timeout=-1)
    assert_nothing_shows(caught.value)


def assert_nothing_shows(error: BaseException) -> None:
    waiting: list[BaseException | None] = [error]
    for each in waiting:
        if each is not None and len(waiting) < 50:
            waiting += [each.__cause__, each.__context__]
            frame = each.__traceback__
            while frame is not None:
                if frame.tb_frame.f_code.co_filename != __file__:
                    assert SECRET not in repr(frame.tb_frame.f_locals)
                frame = frame.tb_next
            assert SECRET not in str(each)
