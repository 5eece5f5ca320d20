"""Where the data set comes from: the public one, a file, a URL, a bucket, or made up."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pooch

from trainer import checks, sample, web
from trainer.errors import DataError, brief

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = "sample"
GENERATED = "generated"

_INSTEAD = "Pass a copy of your own with --data PATH, or --data sample for made-up data."


@dataclass(frozen=True)
class WineData:
    """A checked data set: twelve columns of floats, where it came from, and whether made up."""

    frame: pd.DataFrame
    source: str
    generated: bool


@dataclass(frozen=True)
class Published:
    """A file that never changes: its address, its SHA-256, its name and home in the cache."""

    url: str
    sha256: str
    name: str
    cache: Path = field(default_factory=lambda: Path(pooch.os_cache("mlflow-ops")))
    deadline: float = 20.0

    def read(self) -> bytes:
        """Return its bytes from the cache, downloading and checking them first where needed."""
        pooch.get_logger().setLevel("WARNING")
        try:
            path = pooch.retrieve(
                self.url, f"sha256:{self.sha256}", self.name, self.cache, downloader=self._download
            )
            return Path(path).read_bytes()
        except ValueError as error:
            raise _no_download(self.url, "what came has the wrong checksum") from error
        except OSError as error:
            raise _no_download(self.url, web.cause(error)) from error

    def _download(self, url: str, output_file: str, _pooch: Any) -> None:  # noqa: ANN401 - pooch's
        Path(output_file).write_bytes(web.fetch(url, self.deadline))


WINE_QUALITY = Published(
    url="https://archive.ics.uci.edu/ml/machine-learning-databases/wine-quality/winequality-red.csv",
    sha256="4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
    name="winequality-red.csv",
)


def load(source: str | None = None, *, published: Published = WINE_QUALITY) -> WineData:
    """Read and check the data set; None is the published one, "sample" one that is made up.

    Anything else is an http(s) or s3 URL, read anew each time, or a path. Raises DataError.
    """
    if source == SAMPLE:
        return WineData(sample.frame(), GENERATED, generated=True)
    if source is None or source == published.url:
        raw, name = published.read(), published.url
    else:
        raw, name = _read(source), _printable(source)
    return WineData(checks.table(raw, name), name, generated=False)


def _read(source: str) -> bytes:
    scheme, separator, _ = source.partition("://")
    if not separator:
        return _file(source)
    if scheme.lower() in {"http", "https"}:
        return _url(source)
    if scheme.lower() == "s3":
        return _bucket(source)
    raise DataError(f"{_printable(source)}: no {scheme} URLs, only http, https and s3. {_INSTEAD}")


def _file(source: str) -> bytes:
    path = Path(source)
    try:
        if path.is_dir() or path.is_char_device() or path.is_block_device():
            raise DataError(f'"{_printable(source)}" is not a file. {_INSTEAD}')
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DataError(f'Unable to read "{_printable(source)}": {why}. {_INSTEAD}') from error


def _url(source: str) -> bytes:
    try:
        return web.fetch(source, WINE_QUALITY.deadline)
    except OSError as error:
        raise _no_download(source, web.cause(error)) from error


def _bucket(source: str) -> bytes:
    """Read one object by MLflow's own means, which know the credentials, regions and endpoints."""
    import mlflow.artifacts  # noqa: PLC0415 - takes seconds, and only buckets need it

    try:
        many = source.endswith("/") or mlflow.artifacts.list_artifacts(artifact_uri=source)
        with tempfile.TemporaryDirectory() as folder:
            fetch = partial(mlflow.artifacts.download_artifacts, dst_path=folder)
            raw = b"" if many else Path(fetch(artifact_uri=source)).read_bytes()
    except Exception as error:  # the kinds are the storage library's, which is none of ours
        # MLflow's first line only says that something failed, its last one says what.
        raise _no_download(source, brief(error, -1)) from error
    if many:
        raise DataError(f"{_printable(source)} is a folder in a bucket; name the file in it.")
    return raw


def _no_download(url: str, why: str) -> DataError:
    return DataError(f"Unable to download the data from {_printable(url)}: {why}. {_INSTEAD}")


def _printable(source: str) -> str:
    """Return the source as it may be shown and recorded: no secrets, no undecodable bytes."""
    text = web.shown(source) if "://" in source else source
    return text.encode(errors="replace").decode()
