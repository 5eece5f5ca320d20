"""One run of `down`: look, take the last backup where data stays, destroy, look again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops import contents, elsewhere, inventory, lease, places, walk
from mlflow_ops.backup import leaving
from mlflow_ops.cli import removal
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.reach import tunnel
from mlflow_ops.records import Bucket, Instance
from mlflow_ops.steps import STEPS, bucket
from mlflow_ops.target import stop_sandbox

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@dataclass(frozen=True)
class Keep:
    """Whether the data is kept, and only after a last backup; raises BadOption for half of it."""

    data: bool
    backup: bool

    def __post_init__(self) -> None:
        if not self.data and not self.backup:
            raise BadOption("--no-backup goes with --keep-data: a `down` without it keeps nothing.")


@dataclass(frozen=True)
class Look:
    """What `down` would take, the bucket it would leave, and what could not be asked.

    `held` is how much of the user's own there is, where that was to be shown.
    """

    stack: Stack
    found: walk.Found
    kept: tuple[str, ...]
    failures: tuple[str, ...]
    held: contents.Contents | None = None


@dataclass(frozen=True)
class Down:
    """One run of `down`."""

    call: Call
    screen: Screen
    keep: Keep

    def run(self, stack: Stack, *, show: bool) -> int:
        """Under its lock, destroy the stack and look again; return the exit code."""
        home, backup = self.call.settings.home, None
        with lease.held(stack, home, "down") as hold:
            look = self.look(replace(stack, check_hold=hold.check), show=show)
            if look.kept and look.found:
                backup = self._last_backup(look)
            try:
                result, left = self._destroyed(look, hold.id)
            except BaseException:
                removal.what_is_left(self.call, self.screen, look.found)
                raise
            if not left and not result.failures:
                tunnel.end(stack.folder)
                stack.folder.forget(home)
        if hold.unfreed:
            unfreed = f"lock ({hold.id}): {hold.unfreed}"
            result = replace(result, failures=(*result.failures, unfreed))
        self._end_sandbox(done=not left and not result.failures)
        for name in look.kept:
            kept = replace(look.stack, records={}).knows(Bucket(name))
            removal.what_stays(self.screen, kept, name)
        return removal.ended(self.screen, result, left, backup)

    def look(self, stack: Stack, *, show: bool) -> Look:
        """Find what goes, and show it; raise WrongPlace when the stack is in another region.

        Raises MlflowOpsError when data is to be kept and there is no bucket that it could be in.
        """
        found, failures = walk.found_for_down(stack, STEPS, self.screen)
        if not found and not failures:
            elsewhere.check(stack, self.call.settings)
        for record in found.values():
            stack = stack.knows(record)
        if self.keep.data and stack.get(Bucket) is None and (stack.get(Instance) or failures):
            raise MlflowOpsError(
                "The stack's bucket was not found, so there is nowhere to keep the data, and "
                f"nothing was removed. {' '.join(failures)} `mlflow-ops up` makes the bucket again."
            )
        kept = (found.pop("bucket").id,) if self.keep.data and "bucket" in found else ()
        held = contents.of(stack) if found and show else None
        if held:
            removal.what_goes(self.screen, stack, found, held, keep=self.keep.data)
        return Look(stack, found, kept, failures, held)

    def _last_backup(self, look: Look) -> Manifest | None:
        if not self.keep.backup:
            return None
        with self.screen.step("backup", "take") as voice:
            taken = leaving.last_backup(replace(look.stack, voice=voice))
        self.screen.done(f"{taken.name}: {taken}" if taken else "there is no database yet")
        return taken

    def _destroyed(self, look: Look, lock: str) -> tuple[walk.Ended, list[inventory.Holding]]:
        """Destroy what was found, and look again; return what came of it and what is left."""
        if look.kept:
            bucket.keep(look.stack)
        result = walk.down(look.stack, STEPS, look.found, self.screen)
        left, unseen = inventory.leftovers(look.stack)
        left = [each for each in left if each.id not in {*look.kept, lock}]
        failures = (*look.failures, *result.failures, *unseen)
        return replace(result, failures=failures, kept=look.kept), left

    def _end_sandbox(self, *, done: bool) -> None:
        """End the sandbox with its last stack; a kept bucket lives in its memory."""
        settings = self.call.settings
        if settings.sandbox and done and not self.keep.data and not places.known(settings):
            stop_sandbox(settings)
