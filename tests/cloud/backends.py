"""moto's own state, for what AWS keeps and moto's API does not show or does not keep."""

from __future__ import annotations

from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

ACCOUNT = DEFAULT_ACCOUNT_ID


def ec2(region: str) -> Any:  # noqa: ANN401 - moto has no types
    """Return a region's EC2."""
    return ec2_backends[ACCOUNT][region]


def iam() -> Any:  # noqa: ANN401 - likewise
    """Return the account's IAM."""
    return iam_backends[ACCOUNT]["aws"]


def s3() -> Any:  # noqa: ANN401 - likewise
    """Return the account's S3."""
    return s3_backends[ACCOUNT]["aws"]


def instances(region: str) -> list[Any]:
    """Return a region's instances that are not terminated."""
    return [one for one in ec2(region).all_instances() if one.state != "terminated"]


def default_vpc(region: str) -> Any:  # noqa: ANN401 - likewise
    """Return a region's default VPC; None when it has none."""
    vpcs = ec2(region).vpcs.values()
    return next((vpc for vpc in vpcs if vpc.is_default in {True, "true"}), None)
