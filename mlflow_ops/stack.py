"""What a step is given: the stack's names, its cloud, its local files and the records so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlflow_ops import places
from mlflow_ops.errors import HostUnreachable, KeyRefused, MlflowOpsError
from mlflow_ops.names import Names
from mlflow_ops.records import Instance, Record
from mlflow_ops.shape import Shape
from mlflow_ops.wait import CLOCK, Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_ops.aws import Aws
    from mlflow_ops.folder import Folder
    from mlflow_ops.host import Host
    from mlflow_ops.journal import Journal
    from mlflow_ops.settings import Settings
    from mlflow_ops.target import Target
    from mlflow_ops.wanted import Wanted

R = TypeVar("R", bound=Record)


def _nothing(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Voice:
    """How a step speaks: `say` is for what the user must know, `show` for a line that passes."""

    say: Callable[[str], None] = _nothing
    show: Callable[[str], None] = _nothing


@dataclass(frozen=True)
class Stack:
    """One named deployment, as far as it is known."""

    names: Names
    target: Target
    folder: Folder
    wanted: Wanted | None = None
    records: Mapping[type[Record], Record] = field(default_factory=dict)
    voice: Voice = field(default_factory=Voice)
    clock: Clock = CLOCK
    check_hold: Callable[[], None] = lambda: None
    hosts: dict[str, Host] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, target: Target, clock: Clock = CLOCK) -> Stack:
        """Return the stack the settings name, with nothing known of it yet.

        Raises WrongPlace when this machine knows the name from another account or region only.
        """
        names = Names(settings.name, target.account, target.aws.region)
        places.check(settings, names)
        return cls(names, target, places.folder(settings, names), clock=clock)

    @property
    def aws(self) -> Aws:
        """The AWS clients."""
        return self.target.aws

    @property
    def journal(self) -> Journal:
        """What was asked of AWS."""
        return self.folder.journal

    def host(self) -> Host:
        """Return the connection to the instance's host, opened at the first call.

        Raises HostUnreachable while there is none to be had.
        """
        instance = self.need(Instance)
        if instance.id not in self.hosts:
            self.hosts[instance.id] = self._connect(instance)
        return self.hosts[instance.id]

    def _connect(self, instance: Instance) -> Host:
        from mlflow_ops import host  # noqa: PLC0415 - paramiko takes 0.3 s to load
        from mlflow_ops.ssh import admission, host_keys  # noqa: PLC0415 - paramiko takes 0.3 s to load

        if instance.state in {"stopping", "stopped"}:
            raise HostUnreachable(f"The instance {instance.id} is stopped: `mlflow-ops start`.")
        if not instance.address:
            raise HostUnreachable(f"The instance {instance.id} has no public address yet.")
        port, folder = self.target.ports.ssh, self.folder
        key, known = folder.private_key, folder.known_hosts
        login = host.Login(
            *(instance.id, instance.address, port, key, known),
            host_keys=host_keys.acceptable(instance, folder),
            lasting=bool(instance.host_keys) and not instance.born_key,
        )
        connect = partial(host.connect, login, folder.host_log)
        try:
            return connect()
        except KeyRefused:
            if not admission.is_due(self, instance.id):
                raise
            return self._let_in(instance.id, connect)

    def _let_in(self, instance_id: str, connect: Callable[[], Host]) -> Host:
        from mlflow_ops.ssh import admission  # noqa: PLC0415 - paramiko takes 0.3 s to load

        return admission.let_in(self, instance_id, connect)

    def hang_up(self) -> None:
        """Close the connections to the host."""
        for connection in self.hosts.values():
            connection.close()
        self.hosts.clear()

    def knows(self, record: Record) -> Stack:
        """Return this stack with one more record, or a newer one of its kind."""
        return replace(self, records={**self.records, type(record): record})

    def get(self, kind: type[R]) -> R | None:
        """Return the record of this kind if there is one."""
        found = self.records.get(kind)
        return found if isinstance(found, kind) else None

    def need(self, kind: type[R]) -> R:
        """Return the record of this kind; raise MlflowOpsError when its step was not done yet."""
        found = self.get(kind)
        if found is None:
            raise MlflowOpsError(f"The stack {self.names.stack!r} has no {kind.__name__} yet.")
        return found

    @property
    def shape(self) -> Shape:
        """What kind of stack it is to be, or is; the usual one while nothing says so."""
        if self.wanted:
            return self.wanted.shape
        instance = self.get(Instance)
        return instance.shape if instance else Shape()

    def want(self) -> Wanted:
        """Return what the stack should be like; raise MlflowOpsError when nobody said so."""
        if self.wanted is None:
            raise MlflowOpsError("This command makes nothing: `mlflow-ops up` does.")
        return self.wanted
