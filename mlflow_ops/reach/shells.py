"""Environment variables as the commands of a shell that set them, whatever stands in a value."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHELLS = ("bash", "zsh", "fish", "powershell")
# PowerShell takes typographic quotes for plain ones:
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


def usual(shell: str) -> str:
    """Return the kind of shell that the user's own is, from the value of SHELL."""
    name = PurePath(shell).name
    if name == "pwsh":
        return "powershell"
    return name if name in SHELLS else "bash"  # any other is taken for one of POSIX's


def commands(shell: str, exports: Mapping[str, str], unset: Iterable[str] = ()) -> str:
    """Return what sets the variables in this shell and its children, and unsets the others."""
    set_one, unset_one = WORDS[shell]
    gone = [unset_one(name) for name in sorted(set(unset) - set(exports))]
    return "\n".join([*gone, *(set_one(name, value) for name, value in exports.items())])


def _posix(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)};"


def _fish(name: str, value: str) -> str:
    # https://fishshell.com/docs/current/language.html#quotes
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{text}';"


def _powershell(name: str, value: str) -> str:
    text = QUOTES.sub(r"\1\1", value)
    return f"$Env:{name} = '{text}';"


WORDS: dict[str, tuple[Callable[[str, str], str], Callable[[str], str]]] = {
    "bash": (_posix, "unset {};".format),
    "zsh": (_posix, "unset {};".format),
    "fish": (_fish, "set -eg {};".format),
    "powershell": (
        _powershell,
        "Remove-Item -ErrorAction SilentlyContinue Env:{};".format,
    ),
}
