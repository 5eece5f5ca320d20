"""What `up` is to make, with every open choice settled before anything is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.records import Instance, SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Record
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

ANYWHERE = "0.0.0.0/0"
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
CANONICAL = {"aws": "099720109477", "aws-cn": "837727238323", "aws-us-gov": "513442679011"}
IMAGE_NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-*"
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
IMAGE_PARAMETER = (
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
)


@dataclass(frozen=True)
class Wanted:
    """The stack to make. Empty ids mean that the resource which needs them is there already."""

    as_taught: bool
    direct_artifacts: bool
    instance_type: str
    allow: tuple[str, ...]
    allow_only_these: bool = False
    vpc_id: str = ""
    subnet_id: str = ""
    ami: str = ""


def first_thoughts(options: Options, target: Target) -> Wanted:
    """Return what the options and the caller's address say, before any resource is looked at.

    An address that cannot be found leaves `allow` empty: a group that is there may do without.
    """
    usual = "t2.micro" if options.as_taught else "t3.micro"
    given = options.allow or ((ANYWHERE,) if options.as_taught else ())
    return Wanted(
        as_taught=options.as_taught,
        direct_artifacts=options.direct_artifacts,
        instance_type=options.instance_type or usual,
        allow=given or _own_range(target),
        allow_only_these=bool(given),
        vpc_id=options.vpc_id or "",
    )


def settle(
    first: Wanted, options: Options, target: Target, found: Mapping[type[Record], Record]
) -> Wanted:
    """Return the stack to make, asking AWS for the choices that the missing resources need.

    Changes nothing. Raises BadOption or MlflowOpsError for a choice that cannot work.
    """
    _check_standing(options, found)
    group, settled = found.get(SecurityGroup), first
    if group is None and not first.allow:
        settled = replace(settled, allow=(f"{target.own_address()}/32",))
    if isinstance(group, SecurityGroup) and not options.subnet_id:
        options = replace(options, vpc_id=group.vpc_id)
    if Instance not in found or group is None:
        vpc_id, subnet_id = _network(options, target, first.instance_type)
        settled = replace(settled, vpc_id=vpc_id, subnet_id=subnet_id)
    if Instance not in found:
        ami = options.ami or _newest_ubuntu(target, first.instance_type)
        settled = replace(settled, ami=ami)
    return settled


def _check_standing(options: Options, found: Mapping[type[Record], Record]) -> None:
    """Raise BadOption for an option that what is there already contradicts."""
    instance, group = found.get(Instance), found.get(SecurityGroup)
    if isinstance(instance, Instance) and options.instance_type not in {None, instance.type}:
        raise BadOption(
            f"The stack's instance is a {instance.type}, not a {options.instance_type}: "
            "`mlflow-ops down` first, or leave --instance-type out."
        )
    if isinstance(group, SecurityGroup) and options.vpc_id not in {None, group.vpc_id}:
        raise BadOption(
            f"The stack stands in VPC {group.vpc_id}, not in {options.vpc_id}: "
            "`mlflow-ops down` first, or leave --vpc-id out."
        )


def _own_range(target: Target) -> tuple[str, ...]:
    try:
        return (f"{target.own_address()}/32",)
    except MlflowOpsError:
        return ()


def _network(options: Options, target: Target, instance_type: str) -> tuple[str, str]:
    vpc_id = options.vpc_id
    if options.subnet_id:
        subnet = _subnet(target, options.subnet_id)
        if vpc_id not in {None, subnet["VpcId"]}:
            raise BadOption(f"--subnet-id {options.subnet_id} is not in --vpc-id {vpc_id}.")
        return subnet["VpcId"], options.subnet_id
    vpc_id = vpc_id or _default_vpc(target)
    return vpc_id, _offering_subnet(target, vpc_id, instance_type)


def _subnet(target: Target, subnet_id: str) -> Any:  # noqa: ANN401 - one of AWS's own descriptions
    try:
        return target.aws.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
    except sdk.ClientError as error:
        if code(error).startswith("InvalidSubnetID"):
            raise BadOption(f"There is no subnet {subnet_id} in {target.aws.region}.") from error
        raise


def _default_vpc(target: Target) -> str:
    only_default: Any = [{"Name": "is-default", "Values": ["true"]}]
    vpcs: Any = target.aws.ec2.describe_vpcs(Filters=only_default)["Vpcs"]
    if not vpcs:
        region = target.aws.region
        raise MlflowOpsError(
            f"Account {target.account} has no default VPC in {region}: make one with "
            f"`aws ec2 create-default-vpc --region {region}`, or name yours with --vpc-id."
        )
    return str(vpcs[0]["VpcId"])


def _offering_subnet(target: Target, vpc_id: str, instance_type: str) -> str:
    """Return a subnet in a zone that has the instance type; public ones first."""
    in_vpc: Any = [{"Name": "vpc-id", "Values": [vpc_id]}]
    subnets = target.aws.ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    if not subnets:
        raise BadOption(f"VPC {vpc_id} has no subnet in {target.aws.region}: say --subnet-id.")
    zones = _zones(target, instance_type)
    fitting = [s for s in subnets if s["AvailabilityZone"] in zones]
    if not fitting:
        where = ", ".join(sorted(zones)) or "nowhere in the region"
        raise BadOption(
            f"No subnet of VPC {vpc_id} is in a zone that has {instance_type} "
            f"(it is offered in: {where}): choose another --instance-type or --subnet-id."
        )
    best = min(fitting, key=lambda s: (not s["MapPublicIpOnLaunch"], s["AvailabilityZone"]))
    return str(best["SubnetId"])


def _zones(target: Target, instance_type: str) -> set[str]:
    of_type: Any = [{"Name": "instance-type", "Values": [instance_type]}]
    offered = target.aws.ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=of_type
    )["InstanceTypeOfferings"]
    return {str(offer["Location"]) for offer in offered}


def _newest_ubuntu(target: Target, instance_type: str) -> str:
    arch = _architecture(target, instance_type)
    try:
        name = IMAGE_PARAMETER.format(arch=arch)
        return str(target.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except sdk.ClientError as error:
        if code(error) not in {"ParameterNotFound", "AccessDeniedException"}:
            raise
    named: Any = [{"Name": "name", "Values": [IMAGE_NAME.format(arch=arch)]}]
    owner = CANONICAL.get(target.aws.identity[1], CANONICAL["aws"])
    images = target.aws.ec2.describe_images(Owners=[owner], Filters=named)["Images"]
    if not images:
        raise MlflowOpsError(
            f"No Ubuntu 24.04 image for {arch} is to be found in {target.aws.region}: "
            "name an image with --ami."
        )
    return str(max(images, key=lambda image: image["CreationDate"])["ImageId"])


def _architecture(target: Target, instance_type: str) -> str:
    """Return Canonical's word for the type's processor: amd64 or arm64."""
    asked: Any = [instance_type]
    try:
        found = target.aws.ec2.describe_instance_types(InstanceTypes=asked)["InstanceTypes"]
    except sdk.ClientError as error:
        if code(error) == "InvalidInstanceType":
            raise BadOption(
                f"AWS has no instance type {instance_type!r} in this region."
            ) from error
        raise
    arches = found[0]["ProcessorInfo"]["SupportedArchitectures"]
    return "arm64" if "arm64" in arches else "amd64"
