"""The stack's Elastic IP: found, allocated once, and given back.

AllocateAddress takes no token that would make it repeatable: what an earlier run may have got is
looked for first, by its tag, and one too many is given back.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import TimedOut
from mlflow_ops.records import ElasticIp
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

STEP = "elastic_ip"
# How long the tag of an address may take to show, of which a killed run has not heard: seconds.
LATE = 10.0
FREE_DEADLINE = 120.0
NOT_FOUND = "InvalidAllocationID.NotFound"
UNTIED = {"InvalidAssociationID.NotFound", NOT_FOUND}


def own(stack: Stack) -> list[ElasticIp]:
    """Return the stack's Elastic IPs, those in use first: by tag, or by the id we were told."""
    found = _described(stack, *stack.names.filters)
    told = stack.journal.last(STEP, "made")
    if not found and told:  # the tags may show later than the id
        found = _described(stack, {"Name": "allocation-id", "Values": [told["id"]]})
    return sorted(found, key=lambda each: (not each.instance, each.id))


def allocated(stack: Stack) -> ElasticIp:
    """Return the stack's Elastic IP, a new one where it has none; all others of its are released.

    Raises ClientError with `AddressLimitExceeded` where the account may have no more.
    """
    if found := _late(stack) if stack.journal.open_question(STEP) else own(stack):
        with stack.journal.asking(STEP, name=stack.names.base) as made:
            made(found[0].id)
        _release_all(stack, found[1:])
        return found[0]
    kind: Any = [{"ResourceType": "elastic-ip", "Tags": stack.names.tags}]
    with stack.journal.asking(STEP, name=stack.names.base) as made:
        answer = stack.aws.ec2.allocate_address(Domain="vpc", TagSpecifications=kind)
        made(answer["AllocationId"])
    if answer["ResponseMetadata"]["RetryAttempts"]:  # the first answer was lost, its address not
        _release_all(stack, [each for each in own(stack) if each.id != answer["AllocationId"]])
    return ElasticIp(answer["AllocationId"], detail=answer["PublicIp"], address=answer["PublicIp"])


def give_back(stack: Stack) -> None:
    """Release every Elastic IP of the stack, one of a run that has not heard of it too."""
    asked = stack.journal.open_question(STEP)
    found = _late(stack) if asked else own(stack)
    _release_all(stack, found)
    for each in found:
        stack.journal.gone(STEP, each.id)
    if asked and not found:
        stack.journal.gone(STEP, "")


def may_stand(stack: Stack) -> bool:
    """Whether this machine remembers one that was asked for and is not given back since."""
    return bool(stack.journal.last(STEP, "made") or stack.journal.open_question(STEP))


def release(stack: Stack, identifier: str) -> None:
    """Release an Elastic IP, as soon as nothing uses it; fine if it is gone already."""
    until(
        f"the Elastic IP {identifier} to be free",
        lambda: _released(stack, identifier),
        deadline=FREE_DEADLINE,
        clock=stack.clock,
    )


def _release_all(stack: Stack, found: list[ElasticIp]) -> None:
    for each in found:
        release(stack, each.id)


def _late(stack: Stack) -> list[ElasticIp]:
    """Return what AWS may show late, of a call whose answer nobody has."""
    with suppress(TimedOut):
        return until("it", lambda: own(stack), deadline=LATE, longest=2.0, clock=stack.clock)
    return []


def _released(stack: Stack, identifier: str) -> bool:
    """Release the address; return whether it is gone, which it cannot be while it is in use."""
    try:
        stack.aws.ec2.release_address(AllocationId=identifier)
    except sdk.ClientError as error:
        if code(error) == NOT_FOUND:
            return True
        if code(error) != "InvalidIPAddress.InUse":
            raise
    else:
        return True
    _untie(stack, identifier)
    return False


def _untie(stack: Stack, identifier: str) -> None:
    named: Any = [{"Name": "allocation-id", "Values": [identifier]}]
    for found in stack.aws.ec2.describe_addresses(Filters=named)["Addresses"]:
        if tie := found.get("AssociationId"):
            try:
                stack.aws.ec2.disassociate_address(AssociationId=tie)
            except sdk.ClientError as error:
                if code(error) not in UNTIED:
                    raise


def _described(stack: Stack, *filters: Any) -> list[ElasticIp]:  # noqa: ANN401 - EC2's own filters
    found = stack.aws.ec2.describe_addresses(Filters=list(filters))["Addresses"]
    return [
        ElasticIp(
            each["AllocationId"],
            detail=each["PublicIp"],
            address=each["PublicIp"],
            instance=each.get("InstanceId", ""),
        )
        for each in found
    ]
