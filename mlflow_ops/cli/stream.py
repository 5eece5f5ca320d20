"""How a command ends whose words may not get through: its pipe was closed, or the disk is full."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from trainer import visible

# As a shell counts a program that SIGPIPE has ended.
UNHEARD = 128 + signal.SIGPIPE
SAID = f"{__name__}.said"
INTERRUPTED = "Interrupted: run the same command again to go on."


def failed(sentence: str, exit_code: int, *, as_json: bool) -> int:
    """Say what went wrong, as far as anybody listens, and return the exit code.

    What comes after the command's document, such as the signal that ends an `open`, is none.
    """
    with contextlib.suppress(OSError):
        complain(f"Error: {sentence}")
    ctx = click.get_current_context(silent=True)
    with contextlib.suppress(OSError):
        if as_json and not (ctx and SAID in ctx.meta):
            click.echo(json.dumps({"error": sentence}))
    return exit_code


def give(document: dict[str, Any]) -> None:
    """Print the one document of a command with --json."""
    text = json.dumps(document, allow_nan=False)
    if ctx := click.get_current_context(silent=True):
        ctx.meta[SAID] = True
    click.echo(text)


def complain(text: str) -> None:
    """Say something on stderr, whoever's words stand in it."""
    click.echo(visible.text(text), err=True)


def traced() -> None:
    """Show the traceback of the error that is being handled, as far as anybody listens."""
    with contextlib.suppress(OSError):
        complain(traceback.format_exc().rstrip())


def misused(error: click.ClickException, *, as_json: bool) -> int:
    """Say what is wrong with the words of the command line, and return the exit code."""
    from mlflow_ops.cli import blame  # noqa: PLC0415 - it loads what is not needed for a list

    blame.hinted(error)
    said = io.StringIO()
    error.show(file=said)
    complain(said.getvalue().rstrip())
    if as_json:
        click.echo(json.dumps({"error": error.format_message()}))
    return error.exit_code


def stand_in() -> None:
    """Have all three streams there: one that was closed before we were started leads nowhere.

    Else the next file that is opened would be taken for it.
    """
    for number, (name, mode) in enumerate({"stdin": "r", "stdout": "w", "stderr": "w"}.items()):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            if nowhere != number:
                os.close(nowhere)
            os.set_inheritable(number, True)  # noqa: FBT003 - os's own signature
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for as long as we run


def pour(piece: bytes) -> None:
    """Write bytes to our output as they are, at once and in whole."""
    left, out = memoryview(piece), sys.stdout.fileno()
    while left:
        try:
            left = left[os.write(out, left) :]
        except BlockingIOError:  # `ssh` has made it so, where it has the same file for its errors
            select.select([], [out], [])


def is_cut_off() -> bool:
    """Tell whether the reader of what we print has gone, and not some connection's other end."""
    asked = select.poll()
    for stream in (sys.stdout, sys.stderr):
        asked.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in asked.poll(0))


def let_go(code: int) -> int:
    """Drop what the streams cannot take, and return the exit code, which is then not 0.

    Python would fail with it again when it ends:
    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
    return code
