"""`mlflow-ops allow` on the strict cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops import allowed, cli
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import Locked
from mlflow_ops.lease import lock
from mlflow_ops.records import SecurityGroup
from mlflow_ops.shape import Shape
from mlflow_ops.steps import instance, key_pair, security_group
from mlflow_ops.target import Ports
from mlflow_ops.world import World

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

HOME, OFFICE, SIX = "203.0.113.7/32", "198.51.100.0/24", "2001:db8::5/128"
WORLD = "0.0.0.0/0"
Allow = Callable[..., tuple[int, str, str]]


def wanting(stack: Stack, *allow: str, shape: Shape | None = None, **changes: Any) -> Stack:  # noqa: ANN401 - of any kind
    assert stack.wanted
    wanted = replace(stack.wanted, shape=shape or Shape(), **changes)
    return replace(stack, wanted=replace(wanted, allow=allow) if allow else wanted)


@pytest.fixture
def bare(stack_of: StackOf) -> Stack:
    """Return what nothing stands of yet; SSH and the server are at their real ports."""
    stack = stack_of()
    return replace(stack, target=replace(stack.target, ports=Ports()))


def standing(stack: Stack) -> Stack:
    """Make a stack's group and instance."""
    key_pair.create(stack)
    stack = stack.knows(security_group.create(stack))
    made = instance.create(stack)
    while made.state != "running":  # each question brings it one step further
        made = instances.now(stack, made.id)
    return stack.knows(made)


@pytest.fixture
def allow(bare: Stack, capsys: pytest.CaptureFixture[str]) -> Allow:
    """Run the command, and return its exit code, stdout and stderr."""

    def run(*words: str, stack: Stack = bare) -> tuple[int, str, str]:
        world = World(lambda _: stack.target)
        with pytest.raises(SystemExit) as ended:
            cli.main(["allow", *words], world=world)
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


def rules(cloud: StrictCloud) -> dict[tuple[int, str], str]:
    """Return who wanted each rule of what is let in, by port and range."""
    found = cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    ours: list[Any] = [rule for rule in found if not rule["IsEgress"]]
    return {
        (rule["FromPort"], rule.get("CidrIpv4") or rule["CidrIpv6"]): next(
            (tag["Value"] for tag in rule.get("Tags", []) if tag["Key"] == "mlflow-ops:from"), ""
        )
        for rule in ours
    }


def test_a_range_that_is_let_in_stays_when_up_runs_again_from_elsewhere(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    code, said, _ = allow(OFFICE, "2001:db8::5")
    assert code == 0
    assert f"Let in: 22 from {OFFICE}" in said
    expected = {(port, cidr): "added" for port in (22, 5000) for cidr in (OFFICE, SIX)}
    assert rules(cloud) == expected | {(port, HOME): "default" for port in (22, 5000)}
    moved = wanting(bare, "192.0.2.1/32")
    security_group.create(moved)
    assert rules(cloud) == expected | {(port, "192.0.2.1/32"): "default" for port in (22, 5000)}


def test_each_new_rule_carries_the_stacks_tag(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    allow("198.51.100.9")
    found = cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    new: list[Any] = [rule for rule in found if rule.get("CidrIpv4") == "198.51.100.9/32"]
    for rule in new:
        assert bare.names.own(rule["Tags"])
    assert len(new) == 2


def test_letting_in_or_shutting_out_twice_is_the_same_as_once(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    before = rules(cloud)
    allow(OFFICE)
    once = rules(cloud)
    code, said, _ = allow(OFFICE)
    assert code == 0
    assert "Nothing to change." in said
    assert rules(cloud) == once
    for _ in range(2):
        assert allow(OFFICE, "--remove")[0] == 0
        assert rules(cloud) == before


def test_me_is_this_machines_own_address(bare: Stack, allow: Allow, cloud: StrictCloud) -> None:
    standing(bare)
    moved = replace(bare, target=replace(bare.target, own_address=lambda: "192.0.2.44"))
    assert allow("me", stack=moved)[0] == 0
    assert rules(cloud)[22, "192.0.2.44/32"] == "added"
    assert allow("me", "--remove", stack=moved)[0] == 0
    assert (22, "192.0.2.44/32") not in rules(cloud)


def test_me_is_the_ipv6_address_too_where_the_instance_has_one_and_nobody_is_asked(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    asked = []

    def route(address: str) -> str:
        asked.append(address)
        return "2600:1f18::7"

    target = replace(bare.target, route=route)
    with cloud.also(with_ipv6):
        assert allow("me", stack=replace(bare, target=target))[0] == 0
    assert asked == ["2600:1f18::1"]
    assert {(22, "2600:1f18::7/128"), (5000, "2600:1f18::7/128")} <= rules(cloud).keys()


def test_an_ipv6_address_that_is_not_public_is_not_let_in(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    for own in ("", "fe80::1%eth0", "fd00::1", "::1"):
        target = replace(bare.target, route={"2600:1f18::1": own}.__getitem__)
        with cloud.also(with_ipv6):
            assert allow("me", stack=replace(bare, target=target))[0] == 0
    assert not any(":" in cidr for _, cidr in rules(cloud))


def with_ipv6(call: Call, ask: Ask) -> Answer:
    """Be a cloud in which the instance has an IPv6 address."""
    answer = ask()
    if call.operation != "DescribeInstances":
        return answer
    body = answer.body.replace(
        b"<instanceState>", b"<ipv6Address>2600:1f18::1</ipv6Address><instanceState>", 1
    )
    return replace(answer, body=body)


def test_a_tunnels_stack_is_opened_at_the_port_of_ssh_alone(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    tunnel = wanting(bare, shape=Shape(access="tunnel"))
    standing(tunnel)
    allow(OFFICE)
    assert rules(cloud) == {(22, HOME): "default", (22, OFFICE): "added"}
    assert "Anybody on the internet reaches SSH" in allow(WORLD)[1]


def test_a_group_without_an_instance_is_opened_at_the_port_of_ssh_alone(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    security_group.create(bare)
    allow(OFFICE)
    assert {port for port, cidr in rules(cloud) if cidr == OFFICE} == {22}


def test_the_world_is_let_in_to_a_server_with_a_login_alone_and_with_a_word_of_warning(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    code, said, _ = allow(WORLD)
    assert code == 0
    assert "Anybody on the internet" in said
    assert (5000, WORLD) in rules(cloud)


@pytest.mark.parametrize("ranges", [(WORLD,), ("0.0.0.0/1", "128.0.0.0/1"), ("::/0",)])
def test_the_world_is_not_let_in_to_a_server_without_a_login(
    bare: Stack, allow: Allow, cloud: StrictCloud, ranges: tuple[str, ...]
) -> None:
    standing(wanting(bare, shape=Shape(login=False)))
    before = rules(cloud)
    code, _, said = allow(*ranges)
    assert code == 2
    assert "asks for no login" in said
    assert rules(cloud) == before
    assert allow(OFFICE)[0] == 0


def test_as_taught_the_world_is_let_in_already(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    shape = Shape(login=False, tls="off", taught=True)
    taught = wanting(bare, WORLD, shape=shape, allow_only_these=True)
    standing(taught)
    assert allow(OFFICE, "::/0")[0] == 0
    assert (5000, "::/0") in rules(cloud)


def test_the_last_who_is_let_in_is_not_shut_out(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    domain = wanting(bare, shape=Shape(tls="acme", domain="mlflow.example.org"))
    standing(domain)
    before = rules(cloud)
    code, _, said = allow(HOME, WORLD, "::/0", "--remove")
    assert code == 1
    assert "nobody could get in" in said
    assert rules(cloud) == before
    assert allow(OFFICE)[0] == 0
    assert allow(HOME, "--remove")[0] == 0
    assert {cidr for port, cidr in rules(cloud) if port != 80} == {OFFICE}


def test_the_issuer_of_the_certificate_is_not_shut_out(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(wanting(bare, shape=Shape(tls="acme", domain="mlflow.example.org")))
    before = rules(cloud)
    code, said, _ = allow(WORLD, "::/0", "--remove")
    assert (code, rules(cloud)) == (0, before)
    assert "gets in still: 80 from 0.0.0.0/0" in said


def test_who_is_shut_out_but_gets_in_by_another_rule_is_said(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    made = standing(bare)
    cloud.client("ec2").authorize_security_group_ingress(
        GroupId=made.need(SecurityGroup).id,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5000,
                "ToPort": 5100,
                "IpRanges": [{"CidrIp": "198.51.0.0/16"}],
            }
        ],
    )
    allow(OFFICE)
    code, said, _ = allow(OFFICE, "--remove")
    assert code == 0
    assert "gets in still: 5000-5100 from 198.51.0.0/16" in said
    assert (5000, "198.51.0.0/16") in rules(cloud)


def test_no_more_rules_than_a_group_holds(bare: Stack, allow: Allow, cloud: StrictCloud) -> None:
    standing(bare)
    before = rules(cloud)
    code, _, said = allow(*(f"10.0.{number}.0/24" for number in range(30)))
    assert code == 2
    assert "62 rules" in said
    assert rules(cloud) == before


@pytest.mark.parametrize("word", ["10.0.0.1/8", "you", "fe80::1%;id", "1.2.3.4/33", "", "\x1b[31m"])
def test_what_is_no_range_changes_nothing(
    bare: Stack, allow: Allow, cloud: StrictCloud, word: str
) -> None:
    security_group.create(bare)
    before = rules(cloud)
    code, out, said = allow(OFFICE, word)
    assert code == 2
    assert "is not an address range" in said
    assert "\x1b" not in out + said
    assert rules(cloud) == before


def test_the_list_says_who_gets_in_where_and_by_whose_word(bare: Stack, allow: Allow) -> None:
    standing(bare)
    allow(OFFICE)
    code, said, _ = allow()
    assert code == 0
    assert f"{HOME}       at 22, 5000  (where `up` was run)" in said
    assert f"{OFFICE}      at 22, 5000  (`allow`)" in said
    code, document, _ = allow("--json")
    found = json.loads(document)
    assert {"range": OFFICE, "ports": ["22", "5000"], "from": "added"} in found["allowed"]
    assert found["added"] == found["removed"] == []


def test_json_says_what_has_changed(bare: Stack, allow: Allow) -> None:
    standing(bare)
    found = json.loads(allow(OFFICE, "--json")[1])
    assert found["added"] == [f"22 from {OFFICE}", f"5000 from {OFFICE}"]
    found = json.loads(allow(OFFICE, "--remove", "--json")[1])
    assert found["removed"] == [f"22 from {OFFICE}", f"5000 from {OFFICE}"]


def test_without_a_stack_there_is_nothing_to_open(allow: Allow, cloud: StrictCloud) -> None:
    for words in ((), (OFFICE,)):
        code, _, said = allow(*words)
        assert code == 3
        assert "no stack 'mlflow'" in said
    assert cloud.client("ec2").describe_key_pairs()["KeyPairs"] == []  # no lock is left
    code, _, said = allow("--remove")
    assert code == 2
    assert "say which ranges" in said


def test_another_command_at_work_is_waited_for_by_nobody(
    bare: Stack, allow: Allow, cloud: StrictCloud
) -> None:
    standing(bare)
    before = rules(cloud)
    lock.acquire(bare, "somebody else", ("token",))
    code, _, said = allow(OFFICE)
    assert code == 1
    assert "somebody else" in said
    assert rules(cloud) == before


def test_nothing_changes_once_the_lock_is_lost(bare: Stack, cloud: StrictCloud) -> None:
    def lost() -> None:
        raise Locked("lost")

    made = replace(standing(bare), check_hold=lost)
    before = rules(cloud)
    with pytest.raises(Locked):
        allowed.change(made, [OFFICE], remove=False)
    assert rules(cloud) == before
