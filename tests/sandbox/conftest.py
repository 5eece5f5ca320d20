"""Sandboxes for the tests, each gone when its tests are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_ops import sandbox
from sandbox.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return where a sandbox may be; none is left there afterwards."""
    yield tmp_path / "cloud"
    sandbox.stop(tmp_path / "cloud")


@pytest.fixture
def cloud(folder: Path) -> Cloud:
    """Start a sandbox in which no instance runs yet."""
    return Cloud(sandbox.start(folder))


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start a sandbox with one running instance, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("common")
    shared = Cloud(sandbox.start(folder))
    shared.launch()
    yield shared
    sandbox.stop(folder)
