"""`mlflow-ops doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli.command import NOT_READY, Call, stack_command
from mlflow_ops.doctor.check import FAIL, OK, UNKNOWN, WARN
from mlflow_ops.doctor.visit import Visit
from mlflow_ops.settings import Options
from mlflow_ops.stack import Stack

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.doctor.check import Check
    from mlflow_ops.target import Target

MARKS = {OK: "✓", WARN: "!", FAIL: "✗", UNKNOWN: "?"}
WIDTH = 14
NO_ACCOUNT = "The sandbox asks no AWS account: the other checks have no meaning there."


@stack_command(
    example="$ mlflow-ops doctor --region eu-west-1\n"
    "(a line for each check: all is well for `up` there, or what is not, with its cure)"
)
@click.option("--instance-type", help="Look for this type  [default: t3.micro].")
@click.option("--vpc-id", help="Look into this VPC  [default: the default VPC].")
@click.option("--subnet-id", help="Look into this subnet.")
@click.option("--elastic-ip", "elastic", is_flag=True, help="Look for room for an Elastic IP too.")
def command(call: Call, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Tell what would keep `up` from working here, each with its cure; changes nothing.

    Looks at this machine, the credentials and what they are allowed, the region, the network, the
    instance type, the account's plan and quotas, and the way to the server. ✓ is good, ! may
    become a trouble, ✗ keeps `up` from working, and ? is what nobody would tell.
    """
    screen = call.screen()

    def stack_on(target: Target) -> Stack:
        return Stack.of(call.settings, target, call.clock)

    visit = Visit(call.settings, Options(**options), call.target, stack_on)
    checks = [_shown(screen, each) for each in visit.checks()]
    failed = [each.name for each in checks if each.state == FAIL]
    if call.settings.sandbox:
        screen.say(NO_ACCOUNT)
    screen.say(
        f"To be cured first: {', '.join(failed)}." if failed else "`mlflow-ops up` would work."
    )
    document = {"ready": not failed, "checks": [each.document for each in checks]}
    screen.result(document)
    return NOT_READY if failed else 0


def _shown(screen: Screen, check: Check) -> Check:
    screen.hang(f"{MARKS[check.state]} {check.name:<{WIDTH}} ", check.what)
    if check.cure:
        screen.hang(f"  {'':<{WIDTH}} ", check.cure)
    return check
