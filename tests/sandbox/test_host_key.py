"""The host shows the SSH key that its instance was launched with, as cloud-init has it do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paramiko
import pytest

from mlflow_ops.ssh import ssh_key, user_data
from sandbox.cloud import IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.cloud import Cloud


def shown(cloud: Cloud) -> str:
    """Return the key that the host proves to have, base64."""
    with paramiko.Transport(("127.0.0.1", cloud.sandbox.ssh_port)) as line:
        line.start_client(timeout=60)
        return line.get_remote_server_key().get_base64()


def launch(cloud: Cloud, given: str) -> str:
    """Launch an instance with this user data, and return its id."""
    asked = {"ImageId": IMAGE, "InstanceType": "t3.micro", "KeyName": "own", "UserData": given}
    made = cloud.ec2.run_instances(**asked, MinCount=1, MaxCount=1)  # type: ignore[arg-type]  # all of them are texts
    return made["Instances"][0]["InstanceId"]


def test_the_first_connection_meets_the_key_of_the_launch(cloud: Cloud, tmp_path: Path) -> None:
    key = tmp_path / "host_key"
    public = ssh_key.generate(key)
    first = cloud.launch()
    before = shown(cloud)
    second = launch(cloud, user_data.cloud_config(key.read_text(), public))
    assert shown(cloud) == public.split()[1] != before
    assert cloud.run("echo in") == (0, "in\n", "")
    cloud.terminate(first, second)


@pytest.mark.parametrize("given", ["", "#!/bin/sh\n", "#cloud-config\n{}", '#cloud-config\n{"s'])
def test_user_data_of_another_kind_changes_nothing(common: Cloud, given: str) -> None:
    before = shown(common)
    launched = launch(common, given)
    assert shown(common) == before
    common.terminate(launched)
