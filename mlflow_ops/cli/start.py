"""`mlflow-ops start`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.cli import report, standing
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.making import Making
from mlflow_ops.settings import Options

if TYPE_CHECKING:
    from mlflow_ops.shape import Shape

# What `up` is told for the kind of TLS that a stack has; the domain is named besides.
TLS = {"own": True, "acme": None, "off": False}


@stack_command(
    example="$ mlflow-ops start\n"
    "(the machine runs again, with all its data; its new address is told)"
)
def command(call: Call) -> int:
    """Start a stopped stack, with all its data, and wait until its server answers.

    Its address is another one than before, unless it has an Elastic IP: the certificate, the
    server's settings and what `mlflow-ops env` prints follow it. A time limit begins anew, unless
    `mlflow-ops extend` has put its end later. Changes nothing on a stack that runs already.
    """
    screen, stack = call.screen(), call.stack()
    try:
        wish = same_again(standing.instance(call, stack, "to start", standing.MAKES_ONE).shape)
        stack, made = Making(call, screen, "start").make(stack, wish, show=False)
    finally:
        stack.hang_up()
    return report.after_up(call, screen, stack, made)


def same_again(shape: Shape) -> Options:
    """Return what `up` would be told to make a stack of this shape as it is.

    Whom the firewall lets in, the shape does not tell: a taught one need not be open to the world.
    """
    return Options(
        as_taught=shape.taught,
        login=shape.login,
        tls=TLS[shape.tls],
        domain=shape.domain or None,
        artifacts=shape.artifacts,
        access=shape.access,
        elastic=shape.elastic,
        keep_rules=True,
    )
