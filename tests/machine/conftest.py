"""A fresh machine and a fresh test cloud for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import cloud, kinds
from .launch import answers
from .operator import UP, Operator, working
from .stranger import Stranger

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


@pytest.fixture(scope="package")
def stack(machine_kind: kinds.Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Give a stack made from nothing through the command line, for all tests that leave it whole.

    It is taken down at the end, and then nothing is left of it.
    """
    with working(machine_kind, tmp_path_factory.mktemp("operator")) as operator:
        made = operator(*UP)
        assert made.code == 0, made.err
        assert made.document["state"] == "ready"
        yield operator
        down = operator("down", "--yes", "--json")
        assert (down.code, down.document["left"]) == (0, []), down.err
        assert not answers(operator.machine.address, 5000)


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


@pytest.fixture
def stranger(stack: Operator, tmp_path: Path) -> Stranger:
    """Give a stranger who has the address, and finds out the CA, but has no login."""
    return Stranger(stack.machine, tmp_path)


@pytest.fixture
def ca(stack: Operator) -> Path:
    """Return the file of the stack's CA."""
    return stack.files / "ca.crt"


@pytest.fixture
def login(stack: Operator) -> tuple[str, str]:
    """Return the admin's name and password."""
    exports = stack.exports()
    return exports["MLFLOW_TRACKING_USERNAME"], exports["MLFLOW_TRACKING_PASSWORD"]
