"""The doctor's round: every look in its order, each of which is taken though others fail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.doctor import account, asked, machine, network, permissions, quotas, standing, way
from mlflow_ops.doctor.case import Case
from mlflow_ops.doctor.check import FAIL, UNKNOWN, Check, Finding, told
from mlflow_ops.errors import MlflowOpsError, NotReady
from mlflow_ops.records import ElasticIp
from mlflow_ops.refusals import FAILURES
from mlflow_ops.regions import NoSuchRegion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.settings import Options, Settings
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target

NO_CREDENTIALS = Finding(UNKNOWN, "Nobody can tell without credentials that AWS accepts.")
NO_REGION = Finding(UNKNOWN, "Nobody can tell without a region that AWS has.")


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
            yield told(name, partial(look, self.settings))
        yield from self._sandbox() if self.settings.sandbox else self._aws()

    def _sandbox(self) -> Iterator[Check]:
        yield told("sandbox", machine.sandbox_parts)
        try:
            case = Case(self.settings, self.options, self.reach(), self.of)
        except NotReady:  # `up` starts it
            return
        for name in ("stack", "url"):
            yield told(name, partial(AWS[name], case))

    def _aws(self) -> Iterator[Check]:
        try:
            target = self.reach()
        except (MlflowOpsError, *FAILURES, ValueError) as error:
            yield from self._unreached(error)
            return
        case = Case(self.settings, self.options, target, self.of)
        who = told("credentials", partial(account.credentials, target))
        yield who
        for name, look in AWS.items():
            if who.state == FAIL and name not in ANYWAY:
                if name not in ASKED_FOR:
                    yield Check(name, *NO_CREDENTIALS)
            elif name not in ASKED_FOR or ASKED_FOR[name](case):
                yield told(name, partial(look, case))

    def _unreached(self, error: Exception) -> Iterator[Check]:
        """Yield the checks of a cloud that the settings do not lead to."""
        nowhere = isinstance(error, NoSuchRegion)
        finding = NO_REGION if nowhere else NO_CREDENTIALS
        wrong = "region" if nowhere else "credentials"
        for name in ("credentials", *AWS):
            if name == wrong:
                yield told(name, partial(_raise, error))
            elif name == "address":
                yield told(name, partial(way.address, way.Sight(), self.options))
            elif name not in ASKED_FOR:
                yield Check(name, *finding)


def _raise(error: Exception) -> Finding:
    raise error


HERE: dict[str, Callable[[Settings], Finding]] = {
    "python": lambda _: machine.python(),
    "ssh": lambda _: machine.ssh(),
    "files": lambda settings: machine.files(settings.home),
    "disk": lambda settings: machine.disk(settings.home),
}
AWS: dict[str, Callable[[Case], Finding]] = {
    "region": lambda case: account.region(case.target, case.settings),
    "clock": lambda case: account.clock(case.target) or NO_CREDENTIALS,
    "aws files": lambda case: machine.aws_files(case.target.aws_files),
    "options": asked.options,
    "permissions": lambda case: permissions.check(
        case.target, case.names, case.options, case.shape.credentials
    ),
    "network": asked.network,
    "instance type": asked.instance_type,
    "plan": lambda case: network.plan(case.target, case.options, case.machine),
    "vcpu quota": asked.vcpus,
    "elastic ip": lambda case: quotas.addresses(case.target, case.there(ElasticIp)),
    "address": lambda case: way.address(
        way.Sight(case.target.own_address, case.target.route), case.options, case.before
    ),
    "stack": lambda case: standing.name(case.stack, case.settings, case.standing),
    "url": lambda case: way.url(case.stack),
}
ANYWAY = {"clock", "aws files", "address"}  # what does not hang on who asks
# What is looked at only where the stack is to have it.
ASKED_FOR: dict[str, Callable[[Case], bool]] = {
    "aws files": lambda case: case.shape.credentials == "keys",
    "elastic ip": lambda case: case.shape.elastic,
}
