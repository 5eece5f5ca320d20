"""One stack for all tests of this folder, and those who come to it.

The test cloud's account is its process's, so that no test with a cloud of its own may run in that
process while the stack stands. Hence the folder: pytest takes the stack down behind its last test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient

from machine.launch import answers
from machine.operator import UP, Operator, working
from machine.stranger import Stranger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machine import kinds


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
def client(stack: Operator, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Return a client of the stack, as MLflow makes one of what `mlflow-ops env` exports."""
    for name, value in stack.exports().items():
        monkeypatch.setenv(name, value)
    return MlflowClient()


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
