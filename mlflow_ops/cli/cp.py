"""`mlflow-ops cp`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import BadOption, CommandFailed
from mlflow_ops.reach import hands
from mlflow_ops.ssh.openssh import is_hosts

EXAMPLE = """\
$ mlflow-ops cp train.py data.csv :
(both stand in the home folder of the host now)

$ mlflow-ops cp -r :plots ':*.log' results
(the folder plots and every .log file stand in results here)
"""


@stack_command(example=EXAMPLE)
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path())
@click.argument("to", metavar="DST", type=click.Path())
@click.option("--recursive", "-r", is_flag=True, help="Copy folders with all that is in them.")
def command(call: Call, *, sources: tuple[str, ...], to: str, recursive: bool) -> None:
    """Copy files to the host or from it; `:path` is the host's, from its home folder on.

    It goes over SFTP, with the key and the pin that `ssh` uses. A pattern such as ':*.log', in
    quotes, names all that match on the host. In the sandbox only the host's home can be reached.
    """
    _check(sources, to, recursive=recursive)
    way = hands.way(call.stack(), call.settings, "scp")
    line = way.copy(sources, to, recursive=recursive, quiet=call.json)
    code = subprocess.run(line, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        raise CommandFailed("Not all of it was copied: `scp` says above what was not, and why.")
    call.screen().result({"copied": list(sources), "to": to})


def _check(sources: tuple[str, ...], to: str, *, recursive: bool) -> None:
    """Raise BadOption for what cannot be meant, before the host is asked."""
    if {is_hosts(each) for each in sources} != {not is_hosts(to)}:
        raise BadOption(
            "Files go from here to the host or back: put a colon before the host's paths, as in "
            "`mlflow-ops cp notes.txt :` or `mlflow-ops cp :notes.txt .`."
        )
    for path in (Path(each) for each in sources if not is_hosts(each)):
        if not path.exists():
            raise BadOption(f"There is no {str(path)!r} on this machine.")
        if path.is_dir() and not recursive:
            raise BadOption(f"{str(path)!r} is a folder: say -r to copy all that is in it.")
