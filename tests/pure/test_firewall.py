"""Which rules the security group is to have, and what has to change for that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_ops.address import world_open
from mlflow_ops.ec2.firewall import (
    ALLOW,
    AS_TAUGHT,
    DEFAULT,
    LIMIT,
    Change,
    Rule,
    difference,
    wanted_rules,
)
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.target import Ports
from mlflow_ops.wanted import Wanted

HOME, OFFICE, WORLD = "203.0.113.7/32", "198.51.100.0/24", "0.0.0.0/0"
HERE = Rule("tcp", 22, 22, HOME, DEFAULT)


def held(source: str, origin: str, port: int = 22) -> Rule:
    return Rule("tcp", port, port, source, origin, id=f"sgr-{origin}-{source}")


def want(*allow: str, as_taught: bool = False, only: bool = False) -> Wanted:
    return Wanted(
        as_taught=as_taught,
        direct_artifacts=False,
        instance_type="t3.micro",
        allow=allow,
        allow_only_these=only,
    )


@pytest.mark.parametrize(
    ("wanted", "origin", "ports"),
    [
        (want(HOME), DEFAULT, (22, 5000)),
        (want(HOME, only=True), ALLOW, (22, 5000)),
        (want(HOME, as_taught=True, only=True), AS_TAUGHT, (22, 80, 443, 5000)),
    ],
)
def test_a_rule_knows_who_wanted_it(wanted: Wanted, origin: str, ports: tuple[int, ...]) -> None:
    expected = tuple(Rule("tcp", port, port, HOME, origin) for port in ports)
    assert wanted_rules(wanted, Ports()) == expected


def test_a_port_or_a_range_named_twice_is_one_rule() -> None:
    assert wanted_rules(want(HOME, HOME), Ports(ssh=9, server=9)) == (
        Rule("tcp", 9, 9, HOME, DEFAULT),
    )


AWS_SAYS = {"SecurityGroupRuleId": "sgr-1", "IsEgress": False, "IpProtocol": "tcp"}


@pytest.mark.parametrize(
    ("found", "rule", "words"),
    [
        (
            {"FromPort": 22, "ToPort": 22, "CidrIpv4": HOME},
            Rule("tcp", 22, 22, HOME, "", "sgr-1"),
            f"22 from {HOME}",
        ),
        (
            {"FromPort": 8000, "ToPort": 8100, "CidrIpv6": "2001:DB8:0::/64"},
            Rule("tcp", 8000, 8100, "2001:db8::/64", "", "sgr-1"),
            "8000-8100 from 2001:db8::/64",
        ),
        (
            {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "PrefixListId": "pl-1"},
            Rule("-1", -1, -1, "pl-1", "", "sgr-1"),
            "all traffic from pl-1",
        ),
        (
            {
                "IpProtocol": "udp",
                "FromPort": 22,
                "ToPort": 22,
                "ReferencedGroupInfo": {"GroupId": "sg-2", "UserId": "1"},
                "Tags": [{"Key": "mlflow-ops:from", "Value": "allow"}],
            },
            Rule("udp", 22, 22, "sg-2", ALLOW, "sgr-1"),
            "udp 22 from sg-2",
        ),
    ],
)
def test_a_rule_is_read_as_aws_describes_it(
    found: dict[str, object], rule: Rule, words: str
) -> None:
    assert Rule.of({**AWS_SAYS, **found}) == rule
    assert str(rule) == words


def test_a_permission_opens_exactly_the_rules_door() -> None:
    assert Rule("tcp", 22, 22, HOME).permission == {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": HOME}],
    }
    assert Rule("tcp", 22, 22, "::/0").permission["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]


def test_an_empty_group_gets_all_that_is_wanted() -> None:
    assert difference([], [HERE], only=False) == Change(0, add=(HERE,))


def test_a_new_home_address_takes_the_place_of_the_old_one() -> None:
    old = held(OFFICE, DEFAULT)
    assert difference([old], [HERE], only=False) == Change(1, add=(HERE,), remove=(old,))


def test_an_unknown_address_keeps_the_default_rules_and_closes_the_tutorials() -> None:
    kept, taught = held(HOME, DEFAULT), held(WORLD, AS_TAUGHT)
    assert difference([kept, taught], [], only=False) == Change(2, remove=(taught,))


def test_rules_from_allow_stay_and_nothing_is_added_beside_them() -> None:
    assert difference([held(OFFICE, ALLOW)], [HERE], only=False) == Change(1)


def test_what_was_made_by_hand_stays_unless_only_the_allowed_are_wanted() -> None:
    theirs, exact = held(OFFICE, ""), replace(HERE, origin=ALLOW)
    assert difference([theirs], [HERE], only=False) == Change(1, add=(HERE,))
    assert difference([theirs], [exact], only=True) == Change(1, add=(exact,), remove=(theirs,))


def test_a_rule_that_is_there_is_taken_over_by_who_names_it() -> None:
    exact = replace(HERE, origin=ALLOW)
    for origin in ("", DEFAULT, AS_TAUGHT):
        there = held(HOME, origin)
        marked = replace(there, origin=ALLOW)
        assert difference([there], [exact], only=True) == Change(1, mark=(marked,))
    taught = held(HOME, AS_TAUGHT)
    marked = replace(taught, origin=DEFAULT)
    assert difference([taught], [HERE], only=False) == Change(1, mark=(marked,))
    assert difference([held(HOME, "")], [HERE], only=False) == Change(1)


def test_a_range_of_ports_another_protocol_or_another_source_is_another_rule() -> None:
    others = [
        Rule("tcp", 22, 100, HOME, "", "sgr-1"),
        Rule("udp", 22, 22, HOME, "", "sgr-2"),
        Rule("-1", -1, -1, HOME, "", "sgr-3"),
        Rule("tcp", 22, 22, "pl-1", "", "sgr-4"),
    ]
    change = difference(others, [HERE], only=True)
    assert change == Change(4, add=(HERE,), remove=tuple(sorted(others)))


def test_a_change_says_what_is_missing() -> None:
    change = Change(2, (HERE,), (held(OFFICE, ALLOW),), (held(WORLD, AS_TAUGHT, 80),))
    assert change.words == (
        f"rule 22 from {HOME}",
        f"mark allow on rule 22 from {OFFICE}",
        f"no rule 80 from {WORLD}",
    )


def test_rules_go_before_others_come_only_as_far_as_there_is_no_room() -> None:
    many = tuple(held(f"10.0.{number}.0/24", ALLOW) for number in range(LIMIT))
    assert Change(40, add=many[:20], remove=many[:40]).crowd == 0
    assert Change(40, add=many[:40], remove=many[:40]).crowd == 20
    assert Change(LIMIT + 40, remove=many).crowd == 0


def test_more_rules_than_a_group_holds_are_refused() -> None:
    ranges = [f"10.0.{number}.0/24" for number in range(31)]
    wanted = wanted_rules(want(*ranges, only=True), Ports())
    with pytest.raises(BadOption, match="would need 62 rules.* lets it have 60"):
        difference([], wanted, only=True).checked("")
    fitting = wanted_rules(want(*ranges[:30], only=True), Ports())
    assert difference([], fitting, only=True).checked("").left == LIMIT


def test_a_group_that_would_let_nobody_in_is_refused() -> None:
    change = difference([held(WORLD, AS_TAUGHT)], [], only=False)
    with pytest.raises(MlflowOpsError, match="sg-1 would let nobody in"):
        change.checked("sg-1")


@pytest.mark.parametrize(
    ("ranges", "is_open"),
    [
        ([], False),
        ([HOME, "10.0.0.0/8", "2001:db8::/32"], False),
        (["10.0.0.0/8", "192.168.0.0/16"], False),
        ([WORLD], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["10.0.0.0/8", "11.0.0.0/8"], True),
        (["::/0"], True),
        (["2000::/16"], False),
        (["2000::/16", "2001::/16"], True),
    ],
)
def test_the_world_is_let_in_by_ranges_wider_than_any_organisations(
    ranges: list[str],
    is_open: bool,  # noqa: FBT001 - a case of the table
) -> None:
    assert world_open(ranges) is is_open
