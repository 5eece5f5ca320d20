"""`mlflow-ops ssh`."""

from __future__ import annotations

import os
import signal
import sys

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.reach import hands

EXAMPLE = """\
$ mlflow-ops ssh
ubuntu@ip-172-31-5-12:~$ systemctl status mlflow-server

$ mlflow-ops ssh -- -L 8888:localhost:8888
(a shell, and port 8888 of this machine leads to the host's)
"""


@stack_command(example=EXAMPLE)
@click.argument("words", metavar="[-- SSH-OPTION ...]", nargs=-1, type=click.UNPROCESSED)
def command(call: Call, *, words: tuple[str, ...]) -> None:
    """Open a shell on the host, through this machine's own `ssh`.

    It uses the stack's key and takes the host's pinned key alone, whatever your SSH configuration
    says: that is left aside, unless you name it (-- -F ~/.ssh/config). What follows `--` comes
    after the host, as `ssh` takes it. With --json the command line is printed, and not run.
    """
    way = hands.way(call.stack(), call.settings)
    line = way.shell(words)
    if call.json:
        call.screen().result({"command": line, "instance": way.name, "address": way.address})
        return
    sys.stdout.flush()
    # A shell that is typed into wants the terminal and its signals for itself. Python ignores this
    # one, which would stay so: https://docs.python.org/3/library/signal.html#note-on-sigpipe
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvp(line[0], line)  # noqa: S606 - a list of words, and no shell
