"""The host's own power switch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mlflow_ops.sandbox import cloud

if TYPE_CHECKING:
    from mlflow_ops.sandbox.machine import Machine

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
BY_ITSELF = "Client.InstanceInitiatedShutdown"


def off(machine: Machine) -> None:
    """Switch the machine off, beside the answer to who asked for it: that one ends with it."""

    def switch() -> None:
        _stop_instances()
        machine.follow()

    threading.Thread(target=switch, daemon=True).start()


def _stop_instances() -> None:
    """Stop the instances that run, as EC2 does when their host has shut itself down."""
    from moto.ec2.models.instances import StateReason  # noqa: PLC0415 - moto's environment is made first

    for region in cloud.regions():
        for instance in region.all_instances():
            if instance.state == "running":
                region.stop_instances([instance.id])
                said = f"{BY_ITSELF}: Instance initiated shutdown"
                instance.state_reason = StateReason(said, BY_ITSELF)
                instance._reason = ""  # noqa: SLF001 - moto has no other way
