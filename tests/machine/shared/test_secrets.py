"""What those may see on a real host who are not its operators, and what a new address changes."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from journey import secrets

from machine.operator import UP

from .test_stranger import LOOK

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from machine.operator import Operator
    from machine.stranger import Stranger

NOBODY = "setpriv --reuid nobody --regid nogroup --clear-groups"


def test_nothing_on_the_host_that_others_may_see_shows_a_secret(stack: Operator) -> None:
    run = stack.machine.run
    held = {path: run(f"cat /home/ubuntu/{path}") for path in secrets.HOST}
    whole = {path: text.partition("_KEY=")[2] or text for path, text in held.items()}
    known = [*secrets.of_stack(stack.files), *(secrets.of(*each) for each in whole.items())]
    assert len(known) >= 6
    program = f"python3 -c {shlex.quote(secrets.ON_HOST)}"
    for who in (NOBODY, ""):
        assert json.loads(run(f"{who} {program}", 200, secrets.as_json(known))) == {}


def test_a_new_address_has_a_new_certificate_from_the_same_authority(
    stack: Operator, stranger: Stranger, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stack.cloud.environment().items():
        monkeypatch.setenv(name, value)
    machine, held = stack.machine, stack.exports()
    pinned, old = ca.read_bytes(), machine.address
    steps = {step["step"]: step["id"] for step in stack("status", "--json").document["steps"]}
    ec2 = boto3.client("ec2", config=Config(read_timeout=300))
    ec2.stop_instances(InstanceIds=[steps["instance"]])
    ec2.start_instances(InstanceIds=[steps["instance"]])
    assert machine.address != old
    up = stack(*UP)
    assert up.code == 0, up.err
    assert ca.read_bytes() == pinned
    moved = held | {"MLFLOW_TRACKING_URI": up.document["tracking_uri"]}
    assert stack.exports() == moved
    ran = stranger.python(LOOK, moved)
    assert ran.code == 0, ran.err
    assert "'Default'" in ran.out
