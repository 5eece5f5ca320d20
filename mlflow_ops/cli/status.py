"""`mlflow-ops status`."""

from __future__ import annotations

from mlflow_ops import elsewhere
from mlflow_ops import states as step_states
from mlflow_ops.cli import report
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import NotReady
from mlflow_ops.reach import shut_out
from mlflow_ops.records import Instance
from mlflow_ops.steps import STEPS


@stack_command(
    example="$ mlflow-ops status --json\n"
    "(one document with the stack's state, its tracking URI, and each step's own state)"
)
def command(call: Call) -> int:
    """Show how the stack stands, asking AWS and the host; needs no local files.

    Exit code 0: ready; 3: not ready; 1: it could not be told.
    """
    screen = call.screen()
    try:
        stack = call.stack()
    except NotReady as error:
        screen.say(str(error))
        screen.result(report.absent_document(call))
        return error.exit_code
    try:
        stack, states = step_states.status(stack, STEPS)
    finally:
        stack.hang_up()
    state = step_states.overall(STEPS, states)
    if state == "absent":
        elsewhere.check(stack, call.settings)
    code = report.status(screen, stack, states)
    if state != "ready" and stack.get(Instance) and (why := shut_out.reason(stack)):
        screen.say(why)
    return code
