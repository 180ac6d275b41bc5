"""Redaction: what is secret is hidden wherever it is written, and the rest is left alone."""

from __future__ import annotations

import time
from xml.sax.saxutils import escape

import pytest

from assetmeta.model.errors import BadValue
from assetmeta.model.http import Request, Response
from assetmeta.wire import redact
from assetmeta.wire.bodies import redacted_body, rules_of
from assetmeta.wire.urls import Origin


def test_login_headers_and_cookies_are_hidden():
    headers = {
        "Authorization": "Bearer x",
        "COOKIE": "a=b",
        "Set-Cookie": "c",
        "Proxy-Authorization": "d",
        "Accept": "e",
    }
    shown = redact.redacted_headers(headers)
    assert {name.lower() for name in headers} == set(shown)
    assert ["accept"] == [name for name, value in shown.items() if value != redact.HIDDEN]


def test_secret_parameters_are_hidden_in_place():
    query = (("a", "1"), ("Access_Token", "x"), ("X-Amz-Signature", "y"), ("tokens", "z"))
    hidden = (("a", "1"), ("Access_Token", "REDACTED"), ("X-Amz-Signature", "REDACTED"), ("tokens", "z"))
    assert hidden == redact.redacted_query(query)


def test_a_url_loses_its_user_and_its_secrets():
    assert "https://h:8/p?a=1&token=REDACTED" == redact.redacted_url("https://u:p%40w@h:8/p?a=1&token=t#f")
    assert "GET http://h/p" == redact.redacted_line(Request("GET", "http://u:p@h/p?q=1"))


def test_bodies_of_token_endpoints_are_hidden_and_data_is_not():
    assert '{"access_token": "REDACTED", "n": "a\\"b"}' == redacted_body('{"access_token": "x\\"y", "n": "a\\"b"}')
    assert "grant_type=password&password=REDACTED&x=1" == redacted_body("grant_type=password&password=p%26w&x=1")
    assert '{"token": "Story:1005"}' == redacted_body('{"token": "Story:1005"}')


@pytest.mark.parametrize(
    ("status", "media_type", "is_shown"),
    [(403, "application/json", False), (500, "", False), (200, "text/html", False), (200, "application/json", True)],
)
def test_what_errors_quote_has_no_secret(status, media_type, is_shown):
    body = b'\xff {"message": "no user for s3cret-of-ann, says admin"}'
    found = redact.unquoting(Response(status, {"content-type": media_type}, body), ["s3cret-of-ann", "admin", ""])
    assert (body if is_shown else body.replace(b"s3cret-of-ann", b"REDACTED")) == found.body
    assert (status, media_type) == (found.status, found.media_type)


@pytest.mark.parametrize("joint", ["&", "&amp;", "\\u0026"])
def test_signatures_of_addresses_in_bodies_are_hidden(joint):
    signed = f'{{"url": "https://h/f?a=1{joint}X-Amz-Signature=abc%2F{joint}b=2"}}'
    assert signed.replace("abc%2F", "REDACTED") == redacted_body(signed)
    assert '"https://h/f?sig=REDACTED"' == redacted_body('"https://h/f?sig=abc"')
    badge = f'{{"badge_url": "https://h/badge?a=1{joint}token=abc{joint}b=2", "token": "kept"}}'
    assert badge.replace("abc", "REDACTED") == redacted_body(badge)
    assert '"https://h/f?design=abc&signals=1"' == redacted_body('"https://h/f?design=abc&signals=1"')


@pytest.mark.parametrize(
    "body",
    [
        '<Asset><Attribute name="Password" act="set">s3cret</Attribute></Asset>',
        "<Asset><Attribute act='set' name='Owner.NewPassword'>\n s3cret</Attribute></Asset>",
        '<Attribute name="Password"><Value>s3cret</Value><Value>s3cret</Value></Attribute>',
        "<Login><PASSWORD>s3cret</PASSWORD></Login>",
        "<clientSecret><![CDATA[s3cret<]]></clientSecret>",
        '<login user="joe" user-password="s3cret" x="1"/>',
        '{"Attributes": {"Password": {"_type": "Attribute", "name": "Password", "value": "s3cret}"}}}',
        '{"Password": "s3cret", "a": 1}',
        '{"oldPassword":["s3cret","s3cret\\"s3cret"]}',
        '[{"from": "Member:20", "update": {"Password": {"set": "s3cret"}}}]',
        "user=joe&newPassword=s3cret&x=1",
    ],
)
def test_whatever_is_called_a_password_or_a_secret_is_hidden(body):
    hidden = redacted_body(body)
    assert "s3cret" not in hidden
    assert redact.HIDDEN in hidden
    assert hidden == redacted_body(hidden)


@pytest.mark.parametrize(
    "body",
    [
        '<Asset><Attribute name="Password"/><Attribute name="Name">a</Attribute></Asset>',
        '<AttributeDefinition name="Password" token="Member.Password" isreadonly="False">\n <Base href="x"/>\n'
        "</AttributeDefinition>",
        '<Attribute name="IsPasswordExpired">false</Attribute>',
        '{"password": {"type": "string", "required": false, "label": "Password"}, "PasswordAge": 3}',
        '{"Name": "Password", "Description": "my secret: x"}',
        "<Attribute name='Description'>password: x</Attribute>",
    ],
)
def test_what_only_speaks_of_passwords_stays(body):
    assert body == redacted_body(body)


def effort(body):
    """Seconds of this thread's own work, whatever else the machine does."""
    start = time.thread_time()
    redacted_body(body)
    return time.thread_time() - start


@pytest.mark.parametrize(
    "body",
    [
        lambda size: "password " + '<a name="' * (4 * size),
        lambda size: "password" + '"' * (8 * size),
        lambda size: "password" + '"secret":[' * (2 * size),
        lambda size: "<password>" * (size // 5),
        lambda size: "password" * (2 * size),
        lambda size: "password-" * (2 * size) + "=",
        lambda size: '{"a":' + "[" * (2 * size) + "]" * (2 * size) + "}",
        lambda size: "a=b&" * (2 * size) + "c=d",
        lambda size: "'" * (2 * size) + "password: '",
    ],
)
def test_the_effort_for_a_body_grows_with_its_size_and_not_with_its_square(body):
    # What is searched again from each of its characters takes 64 times as long when it is eight times as long.
    few, many = body(1_000), body(8_000)
    assert min(effort(many) for _ in range(2)) < 32 * max(effort(few) for _ in range(3)) + 0.01


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("admin:hunter2@host/x", "host/x"),
        ("admin:hunt@er2@host/x@y", "host/x@y"),
        ("http:/admin:hunter2@host/x", "http:/host/x"),
        ("//admin:hunter2@host/x", "//host/x"),
        ("http://admin:hunter2@[::1/x", "http://[::1/x"),
        ("/rest-1.v1/a@b", "/rest-1.v1/a@b"),
        ("http://host/a@b", "http://host/a@b"),
    ],
)
def test_a_url_without_a_scheme_shows_no_password_either(url, shown):
    assert shown == redact.without_user(url)


@pytest.mark.parametrize("secret", ['p"w&<', "pä w+", "plain"])
def test_given_secrets_are_found_as_written_in_urls_json_and_xml(secret):
    for form in (
        redact.quote(secret, safe=""),
        redact.quote_plus(secret),
        redact.json.dumps(secret),
        escape(secret),
    ):
        assert secret not in (text := redact.scrubbed(f"<{form}>", [secret, ""]))
        assert redact.HIDDEN in text


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://host/", True),
        ("HTTPS://HOST:443/x?y", True),
        ("http://host/", False),
        ("https://host:8443/", False),
        ("https://host.example/", False),
        ("https://host@evil.example/", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, same):
    assert same is (Origin.of(url) == Origin.of("https://host"))


def test_an_origin_s_text_leaves_out_the_usual_port():
    assert ["https://host", "http://host:81", "http://[::1]:80".removesuffix(":80")] == [
        str(Origin.of(url)) for url in ("https://host:443/x", "http://host:81", "http://[::1]:80/")
    ]
    assert Origin.of("http://bücher.example") == Origin.of("http://xn--bcher-kva.example")


@pytest.mark.parametrize(
    "url",
    ["host", "file:///etc/passwd", "http://a b/", "http://a\\@b/", "http:///x", "http://h:99999", "http://[::1/x"],
)
def test_what_is_no_plain_url_has_no_origin(url):
    with pytest.raises(BadValue):
        Origin.of(url)


SECRET_NAMES = (
    "access_token",
    "refresh_token",
    "id_token",
    "token",
    "password",
    "passwd",
    "client_secret",
    "assertion",
    "api_key",
    "apikey",
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-goog-credential",
)
HARMLESS_IN_DOCUMENTS = {"token", "sig", "signature"}


@pytest.mark.parametrize("name", SECRET_NAMES)
class TestEverySecretName:
    def test_in_a_query_and_an_address(self, name):
        assert ((name.upper(), "REDACTED"),) == redact.redacted_query([(name.upper(), "s3cret")])
        assert "s3cret" not in redact.redacted_url(f"https://h/p?a=1&{name}=s3cret&b=2")
        assert "s3cret" not in redacted_body(f'{{"next": "https://h/p?a=1&{name}=s3cret"}}')

    def test_in_a_form(self, name):
        assert f"a=1&{name}=REDACTED&b=2" == redacted_body(f"a=1&{name}=s3cret%20&b=2")

    def test_in_json_and_xml(self, name):
        for body in (f'{{"a": [{{"{name}": "s3cret"}}]}}', f"<a><{name}>s3cret</{name}></a>"):
            assert (name in HARMLESS_IN_DOCUMENTS) is ("s3cret" in redacted_body(body))


def test_the_list_of_secret_names_is_whole():
    assert set(SECRET_NAMES) == redact.SECRET_NAMES


RULES = rules_of(["Configuration", "Custom_Pin"], ())


@pytest.mark.parametrize(
    "body",
    [
        '{"configuration": {"account_name": "s3cret-a", "nested": {"keys": ["s3cret-b"]}, "n": 12345}}',
        '{"a": {"custom_pin": "s3cret"}}',
        '{"custom_pin": 12345}',
        '{"Attributes": {"Custom_Pin": {"_type": "Attribute", "name": "Custom_Pin", "value": "s3cret"}}}',
        '[{"from": "Member:20", "update": {"Custom_Pin": {"set": "s3cret"}}}]',
        '<Asset><Attribute name="Custom_Pin" act="set">s3cret</Attribute></Asset>',
        '<Asset><Attribute name="Owner.Custom_Pin"><Value>s3cret</Value></Attribute></Asset>',
        "name=x&custom_pin=s3cret",
        '{"p\\u0061ssword": "s3cret"}',
        '{"account_key": "s3cret"}',
        '{"a": "{\\"password\\": \\"s3cret\\"}"}',
        '{"password": "s3cret"}\n{"password": "s3cret"}\n',
        "2026-01-01 password=s3cret and api_key: s3cret",
    ],
)
def test_what_the_schema_calls_secret_is_hidden(body):
    hidden = redacted_body(body, RULES)
    assert "s3cret" not in hidden
    assert "12345" not in hidden
    assert redact.HIDDEN in hidden
    assert hidden == redacted_body(hidden, RULES)


@pytest.mark.parametrize(
    "body",
    [
        '{"configuration": {"type": "field", "required": true, "label": "Configuration"}, "n": 1.50e2, "ü":  "x"}',
        '{"configuration": null, "custom_pin": "", "is_set": {"custom_pin": true}}',
        '{"my": {"configurations": "x"}}',
        '{"value": "open", "secret": false}',
    ],
)
def test_what_the_schema_does_not_call_secret_stays_as_it_is_written(body):
    assert body == redacted_body(body, RULES)


def test_all_but_the_secret_stays_as_it_is_written():
    body = '{ "n": 1.500,\n\t"ü": "\\u00e4",  "password" : "x\\"y",\r\n"big": 12345678901234567890123 }'
    assert body.replace('"x\\"y"', '"REDACTED"') == redacted_body(body)
    xml = "<?xml version='1.0'?>\n<A  b='1'><Password >x&amp;y</Password><c/>ü</A>"
    assert xml.replace("x&amp;y", "REDACTED") == redacted_body(xml)


@pytest.mark.parametrize("secret", ['pä"w', "a/b", "x&y<z", "tab\there", "🚀 rocket"])
@pytest.mark.parametrize(
    "spelt",
    [
        lambda text: redact.json.dumps({"said": f"no {text}!"}, ensure_ascii=False),
        lambda text: redact.json.dumps({"said": f"no {text}!"}),
        lambda text: redact.json.dumps({"said": f"no {text}!"}).replace("/", "\\/").replace("\\u00e4", "\\u00E4"),
        lambda text: f"<said>no {escape(text)}!</said>",
        lambda text: f"said=no+{redact.quote_plus(text)}&b=1",
    ],
)
def test_a_given_secret_is_hidden_however_it_is_spelt(secret, spelt):
    hidden = redacted_body(spelt(secret), rules_of((), [secret]))
    assert redact.HIDDEN in hidden
    for part in (secret, redact.json.dumps(secret)[1:-1], redact.quote_plus(secret), escape(secret)):
        assert part not in hidden
    assert "said" in hidden


def test_a_given_secret_is_hidden_in_xml_whose_characters_are_numbers():
    hidden = redacted_body(
        "<a>no &#112;w-12&#x33;4!</a><b>&#112;lain</b>".join(("<r>", "</r>")), rules_of((), ["pw-1234"])
    )
    assert hidden == f"<r><a>{redact.HIDDEN}</a><b>&#112;lain</b></r>"
