"""A stack whose server has a role and no key, through the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from journey.conftest import document

if TYPE_CHECKING:
    from conftest import Cli


def test_a_server_with_a_role_stores_artifacts_and_no_key_is_anywhere(sandboxed: Cli) -> None:
    made = sandboxed("up", "--yes", "--credentials", "role")
    assert made.code == 0, made.err
    ran = sandboxed("train", "--data", "sample")  # its model goes through the server to the bucket
    assert ran.code == 0, ran.err
    ops = Path(os.environ["MLFLOW_OPS_HOME"])
    [config] = ops.rglob("host/.aws/config")
    assert [each.name for each in config.parent.iterdir()] == ["config"]
    assert not list(ops.rglob("accessKeys.csv"))
    assert not list(ops.rglob("aws/credentials"))
    told = document(sandboxed("status", "--json"))
    steps = [step["step"] for step in told["steps"]]
    assert "role" in steps
    assert not {"iam_user", "access_key", "aws_profile"} & set(steps)
    ended = sandboxed("down", "--yes")
    assert ended.code == 0, ended.err
    assert "Looked again: nothing of the stack is left." in ended.out + ended.err
