"""Which rules the security group is to have, and what has to change for that."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_ops.ec2.changes import LIMIT, Change
from mlflow_ops.ec2.firewall import (
    check_guarded,
    difference,
    letting_in,
    shutting_out,
    wanted_rules,
)
from mlflow_ops.ec2.rules import ACME, ADDED, ALLOW, AS_TAUGHT, DEFAULT, OURS, Rule
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.reach.address import world_open
from mlflow_ops.shape import Shape
from mlflow_ops.target import Ports
from mlflow_ops.wanted import Wanted

HOME, OFFICE, WORLD = "203.0.113.7/32", "198.51.100.0/24", "0.0.0.0/0"
HERE = Rule("tcp", 22, 22, HOME, DEFAULT)


def held(source: str, origin: str, port: int = 22) -> Rule:
    return Rule("tcp", port, port, source, origin, id=f"sgr-{origin}-{source}-{port}")


def want(*allow: str, only: bool = False, **shape: Any) -> Wanted:  # noqa: ANN401 - whatever a shape has
    return Wanted(
        instance_type="t3.micro",
        allow=allow,
        allow_only_these=only,
        shape=Shape(**shape),
    )


def change(
    held: list[Rule],
    *allow: str,
    only: bool = False,
    **shape: Any,  # noqa: ANN401 - as above
) -> Change:
    """Return what `up` changes, on a stack whose SSH and server have one port."""
    wanted = want(*allow, only=only, **shape)
    return difference(held, wanted_rules(wanted, Ports(22, 22), held), only=only)


@pytest.mark.parametrize(
    ("wanted", "origin", "ports"),
    [
        (want(HOME), DEFAULT, (22, 5000)),
        (want(HOME, only=True), ALLOW, (22, 5000)),
        (want(HOME, taught=True, only=True), AS_TAUGHT, (22, 80, 443, 5000)),
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
    assert change([], HOME) == Change(add=(HERE,))


def test_a_new_home_address_takes_the_place_of_the_old_one() -> None:
    old = held(OFFICE, DEFAULT)
    assert change([old], HOME) == Change((old,), add=(HERE,), remove=(old,))


def test_an_unknown_address_keeps_the_default_rules_and_closes_the_tutorials() -> None:
    kept, taught = held(HOME, DEFAULT), held(WORLD, AS_TAUGHT)
    assert change([kept, taught]) == Change((taught, kept), remove=(taught,))


def test_rules_from_up_allow_stay_and_nothing_is_added_beside_them() -> None:
    there = held(OFFICE, ALLOW)
    assert change([there], HOME) == Change((there,))


def test_what_the_command_allow_has_added_stays_and_the_callers_own_address_still_follows() -> None:
    added, old = held(OFFICE, ADDED), held("192.0.2.1/32", DEFAULT)
    assert change([added, old], HOME) == Change((old, added), add=(HERE,), remove=(old,))
    assert change([added], HOME) == Change((added,), add=(HERE,))
    assert change([held(HOME, ADDED)], HOME) == Change((held(HOME, ADDED),))


def test_what_was_made_by_hand_stays_unless_only_the_allowed_are_wanted() -> None:
    theirs, exact = held(OFFICE, ""), replace(HERE, origin=ALLOW)
    assert change([theirs], HOME) == Change((theirs,), add=(HERE,))
    assert change([theirs], HOME, only=True) == Change((theirs,), add=(exact,), remove=(theirs,))


def test_a_rule_that_is_there_is_taken_over_by_who_names_it() -> None:
    for origin in ("", DEFAULT, AS_TAUGHT, ADDED):
        there = held(HOME, origin)
        marked = replace(there, origin=ALLOW)
        assert change([there], HOME, only=True) == Change((there,), mark=(marked,))
    taught = held(HOME, AS_TAUGHT)
    marked = replace(taught, origin=DEFAULT)
    assert change([taught], HOME) == Change((taught,), mark=(marked,))
    assert change([held(HOME, "")], HOME) == Change((held(HOME, ""),))


def test_a_range_of_ports_another_protocol_or_another_source_is_another_rule() -> None:
    others = [
        Rule("tcp", 22, 100, HOME, "", "sgr-1"),
        Rule("udp", 22, 22, HOME, "", "sgr-2"),
        Rule("-1", -1, -1, HOME, "", "sgr-3"),
        Rule("tcp", 22, 22, "pl-1", "", "sgr-4"),
    ]
    found = difference(others, [HERE], only=True)
    assert found == Change(tuple(sorted(others)), add=(HERE,), remove=tuple(sorted(others)))


def doors(found: Change) -> set[tuple[int, str]]:
    return {(rule.from_port, rule.source) for rule in found.after}


@pytest.mark.parametrize("origin", [DEFAULT, ALLOW, ADDED])
def test_a_tunnel_closes_the_servers_port_for_all_but_what_was_made_by_hand(origin: str) -> None:
    there = [held(OFFICE, origin, port) for port in (22, 5000)]
    by_hand = held("192.0.2.0/24", "", 5000)
    own = (OFFICE,) if origin == DEFAULT else ()
    tunnel = want(*own, access="tunnel")
    rules = wanted_rules(tunnel, Ports(), [*there, by_hand])
    closed = difference([*there, by_hand], rules, only=False)
    assert doors(closed) == {(22, OFFICE), (5000, "192.0.2.0/24")}
    held_now = [replace(rule, id=f"sgr-{n}") for n, rule in enumerate(closed.after)]
    again = wanted_rules(want(*own), Ports(), held_now)
    assert difference(held_now, again, only=False).add == (Rule("tcp", 5000, 5000, OFFICE, origin),)


def test_a_domain_opens_port_80_to_the_world_for_its_certificate_and_nothing_else() -> None:
    with_domain = want(HOME, tls="acme", domain="mlflow.example.org")
    rules = wanted_rules(with_domain, Ports())
    assert {rule.door for rule in rules if rule.origin == ACME} == {
        ("tcp", 80, 80, WORLD),
        ("tcp", 80, 80, "::/0"),
    }
    assert {rule.door[2:] for rule in rules if rule.origin != ACME} == {(22, HOME), (5000, HOME)}
    there = [replace(rule, id=f"sgr-{n}") for n, rule in enumerate(rules)]
    gone = difference(there, wanted_rules(want(HOME), Ports(), there), only=False)
    assert [(rule.from_port, rule.origin) for rule in gone.remove] == [(80, ACME)] * 2
    assert not gone.add


def test_the_tutorials_port_80_and_that_for_a_certificate_are_one_rule() -> None:
    both = want(WORLD, taught=True, only=True, tls="acme", domain="mlflow.example.org")
    rules = wanted_rules(both, Ports())
    assert len({rule.door for rule in rules}) == len(rules)
    assert {rule.origin for rule in rules if rule.door[1:] == (80, 80, WORLD)} == {AS_TAUGHT}


def test_a_change_says_what_is_missing() -> None:
    found = Change((), (HERE,), (held(OFFICE, ALLOW),), (held(WORLD, AS_TAUGHT, 80),))
    assert found.words == (
        f"rule 22 from {HOME}",
        f"mark allow on rule 22 from {OFFICE}",
        f"no rule 80 from {WORLD}",
    )


def test_rules_go_before_others_come_only_as_far_as_there_is_no_room() -> None:
    many = tuple(held(f"10.0.{number}.0/24", ALLOW) for number in range(LIMIT + 40))
    assert Change(many[:40], add=many[:20], remove=many[:40]).crowd == 0
    assert Change(many[:40], add=many[:40], remove=many[:40]).crowd == 20
    assert Change(many, remove=many).crowd == 0


def test_more_rules_than_a_group_holds_are_refused() -> None:
    ranges = [f"10.0.{number}.0/24" for number in range(31)]
    wanted = wanted_rules(want(*ranges, only=True), Ports())
    with pytest.raises(BadOption, match="would need 62 rules.* lets it have 60"):
        difference([], wanted, only=True).checked()
    fitting = wanted_rules(want(*ranges[:30], only=True), Ports())
    assert len(difference([], fitting, only=True).checked().after) == LIMIT
    with pytest.raises(BadOption, match="would need 62 rules"):
        letting_in([], ranges, (22, 5000)).checked()


def test_a_group_that_would_let_nobody_in_is_refused() -> None:
    issuer = held(WORLD, ACME, 80)
    alone = change([held(WORLD, AS_TAUGHT), issuer], tls="acme", domain="a.example.org")
    with pytest.raises(MlflowOpsError, match="not even you"):
        alone.checked("not even you")


def test_a_server_without_a_login_is_never_opened_to_the_world_but_as_taught() -> None:
    for halves in ((WORLD,), ("0.0.0.0/1", "128.0.0.0/1"), ("::/0",)):
        by_port = letting_in([], halves, (22, 5000))
        with pytest.raises(BadOption, match="asks for no login"):
            check_guarded(by_port, Ports(), login=False)
        check_guarded(by_port, Ports(), login=True)
        check_guarded(letting_in([], halves, (22,)), Ports(), login=False)
        taught = letting_in([held(WORLD, AS_TAUGHT)], halves, (22, 5000))
        named = replace(taught, held=(held(WORLD, AS_TAUGHT, 443),))
        check_guarded(named, Ports(), login=False)
    check_guarded(letting_in([], [HOME], (22, 5000)), Ports(), login=False)


def test_a_range_that_is_named_stays_whoever_had_it_opened_before() -> None:
    there = [held(HOME, DEFAULT), held(OFFICE, ""), held(WORLD, ALLOW)]
    found = letting_in(there, [HOME, OFFICE, WORLD], (22,))
    assert (found.add, found.mark) == ((), (replace(there[0], origin=ADDED),))


NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)),
    st.tuples(st.ip_addresses(v=6), st.integers(0, 128)),
).map(lambda pair: str(ipaddress.ip_network(pair, strict=False)))
PORT = st.sampled_from([22, 80, 443, 5000])
RULES = st.lists(
    st.builds(held, NETWORKS, st.sampled_from(["", *sorted(OURS), "weird"]), PORT),
    max_size=6,
    unique_by=lambda rule: rule.door,
).map(lambda rules: [replace(rule, id=f"sgr-{n}") for n, rule in enumerate(rules)])
RANGES = st.lists(NETWORKS, min_size=1, max_size=4)


@settings(max_examples=60)
@given(RULES, RANGES, PORT)
def test_letting_in_takes_nothing_away_and_shutting_out_leaves_no_rule_of_ours(
    there: list[Rule], ranges: list[str], port: int
) -> None:
    let = letting_in(there, ranges, (port,))
    assert not let.remove
    assert {rule.door for rule in let.after} == {rule.door for rule in there} | {
        ("tcp", port, port, source) for source in ranges
    }
    shut = shutting_out(let.after, ranges, (port,))
    left = [rule for rule in let.after if rule not in shut.remove]
    named = [rule for rule in left if rule.source in ranges and rule.origin != ACME]
    assert all(rule.origin not in OURS and rule.from_port != port for rule in named)
    assert all(rule.source in ranges for rule in shut.remove)


@settings(max_examples=60)
@given(RULES, RANGES, st.sampled_from(["port", "tunnel"]), st.sampled_from(["own", "acme"]))
def test_up_twice_changes_nothing_and_never_what_was_made_by_hand(
    there: list[Rule], own: list[str], access: str, tls: str
) -> None:
    wanted = want(*own, access=access, tls=tls)
    first = difference(there, wanted_rules(wanted, Ports(), there), only=False)
    by_hand = {rule for rule in there if rule.origin not in OURS}
    assert by_hand <= set(first.after)
    now = [replace(rule, id=f"sgr-{n}") for n, rule in enumerate(first.after)]
    again = difference(now, wanted_rules(wanted, Ports(), now), only=False)
    assert not again, again.words
    stay = {rule.source for rule in there if rule.origin in {ALLOW, ADDED}}
    assert all(any(r.opens(22) for r in now if r.source == source) for source in stay)


@given(st.ip_addresses(), RANGES, PORT)
def test_a_permission_reads_back_as_the_rule_it_was_made_of(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, ranges: list[str], port: int
) -> None:
    for source in [*ranges, str(ipaddress.ip_network(address))]:
        rule = Rule("tcp", port, port, source, "", "sgr-1")
        [kind] = {"IpRanges", "Ipv6Ranges"} & rule.permission.keys()
        [cidr] = rule.permission[kind][0].values()
        key = "CidrIpv4" if kind == "IpRanges" else "CidrIpv6"
        told = {**AWS_SAYS, "FromPort": port, "ToPort": port, key: cidr}
        assert Rule.of(told) == rule
        assert ("." in cidr and ":" not in cidr) == (kind == "IpRanges")


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


@pytest.mark.parametrize(
    ("there", "after"),
    [
        ([held(OFFICE, AS_TAUGHT), held(WORLD, "")], {OFFICE: AS_TAUGHT, WORLD: ""}),
        ([held(OFFICE, DEFAULT), held(WORLD, ACME, 80)], {HOME: DEFAULT, WORLD: ACME}),
        ([held(OFFICE, DEFAULT), held(HOME, ADDED)], {HOME: ADDED}),
        ([held(OFFICE, ADDED)], {OFFICE: ADDED}),
        ([], {HOME: DEFAULT}),
    ],
)
@pytest.mark.parametrize("taught", [True, False])
def test_rules_that_are_kept_follow_the_caller_and_let_nobody_else_in(
    there: list[Rule],
    after: dict[str, str],
    taught: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    wanted = replace(want(HOME, taught=taught), keep_rules=True)
    made = difference(there, wanted_rules(wanted, Ports(22, 22), there), only=False)
    assert {rule.source: rule.origin for rule in made.after} == after
    unknown = replace(wanted, allow=())
    assert not difference(there, wanted_rules(unknown, Ports(22, 22), there), only=False).words
