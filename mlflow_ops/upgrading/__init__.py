"""Another MLflow for a stack that stands: made beside the present one, tried, and switched to.

The order: install the new environment while the server runs; back up; stop; bring a copy of the
databases up to date; put it in place, with the old ones beside; switch the link; start; look
through the public URL. What fails on the way leaves, or brings back, the old ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops.backup import keeping, layout
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.server import installing
from mlflow_ops.upgrading import choosing, note, switching, trial
from mlflow_ops.upgrading.note import Note

if TYPE_CHECKING:
    from mlflow_ops.environments import Environment
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Watch


@dataclass(frozen=True)
class Upgraded:
    """Which MLflow the server had, and which it has now."""

    before: Environment
    now: Environment
    pinned: bool
    backup: str = ""

    @property
    def changed(self) -> bool:
        """Whether it is another one."""
        return self.before != self.now


def upgrade(stack: Stack, version: str | None, watch: Watch) -> Upgraded:
    """Let the server run with this version of MLflow, that of the shipped lock if none is named.

    Raises MlflowOpsError, saying why, when it runs with the one from before instead.
    """
    used = choosing.present(stack)
    if used.note:
        with watch.step("upgrade", "end what broke off") as voice:
            mend(replace(stack, voice=voice))
        watch.done("the one that broke off is ended")
        used = choosing.present(stack)
    new = _installed(stack, version, used, watch)
    if new == used.environment:
        return Upgraded(new, new, used.pinned)
    backup = ""
    if stack.host().ask(f"{trial.IS_THERE} && echo yes || true").strip():
        backup = _backed_up(stack, watch)
        _switched(stack, Note(note.TRYING, used.environment, new), watch)
    else:
        installing.use(stack.host(), new)
    installing.remove_all_but(stack.host(), used.environment, new)
    return Upgraded(used.environment, new, choosing.present(stack).pinned, backup)


def mend(stack: Stack) -> None:
    """End an upgrade that broke off: go on with it where it was switched to, else go back.

    The server and its continuous backup run afterwards; raises MlflowOpsError when neither works.
    """
    now = Note.of(choosing.present(stack).note)
    keeping.put(stack)
    if now.phase == note.PLACING:
        try:
            switching.stop(stack)
            switching.forward(stack, now)
        except MlflowOpsError as error:
            stack.voice.say(f"The upgrade to MLflow {now.new.version} is taken back: {error}")
        else:
            return
    if kept := switching.back(stack, now):
        stack.voice.say(_taken_in(kept))


def _installed(
    stack: Stack, version: str | None, used: choosing.Present, watch: Watch
) -> Environment:
    """Make the new environment, and see that it can work with the database."""
    stack.check_hold()
    with watch.step("environment", "install beside the present one") as voice:
        host = stack.host()
        host.on_line = voice.show
        new = choosing.target(stack, version, used)
        if new != used.environment:
            choosing.check_database(stack, used.environment, new)
    watch.done(new.id)
    return new


def _backed_up(stack: Stack, watch: Watch) -> str:
    stack.check_hold()
    name = f"before-upgrade-{layout.stamp(stack.aws.now())}".lower()
    with watch.step("backup", "take") as voice:
        keeping.put(stack)
        taken = keeping.take(replace(stack, voice=voice), name, "before-upgrade")
    watch.done(str(taken))
    return name


def _switched(stack: Stack, now: Note, watch: Watch) -> None:
    """Switch to the new MLflow; raise MlflowOpsError, saying why, once the old one runs again."""
    stack.check_hold()
    now.write(stack.host())
    try:
        with watch.step("database", "bring up to date"):
            switching.stop(stack)
            switching.tried(stack, now)
        watch.done("a copy of it works with the new MLflow")
        now = replace(now, phase=note.PLACING)
        with watch.step("server", "switch"):
            switching.forward(stack, now)
    except BaseException as error:
        said = _went_back(stack, now, watch)
        if not isinstance(error, MlflowOpsError):
            raise
        raise MlflowOpsError(f"MLflow {now.new.version} was not taken: {error}\n{said}") from error
    watch.done(f"answers with MLflow {now.new.version}")


def _went_back(stack: Stack, now: Note, watch: Watch) -> str:
    """Go back, and return in a sentence how it stands then."""
    try:
        with watch.step("server", "switch back"):
            kept = switching.back(stack, now)
    except MlflowOpsError as error:
        return (
            f"The way back to MLflow {now.old.version} broke off: {error}\n`mlflow-ops up` goes on "
            "with it; nothing is lost."
        )
    watch.done(f"answers with MLflow {now.old.version}")
    what = f" {_taken_in(kept)}" if kept else ""
    return f"The server runs with MLflow {now.old.version} again, and all data as before.{what}"


def _taken_in(kept: str) -> str:
    return f"What the new MLflow took in meanwhile is in the backup {kept}."
