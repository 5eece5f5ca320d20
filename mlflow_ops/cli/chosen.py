"""Which stack the options of a command line mean, and what makes another command mean the same."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from click.core import ParameterSource

from mlflow_ops.cli import blame
from mlflow_ops.cli.options import CLOUDS, FILE, PREFIX
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

# Of those that contradict each other, the one that was said nearer to the command wins.
NEARNESS = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP)


def taken(ctx: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Take out of the options which stack is meant, and where.

    Raises BadOption for two places at once.
    """
    found = {name: options.pop(name) for name in ("name", "region", "profile", *CLOUDS)}
    if all(found[each] for each in CLOUDS):
        near = {each: NEARNESS.index(_source(ctx, each)) for each in CLOUDS}
        if len(set(near.values())) == 1:
            raise BadOption(blame.two_places(ctx, *CLOUDS))
        found[max(near, key=near.__getitem__)] = False
    return found


def again(ctx: click.Context, chosen: Mapping[str, Any]) -> str:
    """Return the options that make another command, without ours, mean the same stack."""
    typed = {
        name: _source(ctx, name) is ParameterSource.COMMANDLINE and _otherwise(ctx, name)
        for name in chosen
    }
    named = {name: chosen[name] for name in ("name", "region", "profile") if chosen[name]}
    if named.get("name") == "mlflow" and not typed["name"]:
        del named["name"]
    if _source(ctx, "config") is ParameterSource.COMMANDLINE and (table := ctx.meta.get(FILE)):
        named["config"] = str(table.path)
    words = [f"--{name} {shlex.quote(value)}" for name, value in named.items()]
    on = [f"--{name}" for name in CLOUDS if chosen[name]]
    off = [f"--no-{name}" for name in CLOUDS if typed[name] and not chosen[name] and not on]
    return " ".join(["", *words, *on, *off])


def other(same: str, name: str, region: str | None) -> str:
    """Return the options that mean a stack of another name and region, where `same` means one."""
    words = shlex.split(same)
    pairs = zip([None, *words], words, strict=False)
    named = {"--name", "--region"}
    kept = [word for before, word in pairs if not named & {before, word}]
    there = ["--name", name, *(["--region", region] if region else [])]
    return f" {shlex.join([*there, *kept])}"


def _source(ctx: click.Context, name: str) -> ParameterSource:
    return ctx.get_parameter_source(name) or ParameterSource.DEFAULT


def _otherwise(ctx: click.Context, name: str) -> bool:
    """Whether the environment or the file says something where the command line does not."""
    return bool(os.environ.get(f"{PREFIX}_{name.upper()}")) or name in (ctx.default_map or {})
