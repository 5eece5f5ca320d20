"""The subnets that a server can stand in: those that the internet leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target


@dataclass(frozen=True)
class Subnet:
    """A subnet; `public` says that it gives addresses out unasked, as a default VPC's do."""

    id: str
    vpc_id: str
    zone: str
    public: bool = True


def candidates(options: Options, target: Target) -> tuple[Subnet, ...]:
    """Return the subnet that was asked for, or those of the VPC, public ones first.

    Raises BadOption when there is none, or the internet leads to none of them.
    """
    found = _named(options, target) if options.subnet_id else _all(options, target)
    reached = found if all(each.public for each in found) else _reached(target, found)
    if not reached:
        place = f"subnet {options.subnet_id}" if options.subnet_id else f"VPC {found[0].vpc_id}"
        raise BadOption(
            f"No route leads from {place} to an internet gateway, so that neither SSH nor a "
            "browser would get to the server: name a public subnet with --subnet-id, or leave "
            "--vpc-id and --subnet-id out for the default VPC."
        )
    return tuple(sorted(reached, key=lambda s: (not s.public, s.zone)))


def _named(options: Options, target: Target) -> list[Subnet]:
    wanted = str(options.subnet_id)
    try:
        found = target.aws.ec2.describe_subnets(SubnetIds=[wanted])["Subnets"]
    except sdk.ClientError as error:
        if code(error).startswith("InvalidSubnetID"):
            raise BadOption(f"There is no subnet {wanted} in {target.aws.region}.") from error
        raise
    if options.vpc_id not in {None, found[0]["VpcId"]}:
        raise BadOption(f"--subnet-id {wanted} is not in --vpc-id {options.vpc_id}.")
    return [_subnet(found[0])]


def _all(options: Options, target: Target) -> list[Subnet]:
    vpc_id = options.vpc_id or _default_vpc(target)
    in_vpc: Any = [{"Name": "vpc-id", "Values": [vpc_id]}]
    found = target.aws.ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    if not found:
        raise BadOption(f"VPC {vpc_id} has no subnet in {target.aws.region}: say --subnet-id.")
    return [_subnet(each) for each in found]


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


def _subnet(found: Any) -> Subnet:  # noqa: ANN401 - AWS's own description
    return Subnet(
        found["SubnetId"],
        found["VpcId"],
        found["AvailabilityZone"],
        public=found["MapPublicIpOnLaunch"],
    )


def _reached(target: Target, found: list[Subnet]) -> list[Subnet]:
    """Return those that are public or whose routes lead to an internet gateway."""
    in_vpc: Any = [{"Name": "vpc-id", "Values": [found[0].vpc_id]}]
    pages = target.aws.ec2.get_paginator("describe_route_tables").paginate(Filters=in_vpc)
    tables = [table for page in pages for table in page["RouteTables"]]
    # A subnet without a table of its own has the VPC's main one:
    # https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html
    leads: dict[str, bool] = {}
    for table in tables:
        for tie in table["Associations"]:
            leads["main" if tie.get("Main") else tie.get("SubnetId", "")] = _leads_out(table)
    main = leads.get("main", False)
    return [each for each in found if each.public or leads.get(each.id, main)]


def _leads_out(table: Any) -> bool:  # noqa: ANN401 - AWS's own description
    return any(
        route.get("GatewayId", "").startswith("igw-") and route.get("State") != "blackhole"
        for route in table["Routes"]
    )
