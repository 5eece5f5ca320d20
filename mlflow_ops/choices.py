"""The choices that AWS has to be asked for: a network and an image; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
CANONICAL = {"aws": "099720109477", "aws-cn": "837727238323", "aws-us-gov": "513442679011"}
IMAGE_NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-*"
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
IMAGE_PARAMETER = (
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
)


def network(options: Options, target: Target, instance_type: str) -> tuple[str, str]:
    """Return the ids of the VPC and the subnet to launch in, as asked for or the default ones."""
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


def newest_ubuntu(target: Target, instance_type: str) -> str:
    """Return the id of the newest Ubuntu 24.04 image for the instance type's processor."""
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
