"""What every media store must do, and which uploads are refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from recsim.components.base import Refused
from recsim.components.media import MediaStore, checked, object_path
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64)


def picture(width: int = 4, height: int = 3, kind: str = "PNG", colour: int = 7) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (colour, 0, 0)).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    moto = pytest.importorskip("moto.server", reason="no moto here; it comes with the dev extras")
    import boto3

    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="media")
        yield f"s3://media/reviews?endpoint={endpoint}"
    server.stop()


@pytest.fixture(params=["embedded", "directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    urls = {"embedded": "embedded:", "directory": f"directory:{tmp_path}/media"}
    found: MediaStore = connect("media", urls.get(request.param) or request.getfixturevalue("bucket"))
    return found


def test_what_was_put_is_got_by_its_path_and_once_only(store: MediaStore) -> None:
    media = checked(picture())
    path = store.put(media, tenant="shop")
    assert store.put(media, tenant="shop") == path
    assert store.get(path) == media.content
    assert store.put(media, tenant="other") != path


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "/etc/passwd", "", "0" * 16 + "/ab/cd/../../x.png", "0" * 16 + f"/ab/cd/{'0' * 60}.png"],
)
def test_a_path_that_is_no_object_finds_nothing(store: MediaStore, path: str) -> None:
    with pytest.raises(Refused, match="no-media") as refused:
        store.get(path)
    assert refused.value.status == 404


def test_paths_are_spread_over_prefixes_and_hold_nothing_a_user_typed() -> None:
    paths = [object_path(checked(picture(colour=colour)), "shop") for colour in range(64)]
    assert len({path.split("/")[1] for path in paths}) > 40
    assert not any("shop" in path for path in paths)


def test_type_and_size_are_read_from_the_content() -> None:
    jpeg = checked(picture(kind="JPEG"))
    assert (jpeg.content_type, jpeg.width, jpeg.height, jpeg.is_video) == ("image/jpeg", 4, 3, False)
    assert checked(MP4).content_type == "video/mp4"


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 415, "media-type"),
        (b"<svg onload=alert(1)>", 415, "media-type"),
        (b"MZ\x90\x00 a program called photo.jpg", 415, "media-type"),
        (b"PK\x03\x04 an archive called photo.png", 415, "media-type"),
        (picture()[:40], 422, "media-damaged"),
        (b"\xff\xd8\xff\xe0<?php disguised as a jpeg ?>", 422, "media-damaged"),
    ],
)
def test_a_disguised_upload_is_refused_with_its_reason(content: bytes, status: int, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        checked(content)
    assert refused.value.status == status


def test_an_oversized_upload_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsim.components.media.VIDEO_BYTES", 50)
    with pytest.raises(Refused, match="media-size"):
        checked(MP4)
    monkeypatch.setattr("recsim.components.media.IMAGE_PIXELS", 11)
    with pytest.raises(Refused, match="media-pixels"):
        checked(picture())


def test_addresses_that_are_none_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("directory:", f"directory:{tmp_path}/missing/media", "s3:"):
        with pytest.raises(BadInput):
            connect("media", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        connect("media", "s3://media?endpoint=http://127.0.0.1:9")
