"""The subnets that a server can stand in: the internet leads to them, or out of them at least."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

EVERYWHERE = "0.0.0.0/0"
NO_WAY_IN = (
    "No route leads from {} to an internet gateway, so that neither SSH nor a browser would get "
    "to the server: name a public subnet with --subnet-id, or leave --vpc-id and --subnet-id out "
    "for the default VPC."
)
# An internet gateway serves public addresses alone:
# https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
NO_WAY_OUT = (
    "No default route leads out of {} for a host without a public address, which could not "
    "download its packages: name a subnet with --subnet-id whose route to 0.0.0.0/0 is a NAT "
    "gateway, a transit gateway or the like, or leave --address private out."
)


@dataclass(frozen=True)
class Subnet:
    """A subnet; `public` says that it gives addresses out unasked, as a default VPC's do.

    `ipv6` says that it has a range of IPv6 addresses, and `ipv6_unasked` that it gives these out.
    """

    id: str
    vpc_id: str
    zone: str
    public: bool = True
    cidr: str = ""
    ipv6: bool = False
    ipv6_unasked: bool = False

    @property
    def first_address(self) -> str:
        """The first address of its range, its router's."""
        return str(ipaddress.ip_network(self.cidr)[1]) if self.cidr else ""


def candidates(options: Options, target: Target, *, private: bool = False) -> tuple[Subnet, ...]:
    """Return the subnet that was asked for, or those of the VPC, public ones first.

    With `private` they are those from which a host without a public address reaches the internet.
    Raises BadOption when there is none that will do.
    """
    found = _named(options, target) if options.subnet_id else _all(options, target)
    if private:
        good = _led(target, found, _leads_through_nat)
    else:
        reached = () if all(each.public for each in found) else _led(target, found, _leads_out)
        good = [each for each in found if each.public or each in reached]
    if not good:
        place = f"subnet {options.subnet_id}" if options.subnet_id else f"VPC {found[0].vpc_id}"
        raise BadOption((NO_WAY_OUT if private else NO_WAY_IN).format(place))
    return tuple(sorted(good, key=lambda s: (s.public is private, s.zone)))


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
    listed = target.aws.ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    found = [each for each in listed if not each.get("Ipv6Native")]
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
    ranges = found.get("Ipv6CidrBlockAssociationSet", ())
    return Subnet(
        found["SubnetId"],
        found["VpcId"],
        found["AvailabilityZone"],
        public=found["MapPublicIpOnLaunch"],
        cidr=found.get("CidrBlock", ""),
        ipv6=any(each["Ipv6CidrBlockState"]["State"] == "associated" for each in ranges),
        ipv6_unasked=found.get("AssignIpv6AddressOnCreation", False),
    )


def _led(target: Target, found: list[Subnet], leads: Callable[[Any], bool]) -> list[Subnet]:
    """Return those whose table has a route that leads where it should."""
    in_vpc: Any = [{"Name": "vpc-id", "Values": [found[0].vpc_id]}]
    pages = target.aws.ec2.get_paginator("describe_route_tables").paginate(Filters=in_vpc)
    # A subnet without a table of its own has the VPC's main one:
    # https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html
    led: dict[str, bool] = {}
    for table in (table for page in pages for table in page["RouteTables"]):
        good = any(leads(r) for r in table["Routes"] if r.get("State") != "blackhole")
        for tie in table["Associations"]:
            led["main" if tie.get("Main") else tie.get("SubnetId", "")] = good
    return [each for each in found if led.get(each.id, led.get("main", False))]


def _leads_out(route: Any) -> bool:  # noqa: ANN401 - AWS's own description
    return bool(route.get("GatewayId", "").startswith("igw-"))


def _leads_through_nat(route: Any) -> bool:  # noqa: ANN401 - AWS's own description
    """Whether it is a default route for hosts that have no public address."""
    return route.get("DestinationCidrBlock") == EVERYWHERE and not _leads_out(route)
