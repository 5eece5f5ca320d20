"""The folder of a server on this machine, and what of the user's own is in it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES = ("runs", "registered_models")


@dataclass(frozen=True)
class Held:
    """What the server holds; None where its database does not tell. `size` is in bytes."""

    runs: int | None
    models: int | None
    size: int


@dataclass(frozen=True)
class Place:
    """A server's folder; the names in it are those of MLflow's own defaults."""

    folder: Path

    @property
    def database(self) -> Path:
        """MLflow's SQLite database."""
        return self.folder / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        """The folder of the artifacts."""
        return self.folder / "artifacts"

    @property
    def log(self) -> Path:
        """All that the server has printed since it was made; its lock is the server's life."""
        return self.folder / "server.log"

    @property
    def note(self) -> Path:
        """The process group and the port of the server's last start, and on which machine."""
        return self.folder / "server"

    def exists(self) -> bool:
        """Whether there is a server here, running or not."""
        return self.database.exists() or self.log.exists()

    def held(self) -> Held:
        """Count what the user would lose, deleted runs too."""
        runs, models = self._counted()
        sizes = (each.lstat().st_size for each in self._all() if not each.is_dir())
        return Held(runs, models, sum(sizes))

    def _all(self) -> Iterator[Path]:
        yield from self.folder.glob("mlflow.db*")
        yield from self.artifacts.rglob("*")

    def _counted(self) -> tuple[int | None, ...]:
        if not self.database.exists():
            return 0, 0
        try:
            with contextlib.closing(
                sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)
            ) as store:
                counts = (f"SELECT count(*) FROM {table}" for table in TABLES)  # noqa: S608 - of constants alone
                return tuple(int(store.execute(count).fetchone()[0]) for count in counts)
        except sqlite3.Error:  # damaged, or the first start was cut short
            return None, None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other start and end of this server waiting; makes the folder if need be.

        Raises NotReady when the folder was removed meanwhile.
        """
        files.private_folder(self.folder)
        with files.alone_in(self.folder):
            if not self.folder.is_dir():
                raise NotReady(
                    f"Another command has just removed {self.folder}: `mlflow-ops up` makes it "
                    "again."
                )
            yield

    def remove(self, home: Path) -> None:
        """Remove all that a server wrote here, then the folders up to `home` that are empty."""
        if self.artifacts.is_symlink():  # somebody's own folder is not ours to empty
            self.artifacts.unlink()
        if self.artifacts.exists():
            shutil.rmtree(self.artifacts)
        for path in (*self.folder.glob("mlflow.db*"), self.note, self.log):
            path.unlink(missing_ok=True)
        files.remove_empty(self.folder, home)
