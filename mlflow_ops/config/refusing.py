"""Which options a file may not have: those by which whoever wrote it would decide for the user.

A file comes with a cloned repository, and nobody reads it anew before each command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

# Who reads an answer, and who agrees to a loss, is there: it is said anew with each command.
COMMAND_LINE_ALONE = {
    "yes": "consent is given anew each time",
    "dry-run": "with it a command does nothing, and ends as if it had",
    "json": "it says how one answer is to look",
    "debug": "it says how one error is to look",
    "config": "it names the file itself",
    "help": "it is no setting",
}
# Why each is said anew with each command, or by the user's own environment.
NEVER = {
    "tracking-uri": "the login of your shell goes to the server that it names",
    "as-taught": "it opens the stack to the whole internet, without a login",
    "fresh": "it leaves aside the data that the bucket keeps",
    "no-backup": "what is not backed up may be lost",
    "remove": "it shuts out whom you name to let in",
    "admin": "it lets somebody do everything",
}
# These may only be switched on.
NEVER_OFF = {
    "auth": "a server without a login takes everybody's word",
    "tls": "without it passwords go over the net as they are",
}


def why(key: str, option: click.Option, said: object) -> str | None:
    """Return why a file may not say this of an option, or None where it may."""
    if key in NEVER:
        return _sentence(key, f"--{key}", option, "1" if option.is_flag else "", NEVER[key])
    positive = key.removeprefix("no-")
    if positive in NEVER_OFF and (said is False or positive != key):
        what = key if positive != key else f"{key} = false"
        return _sentence(what, f"--no-{positive}", option, "0", NEVER_OFF[positive])
    return None


def _sentence(what: str, typed: str, option: click.Option, value: str, reason: str) -> str:
    variable = f"{option.envvar}={value}" if value else str(option.envvar)
    return (
        f"{what} is for the command line or the environment alone, as {typed} or {variable}: "
        f"{reason}."
    )
