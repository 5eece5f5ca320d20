"""Letting a new SSH key of this machine into a host that was launched with another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import commands
from mlflow_ops.errors import HostUnreachable, PrivateKeyLost
from mlflow_ops.host import USER
from mlflow_ops.refusals import words
from mlflow_ops.ssh import ssh_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack


def is_due(stack: Stack, instance_id: str) -> bool:
    """Whether the host cannot know our key: it was not launched by us since the key was made."""
    launched = stack.journal.last("instance", "made")
    key = stack.journal.last("key_pair", "made")
    ours = launched and key and launched["id"] == instance_id and launched["time"] > key["time"]
    return stack.wanted is not None and not ours


def let_in(stack: Stack, instance_id: str, connect: Callable[[], Host]) -> Host:
    """Have EC2 Instance Connect let our key in for a minute, and put it on the host for good.

    Raises PrivateKeyLost where that does not work.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html
    """
    public = ssh_key.held(stack.folder.private_key) or ""
    try:
        stack.aws.instance_connect.send_ssh_public_key(
            InstanceId=instance_id, InstanceOSUser=USER, SSHPublicKey=public
        )
        host = connect()
    except (sdk.ClientError, HostUnreachable) as error:
        raise PrivateKeyLost(
            f"The host {instance_id} lets in another SSH key than this machine's, and EC2 Instance "
            f"Connect could not change that ({words(error)}): run the command where that key is, "
            "or `mlflow-ops down` and `mlflow-ops up` here."
        ) from error
    host.run(commands.admit(public))
    return host
