"""What `up` is to make, with every open choice settled before anything is made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlflow_ops import choices, shaping, standing
from mlflow_ops.ec2 import instance_types, subnets
from mlflow_ops.ec2.subnets import Subnet
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.reach import caller
from mlflow_ops.records import Instance, SecurityGroup
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.backup.sources import Source
    from mlflow_ops.records import Record
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target


@dataclass(frozen=True)
class Wanted:
    """The stack to make. Empty ids mean that the resource which needs them is there already.

    `subnets` are all that may be used, best first, and `zones` those that have the instance type.
    `login_stands` says whether the server that is there asks for a login already, if one is.
    `named` are the options that the user gave, which nothing else may take the place of; `remark`
    says why the instance type is not the usual one.
    `which` backup to begin with is as the user said it, and `source` is that backup; a `fresh`
    stack begins with none. With `keep_rules` the firewall that stands stays as it is.
    """

    instance_type: str
    allow: tuple[str, ...]
    allow_only_these: bool = False
    vpc_id: str = ""
    subnet_id: str = ""
    ami: str = ""
    subnets: tuple[Subnet, ...] = ()
    zones: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    remark: str = ""
    shape: Shape = field(default_factory=Shape)
    acme_directory: str = ""
    login_stands: bool = True
    which: str = ""
    source: Source | None = None
    fresh: bool = False
    keep_rules: bool = False

    @property
    def as_taught(self) -> bool:
        """Whether it is made by the tutorial's own choices."""
        return self.shape.taught

    @property
    def direct_artifacts(self) -> bool:
        """Whether clients have keys of their own to the artifacts."""
        return self.shape.artifacts == "direct"

    @property
    def guarded(self) -> bool:
        """Whether the server asks for a login all along, before `up` is done and after."""
        return self.shape.login and self.login_stands

    @property
    def places(self) -> tuple[Subnet, ...]:
        """The subnets to launch in, one a zone that has the instance type, best first."""
        if not self.subnets:
            return (Subnet(self.subnet_id, self.vpc_id, zone=""),)
        best: dict[str, Subnet] = {}
        for each in self.subnets:
            if each.zone in self.zones:
                best.setdefault(each.zone, each)
        return tuple(best.values())


def first_type(options: Options) -> str:
    """Return the instance type to begin with."""
    usual = instance_types.AS_TAUGHT if options.as_taught else instance_types.USUAL
    return options.instance_type or usual


def first_thoughts(options: Options, target: Target, before: Shape | None = None) -> Wanted:
    """Return what the options and the caller's address say, before any resource is looked at.

    An address that cannot be found leaves `allow` empty: a group that is there may do without.
    Of the shape that stands, what the options do not name stays. Raises BadOption for options that
    contradict each other.
    """
    given = options.let_in
    asked = shaping.wanted(options, before)
    # Which way leads to a private address is known with its network.
    own = () if given or asked.address == "private" else _own_range(target)
    return Wanted(
        instance_type=first_type(options),
        allow=given or own,
        allow_only_these=bool(given),
        vpc_id=options.vpc_id or "",
        ami=options.ami or "",
        named=options.named,
        shape=asked,
        acme_directory=options.acme_directory or "",
        login_stands=before is None or before.login,
        which=options.restore or "",
        fresh=options.fresh,
        keep_rules=options.keep_rules,
    )


def settle(
    first: Wanted, options: Options, target: Target, found: Mapping[type[Record], Record]
) -> Wanted:
    """Return the stack to make, asking AWS for the choices that the missing resources need.

    Changes nothing. Raises BadOption or MlflowOpsError for a choice that cannot work.
    """
    standing.check(options, found)
    group, settled = found.get(SecurityGroup), first
    private = first.shape.address == "private"
    if group is None and not first.allow and not private:
        settled = replace(settled, allow=(f"{target.own_address()}/32",))
    if isinstance(group, SecurityGroup) and not options.subnet_id:
        options = replace(options, vpc_id=group.vpc_id)
    if Instance not in found or group is None:
        possible = subnets.candidates(options, target, private=private)
        settled = replace(settled, vpc_id=possible[0].vpc_id, subnets=possible)
        if group is None and not settled.allow:
            settled = replace(settled, allow=(caller.private(target, possible[0].first_address),))
        standing.check_network(settled.vpc_id, group)
    if Instance in found:
        return settled
    settled = choices.placed(settled, target)
    return replace(settled, ami=settled.ami or choices.newest_ubuntu(target, settled.instance_type))


def _own_range(target: Target) -> tuple[str, ...]:
    try:
        return (f"{target.own_address()}/32",)
    except MlflowOpsError:
        return ()
