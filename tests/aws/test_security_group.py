"""The security group step."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from mlflow_ops.errors import BadOption, MlflowOpsError, NotOurs, TimedOut
from mlflow_ops.shape import Shape
from mlflow_ops.steps import security_group
from mlflow_ops.target import Ports
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws.conftest import StackOf
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack

Rules = set[tuple[int, str]]
HOME, OFFICE = "203.0.113.9/32", "198.51.100.0/24"


def rules(cloud: StrictCloud, group_id: str) -> Rules:
    [group] = cloud.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return {
        (permission.get("FromPort", -1), cidr)
        for permission in group["IpPermissions"]
        for cidr in (
            *(each["CidrIp"] for each in permission["IpRanges"]),
            *(each["CidrIpv6"] for each in permission["Ipv6Ranges"]),
        )
    }


@pytest.fixture
def real_ports(stack_of: StackOf) -> Stack:
    stack = stack_of()
    return replace(stack, target=replace(stack.target, ports=Ports()))


def allowing(stack: Stack, *ranges: str, only: bool) -> Stack:
    assert stack.wanted
    return replace(stack, wanted=replace(stack.wanted, allow=ranges, allow_only_these=only))


def as_taught(stack: Stack) -> Stack:
    stack = allowing(stack, "0.0.0.0/0", only=True)
    assert stack.wanted
    return replace(stack, wanted=replace(stack.wanted, shape=Shape(taught=True)))


def by_hand(cloud: StrictCloud, group_id: str) -> None:
    """Add what people add in the console: other ports, protocols and kinds of source."""
    ssh, office = {"FromPort": 22, "ToPort": 22}, [{"CidrIp": OFFICE}]
    cloud.client("ec2").authorize_security_group_ingress(
        GroupId=group_id,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5100, "IpRanges": [{"CidrIp": HOME}]},
            {"IpProtocol": "-1", "IpRanges": office},
            {"IpProtocol": "udp", **ssh, "IpRanges": office},
            {"IpProtocol": "tcp", **ssh, "UserIdGroupPairs": [{"GroupId": group_id}]},
            {"IpProtocol": "tcp", **ssh, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
        ],
    )


class Said:
    """Answers of AWS's own to an operation, errors by their code, before the cloud is asked."""

    def __init__(self, stack: Stack, operation: str, answers: Sequence[Any]) -> None:
        self.left = list(answers)
        events: Any = stack.aws.ec2.meta.events  # its types know of no handler that answers
        events.register(f"before-call.ec2.{operation}", self.answer)

    def answer(self, **_: object) -> tuple[SimpleNamespace, dict[str, Any]] | None:
        if not self.left:
            return None
        said = self.left.pop(0)
        if isinstance(said, dict):
            return SimpleNamespace(status_code=200), said
        return SimpleNamespace(status_code=400), {"Error": {"Code": said, "Message": said}}


def hurried() -> Clock:
    """Return a clock on which waiting takes no time."""
    time = [0.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds

    return Clock(lambda: time[0], sleep)


def test_only_ssh_and_the_server_are_open_and_to_the_allowed_ranges_alone(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    stack = allowing(real_ports, "203.0.113.7/32", "2001:db8::/64", only=True)
    made = security_group.create(stack)
    expected = {(p, c) for p in (22, 5000) for c in ("203.0.113.7/32", "2001:db8::/64")}
    assert rules(cloud, made.id) == expected
    assert security_group.find(stack) == made


def test_as_taught_the_four_ports_are_open_to_the_world(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(as_taught(real_ports))
    assert rules(cloud, made.id) == {(p, "0.0.0.0/0") for p in (22, 80, 443, 5000)}


def test_ranges_named_by_allow_replace_all_others(real_ports: Stack, cloud: StrictCloud) -> None:
    made = security_group.create(allowing(real_ports, "0.0.0.0/0", only=True))
    narrower = allowing(real_ports, "198.51.100.0/24", only=True)
    found = security_group.find(narrower)
    assert found
    assert "no rule 22 from 0.0.0.0/0" in found.missing
    security_group.create(narrower)
    assert rules(cloud, made.id) == {(p, "198.51.100.0/24") for p in (22, 5000)}


def test_the_callers_new_address_replaces_the_old_one(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(allowing(real_ports, OFFICE, only=False))
    security_group.create(allowing(real_ports, HOME, only=False))
    assert rules(cloud, made.id) == {(p, HOME) for p in (22, 5000)}


def test_a_plain_up_changes_nothing_about_ranges_named_by_allow(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(allowing(real_ports, OFFICE, only=True))
    plain = allowing(real_ports, HOME, only=False)
    assert security_group.find(plain) == made
    security_group.create(plain)
    assert rules(cloud, made.id) == {(p, OFFICE) for p in (22, 5000)}


def test_a_plain_up_closes_what_as_taught_has_opened(real_ports: Stack, cloud: StrictCloud) -> None:
    made = security_group.create(as_taught(real_ports))
    plain = allowing(real_ports, HOME, only=False)
    found = security_group.find(plain)
    assert found
    assert {f"rule 22 from {HOME}", "no rule 80 from 0.0.0.0/0"} <= set(found.missing)
    security_group.create(plain)
    assert rules(cloud, made.id) == {(p, HOME) for p in (22, 5000)}


def test_an_address_named_by_allow_outlasts_the_next_home(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(allowing(real_ports, OFFICE, only=False))
    security_group.create(allowing(real_ports, OFFICE, only=True))
    security_group.create(allowing(real_ports, HOME, only=False))
    assert rules(cloud, made.id) == {(p, OFFICE) for p in (22, 5000)}


def test_an_unknown_address_leaves_the_default_rules_alone(real_ports: Stack) -> None:
    made = security_group.create(allowing(real_ports, HOME, only=False))
    assert security_group.find(allowing(real_ports, only=False)) == made


def test_an_unknown_address_is_not_locked_out(real_ports: Stack) -> None:
    security_group.create(as_taught(real_ports))
    with pytest.raises(MlflowOpsError, match="say with --allow CIDR"):
        security_group.find(allowing(real_ports, only=False))


def test_rules_made_by_hand_outlast_a_plain_up_and_give_way_to_allow(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    plain = allowing(real_ports, HOME, only=False)
    made = security_group.create(plain)
    by_hand(cloud, made.id)
    assert security_group.find(plain) == made
    exact = allowing(real_ports, OFFICE, only=True)
    found = security_group.find(exact)
    assert found
    words = {f"no rule 5000-5100 from {HOME}", f"no rule all traffic from {OFFICE}"}
    assert {*words, f"no rule udp 22 from {OFFICE}", "no rule 22 from pl-1"} <= set(found.missing)
    assert f"no rule 22 from {made.id}" in found.missing
    security_group.create(exact)
    assert security_group.find(exact) == made
    ec2 = cloud.client("ec2")
    [group] = ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
    assert {each["IpProtocol"] for each in group["IpPermissions"]} == {"tcp"}
    assert rules(cloud, made.id) == {(p, OFFICE) for p in (22, 5000)}


def test_a_range_of_ports_or_another_protocol_does_not_count_as_open(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    plain = allowing(real_ports, OFFICE, HOME, only=False)
    made = security_group.create(plain)
    ec2 = cloud.client("ec2")
    held = ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"][0]["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=made.id, IpPermissions=held)
    by_hand(cloud, made.id)
    found = security_group.find(plain)
    assert found
    doors = {f"rule {port} from {source}" for port in (22, 5000) for source in (HOME, OFFICE)}
    assert set(found.missing) == doors


def test_each_rule_tells_who_wanted_it_and_whose_it_is(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    security_group.create(allowing(real_ports, OFFICE, only=True))
    found = cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    tags = [rule["Tags"] for rule in found if rule.get("CidrIpv4") == OFFICE]
    expected = [*real_ports.names.tags, {"Key": "mlflow-ops:from", "Value": "allow"}]
    by_key = {tag["Key"]: tag["Value"] for tag in expected}
    assert [{tag["Key"]: tag["Value"] for tag in each} for each in tags] == [by_key] * 2


def test_too_many_ranges_are_refused_before_anything_is_made(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    before = cloud.holdings()["groups"]
    many = allowing(real_ports, *(f"10.0.{n}.0/24" for n in range(31)), only=True)
    with pytest.raises(BadOption, match="62 rules"):
        security_group.find(many)
    assert cloud.holdings()["groups"] == before


def test_the_new_ranges_are_let_in_before_the_old_ones_are_shut_out(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(allowing(real_ports, OFFICE, only=True))
    said = Said(real_ports, "AuthorizeSecurityGroupIngress", ["RequestLimitReached"])
    with pytest.raises(ClientError, match="RequestLimitReached"):
        security_group.create(allowing(real_ports, HOME, only=True))
    assert said.left == []
    assert rules(cloud, made.id) == {(p, OFFICE) for p in (22, 5000)}


def test_as_many_ranges_as_a_group_holds_can_be_replaced_by_as_many(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    old, new = ([f"10.{tens}.{n}.0/24" for n in range(30)] for tens in (1, 2))
    made = security_group.create(allowing(real_ports, *old, only=True))
    security_group.create(allowing(real_ports, *new, only=True))
    assert rules(cloud, made.id) == {(p, cidr) for p in (22, 5000) for cidr in new}


@pytest.mark.parametrize(
    ("operation", "answers"),
    [
        ("AuthorizeSecurityGroupIngress", ["InvalidGroup.NotFound"] * 3),
        ("AuthorizeSecurityGroupIngress", ["InvalidPermission.Duplicate"]),
        ("DescribeSecurityGroupRules", ["InvalidGroup.NotFound"] * 2),
    ],
)
def test_a_new_group_that_aws_does_not_know_everywhere_yet_is_asked_for_again(
    real_ports: Stack, cloud: StrictCloud, operation: str, answers: list[str]
) -> None:
    stack = replace(real_ports, clock=hurried())
    said = Said(stack, operation, answers)
    made = security_group.create(allowing(stack, HOME, only=True))
    assert said.left == []
    assert rules(cloud, made.id) == {(p, HOME) for p in (22, 5000)}


def test_a_group_that_never_shows_ends_at_the_deadline(real_ports: Stack) -> None:
    stack = replace(real_ports, clock=hurried())
    Said(stack, "AuthorizeSecurityGroupIngress", ["InvalidGroup.NotFound"] * 1000)
    with pytest.raises(TimedOut, match="InvalidGroup.NotFound"):
        security_group.create(stack)


def test_a_group_that_shows_later_than_its_name_is_taken_is_found(real_ports: Stack) -> None:
    stack = replace(real_ports, clock=hurried())
    made = security_group.create(stack)
    Said(stack, "DescribeSecurityGroups", [{"SecurityGroups": []}] * 4)
    assert security_group.ready(stack, made).state == "pending"
    assert security_group.create(stack) == made
    assert security_group.ready(stack, made).state == "ready"


def test_a_group_whose_tags_do_not_show_yet_is_known_by_its_id(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(real_ports)
    keys = [{"Key": tag["Key"]} for tag in real_ports.names.tags]
    cloud.client("ec2").delete_tags(Resources=[made.id], Tags=keys)
    assert security_group.find(real_ports) == made


def test_the_group_can_be_deleted_once_nothing_uses_it(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    before = cloud.holdings()["groups"]
    stack = replace(real_ports, clock=hurried())
    made = security_group.create(stack)
    said = Said(stack, "DeleteSecurityGroup", ["DependencyViolation"] * 5)
    security_group.destroy(stack, made)
    assert said.left == []
    assert cloud.holdings()["groups"] == before


def test_a_group_of_our_name_in_another_vpc_is_no_clash(stack: Stack, cloud: StrictCloud) -> None:
    ec2, name = cloud.client("ec2"), stack.names.base
    vpc_id = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName=name, Description="theirs", VpcId=vpc_id)
    assert security_group.create(stack).vpc_id != vpc_id
    assert stack.wanted
    security_group.destroy(stack, security_group.create(stack))
    anywhere = replace(stack, wanted=replace(stack.wanted, vpc_id=""))
    with pytest.raises(NotOurs, match=name):
        security_group.find(anywhere)


def test_a_group_of_our_name_without_our_tag_is_not_touched(
    stack: Stack, cloud: StrictCloud
) -> None:
    cloud.client("ec2").create_security_group(GroupName=stack.names.base, Description="theirs")
    with pytest.raises(NotOurs, match=stack.names.base):
        security_group.create(stack)


def test_destroying_twice_is_the_same_as_once(stack: Stack, cloud: StrictCloud) -> None:
    before = cloud.holdings()["groups"]
    made = security_group.create(stack)
    security_group.destroy(stack, made)
    security_group.destroy(stack, made)
    assert cloud.holdings()["groups"] == before


def shaped(stack: Stack, **shape: Any) -> Stack:  # noqa: ANN401 - whatever a shape has
    assert stack.wanted
    return replace(stack, wanted=replace(stack.wanted, shape=Shape(**shape)))


def test_a_tunnel_closes_the_servers_port_and_up_without_it_opens_it_again(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    made = security_group.create(allowing(real_ports, OFFICE, only=True))
    by_hand(cloud, made.id)
    plain = allowing(real_ports, HOME, only=False)
    security_group.create(shaped(plain, access="tunnel"))
    office = [(port, cidr) for port, cidr in rules(cloud, made.id) if cidr == OFFICE]
    assert (22, OFFICE) in office
    assert (5000, OFFICE) not in office
    assert (5000, HOME) in rules(cloud, made.id)  # made by hand, up to 5100
    security_group.create(shaped(plain, access="port"))
    assert (5000, OFFICE) in rules(cloud, made.id)


def test_a_domains_port_80_is_open_to_the_world_as_long_as_there_is_a_domain(
    real_ports: Stack, cloud: StrictCloud
) -> None:
    plain = allowing(real_ports, HOME, only=False)
    domain = shaped(plain, tls="acme", domain="mlflow.example.org")
    made = security_group.create(domain)
    own = {(port, HOME) for port in (22, 5000)}
    assert rules(cloud, made.id) == own | {(80, "0.0.0.0/0"), (80, "::/0")}
    found = cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    tags = [tag["Value"] for rule in found for tag in rule["Tags"] if "from" in tag["Key"]]
    assert sorted(tags) == ["acme", "acme", "default", "default"]
    assert security_group.find(domain) == made
    security_group.create(plain)
    assert rules(cloud, made.id) == own


def test_no_login_is_refused_while_a_range_named_before_lets_the_world_in(
    real_ports: Stack,
) -> None:
    security_group.create(allowing(real_ports, "0.0.0.0/0", only=True))
    plain = allowing(real_ports, HOME, only=False)
    assert security_group.find(plain)
    with pytest.raises(BadOption, match="asks for no login"):
        security_group.find(shaped(plain, login=False))
    assert security_group.find(shaped(plain, login=False, access="tunnel"))
