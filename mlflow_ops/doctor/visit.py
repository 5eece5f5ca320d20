"""The doctor's round: every look in its order, each of which is taken though others fail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.doctor import account, machine, network, permissions, quotas, standing, way
from mlflow_ops.doctor.check import FAIL, UNKNOWN, Check, Finding, told
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.names import Names
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.settings import Options, Settings
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target

NO_CREDENTIALS = Finding(UNKNOWN, "Nobody can tell without credentials that AWS accepts.")


@dataclass(frozen=True)
class Visit:
    """What is looked at: this machine, and the cloud that `reach` leads to for the options.

    `of` makes the stack that is meant out of a cloud; both raise what keeps them from it.
    """

    settings: Settings
    options: Options
    reach: Callable[[], Target]
    of: Callable[[Target], Stack]

    def checks(self) -> Iterator[Check]:
        """Yield each check as soon as it is done; changes nothing."""
        for name, look in HERE.items():
            yield told(name, partial(look, self))
        if self.settings.sandbox:
            yield told("sandbox", machine.sandbox_parts)
        else:
            yield from self._aws()

    def _aws(self) -> Iterator[Check]:
        try:
            target = self.reach()
        except (MlflowOpsError, *FAILURES) as error:
            yield told("credentials", partial(_raise, error))
            yield from (Check(name, *NO_CREDENTIALS) for name in AWS)
            return
        who = told("credentials", partial(account.credentials, target))
        yield who
        for name, look in AWS.items():
            if name == "elastic ip" and not self.options.elastic:
                continue
            if who.state == FAIL and name not in ANYWAY:
                yield Check(name, *NO_CREDENTIALS)
            else:
                yield told(name, partial(look, self, target))

    @property
    def instance_type(self) -> str:
        """The type that `up` would begin with."""
        return network.wished(self.options)

    def names(self, target: Target) -> Names:
        """Return what the things of the stack would be called, wherever one of its name stands."""
        return Names(self.settings.name, target.account, target.aws.region)


def _raise(error: Exception) -> Finding:
    raise error


HERE: dict[str, Callable[[Visit], Finding]] = {
    "python": lambda _: machine.python(),
    "ssh": lambda _: machine.ssh(),
    "files": lambda visit: machine.files(visit.settings.home),
    "disk": lambda visit: machine.disk(visit.settings.home),
}
AWS: dict[str, Callable[[Visit, Target], Finding]] = {
    "region": lambda visit, target: account.region(target, visit.settings),
    "clock": lambda _, target: account.clock(target) or NO_CREDENTIALS,
    "permissions": lambda visit, target: permissions.check(
        target, visit.names(target), visit.options
    ),
    "network": lambda visit, target: network.network(target, visit.options),
    "instance type": lambda visit, target: network.instance_type(target, visit.options),
    "plan": lambda visit, target: network.plan(target, visit.options),
    "vcpu quota": lambda visit, target: quotas.vcpus(target, visit.instance_type),
    "elastic ip": lambda _, target: quotas.addresses(target),
    "address": lambda _, target: way.address(target),
    "stack": lambda visit, target: standing.name(visit.of(target), visit.settings),
    "url": lambda visit, target: way.url(visit.of(target)),
}
ANYWAY = {"clock", "address"}  # what does not hang on who asks
