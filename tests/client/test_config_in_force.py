"""A file of options on the command line as a user types it, on a strict cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cloud import account

if TYPE_CHECKING:
    from conftest import Cli

FILE = f"""
name = "team"
region = "eu-central-1"
sandbox = true

[up]
allow = ["203.0.113.0/24"]
ami = "{account.IMAGE}"
artifacts = "direct"
"""


def test_what_the_file_and_the_environment_say_is_what_up_would_make(
    cli: Cli, cloud: account.Account
) -> None:
    Path("mlflow-ops.toml").write_text(FILE, encoding="utf-8")
    there = cloud.environment() | {"MLFLOW_OPS_UP_AUTH": "0", "MLFLOW_OPS_SANDBOX": "0"}
    ran = cli("up", "--dry-run", "--json", "--region", "us-east-1", **there)
    assert ran.code == 0, ran.err
    planned = json.loads(ran.out)
    assert (planned["stack"], planned["region"], planned["target"]) == ("team", "us-east-1", "aws")
    assert "203.0.113.0/24" in ran.out
    file = str(Path("mlflow-ops.toml").absolute())
    options = ["allow", "ami", "artifacts", "name"]  # but not the region, which was typed
    assert planned["from_file"] == {"file": file, "options": options}
    assert ran.err.startswith(f"From {file}: {', '.join(options)}.\n")
    # And where only the command line says that AWS is meant, its cures say so too.
    ran = cli("check", "--no-sandbox", "--region", "us-east-1", **cloud.environment())
    assert ran.code == 3
    assert "`mlflow-ops up --name team --region us-east-1 --no-sandbox`" in ran.err
    assert not cloud.holdings().get("instance")
