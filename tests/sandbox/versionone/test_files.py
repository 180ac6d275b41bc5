"""attachment.img, attachment.v1, embedded.img: raw bytes in and out."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.versionone.app import VersionOne

from ..conftest import BASIC, Instance

EVERY_BYTE = bytes(range(256))


@pytest.fixture
def attachment(v1: Instance) -> str:
    """The number of an attachment without bytes."""
    story = v1.create("Story")
    values = {"Name": "Log", "Filename": "log.txt", "ContentType": "text/plain", "Asset": story}
    body = "".join(f'<Attribute name="{name}" act="set">{value}</Attribute>' for name, value in values.items())
    body = body.replace(f'<Attribute name="Asset" act="set">{story}</Attribute>', "")
    relation = f'<Relation name="Asset" act="set"><Asset idref="{story}" /></Relation>'
    document = f'<Asset>{body}<Attribute name="Content" act="set"></Attribute>{relation}</Asset>'
    return v1.xml("rest-1.v1/Data/Attachment", document).attrib["id"].split(":")[1]


@pytest.mark.parametrize("path", ["attachment.img", "attachment.v1", "ATTACHMENT.IMG"])
@pytest.mark.parametrize("label", ["text/xml;charset=UTF-8", "application/x-www-form-urlencoded", ""])
def test_bytes_come_back_unchanged_with_the_stored_type(v1: Instance, attachment: str, path: str, label: str) -> None:
    for content in (EVERY_BYTE, b"<Asset/>", b"a=b&c=d", b""):
        posted = v1.post(f"{path}/{attachment}", content, content_type=label)
        assert (posted.status, posted.body) == (200, b"")
        got = v1.get(f"{path}/{attachment}", accept="image/png")
        assert (got.status, got.content_type, got.body) == (200, "text/plain", content)


def test_without_bytes_the_body_is_empty(v1: Instance, attachment: str) -> None:
    assert v1.get(f"attachment.img/{attachment}").body == b""


def test_an_embedded_image(v1: Instance) -> None:
    image = v1.create("EmbeddedImage", Asset="Scope:0", ContentType="image/png", Content="")
    number = image.partition(":")[2]
    assert v1.post(f"embedded.img/{number}", EVERY_BYTE).status == 200
    got = v1.get(f"embedded.img/{number}")
    assert (got.content_type, got.body) == ("image/png", EVERY_BYTE)
    assert v1.get(f"attachment.img/{number}").status == 404


@pytest.mark.parametrize("rest", ["/99999", "", "/x", "/0/0"])
def test_an_unknown_file_is_404(v1: Instance, attachment: str, rest: str) -> None:
    assert v1.get(f"attachment.img{rest}").status == 404
    assert v1.post(f"attachment.img{rest}", b"x").status == 404


def test_a_deleted_attachment_is_404(v1: Instance, attachment: str) -> None:
    v1.operate(f"Attachment:{attachment}", "Delete")
    assert v1.get(f"attachment.img/{attachment}").status == 404


def test_bytes_over_the_limit_are_413_and_change_nothing(v1: Instance, attachment: str) -> None:
    small = VersionOne(v1.face.engine, limit=10)
    path = f"/VersionOne/attachment.img/{attachment}"
    assert small.answer(Request("POST", path, "", {"authorization": BASIC}, b"0123456789")).status == 200
    refused = small.answer(Request("POST", path, "", {"authorization": BASIC}, b"0123456789!"))
    assert (refused.status, refused.body.startswith(b"<?xml")) == (413, True)
    assert v1.get(f"attachment.img/{attachment}").body == b"0123456789"
    config = small.answer(Request("GET", "/VersionOne/config.v1/", "", {"authorization": BASIC}))
    assert b'<Setting key="MaximumAttachmentSize" value="10" />' in config.body


def test_sixteen_mebibytes_fit_by_default(v1: Instance, attachment: str) -> None:
    assert v1.post(f"attachment.img/{attachment}", b"x" * (16 * 1024 * 1024)).status == 200
    assert v1.post(f"attachment.img/{attachment}", b"x" * (16 * 1024 * 1024 + 1)).status == 413


def test_the_oauth_address_takes_tokens_only(v1: Instance, attachment: str) -> None:
    assert v1.get(f"attachment.oauth.img/{attachment}").status == 401
    assert v1.get(f"attachment.oauth.img/{attachment}", authorization=f"Bearer {v1.face.token}").status == 200


def test_a_type_that_is_no_type_is_not_sent(v1: Instance, attachment: str) -> None:
    v1.update(f"Attachment:{attachment}", ContentType="evil\r\nX: y")
    assert v1.get(f"attachment.img/{attachment}").content_type == "application/octet-stream"


def test_a_form_brings_the_bytes_of_its_file(v1: Instance, attachment: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    form = "multipart/form-data; boundary=x"
    posted = v1.send("POST", f"attachments.img/{attachment}", head + EVERY_BYTE + b"\r\n--x--\r\n", content_type=form)
    assert (posted.status, posted.body) == (200, b"")
    for path in ("attachments.img", "attachment.img"):
        got = v1.get(f"{path}/{attachment}")
        assert (got.content_type, got.body) == ("text/plain", EVERY_BYTE)


@pytest.mark.parametrize("label", ["image/png", "multipart/form-data; boundary=y", "multipart/form-data", ""])
def test_a_form_without_a_file_is_refused(v1: Instance, attachment: str, label: str) -> None:
    v1.post(f"attachment.img/{attachment}", b"kept")
    assert v1.post(f"attachments.img/{attachment}", b"bytes", content_type=label).status == 400
    assert v1.get(f"attachment.img/{attachment}").body == b"kept"


def test_an_image_is_shown_by_its_token(v1: Instance) -> None:
    image = v1.create("Image", ContentType="image/png", Content="")
    assert v1.get(f"Image.mvc/Show?imageOid={image}").body == b""
    v1.face.engine.write_blob(image, EVERY_BYTE)
    got = v1.get(f"Image.mvc/Show?imageOid={image}")
    assert (got.content_type, got.body) == ("image/png", EVERY_BYTE)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Image.mvc/Show?imageOid=Image:99999", 404),
        ("Image.mvc/Show?imageOid=Member:20", 404),
        ("Image.mvc/Show?imageOid=x", 400),
        ("Image.mvc/Show", 400),
        ("Image.mvc/Hide?imageOid=Image:1", 404),
    ],
)
def test_an_image_that_is_not_there(v1: Instance, path: str, status: int) -> None:
    assert v1.get(path).status == status
