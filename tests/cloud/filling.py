"""Fills a bucket in moto's own memory, much faster than by asking for it."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeDeleteMarker, FakeKey, FakeMultipart
from requests.structures import CaseInsensitiveDict

from . import backends
from .front import MOTO

if TYPE_CHECKING:
    from collections.abc import Callable


class Filled(FakeKey):
    """An object that shares its file with others."""

    def dispose(self, garbage: bool = False) -> None:  # noqa: FBT001, FBT002 - moto's signature
        """Leave the file to the others."""


class Versions(list[Any]):
    """The versions of a key, which moto would copy, with all its keys', for each listing."""

    def __deepcopy__(self, _: object) -> Versions:
        return self


def fill(
    bucket: str, objects: int = 0, *, versions: int = 1, markers: int = 0, uploads: int = 0
) -> None:
    """Put objects of some versions each, delete markers and open uploads into a bucket.

    Each object is of 4 bytes under `runs/`; markers are under `deleted/`, uploads under `open/`.
    """
    with MOTO:
        held = backends.s3().get_bucket(bucket)
        if versions > 1 or markers:
            held.versioning_status = "Enabled"
        key = _keys(bucket, held)
        for number in range(objects):
            name = f"runs/{number:06}/artifact.bin"
            dict.__setitem__(held.keys, name, Versions(key(name) for _ in range(versions)))
        for number in range(markers):
            gone = f"deleted/{number:06}"
            dict.__setitem__(held.keys, gone, Versions([FakeDeleteMarker(key(gone))]))
        for number in range(uploads):
            upload = _upload(f"open/{number:06}", held.region_name)
            held.multiparts[upload.id] = upload


def _keys(bucket: str, held: Any) -> Callable[[str], Any]:  # noqa: ANN401 - moto has no types
    """Return what makes objects that share one file, each of a version of its own."""
    first = Filled("", b"data", backends.ACCOUNT, held.region_name, bucket_name=bucket)
    first._value_buffer.close()  # noqa: SLF001 - moto has no quicker way in
    first._value_buffer = BytesIO(b"data")  # type: ignore[assignment]  # noqa: SLF001 - a file that needs no closing
    first._is_versioned = held.is_versioned  # noqa: SLF001 - likewise

    def key(name: str) -> Any:  # noqa: ANN401 - likewise
        made: Any = Filled.__new__(Filled)
        vars(made).update(vars(first), name=name)
        if held.is_versioned:
            made._version_id = str(uuid.uuid4())  # noqa: SLF001 - likewise
        return made

    return key


def _upload(name: str, region: str) -> FakeMultipart:
    metadata: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    return FakeMultipart(name, metadata, backends.ACCOUNT, region, storage="STANDARD")
