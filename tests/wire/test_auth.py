"""Credentials: what is sent, what is refused, what is renewed, and what is never shown."""

from __future__ import annotations

import base64
import copy
import io
import pickle
import threading

import pytest
from requests.auth import AuthBase, HTTPDigestAuth

from assetmeta.model.errors import AuthenticationFailed, BadValue
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic, Bearer, OriginBoundAuth, TokenCallable, choose
from assetmeta.wire.oauth import OAuth2, TokenExchange
from assetmeta.wire.urls import Origin
from assetmeta.wire.user_tokens import TokenAsUser

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)


def authorization(server) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in server.seen]


class TestSchemes:
    def test_basic_sends_user_and_password_in_utf_8(self, server, drive):
        drive(Basic("jürgen", "pä:ß")).run(one(GET))
        assert ["Basic " + base64.b64encode("jürgen:pä:ß".encode()).decode()] == authorization(server)

    def test_a_token_follows_its_scheme_word(self, server, drive):
        drive(Bearer("1.abc=")).run(one(GET))
        drive(Bearer("abc", scheme="Token")).run(one(GET))
        assert ["Bearer 1.abc=", "Token abc"] == authorization(server)

    def test_without_credentials_none_are_sent(self, server, drive):
        drive().run(one(GET))
        assert [None] == authorization(server)

    def test_any_auth_object_of_requests_can_be_used(self, server, drive):
        class Header(AuthBase):
            def __call__(self, r):
                r.headers["Authorization"] = "Custom x"
                return r

        drive(Header()).run(one(GET))
        assert ["Custom x"] == authorization(server)

    def test_digest_login_answers_its_challenge_with_the_same_body(self, server, drive):
        server.answers = [Reply(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}), Reply()]
        driver = drive(HTTPDigestAuth("joe", "pw"))
        assert 200 == driver.run(one(Request("POST", "/w", body=io.BytesIO(b"content")))).status
        assert [b"content", b"content"] == [seen.body for seen in server.seen]
        assert authorization(server)[1].startswith('Digest username="joe"')

    def test_a_cookie_that_came_with_the_challenge_of_a_digest_login_is_kept(self, server, drive):
        challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"', "Set-Cookie": "node=7; Path=/"}
        server.answers = [Reply(401, headers=challenge), Reply()]
        driver = drive(HTTPDigestAuth("joe", "pw"))
        for _ in range(2):
            driver.run(one(GET))
        assert "node=7" == server.seen[2].headers["cookie"]

    @pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", "abc\n", " abc", "tökén", "a\x00b"])
    def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(self, token):
        for make in (Bearer, lambda text: Bearer("x", scheme=text), lambda text: choose(token=text)):
            with pytest.raises(BadValue) as caught:
                make(token)
            assert not token or token not in str(caught.value)

    @pytest.mark.parametrize(("user", "password"), [("a:b", "pw"), ("a\n", "pw"), ("a", "p\rw")])
    def test_a_login_that_basic_cannot_carry_is_refused(self, user, password):
        with pytest.raises(BadValue):
            Basic(user, password)

    def test_reprs_show_the_kind_and_never_the_secret(self):
        origin = Origin.of("http://h")
        for credential in (Basic("joe", "s3cret"), Bearer("s3cret"), TokenCallable(lambda: "s3cret")):
            assert credential.kind in repr(OriginBoundAuth(credential, origin))
            assert "s3cret" not in repr(credential) + repr(OriginBoundAuth(credential, origin)) + str(credential)

    def test_no_login_is_pickled_and_a_copy_is_the_login_itself(self):
        oauth = {"client_id": "app", "token_uri": "https://h/t", "refresh_token": "s3cret"}
        logins = (
            Basic("joe", "s3cret"),
            Bearer("s3cret"),
            TokenCallable(lambda: "s3cret"),
            TokenAsUser("s3cret"),
            TokenExchange(uri="https://h/t", username="joe", password="s3cret"),
            OAuth2(**oauth),
            OriginBoundAuth(HTTPDigestAuth("joe", "s3cret"), Origin.of("http://h")),
            OriginBoundAuth(HTTPDigestAuth("joe", "s3cret"), Origin.of("http://h")).credential,
        )
        for login in logins:
            with pytest.raises(TypeError, match=f"{type(login).__name__} holds a secret and is not pickled"):
                pickle.dumps(login)
            assert login is copy.copy(login) is copy.deepcopy(login)
            assert "s3cret" not in repr(login)


class TestChoose:
    def test_each_way_of_saying_it_gives_its_scheme(self):
        given = HTTPDigestAuth("a", "b")
        assert isinstance(choose(username="joe", password="pw"), Basic)
        assert isinstance(choose(username="token-as-user", password=""), Basic)
        assert isinstance(choose(token="t"), Bearer)
        assert isinstance(choose(token=lambda: "t"), TokenCallable)
        assert isinstance(choose(password="t", use_password_as_token=True), Bearer)
        assert isinstance(choose(username="joe", password="t", use_password_as_token=True), Bearer)
        assert given is choose(auth=given)
        assert choose() is None

    def test_a_pair_is_a_user_name_and_password(self, server, drive):
        drive(choose(auth=("joe", "pw"))).run(one(GET))
        assert ["Basic am9lOnB3"] == authorization(server)

    @pytest.mark.parametrize(
        "given",
        [
            {"auth": ("joe", 5)},
            {"auth": (5, "pw")},
            {"auth": ("joe", "pw", "more")},
            {"auth": ("joe",)},
            {"token": "t", "username": "joe", "password": "pw"},
            {"token": "t", "auth": Bearer("u")},
            {"auth": Bearer("u"), "password": "pw"},
            {"token": "t", "username": "joe"},
            {"token": "t", "password": "pw"},
            {"auth": Bearer("u"), "username": "joe"},
            {"username": "joe"},
            {"password": "pw"},
            {"use_password_as_token": True},
            {"auth": ("joe",)},
            {"auth": ("joe", None)},
            {"auth": "joe:pw"},
        ],
    )
    def test_contradictions_are_refused(self, given):
        with pytest.raises(BadValue):
            choose(**given)


class TestRefusedLogin:
    @pytest.mark.parametrize(
        ("auth", "advice"),
        [
            (None, "Pass username= and password=, or token="),
            (Basic("joe", "s3cret"), "refused the user name and password"),
            (Bearer("s3cret"), "refused the access token"),
        ],
    )
    def test_it_is_tried_once_and_says_what_was_used(self, server, drive, auth, advice):
        server.answers = [Reply(401, b"<html>go away</html>")]
        with pytest.raises(AuthenticationFailed, match=advice) as caught:
            drive(auth).run(one(GET))
        assert (401, "GET /a", "<html>go away</html>") == (
            caught.value.status,
            caught.value.request,
            caught.value.server_message,
        )
        assert "s3cret" not in str(caught.value)
        assert 1 == len(server.seen)

    @pytest.mark.parametrize(
        ("auth", "header", "words"),
        [
            (
                Bearer("t1-s3cret"),
                'Bearer realm="api",error="invalid_token",error_description="It has expired."',
                "It has expired: get a",
            ),
            (
                Bearer("t1-s3cret"),
                'Bearer error="invalid_token", error_description="t1-s3cret is invalid"',
                "does not know it",
            ),
            (Bearer("t1-s3cret"), "Bearer error=insufficient_scope", "get one with the scope"),
            (Bearer("t1-s3cret"), 'Bearer realm="api"', "saw no token"),
            (Basic("joe", "t1-s3cret"), 'Bearer realm="api"', "is of a kind that this server accepts"),
            (Bearer("t1-s3cret"), 'Basic realm="x"', "Check that it is right"),
        ],
    )
    def test_it_tells_expired_unknown_and_missing_tokens_apart(self, server, drive, auth, header, words):
        server.answers = [Reply(401, headers={"WWW-Authenticate": header})]
        with pytest.raises(AuthenticationFailed) as caught:
            drive(auth).run(one(GET))
        assert words in str(caught.value)
        assert "s3cret" not in str(caught.value)


NTLM = r"""by NTLM only: pass auth=Ntlm\('DOMAIN\\user', 'password'\) \(pip install "assetmeta\[ntlm\]"\)\."""
KERBEROS = (
    r"by Negotiate only, which is Kerberos: pass as auth= .*HTTPKerberosAuth\(\) of the package requests-kerberos"
)
EITHER = r'by NTLM or Kerberos only: pass auth=Ntlm\(.*assetmeta\[ntlm\]"\), or as auth= .*requests-kerberos'


class TestWindowsLogin:
    """Servers that take nothing else say so in their challenge (RFC 4559)."""

    @pytest.mark.parametrize("auth", [None, Basic("joe", "pw"), Bearer("t"), HTTPDigestAuth("joe", "pw")])
    @pytest.mark.parametrize(
        ("header", "advice"),
        [
            ("NTLM", NTLM),
            ("ntlm", NTLM),
            ("Negotiate", KERBEROS),
            ("Negotiate oYG2MIGzoAMKAQE=", KERBEROS),
            ("Kerberos", KERBEROS),
            ("Negotiate, NTLM", EITHER),
            ("NTLM,Negotiate", EITHER),
        ],
    )
    def test_a_server_that_wants_one_is_named_with_what_to_use(self, server, drive, auth, header, advice):
        server.answers = [Reply(401, headers={"WWW-Authenticate": header})]
        with pytest.raises(AuthenticationFailed, match=advice):
            drive(auth).run(one(GET))
        assert 1 == len(server.seen)

    @pytest.mark.parametrize(
        "header",
        [
            'Negotiate, NTLM, Basic realm="h"',
            'Basic realm="NTLM, Negotiate"',
            'Bearer realm="a", NTLM',
            'Digest nonce="n, NTLM", qop="auth"',
            "",
        ],
    )
    def test_where_other_logins_are_taken_the_usual_is_advised(self, server, drive, header):
        server.answers = [Reply(401, headers={"WWW-Authenticate": header} if header else {})]
        with pytest.raises(AuthenticationFailed, match="Check that it is right") as caught:
            drive(Basic("joe", "pw")).run(one(GET))
        assert not [word for word in ("Ntlm", "Kerberos", "kerberos") if word in str(caught.value)]


class TestTokenCallable:
    def test_it_is_asked_once_for_many_requests(self, server, drive):
        asked = []
        driver = drive(TokenCallable(lambda: asked.append(1) or "t1"))
        for _ in range(3):
            driver.run(one(GET))
        assert (["Bearer t1"] * 3, 1) == (authorization(server), len(asked))

    def test_after_a_401_a_new_token_is_requested_and_the_request_repeated_once(self, server, drive):
        tokens = iter(["old", "new"])
        server.answers = [Reply(401), Reply(body=b"ok")]
        driver = drive(TokenCallable(lambda: next(tokens)))
        answer = driver.run(one(Request("POST", "/w", body=io.BytesIO(b"content"), writes=True)))
        assert (b"ok", ["Bearer old", "Bearer new"]) == (answer.body, authorization(server))
        assert [b"content", b"content"] == [seen.body for seen in server.seen]
        assert [1, 2] == [entry.attempt for entry in driver.ledger]

    def test_the_same_token_again_is_not_tried_again(self, server, drive):
        server.answers = [Reply(401)]
        with pytest.raises(AuthenticationFailed, match="token function"):
            drive(TokenCallable(lambda: "t")).run(one(GET))
        assert 1 == len(server.seen)

    def test_a_new_token_that_is_refused_too_is_the_end(self, server, drive):
        tokens = iter("abc")
        server.answers = [Reply(401)]
        with pytest.raises(AuthenticationFailed):
            drive(TokenCallable(lambda: next(tokens))).run(one(GET))
        assert ["Bearer a", "Bearer b"] == authorization(server)

    def test_threads_that_meet_the_same_401_renew_once_between_them(self, server, drive):
        tokens, together = iter(["old", "new", "too many"]), threading.Barrier(4, timeout=5)

        def answer(seen):
            if seen.headers["authorization"] == "Bearer old":
                together.wait()
                return Reply(401)
            return Reply()

        driver = drive(TokenCallable(lambda: next(tokens)), pool=4)
        driver.run(one(GET))
        server.answers = [answer]
        answers = driver.run(one((GET,) * 4))
        assert [200] * 4 == [answer.status for answer in answers]
        assert ["Bearer new"] * 4 + ["Bearer old"] * 5 == sorted(authorization(server))

    def test_a_function_that_returns_no_usable_token_is_refused(self, server, drive):
        with pytest.raises(BadValue):
            drive(TokenCallable(lambda: "t\n")).run(one(GET))
        with pytest.raises(BadValue):
            drive(TokenCallable(lambda: None)).run(one(GET))
        assert [] == server.seen
