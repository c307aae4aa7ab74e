"""Media: pictures and videos of reviews. What a file is decides its content, never its name.

An object's path is a hash of its bytes, spread over prefixes by its first digits and under the tenant's own: a store
partitions by prefix, the same file is stored once, and nothing a user typed is ever part of a path.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from recsim.components.base import Refused
from recsim.errors import BadInput

IMAGES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
VIDEOS = {"video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov"}
IMAGE_BYTES = 10 << 20
VIDEO_BYTES = 100 << 20
IMAGE_PIXELS = 50_000_000
PER_REVIEW = 8

_PATH = re.compile(r"[0-9a-f]{16}/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}\.[a-z0-9]{3,4}")


@dataclass(frozen=True)
class Media:
    """An accepted file: its type as its content shows it, its bytes, and its size in pixels where it is a picture."""

    content_type: str
    content: bytes
    width: int = 0
    height: int = 0

    @property
    def is_video(self) -> bool:
        return self.content_type in VIDEOS


def checked(content: bytes) -> Media:
    """The file as a medium; raises `Refused`.

    415 `media-type` for anything but the pictures and videos allowed, whatever its name says; 413 `media-size`;
    422 `media-damaged` for a picture that can't be decoded, `media-pixels` for one that would decode to too many.
    """
    import filetype

    kind = filetype.guess(content[:8192])
    mime = "" if kind is None else kind.mime
    if mime not in IMAGES and mime not in VIDEOS:
        raise Refused(415, "media-type")
    if len(content) > (IMAGE_BYTES if mime in IMAGES else VIDEO_BYTES):
        raise Refused(413, "media-size")
    if mime in VIDEOS:
        return Media(mime, content)
    return Media(mime, content, *_decoded_size(content, mime))


def _decoded_size(content: bytes, mime: str) -> tuple[int, int]:
    """Width and height of a picture that decodes to what its first bytes promise."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[mime.removeprefix("image/").upper()]) as image:
                width, height = image.size
                if width * height > IMAGE_PIXELS:
                    raise Refused(422, "media-pixels")
                image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise Refused(422, "media-damaged") from None
    return width, height


def object_path(media: Media, tenant: str) -> str:
    """Where an object goes: `tenant hash/ab/cd/rest of its sha256.jpg`."""
    digest = hashlib.sha256(media.content).hexdigest()
    owner = hashlib.blake2b(tenant.encode(), digest_size=8).hexdigest()
    return f"{owner}/{digest[:2]}/{digest[2:4]}/{digest[4:]}.{(IMAGES | VIDEOS)[media.content_type]}"


def check_path(path: str) -> None:
    """Raises `Refused` 404 for anything that is no object path, such as one that climbs out of the store."""
    if _PATH.fullmatch(path) is None:
        raise Refused(404, "no-media")


class MediaStore(Protocol):
    """Objects by path."""

    def put(self, media: Media, *, tenant: str) -> str:
        """Store; returns the path. The same bytes again are no second object."""
        ...

    def get(self, path: str) -> bytes:
        """The bytes; raises `Refused` 404 `no-media` where there is none."""
        ...


class EmbeddedMediaStore:
    """A dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows, because there is nothing to configure."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded media store takes no address, so "{url}" must be "embedded:".')
        return cls()

    def put(self, media: Media, *, tenant: str) -> str:
        path = object_path(media, tenant)
        self._objects[path] = media.content
        return path

    def get(self, path: str) -> bytes:
        check_path(path)
        if path not in self._objects:
            raise Refused(404, "no-media")
        return self._objects[path]


class DirectoryMediaStore:
    """`directory:/path/media`: one file an object, written beside and renamed, so that none is ever half there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Use or make the directory; raises `BadInput` where it can't be one."""
        name = url.removeprefix("directory:").removeprefix("//")
        if not name:
            raise BadInput(f"{url} names no directory; write directory:/path/media.")
        directory = Path(name)
        try:
            directory.mkdir(exist_ok=True)
        except OSError as error:
            raise BadInput(f"{url} can't be a directory of media ({error.strerror}); name another.") from None
        return cls(directory)

    def put(self, media: Media, *, tenant: str) -> str:
        path = object_path(media, tenant)
        target = self._directory / path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.tmp")
            unfinished.write_bytes(media.content)
            unfinished.rename(target)
        return path

    def get(self, path: str) -> bytes:
        check_path(path)
        try:
            return (self._directory / path).read_bytes()
        except FileNotFoundError:
            raise Refused(404, "no-media") from None
