"""`mlflow-ops exec`."""

from __future__ import annotations

import shlex
import sys

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.reach import hands
from mlflow_ops.ssh import programs

EXAMPLE = """\
$ mlflow-ops exec -- df -h /
Filesystem      Size  Used Avail Use% Mounted on
/dev/root        15G  2.9G   12G  20% /

$ mlflow-ops exec -- sh -c 'cat > notes.txt' < notes.txt
(notes.txt stands in the home folder of the host now)
"""


@stack_command(example=EXAMPLE)
@click.argument("words", metavar="-- CMD ...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--tty/--no-tty",
    "-t/-T",
    "terminal",
    default=None,
    help="Give it a terminal, or none  [default: one where this is one].",
)
def command(call: Call, *, words: tuple[str, ...], terminal: bool | None) -> int:
    """Run a command on the host; its exit code is passed on.

    The words arrive as they are: for a pipe, a variable or a `*` of the host's say `sh -c '...'`.
    Input and output are passed on byte by byte. A connection that is lost ends with an error of
    ours and exit code 1; 255 is then the command's own.
    """
    screen = call.screen()
    here = sys.stdin.isatty() and sys.stdout.isatty() and not call.json
    way = hands.way(call.stack(), call.settings)
    sys.stdout.flush()
    wish = here if terminal is None else terminal
    with programs.running(way, shlex.join(words), terminal=wish, capture=call.json) as run:
        if call.json:
            out, err = run.process.communicate()
        code = run.code()
    if call.json:
        said = {"stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}
        screen.result({"exit_code": code, **said})
    return code


# The options after the first word are that command's own.
command.allow_interspersed_args = False
