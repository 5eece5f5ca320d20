"""A host with databases, and the bucket that its backups go to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from backup import scene

from mlflow_ops.backup import litestream
from mlflow_ops.backup.keeper import following, places
from mlflow_ops.backup.keeper.bucket import Bucket
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.server import StrictCloud

STAMP = "20261123T214253Z"


@pytest.fixture
def bucket(cloud: StrictCloud, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Return an empty bucket, and the environment that leads there."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    cloud.client("s3").create_bucket(Bucket="mlflow-ops-backups")
    return Bucket("mlflow-ops-backups", "us-east-1", cloud.endpoint)


@pytest.fixture
def home() -> Path:
    """Return a host's folder, whose server has logged two runs."""
    home = scene.home()
    scene.make(places.data(), "one", "two")
    return home


@pytest.fixture
def stream(program: subprocess.Popen[bytes]) -> str:
    """Back the databases up as long as the test runs, and return the stream's stamp."""
    assert program.poll() is None
    return STAMP


@pytest.fixture
def program(bucket: Bucket, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give the Litestream that backs the databases up, once it follows them."""
    (home / "tools" / "bin").mkdir(parents=True)
    (home / "stream").mkdir(mode=0o700)
    program = Path(sys.executable).with_name("litestream")
    (home / "tools" / "bin" / "litestream").symlink_to(shutil.which(program) or program)
    wish = litestream.Stream(
        STAMP, bucket.name, bucket.region, str(Path.home()), bucket.endpoint or ""
    )
    (home / "litestream.yml").write_text(wish.settings())
    command = ["tools/bin/litestream", "replicate", "-config", "litestream.yml"]
    with (home / "log").open("w") as log, subprocess.Popen(command, cwd=home, stderr=log) as ended:
        try:
            until(
                "Litestream to follow the databases",
                lambda: following.sync(bucket)["behind"] == 0,
                deadline=30,
                pause=0.05,
            )
            yield ended
        finally:
            ended.terminate()
