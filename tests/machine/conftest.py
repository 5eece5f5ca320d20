"""A fresh machine and a fresh test cloud for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import cloud, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def machine_kind() -> kinds.Kind:
    """Return the kind of machine that can run here; skip, with the reason, when there is none."""
    kind, reasons = kinds.choose()
    if kind is None:
        pytest.skip(f"No test machine can run here: {reasons}")
    return kind


@pytest.fixture
def machine(machine_kind: kinds.Kind) -> Iterator[kinds.Machine]:
    """Give a machine that is off, and halt it at the end."""
    with machine_kind.machine() as taken:
        yield taken


@pytest.fixture
def machine_cloud(
    machine: kinds.Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[cloud.Cloud]:
    """Give a test cloud with that machine; the environment leads to it and to no real account."""
    with cloud.running(machine) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
        yield running
