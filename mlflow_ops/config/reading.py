"""A file of options as a table: `mlflow-ops.toml`, or `[tool.mlflow-ops]` of a pyproject.toml."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption
from trainer import visible

if TYPE_CHECKING:
    from pathlib import Path

OWN, PYPROJECT = "mlflow-ops.toml", "pyproject.toml"
TOOL = "mlflow-ops"
HEADING = f"[tool.{TOOL}".encode()
# Of somebody else's file, so much is looked at; a pyproject.toml has some kilobytes.
MOST = 2**20
CURE = "Mend that, or say --config /dev/null to take no options from a file."


class WrongFile(BadOption):
    """A file of options that cannot be right; nothing was done."""


class NoToml(WrongFile):
    """One whose text is no TOML."""


@dataclass(frozen=True)
class Table:
    """The options of a file, as TOML has them; `prefix` is where in the file they stand."""

    path: Path
    content: dict[str, Any]
    prefix: tuple[str, ...] = ()

    def place(self, *names: str) -> str:
        """Return how a table of it is written, such as `[tool.mlflow-ops.up]`."""
        whole = (*self.prefix, *names)
        return f"{self.path}: [{visible.line('.'.join(whole))}] " if whole else f"{self.path}: "


def read(path: Path, *, optional: bool = False) -> Table | None:
    """Return what a file says; None for a pyproject.toml without our table that is `optional`.

    Raises WrongFile when it cannot be read, or is no TOML; one that is being merged, say, and has
    no heading of ours is not ours to judge.
    """
    try:
        content = _parsed(path)
    except NoToml:
        if optional and path.name == PYPROJECT and not mentions_us(path):
            return None
        raise
    if path.name != PYPROJECT:
        return Table(path, content)
    tool = content.get("tool")
    if not isinstance(tool, dict) or TOOL not in tool:
        if optional:
            return None
        raise WrongFile(f"{path} has no table [tool.{TOOL}].")
    if not isinstance(tool[TOOL], dict):
        raise WrongFile(f"{path}: tool.{TOOL} is no table: write [tool.{TOOL}].")
    return Table(path, tool[TOOL], ("tool", TOOL))


def mentions_us(path: Path) -> bool:
    """Whether the text has a heading of ours, whatever else; not so if it cannot be read."""
    try:
        with path.open("rb") as file:
            return HEADING in file.read(MOST)
    except OSError:
        return False


def _parsed(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where there is such a file
    else:
        import tomli as tomllib  # noqa: PLC0415 - likewise
    try:
        return dict(tomllib.loads(path.read_bytes().decode()))
    except OSError as error:
        raise WrongFile(f"{path} cannot be read: {error.strerror}. {CURE}") from error
    except (ValueError, RecursionError) as error:
        raise NoToml(f"{path} is no TOML: {visible.line(str(error))}. {CURE}") from error
