"""A launch names what exists: an image, a key pair, a group and a subnet of one network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.wire import refusal

from .instances import launched

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

IMAGE = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
NO_VPC = "No default VPC for this user"
APART = "Security group {group} and subnet {subnet} belong to different networks."
ARCHITECTURE = (
    "The architecture '{of_type}' of the specified instance type does not match the architecture "
    "'{of_image}' of the specified AMI. Specify an instance type and an AMI that have matching "
    "architectures, and try again."
)


@dataclass
class Launches:
    """Refuses launches, and security groups, that name what is not there."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at what the call names."""
        check = CHECKS.get(call.operation)
        wrong = check(call) if check and self.on else None
        if wrong:
            return refusal(call, *wrong)
        answer = ask()
        for identifier in launched(answer) if call.operation == "RunInstances" else ():
            _own_interfaces(call, identifier)
        return answer


def _own_interfaces(call: Call, identifier: str) -> None:
    """Let the interfaces that a launch makes go with the instance, unless it says otherwise."""
    given = {n.get("DeviceIndex", 0): n for n in call.parameters.get("NetworkInterfaces", [])}
    for index, nic in backends.ec2(call.region).get_instance(identifier).nics.items():
        said = given.get(index, {})
        made_here = "NetworkInterfaceId" not in said
        nic.delete_on_termination = said.get("DeleteOnTermination", made_here)


def _group(call: Call) -> tuple[str, str] | None:
    if "VpcId" in call.parameters or backends.default_vpc(call.region):
        return None
    return "VPCIdNotSpecified", NO_VPC


def _launch(call: Call) -> tuple[str, str] | None:
    for check in (_image, _type, _key_pair, _network):
        if wrong := check(call.parameters, backends.ec2(call.region), call.region):
            return wrong
    return None


def _image(given: dict[str, Any], ec2: Any, region: str) -> tuple[str, str] | None:  # noqa: ANN401, ARG001 - moto has no types; all checks are asked alike
    image = given.get("ImageId", "")
    if not IMAGE.fullmatch(image):
        return "InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")'
    if image not in ec2.amis:
        return "InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist"
    return None


def _type(given: dict[str, Any], ec2: Any, region: str) -> tuple[str, str] | None:  # noqa: ANN401, ARG001 - likewise
    name = given.get("InstanceType", "m1.small")
    found = next((t for t in ec2.instance_types if t["InstanceType"] == name), None)
    if not found:
        return "InvalidParameterValue", f"Invalid value '{name}' for InstanceType."
    of_image = ec2.amis[given["ImageId"]].architecture
    of_type = found["ProcessorInfo"]["SupportedArchitectures"]
    if of_image in of_type:
        return None
    said = ARCHITECTURE.format(of_type=of_type[-1], of_image=of_image)
    return "InvalidParameterValue", said


def _key_pair(given: dict[str, Any], ec2: Any, region: str) -> tuple[str, str] | None:  # noqa: ANN401, ARG001 - likewise
    name = given.get("KeyName")
    if name is None or name in ec2.key_pairs:
        return None
    return "InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist"


def _network(given: dict[str, Any], ec2: Any, region: str) -> tuple[str, str] | None:  # noqa: ANN401 - likewise
    place = (given.get("NetworkInterfaces") or [given])[0]
    if "SubnetId" not in place:
        return None if backends.default_vpc(region) else ("VPCIdNotSpecified", NO_VPC)
    wanted = place["SubnetId"]
    subnet = next((zone[wanted] for zone in ec2.subnets.values() if wanted in zone), None)
    if subnet is None:
        return "InvalidSubnetID.NotFound", f"The subnet ID '{wanted}' does not exist"
    for name in place.get("Groups") or place.get("SecurityGroupIds") or []:
        group = ec2.get_security_group_from_id(name)
        if group is None:
            return "InvalidGroup.NotFound", f"The security group '{name}' does not exist"
        if group.vpc_id != subnet.vpc_id:
            return "InvalidParameter", APART.format(group=name, subnet=subnet.id)
    return None


CHECKS = {"RunInstances": _launch, "CreateSecurityGroup": _group}
