"""What an upgrade notes on the host of where it is, so that another command can end it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import commands, environments
from mlflow_ops.environments import Environment
from mlflow_ops.errors import HostFailed
from mlflow_ops.server import installing

if TYPE_CHECKING:
    from mlflow_ops.host import Host

# The databases in place are untouched; the new ones are put in place; the old ones are put back.
TRYING, PLACING, LEAVING = "trying", "placing", "leaving"


@dataclass(frozen=True)
class Note:
    """Between which environments, and how far."""

    phase: str
    old: Environment
    new: Environment

    @classmethod
    def of(cls, line: str) -> Note:
        """Return what a note's line says; raise HostFailed for one that is none."""
        words = line.split()
        good = len(words) == 3 and all(environments.ID.fullmatch(each) for each in words[1:])  # noqa: PLR2004 - phase, old and new
        if not good or words[0] not in {TRYING, PLACING, LEAVING}:
            raise HostFailed(
                f"The host's file {commands.UPGRADING} is damaged: look which MLflow "
                f"{commands.ENVIRONMENT} leads to, remove the file, and run `mlflow-ops up`."
            )
        return cls(words[0], Environment(words[1]), Environment(words[2]))

    def write(self, host: Host) -> None:
        """Put it onto the host's disk."""
        host.put(commands.UPGRADING, f"{self.phase} {self.old.id} {self.new.id}\n")
        host.run("sync", deadline=installing.SYNC_DEADLINE)


def forget(host: Host) -> None:
    """Note that no upgrade is under way."""
    host.run(f"rm -f {commands.UPGRADING} && sync", deadline=installing.SYNC_DEADLINE)
