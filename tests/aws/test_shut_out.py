"""Who cannot connect is told when it is the firewall that does not know their address of today."""

from __future__ import annotations

import ssl
import urllib.error
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cloud import account
from cloud.wire import refusal

from mlflow_ops import cli
from mlflow_ops.ec2 import instances
from mlflow_ops.ec2.rules import Rule
from mlflow_ops.errors import HostUnreachable, KeyRefused, MlflowOpsError, NotReady, TimedOut
from mlflow_ops.reach import connection, shut_out
from mlflow_ops.records import Instance
from mlflow_ops.settings import Settings
from mlflow_ops.shape import Shape
from mlflow_ops.steps import instance, key_pair, security_group
from mlflow_ops.wait import Clock
from mlflow_ops.world import World

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

HOME, NOW = "203.0.113.7/32", "192.0.2.44"
BARE = Shape(login=False, tls="off")
CURE = (
    f"This machine's address is now {NOW}, which the firewall does not let in: "
    "`mlflow-ops allow me`"
)


class Service:
    """Tells an address, and counts who asks."""

    def __init__(self, address: str) -> None:
        self.address, self.asked = address, 0

    def __call__(self) -> str:
        self.asked += 1
        if not self.address:
            raise MlflowOpsError("nobody knows")
        return self.address


def seen_from(stack: Stack, address: str) -> tuple[Stack, Service]:
    """Return the stack as a command finds it on a machine with this public address."""
    service = Service(address)
    target = replace(stack.target, own_address=service)
    return replace(stack, target=target, wanted=None, records={}), service


@pytest.fixture
def there(stack: Stack) -> Stack:
    """Return a stack with an instance where nobody answers, open to HOME."""
    assert stack.wanted
    stack = replace(stack, wanted=replace(stack.wanted, shape=BARE))
    key_pair.create(stack)
    stack = stack.knows(security_group.create(stack))
    made = instance.create(stack)
    while made.state != "running":
        made = instances.now(stack, made.id)
    return stack.knows(made)


def connect(stack: Stack) -> str:
    with pytest.raises(NotReady) as caught, connection.held(stack, Settings()):
        pass
    return str(caught.value)


def test_a_client_whose_address_has_changed_is_told_so_once_it_has_failed(there: Stack) -> None:
    moved, service = seen_from(there, NOW)
    said = connect(moved)
    assert "does not answer" in said
    assert said.endswith(f"{CURE} lets it in.")
    assert service.asked == 1


def test_who_is_let_in_or_does_not_know_the_own_address_is_told_nothing(there: Stack) -> None:
    for address in ("203.0.113.7", ""):
        same, service = seen_from(there, address)
        assert "firewall" not in connect(same)
        assert service.asked == 1


def test_nobody_is_asked_for_the_address_while_all_is_well(there: Stack) -> None:
    moved, service = seen_from(there, NOW)
    with shut_out.explained(moved):
        pass
    with pytest.raises(KeyError), shut_out.explained(moved):
        raise KeyError
    assert service.asked == 0


def test_who_may_not_read_the_rules_is_told_nothing(there: Stack, cloud: StrictCloud) -> None:
    moved, _ = seen_from(there, NOW)
    with cloud.also(unreadable):
        assert "firewall" not in connect(moved)


def unreadable(call: Call, ask: Ask) -> Answer:
    denied = call.operation == "DescribeSecurityGroupRules"
    return refusal(call, "UnauthorizedOperation", "No.", 403) if denied else ask()


def failure(kind: type[MlflowOpsError], cause: BaseException | None) -> MlflowOpsError:
    error = kind("it failed")
    error.__cause__ = cause
    return error


SILENCE = [
    failure(HostUnreachable, TimeoutError()),
    failure(HostUnreachable, ConnectionRefusedError()),
    failure(HostUnreachable, None),
    failure(NotReady, urllib.error.URLError(TimeoutError())),
    failure(TimedOut, None),
]
ANSWERS = [
    failure(KeyRefused, OSError()),
    failure(HostUnreachable, EOFError()),
    failure(NotReady, None),
    failure(NotReady, urllib.error.URLError(ssl.SSLCertVerificationError())),
    failure(NotReady, ValueError()),
    failure(MlflowOpsError, TimeoutError()),
]


@pytest.mark.parametrize("error", [*SILENCE, *ANSWERS], ids=repr)
def test_only_silence_is_explained_by_the_firewall(there: Stack, error: MlflowOpsError) -> None:
    moved, service = seen_from(there, NOW)
    with pytest.raises(MlflowOpsError) as caught, shut_out.explained(moved):
        raise error
    assert caught.value is error
    told = any(error is each for each in SILENCE)
    assert (CURE in str(error), service.asked) == (told, int(told))
    error.args = ("it failed",)


def test_within_a_vpc_it_is_the_address_towards_the_instance_that_counts(there: Stack) -> None:
    moved, service = seen_from(there, NOW)
    private = Instance("i-1", address="10.9.0.9", shape=Shape(address="private"))
    for own, told in (("10.9.3.4", True), ("", False), ("93.184.216.34", False)):
        target = replace(moved.target, route={"10.9.0.9": own}.__getitem__)
        why = shut_out.reason(replace(moved, target=target).knows(private))
        assert ("address is now 10.9.3.4" in why) is told
    assert service.asked == 0


def rule(source: str, port: int = 22, protocol: str = "tcp") -> Rule:
    return Rule(protocol, port, port, source, "", f"sgr-{source}")


@pytest.mark.parametrize(
    ("held", "let_in"),
    [
        ([], False),
        ([rule("203.0.113.0/24")], True),
        ([rule("203.0.113.0/24", 23)], False),
        ([rule("203.0.113.0/24", protocol="udp")], False),
        ([rule("0.0.0.0/0", -1, "-1")], True),
        ([Rule("tcp", 1, 100, "203.0.0.0/16")], True),
        ([rule("198.51.100.0/24"), rule("2001:db8::/32")], False),
        ([rule("pl-1")], True),
    ],
)
def test_whoever_any_rule_may_let_in_is_let_in(held: list[Rule], *, let_in: bool) -> None:
    assert shut_out.lets_in(held, HOME, 22) is let_in


def test_status_says_it_once_below_all_else(
    there: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    moved, service = seen_from(there, NOW)
    with pytest.raises(SystemExit):
        cli.main(["status"], world=World(lambda _: moved.target))
    assert capsys.readouterr().out.splitlines()[-1].startswith(CURE)
    assert service.asked == 1


def test_up_that_waits_in_vain_for_the_host_says_it_when_it_gives_up(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    moved, service = seen_from(stack, NOW)
    time = [0.0]

    def sleep(seconds: float) -> None:
        time[0] += 100 * seconds

    world = World(lambda _: moved.target, Clock(lambda: time[0], sleep))
    words = ["up", "--yes", "--allow", "203.0.113.0/24", "--ami", account.IMAGE]
    with pytest.raises(SystemExit):
        cli.main(words, world=world)
    said = capsys.readouterr().err
    assert "does not let us in over SSH" in said
    assert CURE in said
    assert service.asked == 1
