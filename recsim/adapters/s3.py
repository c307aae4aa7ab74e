"""Media in S3 or a store that speaks its protocol, through boto3."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from recsim.components.base import Refused
from recsim.components.media import Media, check_path, object_path
from recsim.errors import BadInput, ServiceUnavailable

_CONNECT_S = 3.0


class S3MediaStore:
    """`s3://bucket[/prefix][?endpoint=http://host:port]`; credentials and region as boto3 finds them."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401 - boto3 makes its classes
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where the bucket does not answer, `BadInput` for a URL that is none."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        parts = urlsplit(url)
        if not parts.netloc:
            raise BadInput(f"{url} names no bucket; write s3://bucket/prefix.")
        endpoint = parse_qs(parts.query).get("endpoint", [None])[0]
        settings = Config(connect_timeout=_CONNECT_S, retries={"max_attempts": 1})
        try:
            client = boto3.client("s3", endpoint_url=endpoint, config=settings)
            client.head_bucket(Bucket=parts.netloc)
        except (BotoCoreError, ClientError, ValueError) as error:
            raise ServiceUnavailable(
                f"the bucket of {url} does not answer ({error}); make it, or set stores.media to directory:/path."
            ) from None
        return cls(client, parts.netloc, parts.path.strip("/"))

    def put(self, media: Media, *, tenant: str) -> str:
        path = object_path(media, tenant)
        self._client.put_object(
            Bucket=self._bucket, Key=self._key(path), Body=media.content, ContentType=media.content_type
        )
        return path

    def get(self, path: str) -> bytes:
        check_path(path)
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
        except self._client.exceptions.NoSuchKey:
            raise Refused(404, "no-media") from None
        return bytes(found["Body"].read())

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path
