"""The machine behind the instances: on while one of them runs, gone when the last is terminated."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.sandbox import home, processes
from mlflow_ops.sandbox.doors import Doors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_ops.sandbox.cloud import Instance

log = logging.getLogger(__name__)
# A real machine gives its services far longer; these have nothing to save that takes long.
GRACE = 3.0


@dataclass
class Machine:
    """One home and whoever works in it, shared by all instances as they share one address.

    `instances` tells which there are, those terminated left out; `hang_up` ends the connections,
    and `show` gives the SSH server the host key of the instance that was launched last.
    """

    home: Path
    instances: Callable[[], list[Instance]]
    hang_up: Callable[[], None] = field(default=lambda: None)
    show: Callable[[str], None] = field(default=lambda _: None)
    is_on: bool = False
    _is_prepared: bool = False
    _launched_with: dict[str, str] = field(default_factory=dict)
    _running: frozenset[str] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.doors = Doors(self.home)

    def follow(self) -> None:
        """Bring the machine into the state that the instances ask for."""
        with self._lock:
            instances = self.instances()
            # As on AWS, a key pair that is deleted after the launch still opens the instance.
            known = self._launched_with
            self._launched_with = {one.id: known.get(one.id, one.key) for one in instances}
            self._running = frozenset(one.id for one in instances if one.running)
            given = [one.host_key for one in instances if one.running and one.host_key]
            if given:
                self.show(given[-1])
            if self._running and not self.is_on:
                self._boot()
            if self.is_on and not self._running:
                self._halt()
            if not instances:
                self._is_prepared = False
                home.wipe(self.home)

    def admitted(self) -> set[str]:
        """Return the public keys that open the running instances."""
        launched = self._launched_with
        with_them = {launched[one] for one in self._running if launched.get(one)}
        return with_them | self.doors.admitted() if self._running else set()

    def hand_in(self, instance: str, key: str) -> bool:
        """Let this public key into an instance for a minute; return whether it is running."""
        if instance in self._running:
            self.doors.hand_in(key)
        return instance in self._running

    def end(self) -> None:
        """Halt for good, whatever is still asked of the API."""
        self.instances = list
        self.follow()

    def _boot(self) -> None:
        if not self._is_prepared:
            home.prepare(self.home)
            self._is_prepared = True
        self.is_on = True
        log.info("The host is up.")

    def _halt(self) -> None:
        self.is_on = False
        self.hang_up()
        processes.end(lambda: processes.of_host(self.home), grace=GRACE)
        log.info("The host is down.")
