"""Which names are ours, and what a thing of ours costs a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.exceptions as sdk
import pytest

from mlflow_ops import prices
from mlflow_ops.costs.daily import Daily
from mlflow_ops.inventory import Findings, Holding, costs
from mlflow_ops.inventory.buckets import named
from mlflow_ops.inventory.ec2 import lock_name
from mlflow_ops.inventory.holding import Where, Whose, by_name
from mlflow_ops.inventory.search import base
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.names import Names

ACCOUNT = "123456789012"
RUNNING = {"State": {"Name": "running"}, "InstanceType": "t3.micro"}
ELASTIC = [{"Key": SHAPE_TAG, "Value": Shape(elastic=True).tag}]
TABLE = prices.shipped("us-east-1")
WHERE = Where(ACCOUNT, ("us-east-1", "eu-west-1", "me-south-1"))


@pytest.mark.parametrize(
    ("form", "name", "stack"),
    [
        (base, "mlflow-ops-mlflow-us-east-1", "mlflow"),
        (base, "mlflow-ops-a-b-c-eu-west-1", "a-b-c"),
        (lock_name, "mlflow-ops-a-eu-west-1-lock", "a"),
        (named, f"mlflow-ops-a-{ACCOUNT}-us-east-1-an", "a"),
        (named, f"mlflow-ops-a-{ACCOUNT}-me-south-1", "a"),
        (named, f"mlflow-ops-a-{ACCOUNT}-me-south-1-an", None),
        (named, f"mlflow-ops-a-{ACCOUNT}-us-east-1", None),
        (base, "mlflow-ops-a-eu-west-1-lock", None),
        (base, "mlflow-ops--us-east-1", None),
        (base, "mlflow-ops-us-east-1", None),
        (base, "mlflow-ops-A-us-east-1", None),
        (base, "mlflow-ops-far-too-long-for-a-stack-us-east-1", None),
        (base, "my-mlflow-ops-a-us-east-1", None),
        (base, "", None),
    ],
)
def test_a_name_is_ours_to_the_last_letter_or_not_at_all(
    form: Callable[[Names], str], name: str, stack: str | None
) -> None:
    found = by_name(form, name, WHERE)
    assert found == (Whose(stack, found.region, tagged=False) if stack and found else None)
    assert bool(found) == bool(stack)


@pytest.mark.parametrize(
    ("kind", "found", "cost"),
    [
        ("instance", RUNNING, 0.2496),
        ("instance", {"State": {"Name": "stopped"}, "InstanceType": "t3.micro"}, 0.0),
        ("instance", {"State": {"Name": "running"}, "InstanceType": "x9.huge"}, None),
        ("instance", RUNNING | {"PublicIpAddress": "203.0.113.1"}, 0.2496 + 0.12),
        ("instance", RUNNING | {"PublicIpAddress": "203.0.113.1", "Tags": ELASTIC}, 0.2496),
        ("network interface", {"Association": {"PublicIp": "203.0.113.1"}}, 0.0),
        ("elastic IP", {}, 0.12),
        ("volume", {"VolumeType": "gp3", "Size": 38}, 0.1),
        ("volume", {"VolumeType": "io2", "Size": 38}, None),
        ("snapshot", {"VolumeSize": 304}, 0.5),
        ("snapshot", {"VolumeSize": 304, "FullSnapshotSizeInBytes": 30.4 * 2**30}, 0.05),
        ("key pair", {}, 0.0),
    ],
)
def test_a_thing_costs_what_the_price_list_says(
    kind: str, found: dict[str, object], cost: float | None
) -> None:
    assert costs.of(kind, found).a_day(TABLE).usd == (cost if cost is None else pytest.approx(cost))


def test_an_address_costs_what_it_does_also_at_a_machine_of_a_type_without_a_price() -> None:
    found = RUNNING | {"InstanceType": "x9.huge", "PublicIpAddress": "203.0.113.1"}
    cost = costs.of("instance", found).a_day(TABLE)
    assert cost.unpriced == ("x9.huge",)
    assert [str(each) for each in (cost, Daily(unpriced=("x9.huge",)))] == ["at least 0.12", "?"]


def test_a_service_that_is_not_reached_is_not_asked_again_and_others_are() -> None:
    findings = Findings("eu-west-1")
    asked = []

    def look(service: str, error: Exception | None) -> Iterator[Holding]:
        asked.append(service)
        yield Holding("volume", service, "eu-west-1", Whose("a", None, tagged=True))
        if error:
            raise error

    gone = sdk.ConnectTimeoutError(endpoint_url="https://ec2")
    seen = [
        findings.seen("ec2", "volumes", look("ec2", gone)),
        findings.seen("ec2", "images", look("ec2", None)),
        findings.seen("s3", "buckets", look("s3", None)),
    ]
    assert [[holding.id for holding in each] for each in seen] == [["ec2"], [], ["s3"]]
    assert (asked, findings.unseen) == (["ec2", "s3"], {"volumes", "images"})
    assert [failure.partition(":")[0] for failure in findings.failures] == ["volumes in eu-west-1"]
