"""`mlflow-ops logs`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.stream import pour
from mlflow_ops.errors import BadOption, CommandFailed
from mlflow_ops.reach import hands
from mlflow_ops.server import keeping_up
from mlflow_ops.ssh import programs
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.ssh.openssh import Way

LINES = 100
LAST = 300  # bytes of what the host says of its failure
EXAMPLE = """\
$ mlflow-ops logs -n 2
2026-11-24T02:10:08+0000 mlflow[812]: INFO:     203.0.113.7:52114 - "GET /health HTTP/1.1" 200 OK
2026-11-24T02:10:09+0000 mlflow[812]: INFO:     203.0.113.7:52116 - "GET / HTTP/1.1" 200 OK

$ mlflow-ops logs --since 2h --follow
(the last two hours, and what comes, until Ctrl-C)
"""


@stack_command(example=EXAMPLE)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(min=0),
    help=f"How many lines  [default: {LINES}; with --since all].",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Since when: 2h, yesterday, '2026-11-23 21:40' (the host's time, UTC).",
)
def command(call: Call, *, follow: bool, lines: int | None, since: str | None) -> None:
    """Show what the server has logged: its journal on the host, with times.

    --follow goes on across restarts of the server. On a terminal, what it would obey is shown as
    an escape; a pipe gets every byte as it is. The sandbox keeps a file, to which --since has no
    meaning.
    """
    _check(call, since, follow=follow)
    wanted = LINES if lines is None and since is None else lines
    line = keeping_up.shown(wanted, since, follow=follow)
    way = hands.way(call.stack(), call.settings)
    try:
        said = _passed_on(way, line, quiet=call.json)
    except KeyboardInterrupt:
        if not follow:
            raise
        return  # as told
    call.screen().result({"lines": said.decode(errors="replace").splitlines()})


def _check(call: Call, since: str | None, *, follow: bool) -> None:
    """Raise BadOption for what cannot be had."""
    check_ends(call, follow=follow)
    if since is not None and call.settings.sandbox:
        raise BadOption(keeping_up.NO_JOURNAL)


def check_ends(call: Call, *, follow: bool) -> None:
    """Raise BadOption for a document that would never come."""
    if follow and call.json:
        raise BadOption("--follow has no end, and --json prints one document: leave one out.")


def _passed_on(way: Way, line: str, *, quiet: bool) -> bytes:
    """Show the output as it comes, or return it; raise CommandFailed when the host could not."""
    kept = bytearray()
    # Nobody's keys are for the host, and one stream keeps its words in their order.
    with programs.running(way, line, stdin=subprocess.DEVNULL) as run:
        for piece in run.pieces(sys.stdout.fileno()) if quiet else _shown(run):
            if quiet:
                kept += piece
            else:
                pour(piece)
        code = run.code()
    if code:
        why = visible.line(" ".join(kept[-LAST:].decode(errors="replace").split()))
        raise CommandFailed(
            f"The host could not show the log (exit code {code}): "
            f"{why or 'what it printed says why'}."
        )
    return bytes(kept)


def _shown(run: programs.Running) -> Iterator[bytes]:
    """Yield what comes; for a terminal in whole lines, which show all and have nothing obeyed."""
    pieces = run.pieces(sys.stdout.fileno())
    if not sys.stdout.isatty():
        yield from pieces
        return
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield b"".join(safe(each) + b"\n" for each in whole)
    yield safe(rest)


def safe(line: bytes) -> bytes:
    """Return a line with what a terminal would obey as an escape to be read."""
    return visible.line(line.decode(errors="backslashreplace")).encode()
