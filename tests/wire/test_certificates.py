"""TLS: what is given is looked at before the first request, and each refusal says what it is."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assetmeta.model.errors import BadValue, TimedOut, Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.auth import Bearer

from .conftest import one

GET = Request("GET", "/a", idempotent=True)
DAY = datetime.timedelta(days=1)


def pem(
    file: Path, *, address: str = "127.0.0.1", days: tuple[int, int] = (-2, 2), passphrase: bytes | None = None
) -> Path:
    """A certificate that nobody signed but itself, with its key, in *file*. *days* from now it begins and ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now + days[0] * DAY, now + days[1] * DAY
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    certificate = (
        builder.add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        kept = serialization.BestAvailableEncryption(passphrase)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept)
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file


def serving(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class TestTrust:
    @pytest.mark.parametrize(
        ("settings", "what"),
        [
            ({"address": "127.0.0.2"}, "is for another name: .*Use the name"),
            ({"days": (-5, -2)}, "has expired: whoever runs the server must renew it"),
            ({"days": (2, 5)}, "is not valid yet. Check this computer's clock"),
        ],
    )
    def test_a_certificate_that_is_wrong_is_no_matter_of_trust(self, servers, drive, tmp_path, settings, what):
        file = pem(tmp_path / "server.pem", **settings)
        driver = drive(url=servers(serving(file)).url, verify=file)
        with pytest.raises(Unreachable, match=what) as caught:
            driver.run(one(GET))
        assert "verify=" not in str(caught.value)
        assert (False, True, 1) == (caught.value.sent, caught.value.permanent, len(driver.ledger))

    def test_paths_may_be_path_objects(self, servers, drive, tmp_path):
        file = pem(tmp_path / "server.pem")
        context = serving(file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(file)
        server = servers(context)
        assert 200 == drive(url=server.url, verify=file, cert=file).run(one(GET)).status
        assert 200 == drive(url=server.url, verify=file, cert=(file, file)).run(one(GET)).status
        assert [True, True] == [seen.certified for seen in server.seen]

    def test_a_missing_bundle_is_named_at_once(self, drive, tmp_path):
        with pytest.raises(BadValue, match=r"verify=: .*missing\.pem cannot be read: No such file"):
            drive(verify=tmp_path / "missing.pem")

    def test_a_file_that_is_no_bundle_is_named_at_once(self, drive, tmp_path):
        (tmp_path / "a.txt").write_text("no certificate")
        with pytest.raises(BadValue, match=r"verify=: .*a\.txt has no certificates in PEM form"):
            drive(verify=str(tmp_path / "a.txt"))

    def test_a_folder_without_hashes_is_distinguished_from_one_with_them(self, drive, tmp_path):
        file = pem(tmp_path / "ca.pem")
        with pytest.raises(BadValue, match="openssl rehash"):
            drive(verify=tmp_path)
        file.rename(tmp_path / "0123abcd.0")
        drive(verify=tmp_path)

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_a_missing_bundle_of_the_environment_is_named(self, drive, monkeypatch, variable):
        drive()
        monkeypatch.setenv(variable, "/nowhere/ca.pem")
        with pytest.raises(BadValue, match=rf"environment's {variable}: /nowhere/ca\.pem cannot be read"):
            drive(url="https://127.0.0.1:1")
        drive(url="https://127.0.0.1:1", verify=False)
        drive(url="http://127.0.0.1:1")

    def test_a_bundle_that_goes_away_later_is_an_error_of_ours(self, drive, monkeypatch):
        driver = drive(url="https://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        with pytest.raises(BadValue, match=r"/nowhere/ca\.pem.*REQUESTS_CA_BUNDLE"):
            driver.run(one(GET))

    def test_the_system_s_trust_and_none_contradict_each_other(self, drive):
        with pytest.raises(BadValue, match="truststore=True and verify=False contradict"):
            drive(truststore=True, verify=False)


class TestClientCertificates:
    def test_missing_files_are_named_at_once(self, drive, tmp_path):
        file = pem(tmp_path / "client.pem")
        for cert in ("/nowhere/c.pem", ("/nowhere/c.pem", file), (file, "/nowhere/c.pem")):
            with pytest.raises(BadValue, match=r"cert=: /nowhere/c\.pem cannot be read"):
                drive(cert=cert)

    def test_an_encrypted_key_is_refused_and_nobody_is_asked(self, drive, tmp_path):
        file = pem(tmp_path / "client.pem", passphrase=b"secret")
        for cert in (file, (str(file), str(file))):
            with pytest.raises(BadValue, match=r"the key in .*client\.pem is encrypted"):
                drive(cert=cert)

    def test_a_key_of_another_certificate_is_refused(self, drive, tmp_path):
        one_of, other = pem(tmp_path / "one.pem"), pem(tmp_path / "other.pem")
        with pytest.raises(BadValue, match=r"cert=: .*belong together"):
            drive(cert=(one_of, other))
        (tmp_path / "empty.pem").write_text("")
        with pytest.raises(BadValue, match=r"empty\.pem and its key cannot be used"):
            drive(cert=tmp_path / "empty.pem")

    @pytest.mark.parametrize("cert", [("a",), ("a", "b", "c")])
    def test_other_pairs_are_refused(self, drive, cert):
        with pytest.raises(BadValue, match=r"\(certificate, key\)"):
            drive(cert=cert)

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_a_refusal_names_the_setting_and_is_not_repeated(self, servers, drive, tmp_path, version):
        file = pem(tmp_path / "server.pem")
        context = serving(file)
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(file)
        server = servers(context)
        driver = drive(Bearer("tok"), url=server.url, verify=file)
        with pytest.raises(Unreachable, match=r"refused the client certificate, or wants one .*cert=") as caught:
            driver.run(one(GET))
        assert (False, True) == (caught.value.sent, caught.value.permanent)
        assert (1, 0) == (len(driver.ledger), len(server.seen))


def test_a_handshake_that_nobody_answers_is_a_connection_that_was_not_taken(drive):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        driver = drive(url=url, timeout=(0.05, 60), retries=1)
        with pytest.raises(TimedOut, match=r"took no connection within 0\.05 s") as caught:
            driver.run(one(GET))
        assert (False, 2) == (caught.value.sent, len(driver.ledger))


def test_a_handshake_that_breaks_off_was_sent_nothing(drive):
    def hang_up():
        for _ in range(2):
            listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable) as caught:
            drive(url=url, retries=1).run(one(GET))
        assert not caught.value.sent
