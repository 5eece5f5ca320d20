"""What EC2 asks IAM about a call: resource by resource, each with its tags and those it shall have.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import backends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .wire import Call

ACCOUNT = backends.ACCOUNT


class Need(NamedTuple):
    """One question to IAM: may this be done to this, of which so much is known."""

    action: str
    resource: str = "*"
    context: dict[str, str] = {}  # noqa: RUF012 - it is never changed


def asked(call: Call) -> Iterable[Need]:
    """Yield all that has to be allowed for a call to EC2."""
    if call.operation.startswith("Describe"):
        yield Need(f"ec2:{call.operation}")
    elif call.operation == "RunInstances":
        yield from _launch(call)
    elif call.operation == "CreateTags":
        for each in call.parameters["Resources"]:
            context = {**_request_tags(call.parameters["Tags"]), **tags(call, each)}
            yield Need("ec2:CreateTags", own(call, _kind(each), each), context)
    elif call.operation in MAKING:
        yield from _making(call)
    else:
        yield from _changing(call)


MAKING = {
    "ImportKeyPair": ("key-pair", "KeyName"),
    "CreateSecurityGroup": ("security-group", ""),
    "AllocateAddress": ("elastic-ip", ""),
}
KINDS = {
    "i": "instance",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "key": "key-pair",
    "vol": "volume",
    "eni": "network-interface",
    "eipalloc": "elastic-ip",
}


def _kind(identifier: str) -> str:
    return KINDS[identifier.partition("-")[0]]


def _launch(call: Call) -> Iterable[Need]:
    given = call.parameters
    network = given["NetworkInterfaces"][0]
    image = f"arn:aws:ec2:{call.region}::image/{given['ImageId']}"
    around = [image, own(call, "subnet", network["SubnetId"])]
    around.append(own(call, "key-pair", given["KeyName"]))
    yield from (Need("ec2:RunInstances", resource) for resource in around)
    for group in network["Groups"]:
        yield Need("ec2:RunInstances", own(call, "security-group", group), tags(call, group))
    for kind in ("instance", "network-interface", "volume"):
        resource, new = own(call, kind, "*"), _specified(call, kind)
        yield Need("ec2:RunInstances", resource, new)
        yield from _tagging(call, resource, new)


def _making(call: Call) -> Iterable[Need]:
    kind, name = MAKING[call.operation]
    resource, new = own(call, kind, call.parameters.get(name, "*")), _specified(call, kind)
    yield Need(f"ec2:{call.operation}", resource, new)
    yield from _tagging(call, resource, new)
    if call.operation == "CreateSecurityGroup":
        yield Need("ec2:CreateSecurityGroup", own(call, "vpc", call.parameters["VpcId"]))


def _changing(call: Call) -> Iterable[Need]:
    """Say what a call asks of the things it names, and of the rules that it makes."""
    given = call.parameters
    named = [*given.get("InstanceIds", [])]
    keys = ("GroupId", "InstanceId", "KeyName", "KeyPairId", "AllocationId")
    named += [*(given[key] for key in keys if key in given), *_tied(call)]
    associations = backends.ec2(call.region).iam_instance_profile_associations
    named += [
        instance
        for instance, each in associations.items()
        if each.association_id == given.get("AssociationId")
    ]
    assert named, f"nobody said what {call.operation} asks for"
    for each in named:
        kind = "key-pair" if each == given.get("KeyName") else _kind(each)
        yield Need(f"ec2:{call.operation}", own(call, kind, each), tags(call, each))
    if new := _specified(call, "security-group-rule"):
        resource = own(call, "security-group-rule", "*")
        yield Need(f"ec2:{call.operation}", resource, new)
        yield from _tagging(call, resource, new)


def _tied(call: Call) -> Iterable[str]:
    """Yield what a call about an address is about besides: the instance and its interface."""
    backend, given = backends.ec2(call.region), call.parameters
    if call.operation == "AssociateAddress" and "InstanceId" in given:
        yield backend.get_instance(given["InstanceId"]).nics[0].id
    for each in backend.addresses if call.operation == "DisassociateAddress" else ():
        if each.association_id == given["AssociationId"]:
            yield from (each.allocation_id, each.instance.id, each.eni.id)


def _tagging(call: Call, resource: str, new: dict[str, str]) -> Iterable[Need]:
    """Ask for the right to tag what is being made: AWS does when there are tags."""
    if new:
        yield Need("ec2:CreateTags", resource, {**new, "ec2:CreateAction": call.operation})


def _specified(call: Call, kind: str) -> dict[str, str]:
    """Return the tags of the request for what it makes of this kind."""
    found = call.parameters.get("TagSpecifications", [])
    return _request_tags([t for one in found if one["ResourceType"] == kind for t in one["Tags"]])


def _request_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}


def tags(call: Call, identifier: str) -> dict[str, str]:
    """Return the tags of a thing that is there, as conditions know them."""
    backend = backends.ec2(call.region)
    pair = backend.key_pairs.get(identifier)
    held = backend.tags.get(pair.id if pair else identifier, {})
    return {
        f"{prefix}:ResourceTag/{key}": value
        for key, value in held.items()
        for prefix in ("aws", "ec2")
    }


def own(call: Call, kind: str, identifier: str) -> str:
    """Return the ARN of a thing of the account's."""
    return f"arn:aws:ec2:{call.region}:{ACCOUNT}:{kind}/{identifier}"
