"""The Elastic IP: a public address that stays across stop and start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import prices
from mlflow_ops.ec2 import addresses
from mlflow_ops.iam.scopes import HERE, NEW, OWN, TAGS
from mlflow_ops.records import READY, ElasticIp, Readiness, Record

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "Elastic IP, a public address that stays across stop and start"
PLACE = "aws"
DEADLINE = 60.0
ALLOWS: Allows = {
    "find": HERE.allow("ec2", "DescribeAddresses"),
    "create": (*NEW.allow("ec2", "AllocateAddress"), *TAGS.allow("ec2", "CreateTags")),
    # Its instance has ended, but AWS may still show it tied to that.
    "destroy": OWN.allow("ec2", "DisassociateAddress ReleaseAddress"),
}


def find(stack: Stack) -> ElasticIp | None:
    """Return the stack's Elastic IP; a second one, of an answer that got lost, is one too many."""
    found = addresses.own(stack)
    if not found:
        return None
    surplus = tuple(f"{each.id} is one too many" for each in found[1:])
    return replace(found[0], missing=surplus if stack.wanted else ())


def plan(stack: Stack) -> str:  # noqa: ARG001 - any stack's costs the same
    """Say what would be made."""
    return f"{prices.ADDRESS_DAY:.2f} USD a day, also while the instance is stopped"


def create(stack: Stack) -> ElasticIp:
    """Allocate the address, once; of several the one in use stays."""
    return addresses.allocated(stack)


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether AWS shows it."""
    shown = any(each.id == record.id for each in addresses.own(stack))
    return READY if shown else Readiness("pending", "not seen by AWS yet")


def destroy(stack: Stack, record: Record) -> None:
    """Release it, and whatever else of its kind is the stack's."""
    for each in dict.fromkeys([record.id, *(other.id for other in addresses.own(stack))]):
        addresses.release(stack, each)
