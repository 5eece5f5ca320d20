"""Asking the strict cloud for something, and what it says when it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud import account

TAGS = [{"Key": "mlflow-ops:stack", "Value": "mlflow"}]
Client = Callable[..., Any]


def refused(do: Callable[..., object], **parameters: object) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        do(**parameters)
    return str(caught.value.response["Error"]["Code"])


def said(do: Callable[..., object], **parameters: object) -> str:
    """Return the words with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        do(**parameters)
    return str(caught.value)


def launch(subnet: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parameters of RunInstances
    """Return the parameters of a launch that nothing is wrong with."""
    kinds = ("instance", "volume", "network-interface")
    place = {"SubnetId": subnet} if subnet else {}
    return {
        "ImageId": account.IMAGE,
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{"ResourceType": kind, "Tags": TAGS} for kind in kinds],
        **place,
        **more,
    }


def subnet(ec2: Any, zone: str = "us-east-1a") -> str:  # noqa: ANN401 - boto3's client
    """Return the default subnet of a zone; by default of one that has every instance type."""
    where = [{"Name": "availability-zone", "Values": [zone]}]
    return str(ec2.describe_subnets(Filters=where)["Subnets"][0]["SubnetId"])


def run(ec2: Any, **more: Any) -> str:  # noqa: ANN401 - boto3's client, and parameters of RunInstances
    """Launch an instance, which is pending, and return its id."""
    answer = ec2.run_instances(**launch(**more))["Instances"][0]
    assert (answer["State"]["Name"], "PublicIpAddress" in answer) == ("pending", False)
    return str(answer["InstanceId"])
