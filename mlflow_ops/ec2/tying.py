"""The address that the instance has: the stack's Elastic IP tied to it, or one of AWS's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.ec2 import addresses, instances
from mlflow_ops.records import ElasticIp
from mlflow_ops.retry import while_unknown

if TYPE_CHECKING:
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack

# What EC2 says of an address that it does not know everywhere yet, and of an instance as new: "The
# pending instance …" or "The pending-instance-creation instance …", under two codes.
# https://github.com/hashicorp/terraform-provider-aws/pull/3072
NEW = (addresses.NOT_FOUND, "InvalidInstanceID.NotFound")
PENDING = ("The pending",)


def is_right(stack: Stack, instance: Instance) -> bool:
    """Whether the instance has the address that it should have."""
    if stack.want().shape.elastic:
        held = stack.get(ElasticIp)
        return held is not None and held.instance == instance.id
    return not (instance.shape.elastic or addresses.may_stand(stack))


def correct(stack: Stack, instance: Instance) -> None:
    """Tie the Elastic IP to the instance; give it back where there is to be none.

    AWS releases the address that the instance had before at once, and gives it another one within
    minutes of losing the Elastic IP, unless it has more than one network interface.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
    """
    if not stack.want().shape.elastic:
        addresses.give_back(stack)
    elif instances.settled(stack, instance.id).state in instances.ALIVE:
        ask = partial(
            stack.aws.ec2.associate_address,
            AllocationId=stack.need(ElasticIp).id,
            InstanceId=instance.id,
        )
        while_unknown(ask, *NEW, said=PENDING, clock=stack.clock)
    stack.hang_up()  # what leads to the old address leads nowhere


def lacking(stack: Stack, now: Instance) -> str:
    """Say what an instance that runs lacks of its Elastic IP; nothing where it needs none."""
    held = stack.get(ElasticIp)
    elastic = stack.want().shape.elastic if stack.wanted else now.shape.elastic
    if not elastic or (held and held.address == now.address):
        return ""
    if held is None:
        return "its Elastic IP is gone: `mlflow-ops up` gets another one"
    if stack.wanted:
        return f"its Elastic IP {held.address} does not show yet"
    return f"its Elastic IP {held.address} is not tied to it: `mlflow-ops up` does that"
