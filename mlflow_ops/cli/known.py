"""What a shell may complete: of a stack's place, what this machine's own files tell."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

SECTION = "profile "


def names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's signature
    """Return the names of the stacks that this machine knows, in the cloud that is meant."""
    from mlflow_ops.settings import Settings  # noqa: PLC0415 - not needed but here

    sandbox, local = bool(ctx.params.get("sandbox")), bool(ctx.params.get("local"))
    try:
        folder = Settings(sandbox=sandbox, local=local).every
        found = sorted(path.name for path in folder.iterdir() if path.is_dir())
    except (OSError, BadOption):
        return []
    return [name for name in found if name.startswith(incomplete)]


def commands(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of our commands, or those of the group of them that is typed already."""
    root = ctx.find_root()
    group: Any = root.command
    for word in ctx.params.get(str(param.name)) or ():
        group = group.get_command(root, word)
        if not hasattr(group, "list_commands"):
            return []
    return [name for name in group.list_commands(root) if name.startswith(incomplete)]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Have the shell complete a file's name, as it would without us."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for a Tab alone

    return [CompletionItem(incomplete, type="file")]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's signature
    """Return the names of the profiles in the user's AWS files."""
    found = {
        section.removeprefix(SECTION).strip()
        for variable, usual in (
            ("AWS_CONFIG_FILE", "~/.aws/config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        )
        for section in _sections(os.environ.get(variable) or usual)
        if not section.startswith(("sso-session ", "services "))
    }
    return sorted(name for name in found if name.startswith(incomplete))


def _sections(path: str) -> list[str]:
    """Return the sections of an INI file; none of one that cannot be read."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(Path(path).expanduser(), encoding="utf-8")
    except (OSError, RuntimeError, ValueError, configparser.Error):
        return []
    return parser.sections()
