"""`mlflow-ops exec`."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.sentences import addressed
from mlflow_ops.cli.stream import failed, pour
from mlflow_ops.reach import hands
from mlflow_ops.ssh import programs

if TYPE_CHECKING:
    from mlflow_ops.ssh.openssh import Way

INTERRUPTED = 128 + signal.SIGINT
GOES_ON = (
    "Interrupted. The command may go on on the host: `mlflow-ops exec -- ps -ef` shows what runs "
    "there."
)
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
    ours and exit code 1; 255 is then the command's own. Ctrl-C without a terminal ends the
    connection, and 130 is the exit code: the command may go on.
    """
    here = sys.stdin.isatty() and sys.stdout.isatty()
    way = hands.way(call.stack(), call.settings)
    line = shlex.join(words)
    try:
        if call.json:
            return _told(call, way, line)
        return _passed_on(way, line, terminal=here if terminal is None else terminal)
    except KeyboardInterrupt:
        return failed(addressed(GOES_ON, call.again), INTERRUPTED, as_json=call.json)


def _passed_on(way: Way, line: str, *, terminal: bool) -> int:
    """Run it with our own streams, and return its exit code."""
    sys.stdout.flush()
    with programs.running(way, line, terminal=terminal) as run:
        for piece in () if terminal else run.pieces(sys.stdout.fileno()):
            pour(piece)
        return run.code()


def _told(call: Call, way: Way, line: str) -> int:
    """Run it, and tell all that it has printed."""
    with programs.running(way, line, errors=subprocess.PIPE) as run:
        out, err = run.process.communicate()
        code = run.code()
    said = {"stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}
    call.screen().result({"exit_code": code, **said})
    return code


# The options after the first word are that command's own.
command.allow_interspersed_args = False
