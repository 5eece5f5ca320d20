"""The choices that AWS has to be asked for: a zone, an instance type, an image; changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.ec2 import instance_types
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from mlflow_ops.target import Target
    from mlflow_ops.wanted import Wanted

# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
CANONICAL = {"aws": "099720109477", "aws-cn": "837727238323", "aws-us-gov": "513442679011"}
IMAGE_NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-*"
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
IMAGE_PARAMETER = (
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
)


def placed(settled: Wanted, target: Target) -> Wanted:
    """Return the stack to make, in a zone that has its instance type, or one that may be had.

    Raises BadOption when there is none.
    """
    settled = replace(settled, zones=instance_types.zones(target, settled.instance_type))
    if not settled.places:
        zones = ", ".join(sorted({each.zone for each in settled.subnets}))
        where = f"the subnets of VPC {settled.vpc_id} ({zones})"
        return other_type(settled, target, f"No {settled.instance_type} is offered in {where}")
    return replace(settled, subnet_id=settled.places[0].id)


def other_type(
    settled: Wanted, target: Target, why: str, error: type[MlflowOpsError] = BadOption
) -> Wanted:
    """Return the stack to make with another instance type, as good as can be; changes nothing.

    `why` is a sentence without its end. Raises the error, with the types that would do, when the
    user named the type or there is no other.
    """
    processor = architecture(target, settled.ami) if "ami" in settled.named else None
    zones = {each.zone for each in settled.subnets}
    would_do = instance_types.suitable(target, zones, processor, but=settled.instance_type)
    if "instance_type" in settled.named or not would_do:
        raise error(f"{why}. {instance_types.advice(would_do)}")
    chosen = would_do[0]
    ami = settled.ami if "ami" in settled.named else newest_ubuntu(target, chosen)
    settled = replace(settled, instance_type=chosen, ami=ami, remark=why)
    settled = replace(settled, zones=instance_types.zones(target, chosen))
    return replace(settled, subnet_id=settled.places[0].id)


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


def architecture(target: Target, ami: str) -> str:
    """Return AWS's word for the processor that an image is for: x86_64 or arm64."""
    try:
        images = target.aws.ec2.describe_images(ImageIds=[ami])["Images"]
    except sdk.ClientError as error:
        if not code(error).startswith("InvalidAMIID"):
            raise
        images = []
    if not images:
        raise BadOption(f"There is no image {ami} in {target.aws.region}: choose another --ami.")
    return str(images[0]["Architecture"])


def _architecture(target: Target, instance_type: str) -> str:
    """Return Canonical's word for the type's processor: amd64 or arm64."""
    found = instance_types.described(target, instance_type)
    arches = found["ProcessorInfo"]["SupportedArchitectures"]
    return "arm64" if "arm64" in arches else "amd64"
