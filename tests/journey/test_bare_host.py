"""A host that is not as it should be, on the strict cloud as any emulator is found."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from journey import double

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloud.account import Account
    from conftest import Cli

pytestmark = double.NEEDED


@pytest.fixture(scope="module")
def cloud() -> Iterator[Account]:
    """Serve the strict cloud in another process."""
    with double.cloud() as account:
        yield account


def test_a_host_whose_software_is_missing_says_which_command_failed_and_how(
    cli: Cli, cloud: Account, tmp_path: Path
) -> None:
    given = cloud.environment()
    make = ("up", "--yes", "--allow", "127.0.0.1/32", "--name", "bare")
    folder = tmp_path / "host"
    with double.machine(folder, cloud.endpoint):
        shutil.rmtree(folder / "mlflow" / "environments")
        pipenv = folder / "bin" / "pipenv"
        pipenv.write_text("#!/bin/sh\necho begun\necho 'no space left on device' >&2\nexit 5\n")
        pipenv.chmod(0o755)
        failed = cli(*make, **given)
        assert failed.code == 1
        assert "Exit 5 on the host: rm -rf mlflow/environments/" in failed.err
        assert "  | begun\n  | no space left on device" in failed.err
        assert "To go on: mlflow-ops up --name bare" in failed.out
        assert "To remove it: mlflow-ops down --name bare" in failed.out
        assert "Traceback" not in failed.err
        states = json.loads(cli("status", "--json", "--name", "bare", **given).out)
        assert states["state"] == "partial"
        assert cli("down", "--yes", "--name", "bare", **given).code == 0
