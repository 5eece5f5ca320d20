"""`mlflow-ops doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.cli import wishes
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
NO_ACCOUNT = "The sandbox asks no AWS account: the checks of one have no meaning there."


@stack_command(
    example="$ mlflow-ops doctor --region eu-west-1 --credentials role\n"
    "(a line for each check: all is well for `up` there, or what is not, with its cure)"
)
@wishes.like_up
def command(call: Call, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Tell what would keep `up` from working here, each with its cure; changes nothing.

    Looks at this machine, the credentials and what they are allowed, the region, the network, the
    instance type, the account's plan and quotas, and the way to the server. It takes what `up`
    takes to say what the stack is like, and what the file of options and the environment say of
    that for `up`; what nobody says is as the stack stands. ✓ is good, ! may become a problem, ✗
    keeps `up` from working, and ? is what nobody would tell.
    """
    screen = call.screen()

    def stack_on(target: Target) -> Stack:
        return Stack.of(call.settings, target, call.clock)

    visit = Visit(call.settings, Options(**options), call.target, stack_on)
    checks = [_shown(screen, each) for each in visit.checks()]
    named = {state: [each.name for each in checks if each.state == state] for state in MARKS}
    if call.settings.sandbox:
        screen.say(NO_ACCOUNT)
    screen.say(_verdict(named))
    document = {"ready": not named[FAIL], "unknown": named[UNKNOWN]}
    screen.result({**document, "checks": [each.document for each in checks]})
    return NOT_READY if named[FAIL] else 0


def _verdict(named: dict[str, list[str]]) -> str:
    unknown = f"not known: {', '.join(named[UNKNOWN])}." if named[UNKNOWN] else ""
    if named[FAIL]:
        return f"To be cured first: {', '.join(named[FAIL])}."
    return f"Nothing found against it; {unknown}" if unknown else "`mlflow-ops up` would work."


def _shown(screen: Screen, check: Check) -> Check:
    screen.hang(f"{MARKS[check.state]} {check.name:<{WIDTH}} ", check.what)
    if check.cure:
        screen.hang(f"  {'':<{WIDTH}} ", check.cure)
    return check
